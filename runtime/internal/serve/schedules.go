package serve

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// Sync makes the store hold exactly these schedules. One whose time changed is
// planned anew, and what was queued of it is called off; where other settings
// changed, what is queued gets them. One that is gone keeps its history. Ticks
// until now are recorded as they were to be.
func (s *Schedules) Sync(ctx context.Context, definitions []schedule.Definition) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		wanted := map[string]schedule.Definition{}
		for _, d := range definitions {
			wanted[d.Name] = d
		}
		names, err := s.names(ctx, tx)
		if err != nil {
			return err
		}
		// In order, so that two processes do not wait for each other's rows.
		names = append(names, slices.Collect(maps.Keys(wanted))...)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if d, ok := wanted[name]; ok {
				err = s.put(ctx, tx, now, d)
			} else {
				err = s.remove(ctx, tx, now, name)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// remove takes a schedule out.
func (s *Schedules) remove(ctx context.Context, tx *sql.Tx, now time.Time, name string) error {
	if err := s.settleOld(ctx, tx, name); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET removed = 1, next_at = NULL WHERE name = ?`), name); err != nil {
		return err
	}
	_, err := s.callOff(ctx, tx, now, name, "the schedule was removed")
	return err
}

// settleOld records the ticks until now of a schedule that is about to change. A
// definition that makes no sense here has none.
func (s *Schedules) settleOld(ctx context.Context, tx *sql.Tx, name string) error {
	if _, err := s.lock(ctx, tx, name); err != nil {
		return err
	}
	e, err := s.one(ctx, tx, name)
	var wrong *config.Error
	if errors.Is(err, ErrNoSchedule) || errors.As(err, &wrong) || err == nil && e.Next.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	return s.settle(ctx, tx, e)
}

// names lists the schedules that there are.
func (s *Schedules) names(ctx context.Context, q history.Queryer) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM phscript_schedule WHERE removed = 0 ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		list = append(list, name)
	}
	return list, rows.Err()
}

// timingOf tells whether a schedule has to be planned anew.
func timingOf(d schedule.Definition) string {
	if !d.Enabled {
		return "disabled"
	}
	return d.Timing.String() + " in " + d.Timing.Zone().String() + " jitter " + d.Jitter.String()
}

// put stores one definition.
func (s *Schedules) put(ctx context.Context, tx *sql.Tx, now time.Time, d schedule.Definition) error {
	written, err := json.Marshal(d.Schedule)
	if err != nil {
		return err
	}
	timing := timingOf(d)
	var old, oldDefinition string
	var removed int64
	err = tx.QueryRowContext(ctx, s.db.Bind(`SELECT timing, definition, removed FROM phscript_schedule WHERE name = ?`+s.db.Locking()), d.Name).
		Scan(&old, &oldDefinition, &removed)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if known && old == timing && removed == 0 {
		_, err = tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET definition = ?, source = ? WHERE name = ?`), string(written), d.Source, d.Name)
		if err != nil || oldDefinition == string(written) {
			return err
		}
		return s.history.Redefine(ctx, tx, d.Schedule)
	}
	var next *int64
	if d.Enabled {
		next = nextOrNull(d.Timing.Next(now))
	}
	if !known {
		_, err = tx.ExecContext(ctx, s.db.Bind(`INSERT INTO phscript_schedule (name, definition, source, timing, next_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`),
			d.Name, string(written), d.Source, timing, next)
		return err
	}
	if removed != 0 {
		// It begins anew, whatever another one of its name had come to.
		if _, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET paused = 0, failing = 0 WHERE name = ?`), d.Name); err != nil {
			return err
		}
	}
	if err := s.settleOld(ctx, tx, d.Name); err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET definition = ?, source = ?, timing = ?, next_at = ?, removed = 0 WHERE name = ?`),
		string(written), d.Source, timing, next, d.Name); err != nil {
		return err
	}
	_, err = s.callOff(ctx, tx, now, d.Name, "the schedule was changed")
	return err
}

// callOff takes back what is queued of a schedule, but for what a person asked
// for. Of ticks that have not come yet nothing stays; it returns the first of
// them, which is to be planned again, or the zero time.
func (s *Schedules) callOff(ctx context.Context, tx *sql.Tx, now time.Time, name, reason string) (first time.Time, err error) {
	planned, err := s.history.Planned(ctx, tx, name)
	if err != nil {
		return first, err
	}
	for _, r := range planned {
		if r.Cause == history.ByTick && r.Tick.After(now) && r.Job == 0 {
			if first.IsZero() || r.Tick.Before(first) {
				first = r.Tick
			}
			err = s.history.Delete(ctx, tx, r.ID)
		} else {
			err = errors.Join(s.end(ctx, tx, r, reason), s.calledOff(ctx, tx, r))
		}
		if err != nil {
			return first, err
		}
	}
	return first, nil
}

// Pause keeps a schedule from running until Resume, and calls off what is
// queued of it. Its ticks are recorded as they come.
func (s *Schedules) Pause(ctx context.Context, name string) error {
	return s.setPaused(ctx, name, true, func(tx *sql.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		first, err := s.callOff(ctx, tx, now, name, "the schedule was paused")
		if err != nil || first.IsZero() {
			return err
		}
		_, err = tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET next_at = ? WHERE name = ?`), first.UnixMicro(), name)
		return err
	})
}

// Resume ends a pause. The ticks in it stay left out.
func (s *Schedules) Resume(ctx context.Context, name string) error {
	return s.setPaused(ctx, name, false, func(tx *sql.Tx) error {
		e, err := s.one(ctx, tx, name)
		if err != nil || e.Next.IsZero() {
			return err
		}
		// What the pause has not recorded yet belongs to it.
		e.Paused = true
		return s.settle(ctx, tx, e)
	})
}

// setPaused does nothing to a schedule that is so already: what has not been
// recorded of one that is not paused was no part of a pause.
func (s *Schedules) setPaused(ctx context.Context, name string, paused bool, then func(tx *sql.Tx) error) error {
	return s.db.InTx(ctx, func(tx *sql.Tx) error {
		state, err := s.lock(ctx, tx, name)
		switch {
		case err != nil:
			return err
		case state.removed:
			return ErrNoSchedule
		case state.paused == paused:
			return nil
		}
		if _, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET paused = ? WHERE name = ?`), number(paused), name); err != nil {
			return err
		}
		return then(tx)
	})
}

// settle records the ticks of a schedule up to now, within a transaction, and
// moves it on.
func (s *Schedules) settle(ctx context.Context, tx *sql.Tx, e Entry) error {
	now, err := s.now(ctx, tx)
	if err != nil {
		return err
	}
	ticks, next := ticksUntil(e.Definition, e.Next, now)
	if len(ticks) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET next_at = ? WHERE name = ?`), nextOrNull(next), e.Name); err != nil {
		return err
	}
	_, err = s.record(ctx, tx, e, ticks, now)
	return err
}

// Enqueue stores a run, which Dispatch hands over when it is due. It returns
// false where the schedule's tick has that attempt already.
func (s *Schedules) Enqueue(ctx context.Context, tx *sql.Tx, d schedule.Definition, r *history.Run) (bool, error) {
	r.Script, r.Definition, r.Status = d.Script, d.Schedule, history.Queued
	return s.history.Add(ctx, tx, r)
}

// RunNow queues a run of a schedule by hand and returns its number.
func (s *Schedules) RunNow(ctx context.Context, e Entry) (int64, error) {
	r := &history.Run{Schedule: e.Name, Cause: history.ByHand}
	err := s.db.InTx(ctx, func(tx *sql.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		r.Due = now
		_, err = s.Enqueue(ctx, tx, e.Definition, r)
		return err
	})
	return r.ID, err
}

// runHandler queues the script that deals with an event, within a transaction.
func (s *Schedules) runHandler(ctx context.Context, tx *sql.Tx, script string, e Event) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	written := config.Schedule{Name: e.Schedule + ".on_" + string(e.Kind), Script: script}
	if err := json.Unmarshal(text, &written.Params); err != nil {
		return err
	}
	d, err := schedule.Settings(written, "")
	if err != nil {
		return err
	}
	now, err := s.now(ctx, tx)
	if err != nil {
		return err
	}
	_, err = s.Enqueue(ctx, tx, d, &history.Run{Cause: history.ByEvent, Due: now})
	return err
}

// Cancel calls a run off, or asks its worker to end it. It returns the state
// that the run had.
func (s *Schedules) Cancel(ctx context.Context, id int64, reason string) (history.Status, error) {
	var was history.Status
	err := s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := s.history.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		was = r.Status
		if was.Over() {
			return nil
		}
		if err := s.end(ctx, tx, r, reason); err != nil || was != history.Queued {
			return err
		}
		return s.calledOff(ctx, tx, r)
	})
	return was, err
}

// Retry queues a run again that is over, with the settings it had. The
// attempts of a tick are numbered on.
func (s *Schedules) Retry(ctx context.Context, id int64) (int64, error) {
	var again *history.Run
	err := s.db.InTx(ctx, func(tx *sql.Tx) error {
		r, err := s.history.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if !r.Status.Over() {
			return fmt.Errorf("run %d is %s; it can be run again once it is over", id, r.Status)
		}
		d, err := schedule.Settings(r.Definition, "")
		if err != nil {
			return err
		}
		again, err = s.repeat(ctx, tx, r, d, history.ByHand, 0)
		return err
	})
	if err != nil {
		return 0, err
	}
	return again.ID, nil
}

// repeat queues a further attempt of a run with these settings, after a pause.
func (s *Schedules) repeat(ctx context.Context, tx *sql.Tx, r *history.Run, d schedule.Definition, cause history.Cause, pause time.Duration) (*history.Run, error) {
	now, err := s.now(ctx, tx)
	if err != nil {
		return nil, err
	}
	again := &history.Run{Schedule: r.Schedule, Tick: r.Tick, Attempt: r.Attempt + 1, RetryOf: r.ID, Cause: cause, Due: now.Add(pause)}
	for {
		added, err := s.Enqueue(ctx, tx, d, again)
		if err != nil || added {
			return again, err
		}
		again.Attempt++
	}
}
