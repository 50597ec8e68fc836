package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Enqueue stores a run, which Dispatch hands over when it is due. It returns
// false where the schedule's tick has that attempt already.
func (s *Schedules) Enqueue(ctx context.Context, tx *store.Tx, d schedule.Definition, r *history.Run) (bool, error) {
	r.Script, r.Definition, r.Status = d.Script, d.Schedule, history.Queued
	return s.history.Add(ctx, tx, r)
}

// RunNow queues a run of a schedule by hand and returns its number.
func (s *Schedules) RunNow(ctx context.Context, e Entry) (int64, error) {
	r := &history.Run{Schedule: e.Name, Cause: history.ByHand}
	err := s.db.InTx(ctx, func(tx *store.Tx) error {
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

// Cancel calls a run off, or asks its worker to end it. It returns the state
// that the run had.
func (s *Schedules) Cancel(ctx context.Context, id int64, reason string) (history.Status, error) {
	var was history.Status
	err := s.db.InTx(ctx, func(tx *store.Tx) error {
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
	err := s.db.InTx(ctx, func(tx *store.Tx) error {
		r, err := s.history.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if !r.Status.Over() {
			return fmt.Errorf("run %d is %s; you can repeat it once it has ended", id, r.Status)
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
func (s *Schedules) repeat(ctx context.Context, tx *store.Tx, r *history.Run, d schedule.Definition, cause history.Cause, pause time.Duration) (*history.Run, error) {
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

// runHandler queues the script that deals with an event, within a transaction.
func (s *Schedules) runHandler(ctx context.Context, tx *store.Tx, script string, e Event) error {
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
