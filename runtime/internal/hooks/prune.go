package hooks

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

const (
	// keepIDs is how long handled events stay. Their senders repeat them for a shorter time.
	keepIDs = 7 * 24 * time.Hour
	// mostPruned is how many events are deleted at a time.
	mostPruned = 500
)

// prune deletes events that were handled long ago, and then the bodies of the first ones that
// were, until the others take at most the configured size. Each step locks the store only
// for a moment.
func (h *Handler) prune(ctx context.Context) error {
	_, keep := h.used()
	for {
		n, err := h.pruneStep(ctx, `DELETE FROM phscript_hook_event WHERE id IN`, `SELECT id, 0 FROM phscript_hook_event WHERE ended_at < `+h.DB.Now()+` - ? ORDER BY ended_at LIMIT ?`, nil, keepIDs.Microseconds(), mostPruned)
		if err != nil {
			return err
		}
		if n < mostPruned {
			break
		}
	}
	if keep <= 0 {
		return nil
	}
	reader, err := h.DB.Reader()
	if err != nil {
		return err
	}
	var size int64
	if err := reader.QueryRowContext(ctx, `SELECT coalesce(sum(size), 0) FROM phscript_hook_event WHERE ended_at IS NOT NULL AND body IS NOT NULL`).Scan(&size); err != nil {
		return err
	}
	for over := size - keep; over > 0; {
		n, err := h.pruneStep(ctx, `UPDATE phscript_hook_event SET body = NULL WHERE id IN`, `SELECT id, size FROM phscript_hook_event WHERE ended_at IS NOT NULL AND body IS NOT NULL ORDER BY ended_at LIMIT ?`, &over, mostPruned)
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// pruneStep changes the events that a query finds, and pauses. need, if set, is how many
// bytes are still to be freed.
func (h *Handler) pruneStep(ctx context.Context, change, query string, need *int64, args ...any) (int, error) {
	began := time.Now()
	reader, err := h.DB.Reader()
	if err != nil {
		return 0, err
	}
	var ids []any
	err = store.Each(ctx, reader, func(row *sql.Rows) error {
		var id, size int64
		if err := row.Scan(&id, &size); err != nil {
			return err
		}
		if need != nil {
			if *need <= 0 {
				return nil
			}
			*need -= size
		}
		ids = append(ids, id)
		return nil
	}, query, args...)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	// Somebody may replay one of them meanwhile.
	list := ` (?` + strings.Repeat(`, ?`, len(ids)-1) + `)`
	err = h.DB.InTx(ctx, func(tx *store.Tx) error {
		if err := store.Exec(ctx, tx, change+list+` AND ended_at IS NOT NULL`, ids...); err != nil || need != nil {
			return err
		}
		return store.Exec(ctx, tx, `DELETE FROM phscript_hook_try WHERE event IN`+list+` AND NOT EXISTS (SELECT 1 FROM phscript_hook_event e WHERE e.id = event)`, ids...)
	})
	if err != nil {
		return 0, err
	}
	select {
	case <-time.After(time.Since(began)):
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	return len(ids), nil
}
