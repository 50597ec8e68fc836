package history

import (
	"context"
	"time"
)

// Bounds of what is deleted at once, so that others get their turn in between.
const (
	// mostPruned is how many runs are looked up at once.
	mostPruned = 200
	// mostLines is how many lines of a log one statement deletes.
	mostLines = 1000
)

// Prune deletes runs that ended before a time, and then the oldest ones until
// what is stored takes about so many bytes; 0 sets no bound. The last run of
// each schedule stays. It returns how many runs went.
func (h *History) Prune(ctx context.Context, before time.Time, most int64) (gone int64, err error) {
	for {
		n, _, err := h.pruneSome(ctx, before, 0)
		if gone += n; err != nil || n == 0 {
			if err != nil {
				return gone, err
			}
			break
		}
	}
	if most <= 0 {
		return gone, nil
	}
	var size int64
	if err := h.db.QueryRowContext(ctx, `SELECT coalesce(sum(size), 0) FROM phscript_run`).Scan(&size); err != nil {
		return gone, err
	}
	for size > most {
		n, freed, err := h.pruneSome(ctx, time.Time{}, size-most)
		if gone, size = gone+n, size-freed; err != nil || n == 0 {
			return gone, err
		}
	}
	return gone, nil
}

// pruneSome deletes a few of the oldest runs that are over: those that ended
// before a time, or as many as free so many bytes.
func (h *History) pruneSome(ctx context.Context, before time.Time, need int64) (gone, freed int64, err error) {
	where, args := `ended_at IS NOT NULL`, []any{}
	if !before.IsZero() {
		where, args = `ended_at < ?`, []any{before.UnixMicro()}
	}
	query := `SELECT id, size FROM phscript_run WHERE ` + where + `
		AND id NOT IN (SELECT max(id) FROM phscript_run WHERE schedule IS NOT NULL AND ended_at IS NOT NULL GROUP BY schedule) ORDER BY id LIMIT ?`
	rows, err := h.db.QueryContext(ctx, h.db.Bind(query), append(args, mostPruned)...)
	if err != nil {
		return 0, 0, err
	}
	var ids []int64
	for rows.Next() && (need == 0 || freed < need) {
		var id, size int64
		if err := rows.Scan(&id, &size); err != nil {
			_ = rows.Close()
			return 0, 0, err
		}
		ids, freed = append(ids, id), freed+size
	}
	if err := rows.Err(); err != nil {
		return 0, 0, err
	}
	if err := rows.Close(); err != nil {
		return 0, 0, err
	}
	for _, id := range ids {
		if err := h.drop(ctx, id); err != nil {
			return 0, 0, err
		}
	}
	return int64(len(ids)), freed, nil
}

// drop deletes a run with its log, the log piece by piece.
func (h *History) drop(ctx context.Context, id int64) error {
	for {
		gone, err := h.db.ExecContext(ctx, h.db.Bind(`DELETE FROM phscript_run_log WHERE run = ? AND seq < (SELECT min(seq) + ? FROM phscript_run_log WHERE run = ?)`), id, mostLines, id)
		if err != nil {
			return err
		}
		n, err := gone.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	_, err := h.db.ExecContext(ctx, h.db.Bind(`DELETE FROM phscript_run WHERE id = ?`), id)
	return err
}
