package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
)

// Queryer is what a transaction and the store have in common.
type Queryer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// rowSize is about what a run, or a line of its log, takes besides its texts.
const rowSize = 200

// Add stores a new run within a transaction and gives it its number. It returns
// false, and stores nothing, where the schedule's tick has that attempt already.
func (h *History) Add(ctx context.Context, tx Queryer, r *Run) (bool, error) {
	definition, err := kept(r.Definition)
	if err != nil {
		return false, err
	}
	r.Attempt = max(r.Attempt, 1)
	row := tx.QueryRowContext(ctx, h.db.Bind(`INSERT INTO phscript_run
		(schedule, tick, attempt, retry_of, cause, script, definition, status, reason, due_at, ended_at, size)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`),
		optional(r.Schedule), micro(r.Tick), r.Attempt, optional(r.RetryOf), r.Cause, r.Script, definition, r.Status, r.Reason,
		micro(r.Due), micro(r.Ended), rowSize+len(definition))
	err = row.Scan(&r.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// kept is a definition as runs keep it. The actions stay out: the address of a
// webhook is often a secret.
func kept(d config.Schedule) (string, error) {
	d.OnFailure, d.OnRecovery = nil, nil
	text, err := json.Marshal(d)
	return string(text), err
}

// Redefine gives other settings to the runs of a schedule that are queued and
// that the engine does not have. Those that a person asked for keep theirs.
func (h *History) Redefine(ctx context.Context, tx Queryer, d config.Schedule) error {
	definition, err := kept(d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET script = ?, definition = ?, size = ? WHERE schedule = ? AND status = ? AND job IS NULL AND cause <> ?`),
		d.Script, definition, rowSize+len(definition), d.Name, Queued, ByHand)
	return err
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

// FirstJob notes the engine's number for a queued run that has none, and returns
// whether it had none.
func (h *History) FirstJob(ctx context.Context, tx Queryer, id, job int64) (bool, error) {
	result, err := tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET job = ? WHERE id = ? AND job IS NULL AND status = ?`), job, id, Queued)
	return changed(result, err)
}

// HandBack takes a queued run from the engine, for it to be handed over again.
func (h *History) HandBack(ctx context.Context, tx Queryer, id int64) error {
	_, err := tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET job = NULL WHERE id = ? AND status = ?`), id, Queued)
	return err
}

// SkipCrowd leaves those ticks out before which so many runs of their schedule
// wait that are due, and returns how many.
func (h *History) SkipCrowd(ctx context.Context, most int) (int64, error) {
	result, err := h.db.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET status = ?, reason = ?, ended_at = `+h.db.Now()+`
		WHERE status = ? AND job IS NULL AND cause = ? AND due_at <= `+h.db.Now()+` AND (
			SELECT count(*) FROM phscript_run ahead
			WHERE ahead.status = ? AND ahead.schedule = phscript_run.schedule AND ahead.due_at < phscript_run.due_at) >= ?`),
		Skipped, strconv.Itoa(most)+" runs of the same schedule were already waiting", Queued, ByTick, Queued, most)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Delete drops the record of a run that is still queued, as if it had never been
// planned.
func (h *History) Delete(ctx context.Context, tx Queryer, id int64) error {
	_, err := tx.ExecContext(ctx, h.db.Bind(`DELETE FROM phscript_run WHERE id = ? AND status = ?`), id, Queued)
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
	err = h.db.QueryRowContext(ctx, h.db.Bind(`UPDATE phscript_run SET seen_at = `+h.db.Now()+` WHERE id = ? AND status = ? AND worker = ? RETURNING cancelled <> 0`), id, Running, worker).Scan(&cancel)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return err == nil, cancel, err
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
		result, err := tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET status = ?, reason = ?, error = ?, exit_code = ?, calls = ?, rejected = ?, summary = ?, size = size + ?, ended_at = `+h.db.Now()+`
			WHERE id = ? AND status = ?`),
			e.Status, e.Reason, e.Error, e.ExitCode, e.Calls, e.Rejected, string(e.Summary), len(e.Summary)+len(e.Error), id, status)
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

// Lose ends a running run whose worker is still silent, and returns whether it
// did.
func (h *History) Lose(ctx context.Context, tx Queryer, id int64, e End, silence time.Duration) (bool, error) {
	result, err := tx.ExecContext(ctx, h.db.Bind(`UPDATE phscript_run SET status = ?, reason = ?, ended_at = `+h.db.Now()+`
		WHERE id = ? AND status = ? AND seen_at < `+h.db.Now()+` - ?`), e.Status, e.Reason, id, Running, silence.Microseconds())
	return changed(result, err)
}
