package serve

import (
	"context"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

const (
	noWorkers  = "no service was running"
	noWorker   = noWorkers + " when it was due"
	forAll     = "; one run catches up for all missed ticks"
	oneForAll  = noWorker + forAll
	catchingUp = "catching up: " + noWorker
)

// lateness is what becomes of a tick that was queued ahead.
type lateness int

const (
	// lateNot: it is decided on as usual.
	lateNot lateness = iota
	// lateMissed: it was missed, and its run is over.
	lateMissed
	// lateCaughtUp: it was missed, and its run catches up.
	lateCaughtUp
	// lateUnplanned: other ticks that were missed are not recorded yet, and decide
	// about it.
	lateUnplanned
)

// decidedWithin is the time in which a service that is running decides about a tick
// that may not overlap.
const decidedWithin = 3 * time.Second

// late decides about a tick that was queued ahead if no worker was running when it was
// due. Its schedule, which is locked, says whether it catches up.
func (s *Schedules) late(ctx context.Context, tx *store.Tx, r *history.Run, d schedule.Definition, state entryState) (lateness, error) {
	if r.Cause != history.ByTick {
		return lateNot, nil
	}
	now, err := s.now(ctx, tx)
	if err != nil {
		return lateNot, err
	}
	tooLate := now.Sub(r.Due) > s.LateAfter
	if d.CatchUp == schedule.CatchUpSkip {
		served, err := s.served(ctx, tx, r.Due, s.LateAfter)
		switch {
		case err != nil:
			return lateNot, err
		case !served && tooLate:
			return s.miss(ctx, tx, r, noWorker)
		case r.Job != 0 || d.Overlap == schedule.OverlapQueue || now.Sub(r.Due) <= decidedWithin:
			return lateNot, nil
		}
		return s.superseded(ctx, tx, r, state, now)
	}
	undecided := r.Job == 0 && d.Overlap == schedule.OverlapSkip && now.Sub(r.Due) > decidedWithin
	served, err := s.served(ctx, tx, r.Due, 0)
	if err != nil || served && !undecided {
		return lateNot, err
	}
	if d.CatchUp == schedule.CatchUpAll {
		return s.catchUp(ctx, tx, r)
	}
	if r.Job == 0 && !state.next.IsZero() && !state.next.After(now) {
		return lateUnplanned, nil
	}
	last, err := s.history.LastDue(ctx, tx, r)
	switch {
	case err != nil || last == nil && !tooLate:
		return lateNot, err
	case last == nil:
		return s.catchUp(ctx, tx, r)
	}
	// The last one catches up for all of them.
	if _, err := s.catchUp(ctx, tx, last); err != nil {
		return lateNot, err
	}
	return s.miss(ctx, tx, r, oneForAll)
}

// superseded misses a late tick that may still run if a later one is due, and no service
// could start it when it was due: only the last of them runs.
func (s *Schedules) superseded(ctx context.Context, tx *store.Tx, r *history.Run, state entryState, now time.Time) (lateness, error) {
	if could, err := s.couldStart(ctx, tx, r); err != nil || could {
		return lateNot, err
	}
	if !state.next.IsZero() && !state.next.After(now) {
		return lateUnplanned, nil
	}
	last, err := s.history.LastDue(ctx, tx, r)
	if err != nil || last == nil {
		return lateNot, err
	}
	return s.miss(ctx, tx, r, noWorker)
}

// couldStart reports whether a service was running when a tick was due, and could write to
// its store.
func (s *Schedules) couldStart(ctx context.Context, tx *store.Tx, r *history.Run) (bool, error) {
	served, err := s.served(ctx, tx, r.Due, 0)
	if err != nil || !served {
		return false, err
	}
	found, err := outageAt(ctx, tx, r.Tick)
	return found == nil, err
}

// served reports whether a service was running when a tick was due, or started at most
// so long after it. A service that is running was seen a moment ago.
func (s *Schedules) served(ctx context.Context, tx *store.Tx, due time.Time, within time.Duration) (bool, error) {
	return store.Exists(ctx, tx, `FROM phscript_server WHERE started_at <= ? AND (seen_at >= ? OR workers > 0 AND seen_at >= ?)`,
		due.Add(within).UnixMicro(), due.UnixMicro(), due.Add(-seenEvery-time.Second).UnixMicro())
}

func (s *Schedules) miss(ctx context.Context, tx *store.Tx, r *history.Run, reason string) (lateness, error) {
	reason, err := s.explained(ctx, tx, r.Tick, reason)
	if err != nil {
		return lateNot, err
	}
	missed, err := s.endQueued(ctx, tx, r, history.End{Status: history.Missed, Reason: reason})
	if err != nil || !missed {
		return lateNot, err
	}
	return lateMissed, nil
}

// catchUp makes a queued run one that catches up: it waits for its turn and is never
// skipped.
func (s *Schedules) catchUp(ctx context.Context, tx *store.Tx, r *history.Run) (lateness, error) {
	if r.Cause == history.ByCatchUp {
		return lateNot, nil
	}
	reason, err := s.explained(ctx, tx, r.Tick, catchingUp)
	if err != nil {
		return lateNot, err
	}
	r.Cause, r.Reason = history.ByCatchUp, reason
	return lateCaughtUp, s.history.CatchUp(ctx, tx, r.ID, r.Reason)
}
