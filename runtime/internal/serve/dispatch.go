package serve

import (
	"context"
	"errors"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// mostDispatched is how many runs are read at a time, mostRounds how
// often what was left out makes room for another look.
const (
	mostDispatched = 100
	mostRounds     = 200
)

// errTaken says that another process was first.
var errTaken = errors.New("another process was first")

// Dispatch hands the runs that have become due to the engine, at most one of
// each schedule at a time, and leaves out those that are not to be made. Every
// process calls it all the time: the engine's own way of keeping jobs for later
// leans on one process that leads, and takes its time when that one is gone.
func (s *Schedules) Dispatch(ctx context.Context) error {
	var failed error
	for range mostRounds {
		over, err := s.dispatchRound(ctx)
		failed = errors.Join(failed, err)
		if over == 0 || ctx.Err() != nil {
			return failed
		}
	}
	return failed
}

// dispatchRound looks at what comes next of every schedule, and returns how many
// of those runs are over. However many wait, none keeps another schedule's from
// being looked at.
func (s *Schedules) dispatchRound(ctx context.Context) (over int, failed error) {
	busy, err := s.history.Busy(ctx)
	if err != nil {
		return 0, err
	}
	var last *history.Run
	for {
		due, err := s.history.Undispatched(ctx, last, mostDispatched)
		if err != nil {
			return over, errors.Join(failed, err)
		}
		for _, r := range due {
			last = r
			if busy[r.Schedule] && overlapOf(r) == schedule.OverlapQueue {
				continue // it waits, which nothing has to be locked for
			}
			var done bool
			err := s.db.InTx(ctx, func(tx *store.Tx) error {
				var err error
				done, err = s.dispatch(ctx, tx, r)
				return err
			})
			switch {
			case err == nil && done:
				over++
			case err != nil && !errors.Is(err, errTaken):
				failed = errors.Join(failed, err)
			}
		}
		if len(due) < mostDispatched || ctx.Err() != nil {
			return over, failed
		}
	}
}

// dispatch decides on one run. It returns whether that is over, so that the next
// one of its schedule can be looked at.
func (s *Schedules) dispatch(ctx context.Context, tx *store.Tx, r *history.Run) (over bool, err error) {
	if r.Schedule != "" {
		if _, err := s.lock(ctx, tx, r.Schedule); err != nil {
			return false, err
		}
		// Its settings may have changed as well.
		if r, err = s.history.Get(ctx, tx, r.ID); err != nil {
			if errors.Is(err, history.ErrNoRun) {
				err = errTaken // or it was called off
			}
			return false, err
		}
		if r.Status != history.Queued || r.Job != 0 {
			return false, errTaken
		}
	}
	d, err := schedule.Settings(r.Definition, "")
	if err != nil {
		return s.history.Finish(ctx, tx, r.ID, history.End{Status: history.Failed, Error: err.Error()}, history.Queued)
	}
	if r.Schedule != "" {
		if absent, err := s.absent(ctx, tx, r, d); err != nil || absent {
			return absent, err
		}
		if ready, over, err := s.overlap(ctx, tx, r); err != nil || !ready {
			return over, err
		}
	}
	job, err := s.engine.Enqueue(ctx, tx, r.ID, d.Timeout)
	if err != nil {
		return false, err
	}
	first, err := s.history.FirstJob(ctx, tx, r.ID, job)
	if err == nil && !first {
		err = errTaken // and the job goes with the transaction
	}
	return false, err
}

// absent deals with a tick that is late since no worker was running when it was due,
// though it was queued ahead: what the schedule says about catching up holds for
// it as for those that were not. It returns whether the tick is left out.
func (s *Schedules) absent(ctx context.Context, tx *store.Tx, r *history.Run, d schedule.Definition) (bool, error) {
	if r.Cause != history.ByTick || d.CatchUp == schedule.CatchUpAll {
		return false, nil
	}
	now, err := s.now(ctx, tx)
	if err != nil || now.Sub(r.Due) <= s.LateAfter {
		return false, err
	}
	served, err := s.servedAt(ctx, tx, r.Due)
	if err != nil || served {
		return false, err
	}
	reason := noWorker
	if d.CatchUp == schedule.CatchUpOnce {
		// The last tick that was missed makes up for all.
		later, err := s.history.Later(ctx, tx, r)
		if err != nil || !later {
			return false, err
		}
		reason = noWorker + "; one run catches up for all missed ticks"
	}
	return s.history.Finish(ctx, tx, r.ID, history.End{Status: history.Missed, Reason: reason}, history.Queued)
}

// overlapOf is what happens to a run where another one of its schedule goes on.
func overlapOf(r *history.Run) schedule.Overlap {
	switch {
	case r.Cause.MakesUp():
		return schedule.OverlapQueue // it is not left out: it comes after
	case r.Definition.Overlap == "":
		return schedule.OverlapSkip
	}
	return schedule.Overlap(r.Definition.Overlap)
}

const nextDue = "the next run of its schedule was due"

// overlap looks for other runs of the schedule, whose row is locked. It returns
// whether this one can be handed over, and whether it was left out.
func (s *Schedules) overlap(ctx context.Context, tx *store.Tx, r *history.Run) (ready, over bool, err error) {
	policy := overlapOf(r)
	switch {
	case r.Cause.MakesUp():
		// One that is to take the place of others goes first.
		first, err := s.history.First(ctx, tx, r.Schedule)
		if err != nil || first != nil && overlapOf(first) == schedule.OverlapCancel {
			return false, false, err
		}
	case policy == schedule.OverlapCancel:
		if replaced, err := s.history.Replaced(ctx, tx, r); err != nil || replaced {
			if err == nil {
				over, err = s.history.Finish(ctx, tx, r.ID, history.End{Status: history.Skipped, Reason: nextDue}, history.Queued)
			}
			return false, over, err
		}
		if err := s.supersede(ctx, tx, r); err != nil {
			return false, false, err
		}
	}
	others, err := s.history.HandedOver(ctx, tx, r.Schedule)
	if err != nil {
		return false, false, err
	}
	if len(others) == 0 {
		if policy == schedule.OverlapCancel {
			return true, false, nil
		}
		behind, err := s.history.Behind(ctx, tx, r)
		return err == nil && !behind, false, err
	}
	switch policy {
	case schedule.OverlapQueue:
		return false, false, nil
	case schedule.OverlapCancel:
		for _, other := range others {
			err := s.end(ctx, tx, other, nextDue)
			if err == nil && other.Status == history.Queued {
				err = s.calledOff(ctx, tx, other)
			}
			if err != nil {
				return false, false, err
			}
		}
		return false, false, nil
	}
	reason := " of the same schedule was still running"
	if others[0].Status == history.Queued {
		reason = " of the same schedule was still waiting for a worker"
	}
	over, err = s.history.Finish(ctx, tx, r.ID, history.End{Status: history.Skipped, Reason: "run " + itoa(others[0].ID) + reason}, history.Queued)
	return false, over, err
}

// supersede calls off the retries that wait before a run which takes their place.
// What catches up stays, and comes after it.
func (s *Schedules) supersede(ctx context.Context, tx *store.Tx, r *history.Run) error {
	retries, err := s.history.RetriesBefore(ctx, tx, r)
	if err != nil {
		return err
	}
	for _, retry := range retries {
		if err := errors.Join(s.end(ctx, tx, retry, nextDue), s.calledOff(ctx, tx, retry)); err != nil {
			return err
		}
	}
	return nil
}

// end cancels a run that is queued, or asks for the end of one that is running.
func (s *Schedules) end(ctx context.Context, tx *store.Tx, r *history.Run, reason string) error {
	done, err := s.history.Finish(ctx, tx, r.ID, history.End{Status: history.Cancelled, Reason: reason}, history.Queued)
	if err == nil && !done {
		_, err = s.history.WantEnd(ctx, tx, r.ID, reason)
	}
	if err != nil || r.Job == 0 {
		return err
	}
	return s.engine.Cancel(ctx, tx, r.Job)
}

// servedAt reports whether some process served at a time, give or take.
func (s *Schedules) servedAt(ctx context.Context, q history.Queryer, at time.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, s.db.Bind(`SELECT count(*) FROM phscript_server WHERE started_at <= ? AND seen_at >= ?`),
		at.Add(s.LateAfter).UnixMicro(), at.UnixMicro()).Scan(&n)
	return n > 0, err
}
