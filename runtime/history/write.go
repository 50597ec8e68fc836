package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Queryer is what a transaction and the store have in common.
type Queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Add stores a new run within a transaction and gives it its number. It returns
// false, and stores nothing, where the schedule's tick has that attempt already.
func (h *History) Add(ctx context.Context, tx Queryer, r *Run) (bool, error) {
	definition, err := json.Marshal(r.Definition)
	if err != nil {
		return false, err
	}
	r.Attempt = max(r.Attempt, 1)
	row := tx.QueryRowContext(ctx, h.db.Bind(`INSERT INTO phscript_run
		(schedule, tick, attempt, retry_of, cause, script, definition, status, reason, due_at, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`),
		optional(r.Schedule), micro(r.Tick), r.Attempt, optional(r.RetryOf), r.Cause, r.Script, string(definition), r.Status, r.Reason,
		micro(r.Due), micro(r.Ended))
	err = row.Scan(&r.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// SetJob notes the engine's number for a run.
func (h *History) SetJob(ctx context.Context, tx Queryer, id, job int64) error {
	_, err := tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET job = ? WHERE id = ?`), job, id)
	return err
}

// Claim makes a queued run the worker's own. It returns false where the run is
// not queued any more.
func (h *History) Claim(ctx context.Context, tx Queryer, id int64, worker string) (bool, error) {
	result, err := tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET status = ?, worker = ?, started_at = `+h.db.Now()+`, seen_at = `+h.db.Now()+`
		WHERE id = ? AND status = ?`), Running, worker, id, Queued)
	return changed(result, err)
}

func changed(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// SetScriptHash notes which version of the script is run.
func (h *History) SetScriptHash(ctx context.Context, id int64, hash string) error {
	_, err := h.db.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET script_hash = ? WHERE id = ?`), hash, id)
	return err
}

// Seen tells that the run's worker is alive. It returns whether the run is
// still the worker's own, and whether somebody wants its end.
func (h *History) Seen(ctx context.Context, id int64, worker string) (own, cancel bool, err error) {
	result, err := h.db.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET seen_at = `+h.db.Now()+` WHERE id = ? AND status = ? AND worker = ?`), id, Running, worker)
	if own, err = changed(result, err); err != nil || !own {
		return own, false, err
	}
	err = h.db.QueryRowContext(ctx, h.db.Bind(`SELECT cancelled <> 0 FROM phscript_run WHERE id = ?`), id).Scan(&cancel)
	return own, cancel, err
}

// End is how a run ended.
type End struct {
	Status          Status
	Reason, Error   string
	ExitCode        *int
	Calls, Rejected int
	Summary         []byte
}

// Finish ends a run that has one of the given states, and returns whether it
// had one.
func (h *History) Finish(ctx context.Context, tx Queryer, id int64, e End, from ...Status) (bool, error) {
	for _, status := range from {
		result, err := tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET status = ?, reason = ?, error = ?, exit_code = ?, calls = ?, rejected = ?, summary = ?, ended_at = `+h.db.Now()+`
			WHERE id = ? AND status = ?`),
			e.Status, e.Reason, e.Error, e.ExitCode, e.Calls, e.Rejected, string(e.Summary), id, status)
		if done, err := changed(result, err); err != nil || done {
			return done, err
		}
	}
	return false, nil
}

// WantEnd asks for the end of a run that is running. It returns false where it
// is not.
func (h *History) WantEnd(ctx context.Context, tx Queryer, id int64, reason string) (bool, error) {
	result, err := tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET cancelled = 1, reason = ? WHERE id = ? AND status = ?`), reason, id, Running)
	return changed(result, err)
}

// Append adds lines to a run's log. They are numbered by the caller.
func (h *History) Append(ctx context.Context, lines []Line) error {
	if len(lines) == 0 {
		return nil
	}
	return h.db.InTx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, h.db.Bind(`INSERT INTO phscript_run_log (run, seq, at, level, message, fields) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`))
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }()
		for _, l := range lines {
			if _, err := insert.ExecContext(ctx, l.Run, l.Seq, l.At.UnixMicro(), l.Level, l.Message, string(l.Fields)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Prune deletes runs that ended before a time, and then the oldest ones until
// the logs and summaries take at most so many bytes; 0 sets no bound. The last
// run of each schedule stays. It returns how many runs went.
func (h *History) Prune(ctx context.Context, before time.Time, most int64) (int64, error) {
	var gone int64
	const last = ` AND id NOT IN (SELECT max(id) FROM phscript_run WHERE schedule IS NOT NULL GROUP BY schedule)`
	err := h.db.InTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, h.db.Bind(`DELETE FROM phscript_run WHERE ended_at < ?`+last), before.UnixMicro())
		if err != nil {
			return err
		}
		gone, err = result.RowsAffected()
		if err != nil || most <= 0 {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT id, length(summary) + length(error) +
			(SELECT coalesce(sum(length(message) + length(fields) + 50), 0) FROM phscript_run_log WHERE run = id) FROM phscript_run
			WHERE ended_at IS NOT NULL ORDER BY id DESC`)
		if err != nil {
			return err
		}
		var over int64
		var total int64
		for rows.Next() {
			var id, size int64
			if err := rows.Scan(&id, &size); err != nil {
				return errors.Join(err, rows.Close())
			}
			if total += size; total > most {
				over = id
				break
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil || over == 0 {
			return err
		}
		result, err = tx.ExecContext(ctx, h.db.Bind(`DELETE FROM phscript_run WHERE id <= ? AND ended_at IS NOT NULL`+last), over)
		if err != nil {
			return err
		}
		more, err := result.RowsAffected()
		gone += more
		return err
	})
	if err != nil || gone == 0 {
		return gone, err
	}
	_, err = h.db.ExecContext(ctx, `DELETE FROM phscript_run_log WHERE run NOT IN (SELECT id FROM phscript_run)`)
	return gone, err
}
