package serve

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Enqueue stores a run, which Dispatch hands over when it is due. It returns false
// if the schedule's tick has that attempt already.
func (s *Schedules) Enqueue(ctx context.Context, tx *store.Tx, d schedule.Definition, r *history.Run) (bool, error) {
	r.Script, r.Definition, r.Status = d.Script, d.Schedule, history.Queued
	return s.history.Add(ctx, tx, r)
}

// RunNow queues a run of a schedule at once, and returns its number.
func (s *Schedules) RunNow(ctx context.Context, e Entry) (int64, error) {
	r := &history.Run{Schedule: e.Name, Cause: history.ByHand}
	err := s.db.InTx(ctx, func(tx *store.Tx) (err error) {
		if r.Due, err = s.now(ctx, tx); err == nil {
			_, err = s.Enqueue(ctx, tx, e.Definition, r)
		}
		return err
	})
	return r.ID, err
}

// Cancel cancels a queued run, or asks the worker of a running one to end it. It
// returns the status that the run had.
func (s *Schedules) Cancel(ctx context.Context, id int64, reason string) (was history.Status, err error) {
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		r, err := s.history.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		switch was = r.Status; was {
		case history.Queued:
			return s.cancel(ctx, tx, r, reason)
		case history.Running:
			return s.end(ctx, tx, r, reason)
		}
		return nil
	})
	return was, err
}

// Retry queues another attempt of a run that has ended, with the same settings. resume,
// if not "", is as in the settings of a schedule.
func (s *Schedules) Retry(ctx context.Context, id int64, resume string) (again int64, err error) {
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		r, err := s.history.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if !r.Status.Over() {
			return fmt.Errorf("run %d is %s; you can repeat it once it has ended", id, r.Status)
		}
		switch {
		case r.Cause == history.ByApply:
			return fmt.Errorf("run %d has applied a plan, and each plan can be applied once; to do it again, make a new plan with phscript plan", id)
		case r.Cause == history.ByUndo:
			return fmt.Errorf("run %d is an undo, which can't be repeated; phscript undo makes a new plan", id)
		case r.Cause.Command():
			return fmt.Errorf("run %d was not made by a service; repeat the command, phscript %s", id, r.Cause)
		}
		d, err := schedule.Settings(r.Definition, "")
		if err != nil {
			return err
		}
		d.Resume = cmp.Or(resume, d.Resume)
		again, err = s.repeat(ctx, tx, r, d, history.ByHand, 0)
		return err
	})
	return again, err
}

// repeat queues another attempt of a run with these settings, after a pause. It
// returns the number of the new run.
func (s *Schedules) repeat(ctx context.Context, tx *store.Tx, r *history.Run, d schedule.Definition, cause history.Cause, pause time.Duration) (int64, error) {
	now, err := s.now(ctx, tx)
	if err != nil {
		return 0, err
	}
	again := &history.Run{Schedule: r.Schedule, Tick: r.Tick, Attempt: r.Attempt + 1, RetryOf: r.ID, Cause: cause, Due: now.Add(pause)}
	for {
		added, err := s.Enqueue(ctx, tx, d, again)
		if err != nil || added {
			return again.ID, err
		}
		again.Attempt++
	}
}

// runHandler queues the script that handles an event, within a transaction.
func (s *Schedules) runHandler(ctx context.Context, tx *store.Tx, script string, e Event) error {
	params, err := config.ParamsOf(e)
	if err != nil {
		return err
	}
	written, err := s.written(ctx, tx, e.Schedule)
	if err != nil {
		return err
	}
	d, err := schedule.Settings(config.Schedule{Name: e.Schedule + ".on_" + string(e.Kind), Script: script, Params: params, Profile: written.Profile}, "")
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
