package serve

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Schedules are the schedules in a store and their planned runs. It is safe for
// concurrent use, also by several processes.
type Schedules struct {
	db      *store.DB
	history *history.History
	engine  Engine
	// defaults returns the actions of schedules that set none.
	defaults func(kind EventKind) []config.Action
	// leftOut, if set, is called with ticks of one schedule that did not run.
	leftOut func(runs []*history.Run)
	// LateAfter is how late a tick may start and still count as on time.
	LateAfter time.Duration
	// RetryPause is the pause before the first retry.
	RetryPause time.Duration
}

// NewSchedules returns the schedules in a store. Without an engine they are
// read-only.
func NewSchedules(db *store.DB, engine Engine) *Schedules {
	return &Schedules{db: db, history: history.New(db), engine: engine, LateAfter: DefaultLateAfter, RetryPause: firstPause}
}

// Entry is one schedule in the store.
type Entry struct {
	schedule.Definition
	// Next is the first tick that is not planned yet, zero if there is none.
	Next time.Time
	// Paused reports whether ticks are skipped, Failing whether the last run was bad.
	Paused, Failing bool
	// PausedSince and LastSuccess are zero if there are none. Added is when the
	// schedule was added to the store.
	PausedSince, LastSuccess, Added time.Time
	// PausedBy is who paused it, and PausedWhy the reason that they gave. FailingSince is when
	// the first of the runs failed that have failed in a row, zero if it is not known.
	PausedBy, PausedWhy string
	FailingSince        time.Time
	// Missed and Skipped count ticks since then.
	Missed, Skipped int64
	// GivenUp counts notifications of which every try failed, the last at GaveUp.
	GivenUp int64
	GaveUp  time.Time
	// Idle is the reason in the last notification about ticks that did not run. InARow is how many ticks
	// have not run since the last run.
	Idle   Idle
	InARow int64
	// stored is the definition as the store has it.
	stored string
}

// ErrNoSchedule is the error for a schedule that does not exist.
var ErrNoSchedule = errors.New("there is no such schedule")

const entryColumns = `name, definition, source, next_at, paused, failing, paused_at, last_success_at, added_at, missed, skipped, told, idle, given_up, given_up_at,
	paused_by, paused_why, failing_at, signature`

// storedEntry is a schedule as the store has it.
type storedEntry struct {
	Entry
	name, source, signature string
}

func scanEntry(row *sql.Rows) (e storedEntry, err error) {
	var next, paused, success, added, gaveUp, failing *int64
	err = row.Scan(&e.name, &e.stored, &e.source, &next, &e.Paused, &e.Failing, &paused, &success, &added, &e.Missed, &e.Skipped, &e.Idle, &e.InARow, &e.GivenUp, &gaveUp,
		&e.PausedBy, &e.PausedWhy, &failing, &e.signature)
	e.GaveUp, e.FailingSince = store.Time(gaveUp), store.Time(failing)
	e.Next, e.PausedSince, e.LastSuccess, e.Added = store.Time(next), store.Time(paused), store.Time(success), store.Time(added)
	return e, err
}

// entry reads its definition.
func (e storedEntry) entry() (Entry, error) {
	var written config.Schedule
	if err := json.Unmarshal([]byte(e.stored), &written); err != nil {
		return e.Entry, fmt.Errorf("schedule '%s' in the store: %w", e.name, err)
	}
	var err error
	if e.Definition, err = schedule.New(written, e.source); err != nil {
		return e.Entry, fmt.Errorf("in the store: %w", err)
	}
	if e.signature != "" && json.Unmarshal([]byte(e.signature), &e.Signature) != nil {
		e.Signature = nil // another version of phscript wrote it: the run checks its parameters
	}
	return e.Entry, nil
}

// List returns the schedules by name. The error names those that cannot be used on
// this machine, for instance because it does not know their time zone.
func (s *Schedules) List(ctx context.Context) ([]Entry, error) { return Entries(ctx, s.db) }

// Entries is Schedules.List for those who only read.
func Entries(ctx context.Context, q store.Queryer) ([]Entry, error) {
	return entries(ctx, q, `removed = 0 ORDER BY name`)
}

func (s *Schedules) query(ctx context.Context, q store.Queryer, where string, args ...any) ([]Entry, error) {
	return entries(ctx, q, where, args...)
}

func entries(ctx context.Context, q store.Queryer, where string, args ...any) (list []Entry, err error) {
	var all []storedEntry
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		e, err := scanEntry(row)
		all = append(all, e)
		return err
	}, `SELECT `+entryColumns+` FROM phscript_schedule WHERE `+where, args...)
	// Reading definitions takes longer than reading rows, which keeps a connection.
	for _, one := range all {
		if e, failed := one.entry(); failed != nil {
			err = errors.Join(err, failed)
		} else {
			list = append(list, e)
		}
	}
	return list, err
}

// LastTicks returns when each schedule was due last, whether it ran then or not.
func (s *Schedules) LastTicks(ctx context.Context) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	err := store.Each(ctx, s.db, func(row *sql.Rows) error {
		var name string
		var tick *int64
		err := row.Scan(&name, &tick)
		last[name] = store.Time(tick)
		return err
	}, `SELECT name, (SELECT max(tick) FROM phscript_run WHERE schedule = name AND tick <= `+s.db.Now()+`) FROM phscript_schedule WHERE removed = 0`)
	return last, err
}

// LastRuns returns the number and the status of the last run of each schedule that was
// started.
func (s *Schedules) LastRuns(ctx context.Context) (map[string]history.Run, error) {
	last := map[string]history.Run{}
	err := store.Each(ctx, s.db, func(row *sql.Rows) error {
		var r history.Run
		err := row.Scan(&r.Schedule, &r.ID, &r.Status)
		last[r.Schedule] = r
		return err
	}, `SELECT name, id, status FROM phscript_schedule JOIN phscript_run ON id = (
		SELECT id FROM phscript_run WHERE schedule = name AND `+history.Among(len(history.Started))+` ORDER BY due_at DESC, id DESC LIMIT 1)
		WHERE removed = 0`, history.Values(history.Started)...)
	return last, err
}

// one returns a schedule, or ErrNoSchedule.
func (s *Schedules) one(ctx context.Context, q store.Queryer, name string) (Entry, error) {
	list, err := s.query(ctx, q, `removed = 0 AND name = ?`, name)
	if err != nil {
		return Entry{}, err
	}
	if len(list) == 0 {
		return Entry{}, ErrNoSchedule
	}
	return list[0], nil
}

func (s *Schedules) now(ctx context.Context, q store.Queryer) (time.Time, error) {
	var n int64
	err := q.QueryRowContext(ctx, "SELECT "+s.db.Now()).Scan(&n)
	return time.UnixMicro(n), err
}
