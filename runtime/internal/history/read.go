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
)

// briefColumns leave the summary out, which may be long; columns have it.
const (
	briefColumns = `id, coalesce(schedule, ''), tick, attempt, coalesce(retry_of, 0), cause, script, script_hash, definition, status, reason, coalesce(job, 0),
	worker, cancelled, due_at, started_at, seen_at, ended_at, exit_code, calls, rejected, error, `
	columns = briefColumns + `summary`
	brief   = briefColumns + `''`
)

func scan(row interface{ Scan(...any) error }) (*Run, error) {
	r := &Run{}
	var definition, summary string
	var tick, due, started, seen, ended *int64
	var cancelled int64
	err := row.Scan(&r.ID, &r.Schedule, &tick, &r.Attempt, &r.RetryOf, &r.Cause, &r.Script, &r.ScriptHash, &definition, &r.Status, &r.Reason, &r.Job,
		&r.Worker, &cancelled, &due, &started, &seen, &ended, &r.ExitCode, &r.Calls, &r.Rejected, &r.Error, &summary)
	if err != nil {
		return nil, err
	}
	r.Tick, r.Due, r.Started, r.Seen, r.Ended = clock(tick), clock(due), clock(started), clock(seen), clock(ended)
	r.CancelWanted = cancelled != 0
	if summary != "" {
		r.Summary = json.RawMessage(summary)
	}
	if err := json.Unmarshal([]byte(definition), &r.Definition); err != nil {
		return nil, fmt.Errorf("run %d: its definition: %w", r.ID, err)
	}
	return r, nil
}

func collect(rows *sql.Rows, err error) ([]*Run, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var runs []*Run
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, rows.Err()
}

// ErrNoRun says that there is no run of that number.
var ErrNoRun = errors.New("there is no such run")

// Get returns one run, or ErrNoRun.
func (h *History) Get(ctx context.Context, tx Queryer, id int64) (*Run, error) {
	r, err := scan(tx.QueryRowContext(ctx, h.db.Bind(`SELECT `+columns+` FROM phscript_run WHERE id = ?`), id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoRun
	}
	return r, err
}

// Run returns one run, or ErrNoRun.
func (h *History) Run(ctx context.Context, id int64) (*Run, error) { return h.Get(ctx, h.db, id) }

// Filter selects runs; what is empty selects all.
type Filter struct {
	Schedule, Script string
	Statuses         []Status
	// Since bounds the time at which they were due.
	Since time.Time
	// Due leaves those out that are queued for a later time.
	Due bool
	// Limit is how many at most.
	Limit int
}

// List returns runs, those that were due last first, without their summaries.
func (h *History) List(ctx context.Context, f Filter) ([]*Run, error) {
	return h.list(ctx, h.db, f)
}

func (h *History) list(ctx context.Context, tx Queryer, f Filter) ([]*Run, error) {
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
	if len(f.Statuses) > 0 {
		var values []any
		for _, s := range f.Statuses {
			values = append(values, s)
		}
		add("status IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
	}
	if !f.Since.IsZero() {
		add("due_at >= ?", f.Since.UnixMicro())
	}
	if f.Due {
		add("(status <> ? OR due_at <= "+h.db.Now()+")", Queued)
	}
	query := `SELECT ` + brief + ` FROM phscript_run WHERE ` + strings.Join(where, " AND ") + ` ORDER BY due_at DESC, id DESC`
	if f.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	rows, err := tx.QueryContext(ctx, h.db.Bind(query), args...)
	return collect(rows, err)
}

// Active returns the runs of a schedule that are running, within a transaction.
func (h *History) Active(ctx context.Context, tx Queryer, schedule string) ([]*Run, error) {
	return h.list(ctx, tx, Filter{Schedule: schedule, Statuses: []Status{Running}})
}

// Silent returns the running runs whose worker was not seen for that long, by
// the store's clock.
func (h *History) Silent(ctx context.Context, tx Queryer, d time.Duration) ([]*Run, error) {
	return collect(tx.QueryContext(ctx, h.db.Bind(`SELECT `+brief+` FROM phscript_run WHERE status = ? AND seen_at < `+h.db.Now()+` - ? ORDER BY id`), Running, d.Microseconds()))
}

// waits is the condition for a queued run that is due, by the store's clock, and
// that the engine does not have, makesUp that for one that makes up for another.
func (h *History) waits() string {
	return `status = '` + string(Queued) + `' AND job IS NULL AND due_at <= ` + h.db.Now()
}

const makesUp = `cause IN ('` + string(ByCatchUp) + `', '` + string(ByRetry) + `')`

// Undispatched returns the queued runs that are due, by the store's clock, and
// that the engine does not have, in the order in which they are due: of each
// schedule the first one that makes up for another, and the first of the others;
// and all that belong to none. It returns so many of those behind a run, or from
// the first one on where that is nil.
func (h *History) Undispatched(ctx context.Context, behind *Run, limit int) ([]*Run, error) {
	due, id := int64(math.MinInt64), int64(0)
	if behind != nil {
		due, id = behind.Due.UnixMicro(), behind.ID
	}
	return collect(h.db.QueryContext(ctx, h.db.Bind(`SELECT `+brief+` FROM phscript_run WHERE id IN (
		SELECT id FROM (SELECT id, schedule, row_number() OVER (PARTITION BY schedule, CASE WHEN `+makesUp+` THEN 1 ELSE 0 END ORDER BY due_at, id) AS place
			FROM phscript_run WHERE `+h.waits()+`) AS due
		WHERE schedule IS NULL OR place = 1) AND (due_at > ? OR due_at = ? AND id > ?) ORDER BY due_at, id LIMIT ?`), due, due, id, limit))
}

// Busy returns the schedules of which a run is running, or with the engine.
func (h *History) Busy(ctx context.Context) (map[string]bool, error) {
	rows, err := h.db.QueryContext(ctx, h.db.Bind(`SELECT DISTINCT schedule FROM phscript_run
		WHERE schedule IS NOT NULL AND (status = ? OR status = ? AND job IS NOT NULL)`), Running, Queued)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	busy := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		busy[name] = true
	}
	return busy, rows.Err()
}

// First returns the first run of a schedule that waits to be handed over and
// makes up for no other one, or nil.
func (h *History) First(ctx context.Context, tx Queryer, schedule string) (*Run, error) {
	runs, err := collect(tx.QueryContext(ctx, h.db.Bind(`SELECT `+brief+` FROM phscript_run WHERE schedule = ? AND `+h.waits()+`
		AND NOT `+makesUp+` ORDER BY due_at, id LIMIT 1`), schedule))
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return runs[0], nil
}

// Behind reports whether a run of the schedule waits to be handed over that was
// due before this one.
func (h *History) Behind(ctx context.Context, tx Queryer, r *Run) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, h.db.Bind(`SELECT count(*) FROM phscript_run WHERE schedule = ? AND `+h.waits()+`
		AND (due_at < ? OR due_at = ? AND id < ?)`), r.Schedule, r.Due.UnixMicro(), r.Due.UnixMicro(), r.ID).Scan(&n)
	return n > 0, err
}

// RetriesBefore returns the retries of a schedule that wait to be handed over and
// were due before this run.
func (h *History) RetriesBefore(ctx context.Context, tx Queryer, r *Run) ([]*Run, error) {
	return collect(tx.QueryContext(ctx, h.db.Bind(`SELECT `+brief+` FROM phscript_run WHERE schedule = ? AND `+h.waits()+`
		AND cause = ? AND (due_at < ? OR due_at = ? AND id < ?) ORDER BY due_at, id`), r.Schedule, ByRetry, r.Due.UnixMicro(), r.Due.UnixMicro(), r.ID))
}

// HandedOver returns the runs of a schedule that are running, or that the engine
// has, the first ones first.
func (h *History) HandedOver(ctx context.Context, tx Queryer, schedule string) ([]*Run, error) {
	return collect(tx.QueryContext(ctx, h.db.Bind(`SELECT `+brief+` FROM phscript_run
		WHERE schedule = ? AND status IN (?, ?) AND (status = ? OR job IS NOT NULL) ORDER BY id`), schedule, Queued, Running, Running))
}

// Planned returns the queued runs of a schedule, those that a person asked for
// left out, in the order of their times.
func (h *History) Planned(ctx context.Context, tx Queryer, schedule string) ([]*Run, error) {
	return collect(tx.QueryContext(ctx, h.db.Bind(`SELECT `+brief+` FROM phscript_run WHERE schedule = ? AND status = ? AND cause <> ? ORDER BY due_at, id`),
		schedule, Queued, ByHand))
}

// Replaced reports whether another run of the schedule waits to be handed over that
// was due after this one, and makes up for no other one.
func (h *History) Replaced(ctx context.Context, tx Queryer, r *Run) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, h.db.Bind(`SELECT count(*) FROM phscript_run WHERE schedule = ? AND `+h.waits()+` AND NOT `+makesUp+`
		AND (due_at > ? OR due_at = ? AND id > ?)`), r.Schedule, r.Due.UnixMicro(), r.Due.UnixMicro(), r.ID).Scan(&n)
	return n > 0, err
}

// Later reports whether a run of the same schedule is due by now that belongs to a
// later tick.
func (h *History) Later(ctx context.Context, tx Queryer, r *Run) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, h.db.Bind(`SELECT count(*) FROM phscript_run WHERE schedule = ? AND status = ? AND tick > ? AND due_at <= `+h.db.Now()),
		r.Schedule, Queued, r.Tick.UnixMicro()).Scan(&n)
	return n > 0, err
}

// Waiting returns the queued runs that were handed over and have been due for a
// while, by the store's clock, the first ones first.
func (h *History) Waiting(ctx context.Context, tx Queryer, d time.Duration, limit int) ([]*Run, error) {
	return collect(tx.QueryContext(ctx, h.db.Bind(`SELECT `+brief+` FROM phscript_run WHERE status = ? AND job IS NOT NULL AND due_at < `+h.db.Now()+` - ? ORDER BY id LIMIT ?`), Queued, d.Microseconds(), limit))
}

// CountByStatus returns how many runs there are in each state.
func (h *History) CountByStatus(ctx context.Context) (map[Status]int64, error) {
	rows, err := h.db.QueryContext(ctx, `SELECT status, count(*) FROM phscript_run GROUP BY status`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	counts := map[Status]int64{}
	for rows.Next() {
		var s Status
		var n int64
		if err := rows.Scan(&s, &n); err != nil {
			return nil, err
		}
		counts[s] = n
	}
	return counts, rows.Err()
}
