package serve

import (
	"context"
	"errors"
	"sync"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

const (
	// mostDispatched is how many runs are read at a time.
	mostDispatched = 100
	// dispatchedAtOnce is how many runs are decided on at the same time. PostgreSQL
	// writes to its disk for each, and can do that for several together.
	dispatchedAtOnce = 4
	// mostRounds is how often Dispatch looks again because it skipped runs.
	mostRounds = 200
)

// errTaken means that another process was first.
var errTaken = errors.New("another process was first")

// Dispatch hands due runs to the engine, at most one of each schedule at a time, and
// ends those that must not run. Every process calls it all the time: the engine's
// own scheduling of jobs needs a process that leads, and stops for a while when
// that one is gone.
func (s *Schedules) Dispatch(ctx context.Context) error {
	var failed error
	for range mostRounds {
		again, err := s.dispatchRound(ctx)
		failed = errors.Join(failed, err)
		if !again || ctx.Err() != nil {
			break
		}
	}
	return failed
}

// dispatchRound looks at the next run of every schedule, and reports whether it ended
// one, so that another may be next. A schedule with many waiting runs does not delay
// others.
func (s *Schedules) dispatchRound(ctx context.Context) (again bool, failed error) {
	busy, err := s.history.Busy(ctx)
	if err != nil {
		return false, err
	}
	var last *history.Run
	for {
		due, err := s.history.Undispatched(ctx, last, mostDispatched)
		if err != nil {
			return again, errors.Join(failed, err)
		}
		var some sync.WaitGroup
		places := make(chan struct{}, dispatchedAtOnce)
		var mu sync.Mutex
		for _, r := range due {
			last = r
			if busy[r.Schedule] && overlapOf(r) == schedule.OverlapQueue {
				continue // it waits; no lock is needed to know that
			}
			places <- struct{}{}
			some.Go(func() {
				defer func() { <-places }()
				var done bool
				at := *r // last is read meanwhile
				err := s.db.InTx(ctx, func(tx *store.Tx) (err error) {
					done, err = s.dispatch(ctx, tx, &at)
					return err
				})
				if err == nil && didNotRun(&at) {
					s.report(&at)
				}
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && done:
					again = true
				case err != nil && !errors.Is(err, errTaken):
					failed = errors.Join(failed, err)
				}
			})
		}
		some.Wait()
		if len(due) < mostDispatched || ctx.Err() != nil {
			return again, failed
		}
	}
}

// dispatch decides on one run, and updates r. It reports whether the run is over or catches up, so
// that the next one of its schedule can be looked at.
func (s *Schedules) dispatch(ctx context.Context, tx *store.Tx, r *history.Run) (next bool, err error) {
	var state entryState
	if r.Schedule != "" {
		if state, err = s.lock(ctx, tx, r.Schedule); err != nil {
			return false, err
		}
		// Its settings may have changed as well, or it was deleted.
		current, err := s.history.Get(ctx, tx, r.ID)
		switch {
		case errors.Is(err, history.ErrNoRun):
			return false, errTaken
		case err != nil:
			return false, err
		case current.Status != history.Queued || current.Job != 0:
			return false, errTaken
		}
		*r = *current
	}
	d, err := schedule.Settings(r.Definition, "")
	if err != nil {
		return s.endQueued(ctx, tx, r, history.End{Status: history.Failed, Error: err.Error()})
	}
	again := false
	if r.Schedule != "" {
		late, err := s.late(ctx, tx, r, d, state)
		if err != nil || late == lateMissed || late == lateUnplanned {
			return late == lateMissed, err
		}
		again = late == lateCaughtUp
		if ready, over, err := s.overlap(ctx, tx, r); err != nil || !ready {
			return over || again, err
		}
	}
	job, err := s.engine.Enqueue(ctx, tx, r.ID, d.Timeout)
	if err != nil {
		return false, err
	}
	first, err := s.history.FirstJob(ctx, tx, r.ID, job)
	if err == nil && !first {
		err = errTaken // which also undoes the job
	}
	return again, err
}

// endQueued ends a run if it is queued, and reports whether it was.
func (s *Schedules) endQueued(ctx context.Context, tx *store.Tx, r *history.Run, end history.End) (bool, error) {
	done, err := s.history.Finish(ctx, tx, r.ID, end, history.Queued)
	if err != nil || !done {
		return done, err
	}
	if r.Status, r.Reason = end.Status, end.Reason; didNotRun(r) {
		err = s.noteLeftOut(ctx, tx, []*history.Run{r})
	}
	return true, err
}

// overlapOf is what happens to a run if another one of its schedule is running.
func overlapOf(r *history.Run) schedule.Overlap {
	switch {
	case r.Cause.MakesUp():
		return schedule.OverlapQueue
	case r.Definition.Overlap == "":
		return schedule.OverlapSkip
	}
	return schedule.Overlap(r.Definition.Overlap)
}

const nextDue = "the next run of its schedule was due"

// overlap looks for other runs of the schedule, whose row is locked. It reports
// whether this run can be handed over, and whether it was skipped.
func (s *Schedules) overlap(ctx context.Context, tx *store.Tx, r *history.Run) (ready, over bool, err error) {
	policy := overlapOf(r)
	switch {
	case r.Cause.MakesUp():
		// A run that replaces others goes first.
		first, err := s.history.First(ctx, tx, r.Schedule)
		if err != nil || first != nil && overlapOf(first) == schedule.OverlapCancel {
			return false, false, err
		}
	case policy == schedule.OverlapCancel:
		replaced, err := s.history.Replaced(ctx, tx, r)
		if err == nil && replaced {
			over, err = s.endQueued(ctx, tx, r, history.End{Status: history.Skipped, Reason: nextDue})
		}
		if err != nil || replaced {
			return false, over, err
		}
		if err := s.supersede(ctx, tx, r); err != nil {
			return false, false, err
		}
	}
	others, err := s.history.HandedOver(ctx, tx, r.Schedule)
	switch {
	case err != nil:
		return false, false, err
	case len(others) == 0 && policy == schedule.OverlapCancel:
		return true, false, nil
	case len(others) == 0:
		behind, err := s.history.Behind(ctx, tx, r)
		return err == nil && !behind, false, err
	case policy == schedule.OverlapQueue:
		return false, false, nil
	case policy == schedule.OverlapCancel:
		for _, other := range others {
			switch {
			case err != nil:
			case other.Status == history.Queued && other.Cause == history.ByCatchUp:
				err = s.handBack(ctx, tx, other) // it comes after this run
			case other.Status == history.Queued:
				err = s.cancel(ctx, tx, other, nextDue)
			default:
				err = s.end(ctx, tx, other, nextDue)
			}
		}
		return false, false, err
	}
	if r.Cause == history.ByTick {
		// Then no run was in its way.
		if could, err := s.couldStart(ctx, tx, r); err != nil {
			return false, false, err
		} else if !could {
			late, err := s.miss(ctx, tx, r, noWorker)
			return false, late == lateMissed, err
		}
	}
	reason := " of the same schedule was still running"
	switch began := others[0].Started; {
	case others[0].Status == history.Queued:
		reason = " of the same schedule was still waiting for a worker"
	case began.Sub(r.Due) > decidedWithin:
		reason = " of the same schedule had started by the time the service looked at this tick"
	}
	over, err = s.endQueued(ctx, tx, r, history.End{Status: history.Skipped, Reason: "run " + itoa(others[0].ID) + reason})
	return false, over, err
}

// supersede cancels the retries that wait before a run which replaces them. Catch-up
// runs stay, and come after it.
func (s *Schedules) supersede(ctx context.Context, tx *store.Tx, r *history.Run) error {
	retries, err := s.history.RetriesBefore(ctx, tx, r)
	for _, retry := range retries {
		if err == nil {
			err = s.cancel(ctx, tx, retry, nextDue)
		}
	}
	return err
}

// cancel cancels a queued run. If it is a retry, people are notified of the failure.
func (s *Schedules) cancel(ctx context.Context, tx *store.Tx, r *history.Run, reason string) error {
	if err := s.end(ctx, tx, r, reason); err != nil {
		return err
	}
	return s.retryCancelled(ctx, tx, r)
}

// handBack takes a queued run from the engine, so that it waits for its turn again.
func (s *Schedules) handBack(ctx context.Context, tx *store.Tx, r *history.Run) error {
	if err := s.engine.Cancel(ctx, tx, r.Job); err != nil {
		return err
	}
	return s.history.HandBack(ctx, tx, r.ID)
}

// end cancels a queued run, or asks the worker of a running one to end it.
func (s *Schedules) end(ctx context.Context, tx *store.Tx, r *history.Run, reason string) error {
	done, err := s.endQueued(ctx, tx, r, history.End{Status: history.Cancelled, Reason: reason})
	if err == nil && !done {
		err = s.history.WantEnd(ctx, tx, r.ID, reason)
	}
	if err != nil || r.Job == 0 {
		return err
	}
	return s.engine.Cancel(ctx, tx, r.Job)
}
