package serve

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Pauses before a further attempt: they double from the first to the longest.
const (
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
)

// doubled is a pause that doubles so many times, up to the longest.
func doubled(first, longest time.Duration, times int) time.Duration {
	for ; times > 0 && first < longest; times-- {
		first *= 2
	}
	return min(first, longest)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// entryState is what a locked schedule is. The zero value is for runs without
// one.
type entryState struct{ paused, removed bool }

// lock keeps others from a schedule until the transaction ends. Whoever changes
// a schedule's runs does so first.
func (s *Schedules) lock(ctx context.Context, tx *store.Tx, name string) (entryState, error) {
	if name == "" {
		return entryState{}, nil
	}
	var paused, removed int64
	err := tx.QueryRowContext(ctx, s.db.Bind(`SELECT paused, removed FROM phscript_schedule WHERE name = ?`+s.db.Locking()), name).Scan(&paused, &removed)
	if errors.Is(err, sql.ErrNoRows) {
		return entryState{removed: true}, nil
	}
	return entryState{paused != 0, removed != 0}, err
}

// after does what follows the end of a run, in the transaction that ends it: it
// queues the next attempt, or what people have to be told. A run that its own
// worker's end cut short is handed over, where it may be repeated at all;
// otherwise it has failed. Whether and how it is tried again is what its
// schedule says now.
func (s *Schedules) after(ctx context.Context, tx *store.Tx, r *history.Run, d schedule.Definition, end history.End, state entryState, cutOff bool) error {
	cutOff = cutOff && end.Status == history.Cancelled
	again := end.Status == history.Failed || end.Status == history.TimedOut || end.Status == history.Lost || cutOff
	if again {
		var err error
		if d, err = s.configured(ctx, tx, r, d, state); err != nil {
			return err
		}
	}
	if again && r.Attempt <= d.Retries && !state.paused && !state.removed {
		pause := doubled(s.RetryPause, longestPause, r.Attempt-1)
		if cutOff {
			pause = 0
		}
		_, err := s.repeat(ctx, tx, r, d, history.ByRetry, pause)
		return err
	}
	if r.Schedule == "" || r.Cause == history.ByEvent {
		return nil
	}
	switch {
	case end.Status.Bad() || cutOff:
		return s.turn(ctx, tx, r, end, Failure)
	case end.Status == history.Succeeded:
		return s.turn(ctx, tx, r, end, Recovery)
	case end.Status == history.Cancelled:
		return s.calledOff(ctx, tx, r)
	}
	return nil
}

// calledOff tells people of the failure that a run was to make up for, where it
// is called off, before it begins or while it is at work.
func (s *Schedules) calledOff(ctx context.Context, tx *store.Tx, r *history.Run) error {
	if r.Cause != history.ByRetry || r.Schedule == "" {
		return nil
	}
	failed, err := s.history.Get(ctx, tx, r.RetryOf)
	if errors.Is(err, history.ErrNoRun) {
		return nil
	}
	if err != nil {
		return err
	}
	end := history.End{Status: failed.Status, Reason: failed.Reason, Error: failed.Error, ExitCode: failed.ExitCode, Rejected: failed.Rejected}
	return s.turn(ctx, tx, failed, end, Failure)
}

// turn notes that a schedule has begun to fail, or works again, and queues what
// people are told of the one run with which that changed.
func (s *Schedules) turn(ctx context.Context, tx *store.Tx, r *history.Run, end history.End, kind EventKind) error {
	failing := kind == Failure
	result, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET failing = ? WHERE name = ? AND failing = ?`), number(failing), r.Schedule, number(!failing))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	actions, err := s.actions(ctx, tx, r.Schedule, kind)
	if err != nil {
		return err
	}
	event := newEvent(kind, r, end)
	for _, a := range actions {
		if a.Script != "" {
			err = s.runHandler(ctx, tx, a.Script, event)
		} else {
			err = s.queueNotice(ctx, tx, event, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// actions are what the schedule, as it is now, wants done; where it says
// nothing, what the service does for all.
func (s *Schedules) actions(ctx context.Context, tx *store.Tx, name string, kind EventKind) ([]config.Action, error) {
	written, err := s.written(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	own := written.OnFailure
	if kind == Recovery {
		own = written.OnRecovery
	}
	if len(own) == 0 && s.defaults != nil {
		own = s.defaults(kind)
	}
	return own, nil
}

// configured are the settings that a schedule has now, those that the run was
// made with where it has none.
func (s *Schedules) configured(ctx context.Context, tx *store.Tx, r *history.Run, own schedule.Definition, state entryState) (schedule.Definition, error) {
	if r.Schedule == "" || state.removed {
		return own, nil
	}
	written, err := s.written(ctx, tx, r.Schedule)
	if err != nil {
		return own, err
	}
	if d, err := schedule.Settings(written, ""); err == nil {
		return d, nil
	}
	return own, nil // another version of the program wrote it
}

// written is a schedule as it is in the store.
func (s *Schedules) written(ctx context.Context, tx *store.Tx, name string) (written config.Schedule, err error) {
	var text string
	if err = tx.QueryRowContext(ctx, s.db.Bind(`SELECT definition FROM phscript_schedule WHERE name = ?`), name).Scan(&text); err != nil {
		return written, err
	}
	return written, json.Unmarshal([]byte(text), &written)
}
