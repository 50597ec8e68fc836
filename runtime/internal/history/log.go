package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// mostAtOnce is how many lines one transaction stores, so that other users of the
// store get their turn in between.
const mostAtOnce = 500

// Append adds lines to a run's log. The caller numbers them. A line whose number
// is stored already is ignored.
func (h *History) Append(ctx context.Context, lines []Line) error {
	for some := range slices.Chunk(lines, mostAtOnce) {
		if err := h.appendSome(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (h *History) appendSome(ctx context.Context, lines []Line) error {
	return h.db.InTx(ctx, func(tx *store.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO phscript_run_log (run, seq, at, level, message, fields) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
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
		return store.Exec(ctx, tx, `UPDATE phscript_run SET size = size + ? WHERE id = ?`, size, lines[0].Run)
	})
}

// Log returns the lines of a run that follow line after, at most limit of them
// (0 for all).
func (h *History) Log(ctx context.Context, run, after int64, limit int) ([]Line, error) {
	query := `SELECT seq, at, level, message, fields FROM phscript_run_log WHERE run = ? AND seq > ? ORDER BY seq`
	if limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", limit)
	}
	var lines []Line
	err := store.Each(ctx, h.db, func(row *sql.Rows) error {
		var at int64
		var fields string
		l := Line{Run: run}
		err := row.Scan(&l.Seq, &at, &l.Level, &l.Message, &fields)
		if l.At = time.UnixMicro(at); fields != "" {
			l.Fields = json.RawMessage(fields)
		}
		lines = append(lines, l)
		return err
	}, query, run, after)
	return lines, err
}
