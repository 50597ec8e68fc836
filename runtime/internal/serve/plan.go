package serve

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Times of planning.
const (
	// DefaultLateAfter is how late a tick may start and still count as on time.
	// Ticks are queued half of that ahead, so a service that is down for less
	// misses none.
	DefaultLateAfter = 2 * time.Minute
	// mostMissed is how many ticks of a long downtime or pause have a record. The
	// record of the first one stands for the ticks between it and the last ones.
	mostMissed = 500
	// plannedAtOnce is about how many ticks one transaction records. After a start, a
	// transaction for each of 2,000 schedules would take seconds.
	plannedAtOnce = 100
)

// Plan queues runs that are due soon, and records missed ticks. Every process calls
// it every few seconds. The first one to move a schedule's next tick on queues its
// runs, in the same transaction. It returns how many runs it queued.
func (s *Schedules) Plan(ctx context.Context) (int, error) {
	now, err := s.now(ctx, s.db)
	if err != nil {
		return 0, err
	}
	due, failed := s.query(ctx, s.db, `removed = 0 AND next_at <= ? ORDER BY next_at, name`, now.Add(s.lookAhead()).UnixMicro())
	queued, ticks := 0, 0
	var some []plan
	for i, e := range due {
		if p := s.planFor(e, now); len(p.ticks) > 0 {
			some, ticks = append(some, p), ticks+len(p.ticks)
		}
		if ticks >= plannedAtOnce || i == len(due)-1 {
			n, err := s.planSome(ctx, some, now)
			queued, failed = queued+n, errors.Join(failed, err)
			some, ticks = nil, 0
		}
	}
	return queued, failed
}

func (s *Schedules) lookAhead() time.Duration { return s.LateAfter / 2 }

// plan is a schedule with the ticks to record, and the one after them.
type plan struct {
	Entry
	ticks []time.Time
	next  time.Time
}

func (s *Schedules) planFor(e Entry, now time.Time) plan {
	until := now.Add(s.lookAhead())
	if e.Paused {
		until = now // a pause may end before they are due
	}
	p := plan{Entry: e}
	p.ticks, p.next = ticksUntil(e.Definition, e.Next, until)
	return p
}

// planSome plans schedules in one transaction. If that fails, each gets its own: a
// schedule that cannot be planned does not affect the others.
func (s *Schedules) planSome(ctx context.Context, some []plan, now time.Time) (queued int, err error) {
	// All processes lock schedules in the same order.
	slices.SortFunc(some, func(a, b plan) int { return strings.Compare(a.Name, b.Name) })
	var left []*history.Run
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		queued, left = 0, nil
		for _, p := range some {
			n, runs, err := s.planOne(ctx, tx, p, now)
			if err != nil {
				return fmt.Errorf("schedule '%s': %w", p.Name, err)
			}
			queued, left = queued+n, append(left, runs...)
		}
		return nil
	})
	if err == nil {
		s.report(left...)
		return queued, nil
	}
	if len(some) == 1 || ctx.Err() != nil {
		return 0, err
	}
	queued, err = 0, nil
	for i := range some {
		n, failed := s.planSome(ctx, some[i:i+1], now)
		queued, err = queued+n, errors.Join(err, failed)
	}
	return queued, err
}

func (s *Schedules) planOne(ctx context.Context, tx *store.Tx, p plan, now time.Time) (queued int, left []*history.Run, err error) {
	moved, err := store.Changed(ctx, tx, `UPDATE phscript_schedule SET next_at = ? WHERE name = ? AND next_at = ? AND definition = ? AND paused = ? AND removed = 0`,
		store.Number(p.next), p.Name, p.Next.UnixMicro(), p.stored, number(p.Paused))
	if err != nil || !moved {
		return 0, nil, err // another process was first, or the schedule has changed
	}
	return s.record(ctx, tx, p.Entry, p.ticks, now)
}

// record stores a run for each tick. It returns how many of them are queued, and those
// that are left out.
func (s *Schedules) record(ctx context.Context, tx *store.Tx, e Entry, ticks []time.Time, now time.Time) (queued int, left []*history.Run, err error) {
	runs := decide(e, ticks, now, s.LateAfter)
	if err := s.explain(ctx, tx, runs); err != nil {
		return 0, nil, err
	}
	for _, r := range runs {
		var added bool
		over := r.Status.Over()
		if over {
			added, err = s.history.Add(ctx, tx, r)
		} else {
			added, err = s.Enqueue(ctx, tx, e.Definition, r)
		}
		switch {
		case err != nil:
			return queued, left, err
		case added && over:
			left = append(left, r)
		case added:
			queued++
		}
	}
	return queued, left, s.noteLeftOut(ctx, tx, left)
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ticksUntil lists the ticks from first until a time, and the next one after it. If
// there are very many, it lists the first and the last ones. It does not count
// those in between, which would take minutes for a tick each second.
func ticksUntil(d schedule.Definition, first, until time.Time) (ticks []time.Time, next time.Time) {
	for next = first; !next.IsZero() && !next.After(until); next = d.Timing.Next(next) {
		if ticks = append(ticks, next); len(ticks) > 2*mostMissed {
			ticks = append(ticks[:1], lastTicks(d, first, until)...)
			return ticks, d.Timing.Next(ticks[len(ticks)-1])
		}
	}
	return ticks, next
}

// lastTicks lists the last mostMissed ticks after first and until another time. It
// looks back further and further.
func lastTicks(d schedule.Definition, first, until time.Time) (ticks []time.Time) {
	for back := time.Hour; ; back *= 2 {
		from := until.Add(-back)
		if from.Before(first) {
			from = first
		}
		ticks = ticks[:0]
		for at := d.Timing.Next(from); !at.IsZero() && !at.After(until); at = d.Timing.Next(at) {
			if ticks = append(ticks, at); len(ticks) > 2*mostMissed {
				ticks = append(ticks[:0], ticks[len(ticks)-mostMissed:]...)
			}
		}
		if len(ticks) >= mostMissed || from.Equal(first) {
			return ticks[max(0, len(ticks)-mostMissed):]
		}
	}
}

// decide returns a run for each tick: queued, missed or skipped.
func decide(e Entry, ticks []time.Time, now time.Time, lateAfter time.Duration) []*history.Run {
	var runs, past, missed []*history.Run
	for _, tick := range ticks {
		r := &history.Run{Schedule: e.Name, Tick: tick, Due: tick.Add(jitter(e.Definition, tick)), Cause: history.ByTick, Status: history.Queued}
		switch {
		case e.Paused:
			leaveOut(r, e, history.Skipped, pauseReason, now)
		case now.Sub(tick) > lateAfter:
			missed = append(missed, r)
		}
		if !tick.After(now) {
			past = append(past, r)
		}
		runs = append(runs, r)
	}
	// There were so many ticks that some after the first one are not listed.
	left := len(ticks) > mostMissed && !e.Timing.Next(ticks[0]).Equal(ticks[1])
	tooMany := left || len(missed) > mostMissed
	if len(missed) > 0 && e.CatchUp == schedule.CatchUpOnce {
		missed = past // the last tick catches up for all of them
	}
	for i, r := range missed {
		switch last := i == len(missed)-1; {
		case e.CatchUp == schedule.CatchUpAll && !tooMany, e.CatchUp == schedule.CatchUpOnce && last:
			// It keeps its due time, so runs start in the order of their ticks.
			r.Cause, r.Reason = history.ByCatchUp, catchingUp
		case e.CatchUp == schedule.CatchUpOnce:
			leaveOut(r, e, history.Missed, oneForAll, now)
		case e.CatchUp == schedule.CatchUpAll:
			leaveOut(r, e, history.Missed, fmt.Sprintf(noWorker+"; more than %d ticks were missed, too many to catch up", mostMissed), now)
		default:
			leaveOut(r, e, history.Missed, noWorker, now)
		}
	}
	if left {
		what := noWorkers
		if e.Paused {
			what = pauseReason
		}
		runs[0].Reason = fmt.Sprintf("%s; the ticks from this one to %s have no separate records",
			what, ticks[1].In(e.Timing.Zone()).Format(time.DateTime))
	}
	return runs
}

func leaveOut(r *history.Run, e Entry, status history.Status, reason string, now time.Time) {
	r.Status, r.Reason, r.Ended = status, reason, now
	r.Script, r.Definition = e.Script, e.Schedule
}

// jitter is how much later than its tick a run starts. It depends only on the
// schedule and the tick, so it is the same in all processes.
func jitter(d schedule.Definition, tick time.Time) time.Duration {
	if d.Jitter <= 0 {
		return 0
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", d.Name, tick.Unix())
	return time.Duration(h.Sum64() % uint64(d.Jitter))
}

// Upcoming returns the next n ticks of a schedule after now.
func (e Entry) Upcoming(now time.Time, n int) []time.Time {
	if !e.Enabled {
		return nil
	}
	var list []time.Time
	for at := e.Timing.Next(now); len(list) < n && !at.IsZero(); at = e.Timing.Next(at) {
		list = append(list, at)
	}
	return list
}
