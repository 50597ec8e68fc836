package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
)

// rowSize is about what a run, or a line of its log, takes besides its texts.
const rowSize = 200

// Add stores a new run within a transaction and sets its number. It returns false,
// and stores nothing, if the schedule's tick has that attempt already.
func (h *History) Add(ctx context.Context, tx store.Queryer, r *Run) (bool, error) {
	definition, err := kept(r.Definition)
	if err != nil {
		return false, err
	}
	r.Attempt = max(r.Attempt, 1)
	err = tx.QueryRowContext(ctx, `INSERT INTO phscript_run
		(schedule, tick, attempt, retry_of, cause, script, definition, status, reason, asked_by, asked_why, due_at, ended_at, size)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		optional(r.Schedule), store.Number(r.Tick), r.Attempt, optional(r.RetryOf), r.Cause, r.Script, definition, r.Status, r.Reason, r.AskedBy, r.AskedWhy,
		store.Number(r.Due), store.Number(r.Ended), rowSize+len(definition)).Scan(&r.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// kept is a definition as runs keep it. The actions stay out: the address of a
// webhook is often a secret.
func kept(d config.Schedule) (string, error) {
	d.OnFailure, d.OnRecovery, d.OnMissed = nil, nil, nil
	text, err := json.Marshal(d)
	return string(text), err
}

// Redefine gives new settings to the queued runs of a schedule, also to those that the
// engine has: they start with the scripts that belong to these settings. Runs that a
// person started keep theirs.
func (h *History) Redefine(ctx context.Context, tx store.Queryer, d config.Schedule) error {
	definition, err := kept(d)
	if err != nil {
		return err
	}
	return store.Exec(ctx, tx, `UPDATE phscript_run SET script = ?, definition = ?, size = ? WHERE schedule = ? AND `+open+` AND status = ? AND cause NOT IN (?, ?)`,
		d.Script, definition, rowSize+len(definition), d.Name, Queued, ByHand, ByPlan)
}

func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// SetJob stores the engine's number for a run.
func (h *History) SetJob(ctx context.Context, tx store.Queryer, id, job int64) error {
	return store.Exec(ctx, tx, `UPDATE phscript_run SET job = ? WHERE id = ?`, job, id)
}

// FirstJob stores the engine's number for a queued run. It returns false if the
// run has a number already.
func (h *History) FirstJob(ctx context.Context, tx store.Queryer, id, job int64) (bool, error) {
	return store.Changed(ctx, tx, `UPDATE phscript_run SET job = ? WHERE id = ? AND job IS NULL AND status = ?`, job, id, Queued)
}

// HandBack takes a queued run from the engine, so that it is handed over again.
func (h *History) HandBack(ctx context.Context, tx store.Queryer, id int64) error {
	return store.Exec(ctx, tx, `UPDATE phscript_run SET job = NULL WHERE id = ? AND status = ?`, id, Queued)
}

// CatchUp makes a queued run one that makes up for a missed tick.
func (h *History) CatchUp(ctx context.Context, tx store.Queryer, id int64, reason string) error {
	return store.Exec(ctx, tx, `UPDATE phscript_run SET cause = ?, reason = ? WHERE id = ? AND status = ?`, ByCatchUp, reason, id, Queued)
}

// crowded is the condition for a due tick that waits for at least a given number of
// earlier runs of its schedule.
func (h *History) crowded() string {
	return open + ` AND status = '` + string(Queued) + `' AND job IS NULL AND cause = '` + string(ByTick) + `' AND due_at <= ` + h.db.Now() + ` AND (
		SELECT count(*) FROM phscript_run ahead
		WHERE ahead.` + open + ` AND ahead.status = '` + string(Queued) + `' AND ahead.schedule = phscript_run.schedule AND ahead.due_at < phscript_run.due_at) >= ?`
}

// Crowded returns the schedules of which a due tick waits for at least most earlier
// runs.
func (h *History) Crowded(ctx context.Context, most int) (names []string, err error) {
	err = store.Each(ctx, h.db, func(row *sql.Rows) error {
		var name string
		err := row.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT DISTINCT schedule FROM phscript_run WHERE `+h.crowded(), most)
	return names, err
}

// SkipCrowd skips these ticks of a schedule, and returns them in order.
func (h *History) SkipCrowd(ctx context.Context, tx store.Queryer, schedule string, most int) ([]*Run, error) {
	left, err := h.runs(ctx, tx, `schedule = ? AND `+h.crowded()+` ORDER BY tick`, schedule, most)
	for _, r := range left {
		if err == nil {
			r.Status, r.Reason = Skipped, strconv.Itoa(most)+" runs of the same schedule were already waiting"
			_, err = h.Finish(ctx, tx, r.ID, End{Status: r.Status, Reason: r.Reason}, Queued)
		}
	}
	return left, err
}

// Delete deletes a queued run, as if it had never been planned.
func (h *History) Delete(ctx context.Context, tx store.Queryer, id int64) error {
	return store.Exec(ctx, tx, `DELETE FROM phscript_run WHERE id = ? AND status = ?`, id, Queued)
}

// Claim assigns a queued run to a worker. It returns false if the run is no longer
// queued.
func (h *History) Claim(ctx context.Context, tx store.Queryer, id int64, worker string) (bool, error) {
	return store.Changed(ctx, tx, `UPDATE phscript_run SET status = ?, worker = ?, started_at = `+h.db.Now()+`, seen_at = `+h.db.Now()+`
		WHERE id = ? AND status = ?`, Running, worker, id, Queued)
}

// SetScriptHash stores which version of the script is run.
func (h *History) SetScriptHash(ctx context.Context, id int64, hash string) error {
	return store.Exec(ctx, h.db, `UPDATE phscript_run SET script_hash = ? WHERE id = ?`, hash, id)
}

// Seen stores that the run's worker is alive, and how far the run is, unless progress is
// nil. It returns whether the run still belongs to the worker, and whether somebody
// cancelled it.
func (h *History) Seen(ctx context.Context, id int64, worker string, progress *Progress) (own, cancel bool, err error) {
	set, args := `seen_at = `+h.db.Now(), []any{}
	if progress != nil {
		task := Task{Left: -1}
		if progress.Task != nil {
			task = *progress.Task
		}
		set += `, calls = ?, written = ?, rejected = ?, task = ?, task_unit = ?, task_done = ?, task_total = ?, task_left = ?`
		args = append(args, progress.Calls, progress.Written, progress.Rejected, storable(task.Name), storable(task.Unit), task.Done, task.Total, task.Left)
	}
	err = h.db.QueryRowContext(ctx, `UPDATE phscript_run SET `+set+` WHERE id = ? AND status = ? AND worker = ? RETURNING cancelled <> 0`, append(args, id, Running, worker)...).Scan(&cancel)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return err == nil, cancel, err
}

// Unknown is the number of calls or rows of a run that ended without a summary.
const Unknown = -1

// End is how a run ended.
type End struct {
	Status        Status
	Reason, Error string
	ExitCode      *int
	// Hint says what to do about the error.
	Hint                     string
	Calls, Written, Rejected int
	Summary                  []byte
	// InDoubt reports whether another attempt would fail in the same way, until somebody
	// decides about rows that may be stored.
	InDoubt bool
	// Late is how long ago that was.
	Late time.Duration
}

// Unfinished returns the end of a run that left no summary.
func (e End) Unfinished() End {
	e.Calls, e.Written, e.Rejected = Unknown, Unknown, Unknown
	return e
}

// Finish ends a run that has the status from. It returns false if the run has
// another one.
func (h *History) Finish(ctx context.Context, tx store.Queryer, id int64, e End, from Status) (bool, error) {
	return store.Changed(ctx, tx, `UPDATE phscript_run SET status = ?, reason = ?, error = ?, hint = ?, exit_code = ?, calls = ?, written = ?, rejected = ?, summary = ?, size = size + ?, ended_at = `+h.db.Now()+` - ?
		WHERE id = ? AND status = ?`,
		e.Status, e.Reason, e.Error, e.Hint, e.ExitCode, e.Calls, e.Written, e.Rejected, string(e.Summary), len(e.Summary)+len(e.Error), e.Late.Microseconds(), id, from)
}

// NoteCancel stores who cancelled a run.
func (h *History) NoteCancel(ctx context.Context, tx store.Queryer, id int64, by string) error {
	return store.Exec(ctx, tx, `UPDATE phscript_run SET cancelled_by = ? WHERE id = ? AND cancelled_by = ''`, by, id)
}

// WantEnd asks the worker of a running run to end it.
func (h *History) WantEnd(ctx context.Context, tx store.Queryer, id int64, reason string) error {
	return store.Exec(ctx, tx, `UPDATE phscript_run SET cancelled = 1, reason = ? WHERE id = ? AND status = ?`, reason, id, Running)
}

// Lose ends a running run if its worker is still silent, and reports whether it
// was.
func (h *History) Lose(ctx context.Context, tx store.Queryer, id int64, e End, silence time.Duration) (bool, error) {
	return store.Changed(ctx, tx, `UPDATE phscript_run SET status = ?, reason = ?, calls = ?, written = ?, rejected = ?, ended_at = `+h.db.Now()+`
		WHERE id = ? AND status = ? AND seen_at < `+h.db.Now()+` - ?`, e.Status, e.Reason, e.Calls, e.Written, e.Rejected, id, Running, silence.Microseconds())
}
