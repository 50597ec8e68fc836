package serve

import (
	"context"
	"errors"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Pause keeps a schedule from running until Resume, and calls off what is
// queued of it. Its ticks are recorded as they come.
func (s *Schedules) Pause(ctx context.Context, name string) error {
	return s.setPaused(ctx, name, true, func(tx *store.Tx) error {
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
	return s.setPaused(ctx, name, false, func(tx *store.Tx) error {
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
func (s *Schedules) setPaused(ctx context.Context, name string, paused bool, then func(tx *store.Tx) error) error {
	return s.db.InTx(ctx, func(tx *store.Tx) error {
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
func (s *Schedules) settle(ctx context.Context, tx *store.Tx, e Entry) error {
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

// callOff takes back what is queued of a schedule, but for what a person asked
// for. Of ticks that have not come yet nothing stays; it returns the first of
// them, which is to be planned again, or the zero time.
func (s *Schedules) callOff(ctx context.Context, tx *store.Tx, now time.Time, name, reason string) (first time.Time, err error) {
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
