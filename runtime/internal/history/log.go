package history

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// mostAtOnce is how many lines one transaction stores, so that others get their
// turn in between.
const mostAtOnce = 500

// Append adds lines to a run's log. They are numbered by the caller, and may be
// given again.
func (h *History) Append(ctx context.Context, lines []Line) error {
	for len(lines) > 0 {
		n := min(len(lines), mostAtOnce)
		if err := h.appendSome(ctx, lines[:n]); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

func (h *History) appendSome(ctx context.Context, lines []Line) error {
	return h.db.InTx(ctx, func(tx *store.Tx) error {
		insert, err := tx.PrepareContext(ctx, h.db.Bind(`INSERT INTO phscript_run_log (run, seq, at, level, message, fields) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`))
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }()
		size := 0
		for _, l := range lines {
			if _, err := insert.ExecContext(ctx, l.Run, l.Seq, l.At.UnixMicro(), l.Level, l.Message, string(l.Fields)); err != nil {
				return err
			}
			size += len(l.Message) + len(l.Fields) + rowSize/4
		}
		_, err = tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET size = size + ? WHERE id = ?`), size, lines[0].Run)
		return err
	})
}

// Log returns the lines of a run behind a number, at most so many of them; 0
// for all.
func (h *History) Log(ctx context.Context, run, after int64, limit int) ([]Line, error) {
	query := `SELECT seq, at, level, message, fields FROM phscript_run_log WHERE run = ? AND seq > ? ORDER BY seq`
	if limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", limit)
	}
	rows, err := h.db.QueryContext(ctx, h.db.Bind(query), run, after)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var lines []Line
	for rows.Next() {
		l := Line{Run: run}
		var at int64
		var fields string
		if err := rows.Scan(&l.Seq, &at, &l.Level, &l.Message, &fields); err != nil {
			return nil, err
		}
		l.At = time.UnixMicro(at)
		if fields != "" {
			l.Fields = json.RawMessage(fields)
		}
		lines = append(lines, l)
	}
	return lines, rows.Err()
}
