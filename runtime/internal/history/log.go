package history

import (
	"context"
	"slices"

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
		size, warnings := 0, 0
		for _, l := range lines {
			if _, err := insert.ExecContext(ctx, l.Run, l.Seq, l.At.UnixMicro(), l.Level, l.Message, string(l.Fields)); err != nil {
				return err
			}
			size += len(l.Message) + len(l.Fields) + rowSize/4
			if l.Level == "warn" || l.Level == "error" {
				warnings++
			}
		}
		return store.Exec(ctx, tx, `UPDATE phscript_run SET size = size + ?, warnings = warnings + ? WHERE id = ?`, size, warnings, lines[0].Run)
	})
}
