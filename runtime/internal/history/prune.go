package history

import (
	"context"
	"database/sql"
	"math"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Bounds of what is deleted at once, so that other users of the store get their
// turn in between.
const (
	// mostPruned is how many runs are looked up at once.
	mostPruned = 200
	// mostLines is how many lines of a log one statement deletes.
	mostLines = 1000
)

// Prune deletes runs that ended before a time, and then the oldest ones until the
// history takes about most bytes (0 for no bound). The last run of each schedule
// stays. It returns how many runs it deleted.
func (h *History) Prune(ctx context.Context, before time.Time, most int64) (deleted int64, err error) {
	for {
		n, _, err := h.pruneSome(ctx, math.MaxInt64, `ended_at < ?`, before.UnixMicro())
		if deleted += n; err != nil {
			return deleted, err
		}
		if n == 0 {
			break
		}
	}
	if most <= 0 {
		return deleted, nil
	}
	var size int64
	if err := h.db.QueryRowContext(ctx, `SELECT coalesce(sum(size), 0) FROM phscript_run`).Scan(&size); err != nil {
		return deleted, err
	}
	for size > most {
		n, freed, err := h.pruneSome(ctx, size-most, `ended_at IS NOT NULL`)
		if deleted, size = deleted+n, size-freed; err != nil || n == 0 {
			return deleted, err
		}
	}
	return deleted, nil
}

// pruneSome deletes a few of the oldest runs that meet a condition, until need
// bytes are free.
func (h *History) pruneSome(ctx context.Context, need int64, condition string, args ...any) (deleted, freed int64, err error) {
	var ids []int64
	err = store.Each(ctx, h.db, func(row *sql.Rows) error {
		var id, size int64
		if err := row.Scan(&id, &size); err != nil || freed >= need {
			return err
		}
		ids, freed = append(ids, id), freed+size
		return nil
	}, `SELECT id, size FROM phscript_run WHERE `+condition+`
		AND id NOT IN (SELECT max(id) FROM phscript_run WHERE schedule IS NOT NULL AND ended_at IS NOT NULL GROUP BY schedule) ORDER BY id LIMIT ?`,
		append(args, mostPruned)...)
	for _, id := range ids {
		if err == nil {
			err = h.drop(ctx, id)
		}
	}
	if err != nil {
		return 0, 0, err
	}
	return int64(len(ids)), freed, nil
}

// drop deletes a run, and before that its log, piece by piece.
func (h *History) drop(ctx context.Context, id int64) error {
	for {
		more, err := store.Changed(ctx, h.db, `DELETE FROM phscript_run_log WHERE run = ? AND seq < (SELECT min(seq) + ? FROM phscript_run_log WHERE run = ?)`, id, mostLines, id)
		if err != nil {
			return err
		}
		if !more {
			return store.Exec(ctx, h.db, `DELETE FROM phscript_run WHERE id = ?`, id)
		}
	}
}
