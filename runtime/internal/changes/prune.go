package changes

import (
	"context"
	"database/sql"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

const (
	// Kept is how long changes are kept after their set was last used.
	Kept = 30 * 24 * time.Hour
	// MostKept is how many bytes the changes of a store may take.
	MostKept = 2 << 30
	// mostForgotten is how many changes one transaction deletes, so that other users of the
	// store get their turn in between.
	mostForgotten = 1000
)

// Until is the time until which the changes of a set are kept, unless they take too much
// space.
func (s *Set) Until() time.Time { return s.Used.Add(Kept) }

// Prune deletes sets that were not used for 30 days. Of the others, it deletes the changes
// of the oldest ones that have ended, until the rest takes at most so many bytes.
func Prune(ctx context.Context, db *store.DB, most int64) error {
	type old struct {
		id    int64
		stale bool
	}
	var list []old
	var total int64
	err := store.Each(ctx, db, func(row *sql.Rows) error {
		var one old
		var size int64
		var ended bool
		if err := row.Scan(&one.id, &size, &ended, &one.stale); err != nil {
			return err
		}
		if total += size; one.stale || ended && size > 0 && total > most {
			list = append(list, one)
		}
		return nil
	}, `SELECT id, size, ended_at IS NOT NULL, used_at < `+db.Now()+` - ? FROM phscript_change_set ORDER BY used_at DESC, id DESC`, Kept.Microseconds())
	for _, one := range list {
		if err == nil {
			err = Forget(ctx, db, one.id)
		}
		if err == nil && one.stale {
			err = store.Exec(ctx, db, `DELETE FROM phscript_change_set WHERE id = ?`, one.id)
		}
	}
	return err
}

// Forget deletes the changes of a set. The set remains, so its plan is not applied again.
func Forget(ctx context.Context, db *store.DB, set int64) error {
	if err := store.Exec(ctx, db, `UPDATE phscript_change_set SET forgotten = 1, size = 0 WHERE id = ?`, set); err != nil {
		return err
	}
	for {
		more, err := store.Changed(ctx, db, `DELETE FROM phscript_change WHERE change_set = ? AND seq < (SELECT min(seq) + ? FROM phscript_change WHERE change_set = ?)`, set, mostForgotten, set)
		if err != nil || !more {
			return err
		}
	}
}

// ForgetRecord deletes the data that is recorded about one record of Planhat, and returns
// how many changes that concerns. They remain without it, and can't be undone.
func ForgetRecord(ctx context.Context, db *store.DB, id string) (int64, error) {
	if id == "" {
		return 0, nil
	}
	result, err := db.ExecContext(ctx, `UPDATE phscript_change SET before = NULL, after = NULL, key_name = '', key_value = '', name = '', message = '' WHERE record = ?`, id)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
