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

// The pause before a retry doubles from the first to the longest.
const (
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
)

// doubled returns the first pause, doubled a number of times, at most the longest.
func doubled(first, longest time.Duration, times int) time.Duration {
	for ; times > 0 && first < longest; times-- {
		first *= 2
	}
	return min(first, longest)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// entryState is the state of a locked schedule. The zero value is for runs without
// a schedule.
type entryState struct {
	paused, removed bool
	// next is the first tick that is not planned yet.
	next time.Time
}

// lock locks a schedule until the transaction ends. Every change of a schedule's
// runs starts with it.
func (s *Schedules) lock(ctx context.Context, tx *store.Tx, name string) (state entryState, err error) {
	if name == "" {
		return state, nil
	}
	var next *int64
	err = tx.QueryRowContext(ctx, `SELECT paused, removed, next_at FROM phscript_schedule WHERE name = ?`+s.db.Locking(), name).Scan(&state.paused, &state.removed, &next)
	if errors.Is(err, sql.ErrNoRows) {
		return entryState{removed: true}, nil
	}
	state.next = store.Time(next)
	return state, err
}

// after queues what follows the end of a run, in the transaction that ends it: a
// retry or a notification. A run that its worker's shutdown cut off is handed over
// if it may be retried; otherwise it has failed. The current settings of its
// schedule decide about retries. A run that ended because of rows that may be stored is not
// retried: somebody must decide about them.
func (s *Schedules) after(ctx context.Context, tx *store.Tx, r *history.Run, d schedule.Definition, end history.End, state entryState, cutOff bool) error {
	cutOff = cutOff && end.Status == history.Cancelled
	if end.Status == history.Failed || end.Status == history.TimedOut || end.Status == history.Lost || cutOff {
		d, err := s.configured(ctx, tx, r, d, state)
		if err != nil {
			return err
		}
		if r.Attempt <= d.Retries && !end.InDoubt && !state.paused && !state.removed {
			pause := doubled(s.RetryPause, longestPause, r.Attempt-1)
			if cutOff {
				pause = 0
			}
			_, err := s.repeat(ctx, tx, r, d, history.ByRetry, pause, Ask{})
			return err
		}
	}
	switch {
	case r.Schedule == "" || r.Cause == history.ByEvent:
		return nil
	case end.Status.Bad() || cutOff:
		return s.turn(ctx, tx, r, end, Failure)
	case end.Status == history.Succeeded:
		if err := s.succeeded(ctx, tx, r.Schedule); err != nil {
			return err
		}
		return s.turn(ctx, tx, r, end, Recovery)
	case end.Status == history.Cancelled:
		return s.retryCancelled(ctx, tx, r)
	}
	return nil
}

// retryCancelled notifies people of the failure that a cancelled run was a retry of.
// It does nothing for other runs.
func (s *Schedules) retryCancelled(ctx context.Context, tx *store.Tx, r *history.Run) error {
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

// turn records that a schedule has begun to fail, or works again. If that is a
// change, it queues the notifications.
func (s *Schedules) turn(ctx context.Context, tx *store.Tx, r *history.Run, end history.End, kind EventKind) error {
	failing := kind == Failure
	since := "NULL"
	if failing {
		since = s.db.Now()
	}
	changed, err := store.Changed(ctx, tx, `UPDATE phscript_schedule SET failing = ?, failing_at = `+since+` WHERE name = ? AND failing = ?`, number(failing), r.Schedule, number(!failing))
	if err != nil || !changed {
		return err
	}
	return s.notify(ctx, tx, newEvent(kind, r, end))
}

// notify queues the notifications of an event, within a transaction.
func (s *Schedules) notify(ctx context.Context, tx *store.Tx, event Event) error {
	actions, err := s.actions(ctx, tx, event.Schedule, event.Kind)
	if err != nil {
		return err
	}
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

// actions returns the schedule's current actions for an event, or else the
// service's.
func (s *Schedules) actions(ctx context.Context, tx *store.Tx, name string, kind EventKind) ([]config.Action, error) {
	written, err := s.written(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	defaults := s.defaults
	if defaults == nil {
		defaults = func(EventKind) []config.Action { return nil }
	}
	own := written.OnFailure
	switch kind {
	case Recovery:
		own = written.OnRecovery
	case Missed:
		if own = written.OnMissed; own == nil {
			own = defaults(Missed)
		}
		if own == nil { // an empty list means that nobody wants to know
			return s.actions(ctx, tx, name, Failure)
		}
		return own, nil
	}
	if len(own) == 0 {
		own = defaults(kind)
	}
	return own, nil
}

// configured returns the current settings of the run's schedule, or own if it has
// none.
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
	return own, nil // another version of phscript wrote it
}

// written returns a schedule as the store has it.
func (s *Schedules) written(ctx context.Context, tx *store.Tx, name string) (written config.Schedule, err error) {
	var text string
	if err = tx.QueryRowContext(ctx, `SELECT definition FROM phscript_schedule WHERE name = ?`, name).Scan(&text); err != nil {
		return written, err
	}
	return written, json.Unmarshal([]byte(text), &written)
}
