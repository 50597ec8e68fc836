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
	// stored is the definition as the store has it.
	stored string
}

// ErrNoSchedule is the error for a schedule that does not exist.
var ErrNoSchedule = errors.New("there is no such schedule")

const entryColumns = `name, definition, source, next_at, paused, failing`

func scanEntry(row *sql.Rows) (e Entry, err error) {
	var name, source string
	var next *int64
	if err := row.Scan(&name, &e.stored, &source, &next, &e.Paused, &e.Failing); err != nil {
		return e, err
	}
	var written config.Schedule
	if err := json.Unmarshal([]byte(e.stored), &written); err != nil {
		return e, fmt.Errorf("schedule '%s' in the store: %w", name, err)
	}
	if e.Definition, err = schedule.New(written, source); err != nil {
		return e, fmt.Errorf("in the store: %w", err)
	}
	e.Next = store.Time(next)
	return e, nil
}

// List returns the schedules by name. The error names those that cannot be used on
// this machine, for instance because it does not know their time zone.
func (s *Schedules) List(ctx context.Context) ([]Entry, error) {
	return s.query(ctx, s.db, `removed = 0 ORDER BY name`)
}

func (s *Schedules) query(ctx context.Context, q store.Queryer, where string, args ...any) (list []Entry, err error) {
	var failed error
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		if e, err := scanEntry(row); err != nil {
			failed = errors.Join(failed, err)
		} else {
			list = append(list, e)
		}
		return nil
	}, `SELECT `+entryColumns+` FROM phscript_schedule WHERE `+where, args...)
	return list, errors.Join(failed, err)
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
