package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Schedules are the schedules in a store, with what is planned of them. It is
// safe for concurrent use, also by several processes.
type Schedules struct {
	db      *store.DB
	history *history.History
	engine  Engine
	// defaults are the actions of schedules that have none of their own.
	defaults func(kind EventKind) []config.Action
	// LateAfter is how late a tick may be taken and still count as on time.
	LateAfter time.Duration
	// RetryPause is the pause before the first further attempt.
	RetryPause time.Duration
}

// NewSchedules returns the schedules in a store. Without an engine they can be
// looked at only.
func NewSchedules(db *store.DB, engine Engine) *Schedules {
	return &Schedules{db: db, history: history.New(db), engine: engine, LateAfter: DefaultLateAfter, RetryPause: firstPause}
}

// Entry is one schedule as the store has it.
type Entry struct {
	schedule.Definition
	// Next is the first tick that is not planned yet, zero where there is none.
	Next time.Time
	// Paused schedules leave their ticks out; Failing ones had a bad run last.
	Paused, Failing bool
	// stored is the definition as it is in the store.
	stored string
}

// ErrNoSchedule says that there is no schedule of that name.
var ErrNoSchedule = errors.New("there is no such schedule")

const entryColumns = `name, definition, source, next_at, paused, failing`

func scanEntry(row interface{ Scan(...any) error }) (Entry, error) {
	var e Entry
	var name, source string
	var next *int64
	var paused, failing int64
	if err := row.Scan(&name, &e.stored, &source, &next, &paused, &failing); err != nil {
		return e, err
	}
	var written config.Schedule
	if err := json.Unmarshal([]byte(e.stored), &written); err != nil {
		return e, fmt.Errorf("schedule '%s' in the store: %w", name, err)
	}
	d, err := schedule.New(written, source)
	if err != nil {
		return e, fmt.Errorf("in the store: %w", err)
	}
	e.Definition, e.Paused, e.Failing = d, paused != 0, failing != 0
	if next != nil {
		e.Next = time.UnixMicro(*next)
	}
	return e, nil
}

// List returns the schedules by name. Those that make no sense here, for
// instance in a time zone that this machine does not know, are in the error.
func (s *Schedules) List(ctx context.Context) ([]Entry, error) {
	return s.query(ctx, s.db, `removed = 0 ORDER BY name`)
}

func (s *Schedules) query(ctx context.Context, q history.Queryer, where string, args ...any) ([]Entry, error) {
	rows, err := q.QueryContext(ctx, s.db.Bind(`SELECT `+entryColumns+` FROM phscript_schedule WHERE `+where), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []Entry
	var failed error
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		list = append(list, e)
	}
	return list, errors.Join(failed, rows.Err())
}

// Get returns one schedule, or ErrNoSchedule.
func (s *Schedules) Get(ctx context.Context, name string) (Entry, error) {
	return s.one(ctx, s.db, name)
}

func (s *Schedules) one(ctx context.Context, q history.Queryer, name string) (Entry, error) {
	list, err := s.query(ctx, q, `removed = 0 AND name = ?`, name)
	if err != nil {
		return Entry{}, err
	}
	if len(list) == 0 {
		return Entry{}, ErrNoSchedule
	}
	return list[0], nil
}

// now is the store's time.
func (s *Schedules) now(ctx context.Context, q history.Queryer) (time.Time, error) {
	var n int64
	err := q.QueryRowContext(ctx, "SELECT "+s.db.Now()).Scan(&n)
	return time.UnixMicro(n), err
}
