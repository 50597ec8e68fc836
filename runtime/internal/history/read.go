package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// briefColumns leave out the summary, which may be long.
const (
	briefColumns = `id, coalesce(schedule, ''), tick, attempt, coalesce(retry_of, 0), cause, script, script_hash, definition, status, reason, coalesce(job, 0),
	worker, cancelled, due_at, started_at, seen_at, ended_at, exit_code, calls, rejected, error, hint, written, warnings,
	task, task_unit, task_done, task_total, task_left, asked_by, asked_why, cancelled_by, `
	columns = briefColumns + `summary`
	brief   = briefColumns + `''`
)

// scannable is a row: *sql.Row or *sql.Rows.
type scannable interface{ Scan(into ...any) error }

func scan(row scannable) (*Run, error) {
	r := &Run{}
	var definition, summary string
	var tick, due, started, seen, ended *int64
	var cancelled int64
	var task Task
	err := row.Scan(&r.ID, &r.Schedule, &tick, &r.Attempt, &r.RetryOf, &r.Cause, &r.Script, &r.ScriptHash, &definition, &r.Status, &r.Reason, &r.Job,
		&r.Worker, &cancelled, &due, &started, &seen, &ended, &r.ExitCode, &r.Calls, &r.Rejected, &r.Error, &r.Hint, &r.Written, &r.Warnings,
		&task.Name, &task.Unit, &task.Done, &task.Total, &task.Left, &r.AskedBy, &r.AskedWhy, &r.CancelledBy, &summary)
	if err != nil {
		return nil, err
	}
	r.Tick, r.Due, r.Started, r.Seen, r.Ended = store.Time(tick), store.Time(due), store.Time(started), store.Time(seen), store.Time(ended)
	r.CancelWanted = cancelled != 0
	if task.Name != "" {
		r.Task = &task
	}
	if summary != "" {
		r.Summary = json.RawMessage(summary)
	}
	if err := json.Unmarshal([]byte(definition), &r.Definition); err != nil {
		return nil, fmt.Errorf("run %d: its definition: %w", r.ID, err)
	}
	return r, nil
}

// runs returns the runs that meet a condition, without their summaries.
func (h *History) runs(ctx context.Context, q store.Queryer, condition string, args ...any) ([]*Run, error) {
	return h.pick(ctx, q, brief, condition, args...)
}

func (h *History) pick(ctx context.Context, q store.Queryer, columns, condition string, args ...any) (runs []*Run, err error) {
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		r, err := scan(row)
		runs = append(runs, r)
		return err
	}, `SELECT `+columns+` FROM phscript_run WHERE `+condition, args...)
	if err != nil {
		return nil, err
	}
	return runs, nil
}

// ErrNoRun is the error for a run that does not exist.
var ErrNoRun = errors.New("there is no such run")

// Get returns one run, or ErrNoRun.
func (h *History) Get(ctx context.Context, tx store.Queryer, id int64) (*Run, error) {
	r, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM phscript_run WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoRun
	}
	return r, err
}

// Run returns one run, or ErrNoRun.
func (h *History) Run(ctx context.Context, id int64) (*Run, error) { return h.Get(ctx, h.read, id) }

// Brief is Run without the summary.
func (h *History) Brief(ctx context.Context, id int64) (*Run, error) {
	r, err := scan(h.read.QueryRowContext(ctx, `SELECT `+brief+` FROM phscript_run WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoRun
	}
	return r, err
}

// FirstAttempt returns the number of a run's first attempt, as far as the history has it.
func (h *History) FirstAttempt(ctx context.Context, r *Run) (int64, error) {
	first := r
	for first.RetryOf != 0 {
		earlier, err := h.Run(ctx, first.RetryOf)
		if errors.Is(err, ErrNoRun) {
			return first.RetryOf, nil
		}
		if err != nil {
			return 0, err
		}
		first = earlier
	}
	return first.ID, nil
}

// Filter selects runs. Empty fields select all.
type Filter struct {
	Schedule, Script string
	Statuses         []Status
	Causes           []Cause
	// Worker is the beginning of a worker's name, such as its host. Text is what the run's
	// names, reason or error contain; the number of a run finds that run as well.
	Worker, Text string
	// Since is the earliest time at which the runs were due, Until the latest.
	Since, Until time.Time
	// Before selects the runs that follow another one in a list.
	Before *Key
	// Due leaves out runs that are queued for a later time.
	Due bool
	// Limit is the maximum number of runs.
	Limit int
}

const newestFirst = ` ORDER BY due_at DESC, id DESC`

// List returns runs without their summaries, the latest due ones first.
func (h *History) List(ctx context.Context, f Filter) ([]*Run, error) {
	return h.list(ctx, f, brief)
}

func (h *History) list(ctx context.Context, f Filter, columns string) ([]*Run, error) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if f.Schedule != "" {
		add("schedule = ?", f.Schedule)
	}
	if f.Script != "" {
		add("script = ?", f.Script)
	}
	if !f.Since.IsZero() {
		add("due_at >= ?", f.Since.UnixMicro())
	}
	if f.Due {
		add("(status <> ? OR due_at <= "+h.read.Now()+")", Queued)
	}
	f.more(h.read, add)
	end := newestFirst
	if f.Limit > 0 {
		end += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	switch {
	case len(f.Statuses) > 1 && f.Schedule == "" && f.Limit > 0:
		// For each status, an index has its last runs.
		part := `SELECT id FROM (SELECT id FROM phscript_run WHERE ` + strings.Join(where, " AND ") + ` AND status = ?` + end + `) AS few`
		var parts []string
		var all []any
		for _, s := range f.Statuses {
			parts, all = append(parts, part), append(append(all, args...), s)
		}
		return h.pick(ctx, h.read, columns, `id IN (`+strings.Join(parts, " UNION ALL ")+`)`+end, all...)
	case len(f.Statuses) > 0:
		values := Values(f.Statuses)
		if len(values) == 1 && f.Schedule != "" {
			// SQLite takes the index of schedules for two values, and that of a status,
			// which is longer, for one.
			values = append(values, values[0])
		}
		add(Among(len(values)), values...)
	}
	return h.pick(ctx, h.read, columns, strings.Join(where, " AND ")+end, args...)
}

// open is the condition for runs that have not ended. It is part of every condition
// about such runs: they have an index that stays small.
const open = `ended_at IS NULL`

// Active reports whether a run of a schedule is running.
func (h *History) Active(ctx context.Context, tx store.Queryer, schedule string) (bool, error) {
	return store.Exists(ctx, tx, `FROM phscript_run WHERE schedule = ? AND status = ? AND `+open, schedule, Running)
}

// Silent returns the running runs whose worker was not seen for that long, by
// the store's clock.
func (h *History) Silent(ctx context.Context, tx store.Queryer, d time.Duration) ([]*Run, error) {
	return h.runs(ctx, tx, open+` AND status = ? AND seen_at < `+h.db.Now()+` - ? ORDER BY id`, Running, d.Microseconds())
}

// waits is the condition for a queued run that is due, by the store's clock, and
// that was not handed to the engine.
func (h *History) waits() string {
	return open + ` AND status = '` + string(Queued) + `' AND job IS NULL AND due_at <= ` + h.db.Now()
}

// makesUp is the condition for a run that makes up for another one. earlier and
// later compare with a run's time and number.
const (
	makesUp = `cause IN ('` + string(ByCatchUp) + `', '` + string(ByRetry) + `')`
	earlier = `(due_at < ? OR due_at = ? AND id < ?)`
	later   = `(due_at > ? OR due_at = ? AND id > ?)`
)

// Undispatched returns the queued runs that are due, by the store's clock, and
// were not handed to the engine, in the order in which they are due: for each
// schedule the first one that makes up for another, and the first of the others;
// and all runs without a schedule. It returns at most limit runs that follow
// the run after, or the first ones if after is nil.
func (h *History) Undispatched(ctx context.Context, after *Run, limit int) ([]*Run, error) {
	due, id := int64(math.MinInt64), int64(0)
	if after != nil {
		due, id = after.Due.UnixMicro(), after.ID
	}
	return h.runs(ctx, h.db, `id IN (
		SELECT id FROM (SELECT id, schedule, row_number() OVER (PARTITION BY schedule, CASE WHEN `+makesUp+` THEN 1 ELSE 0 END ORDER BY due_at, id) AS place
			FROM phscript_run WHERE `+h.waits()+`) AS due
		WHERE schedule IS NULL OR place = 1) AND `+later+` ORDER BY due_at, id LIMIT ?`, due, due, id, limit)
}

// Busy returns the schedules that have a run that is running or handed to the
// engine.
func (h *History) Busy(ctx context.Context) (map[string]bool, error) {
	busy := map[string]bool{}
	err := store.Each(ctx, h.db, func(row *sql.Rows) error {
		var name string
		err := row.Scan(&name)
		busy[name] = true
		return err
	}, `SELECT DISTINCT schedule FROM phscript_run WHERE `+open+` AND schedule IS NOT NULL AND (status = ? OR status = ? AND job IS NOT NULL)`, Running, Queued)
	return busy, err
}

// First returns the first waiting run of a schedule that does not make up for
// another one, or nil.
func (h *History) First(ctx context.Context, tx store.Queryer, schedule string) (*Run, error) {
	runs, err := h.runs(ctx, tx, `schedule = ? AND `+h.waits()+` AND NOT `+makesUp+` ORDER BY due_at, id LIMIT 1`, schedule)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return runs[0], nil
}

// Behind reports whether a run of the schedule is waiting that was due before r.
func (h *History) Behind(ctx context.Context, tx store.Queryer, r *Run) (bool, error) {
	return store.Exists(ctx, tx, `FROM phscript_run WHERE schedule = ? AND `+h.waits()+` AND `+earlier, r.Schedule, r.Due.UnixMicro(), r.Due.UnixMicro(), r.ID)
}

// RetriesBefore returns the waiting retries of a schedule that were due before r.
func (h *History) RetriesBefore(ctx context.Context, tx store.Queryer, r *Run) ([]*Run, error) {
	return h.runs(ctx, tx, `schedule = ? AND `+h.waits()+` AND cause = ? AND `+earlier+` ORDER BY due_at, id`,
		r.Schedule, ByRetry, r.Due.UnixMicro(), r.Due.UnixMicro(), r.ID)
}

// HandedOver returns the runs of a schedule that are running or handed to the
// engine, the oldest first.
func (h *History) HandedOver(ctx context.Context, tx store.Queryer, schedule string) ([]*Run, error) {
	return h.runs(ctx, tx, `schedule = ? AND `+open+` AND status IN (?, ?) AND (status = ? OR job IS NOT NULL) ORDER BY id`, schedule, Queued, Running, Running)
}

// Planned returns the queued runs of a schedule in the order in which they are
// due, except those that a person started.
func (h *History) Planned(ctx context.Context, tx store.Queryer, schedule string) ([]*Run, error) {
	return h.runs(ctx, tx, `schedule = ? AND `+open+` AND status = ? AND cause NOT IN (?, ?) ORDER BY due_at, id`, schedule, Queued, ByHand, ByPlan)
}

// Replaced reports whether a run of the schedule is waiting that was due after r
// and does not make up for another one.
func (h *History) Replaced(ctx context.Context, tx store.Queryer, r *Run) (bool, error) {
	return store.Exists(ctx, tx, `FROM phscript_run WHERE schedule = ? AND `+h.waits()+` AND NOT `+makesUp+` AND `+later,
		r.Schedule, r.Due.UnixMicro(), r.Due.UnixMicro(), r.ID)
}

// LastDue returns the last of the queued runs of later ticks of the schedule that are
// due by now, or nil.
func (h *History) LastDue(ctx context.Context, tx store.Queryer, r *Run) (*Run, error) {
	runs, err := h.runs(ctx, tx, `schedule = ? AND `+open+` AND status = ? AND cause IN (?, ?) AND tick > ? AND due_at <= `+h.db.Now()+` ORDER BY tick DESC LIMIT 1`,
		r.Schedule, Queued, ByTick, ByCatchUp, r.Tick.UnixMicro())
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return runs[0], nil
}

// Waiting returns the queued runs that were handed to the engine and have been
// due for d, by the store's clock, the oldest first.
func (h *History) Waiting(ctx context.Context, tx store.Queryer, d time.Duration, limit int) ([]*Run, error) {
	return h.runs(ctx, tx, open+` AND status = ? AND job IS NOT NULL AND due_at < `+h.db.Now()+` - ? ORDER BY id LIMIT ?`, Queued, d.Microseconds(), limit)
}

// Among is the condition for one of so many statuses.
func Among(n int) string { return `status IN (?` + strings.Repeat(`, ?`, n-1) + `)` }

// Values are the values for the condition of Among.
func Values(statuses []Status) (list []any) {
	for _, s := range statuses {
		list = append(list, s)
	}
	return list
}
