package serve

import (
	"context"
	"time"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Pause stops a schedule until Resume and cancels its queued runs. Its ticks are
// recorded as skipped.
func (s *Schedules) Pause(ctx context.Context, name string, ask Ask) error {
	return s.setPaused(ctx, name, true, ask, func(tx *store.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		first, err := s.cancelQueued(ctx, tx, now, name, "the schedule was paused")
		if err != nil || first.IsZero() {
			return err
		}
		return s.moveTo(ctx, tx, name, first)
	})
}

// Resume ends a pause. The ticks in it stay skipped.
func (s *Schedules) Resume(ctx context.Context, name string, ask Ask) error {
	return s.setPaused(ctx, name, false, ask, func(tx *store.Tx) error {
		e, err := s.one(ctx, tx, name)
		if err != nil || e.Next.IsZero() {
			return err
		}
		// Ticks that are not recorded yet belong to the pause.
		e.Paused = true
		return s.settle(ctx, tx, e)
	})
}

// setPaused changes whether a schedule is paused. It does nothing if that is so
// already: ticks that are not recorded yet did not fall into another pause.
func (s *Schedules) setPaused(ctx context.Context, name string, paused bool, ask Ask, then func(tx *store.Tx) error) error {
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
		since, action, by, why := "NULL", "resume", "", ""
		if paused {
			since, action, by, why = s.db.Now(), "pause", audit.Clean(ask.By.Name), audit.Clean(ask.Why)
		}
		if err := store.Exec(ctx, tx, `UPDATE phscript_schedule SET paused = ?, paused_at = `+since+`, paused_by = ?, paused_why = ? WHERE name = ?`, number(paused), by, why, name); err != nil {
			return err
		}
		if err := ask.record(ctx, tx, action, audit.Schedule(name)); err != nil {
			return err
		}
		if err := then(tx); err != nil || paused {
			return err
		}
		return store.Exec(ctx, tx, `UPDATE phscript_schedule SET idle = 0, told = '' WHERE name = ?`, name)
	})
}

// settle records the ticks of a schedule up to now, within a transaction, and moves
// its next tick on.
func (s *Schedules) settle(ctx context.Context, tx *store.Tx, e Entry) error {
	now, err := s.now(ctx, tx)
	if err != nil {
		return err
	}
	ticks, next := ticksUntil(e.Definition, e.Next, now)
	if len(ticks) == 0 {
		return nil
	}
	if err := s.moveTo(ctx, tx, e.Name, next); err != nil {
		return err
	}
	_, _, err = s.record(ctx, tx, e, ticks, now)
	return err
}

func (s *Schedules) moveTo(ctx context.Context, tx *store.Tx, name string, next time.Time) error {
	return store.Exec(ctx, tx, `UPDATE phscript_schedule SET next_at = ? WHERE name = ?`, store.Number(next), name)
}

// cancelQueued cancels the queued runs of a schedule, except those that a person
// started. Runs for ticks in the future are deleted. It returns the first of these
// ticks, which must be planned again, or the zero time.
func (s *Schedules) cancelQueued(ctx context.Context, tx *store.Tx, now time.Time, name, reason string) (first time.Time, err error) {
	planned, err := s.history.Planned(ctx, tx, name)
	for _, r := range planned {
		if r.Cause == history.ByTick && r.Tick.After(now) && r.Job == 0 {
			if first.IsZero() || r.Tick.Before(first) {
				first = r.Tick
			}
			err = s.history.Delete(ctx, tx, r.ID)
		} else {
			err = s.cancel(ctx, tx, r, reason)
		}
		if err != nil {
			break
		}
	}
	return first, err
}
