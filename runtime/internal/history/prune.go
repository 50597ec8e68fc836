package history

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Bounds of what is deleted at once, so that other users of the store get their
// turn in between.
const (
	// mostPruned is how many runs are looked up and deleted at once, mostBytes how
	// much they may take together, with their logs. A run that takes more is deleted
	// piece by piece.
	mostPruned = 200
	mostBytes  = 256 << 10
	// mostLines is how many lines of a log one statement deletes.
	mostLines = 1000
)

// Prune deletes runs that ended before a time, and then the oldest ones until the
// history takes about most bytes (0 for no bound). The last run of each schedule
// stays. It returns how many runs it deleted. After each step, it pauses for as long as
// the step took: locking a SQLite file again and again would block other processes.
func (h *History) Prune(ctx context.Context, before time.Time, most int64) (deleted int64, err error) {
	deleted, err = h.pruneUntil(ctx, before.UnixMicro(), math.MaxInt64)
	if err != nil || most <= 0 {
		return deleted, err
	}
	size, err := h.size(ctx)
	if err != nil {
		return deleted, err
	}
	more, err := h.pruneUntil(ctx, math.MaxInt64, size-most)
	return deleted + more, err
}

// old is a run that may be deleted.
type old struct{ id, ended, size int64 }

// pruneUntil deletes the oldest runs that ended before a time, until need bytes are
// free.
func (h *History) pruneUntil(ctx context.Context, before, need int64) (deleted int64, err error) {
	last := old{ended: math.MinInt64}
	for need > 0 {
		began := time.Now()
		some, err := h.oldest(ctx, before, last)
		if err != nil || len(some) == 0 {
			return deleted, err
		}
		var ids []any
		bytes := int64(0)
		for _, r := range some {
			if len(ids) > 0 && (need <= 0 || bytes+r.size > mostBytes) {
				break
			}
			ids, bytes, need, last = append(ids, r.id), bytes+r.size, need-r.size, r
		}
		if err := h.drop(ctx, ids, bytes); err != nil {
			return deleted, err
		}
		deleted += int64(len(ids))
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return deleted, context.Cause(ctx)
		}
	}
	return deleted, nil
}

// oldest returns the first runs after another one that ended before a time, in the
// order in which they ended, except the last run of each schedule.
func (h *History) oldest(ctx context.Context, before int64, after old) (list []old, err error) {
	err = store.Each(ctx, h.db, func(row *sql.Rows) error {
		var r old
		err := row.Scan(&r.id, &r.ended, &r.size)
		list = append(list, r)
		return err
	}, `SELECT id, ended_at, size FROM phscript_run WHERE ended_at < ? AND (ended_at, id) > (?, ?)
		AND (schedule IS NULL OR id <> (SELECT last.id FROM phscript_run last WHERE last.schedule = phscript_run.schedule AND last.ended_at IS NOT NULL
			ORDER BY last.due_at DESC, last.id DESC LIMIT 1))
		ORDER BY ended_at, id LIMIT ?`, before, after.ended, after.id, mostPruned)
	return list, err
}

// drop deletes runs and their logs, which take so many bytes together.
func (h *History) drop(ctx context.Context, ids []any, bytes int64) error {
	for more := bytes > mostBytes; more; {
		var err error
		if more, err = store.Changed(ctx, h.db, `DELETE FROM phscript_run_log WHERE run = ? AND seq < (SELECT min(seq) + ? FROM phscript_run_log WHERE run = ?)`, ids[0], mostLines, ids[0]); err != nil {
			return err
		}
	}
	which := `IN (?` + strings.Repeat(`, ?`, len(ids)-1) + `)`
	return h.db.InTx(ctx, func(tx *store.Tx) error {
		if err := store.Exec(ctx, tx, `DELETE FROM phscript_run_log WHERE run `+which, ids...); err != nil {
			return err
		}
		return store.Exec(ctx, tx, `DELETE FROM phscript_run WHERE id `+which, ids...)
	})
}
