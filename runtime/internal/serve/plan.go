package serve

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Times of planning.
const (
	// DefaultLateAfter is how late a tick may be taken and still count as on
	// time. Ticks are queued half of that ahead: a worker that is gone for less
	// loses none.
	DefaultLateAfter = 2 * time.Minute
	// mostMissed bounds the records of one long absence or pause; the ticks
	// before those are summed up in the record of the first one.
	mostMissed = 500
)

// Plan queues what is due soon, and records what was missed. Every process calls
// it every few seconds: the first one to move a schedule on queues its runs, in
// the same transaction. It returns how many runs it queued.
func (s *Schedules) Plan(ctx context.Context) (int, error) {
	now, err := s.now(ctx, s.db)
	if err != nil {
		return 0, err
	}
	// One schedule that cannot be planned does not keep the others from it.
	due, failed := s.query(ctx, s.db, `removed = 0 AND next_at <= ?`, now.Add(s.lookAhead()).UnixMicro())
	queued := 0
	for _, e := range due {
		n, err := s.planOne(ctx, e, now)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("schedule '%s': %w", e.Name, err))
		}
		queued += n
	}
	return queued, failed
}

func (s *Schedules) lookAhead() time.Duration { return s.LateAfter / 2 }

// planOne moves one schedule on, at the store's time.
func (s *Schedules) planOne(ctx context.Context, e Entry, now time.Time) (queued int, err error) {
	until := now.Add(s.lookAhead())
	if e.Paused {
		until = now // a pause may end before they are due
	}
	ticks, next := ticksUntil(e.Definition, e.Next, until)
	if len(ticks) == 0 {
		return 0, nil
	}
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		queued = 0
		moved, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET next_at = ? WHERE name = ? AND next_at = ? AND definition = ? AND paused = ? AND removed = 0`),
			nextOrNull(next), e.Name, e.Next.UnixMicro(), e.stored, number(e.Paused))
		if err != nil {
			return err
		}
		if n, err := moved.RowsAffected(); err != nil || n == 0 {
			return err // another process was first, or it was changed meanwhile
		}
		queued, err = s.record(ctx, tx, e, ticks, now)
		return err
	})
	return queued, err
}

// record stores what becomes of ticks, and returns how many of them are queued.
func (s *Schedules) record(ctx context.Context, tx *store.Tx, e Entry, ticks []time.Time, now time.Time) (queued int, err error) {
	for _, r := range decide(e, ticks, now, s.LateAfter) {
		if r.Status.Over() {
			if _, err := s.history.Add(ctx, tx, r); err != nil {
				return queued, err
			}
			continue
		}
		added, err := s.Enqueue(ctx, tx, e.Definition, r)
		if err != nil {
			return queued, err
		}
		if added {
			queued++
		}
	}
	return queued, nil
}

// nextOrNull is the next tick as the store has it: nothing for never.
func nextOrNull(next time.Time) *int64 {
	if next.IsZero() {
		return nil
	}
	n := next.UnixMicro()
	return &n
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ticksUntil lists the ticks from first on that lie at or before a time, and
// the next one behind it. Of very many, the first and the last ones are listed:
// those in between are not even counted, which would take minutes where there is
// one each second.
func ticksUntil(d schedule.Definition, first, until time.Time) (ticks []time.Time, next time.Time) {
	for next = first; !next.IsZero() && !next.After(until); next = d.Timing.Next(next) {
		if ticks = append(ticks, next); len(ticks) > 2*mostMissed {
			ticks = append(ticks[:1], lastTicks(d, first, until)...)
			return ticks, d.Timing.Next(ticks[len(ticks)-1])
		}
	}
	return ticks, next
}

// lastTicks lists the last ticks behind a time and until another one, of which
// there are more than mostMissed. It looks back further and further.
func lastTicks(d schedule.Definition, behind, until time.Time) (ticks []time.Time) {
	for back := time.Hour; ; back *= 2 {
		from := until.Add(-back)
		if from.Before(behind) {
			from = behind
		}
		ticks = ticks[:0]
		for at := d.Timing.Next(from); !at.IsZero() && !at.After(until); at = d.Timing.Next(at) {
			if ticks = append(ticks, at); len(ticks) > 2*mostMissed {
				ticks = append(ticks[:0], ticks[len(ticks)-mostMissed:]...)
			}
		}
		if len(ticks) >= mostMissed || from.Equal(behind) {
			return ticks[max(0, len(ticks)-mostMissed):]
		}
	}
}

const noWorker = "no worker was running when it was due"

// decide says what becomes of each tick.
func decide(e Entry, ticks []time.Time, now time.Time, lateAfter time.Duration) []*history.Run {
	var runs, missed []*history.Run
	for _, tick := range ticks {
		r := &history.Run{Schedule: e.Name, Tick: tick, Due: tick.Add(jitter(e.Definition, tick)), Cause: history.ByTick, Status: history.Queued}
		switch {
		case e.Paused:
			leaveOut(r, e, history.Skipped, "the schedule is paused", now)
		case now.Sub(tick) > lateAfter:
			missed = append(missed, r)
		}
		runs = append(runs, r)
	}
	left := leftOut(e, ticks)
	tooMany := left || len(missed) > mostMissed
	for i, r := range missed {
		switch last := i == len(missed)-1; {
		case e.CatchUp == schedule.CatchUpAll && !tooMany, e.CatchUp == schedule.CatchUpOnce && last:
			r.Cause, r.Due, r.Reason = history.ByCatchUp, now, "catching up: "+noWorker
		case e.CatchUp == schedule.CatchUpOnce:
			leaveOut(r, e, history.Missed, noWorker+"; one run catches up for all missed ticks", now)
		case e.CatchUp == schedule.CatchUpAll:
			leaveOut(r, e, history.Missed, fmt.Sprintf(noWorker+"; more than %d ticks were missed, too many to catch up", mostMissed), now)
		default:
			leaveOut(r, e, history.Missed, noWorker, now)
		}
	}
	if left {
		what := "no worker was running"
		if e.Paused {
			what = "the schedule is paused"
		}
		runs[0].Reason = fmt.Sprintf("%s; the ticks from this one to %s have no separate records",
			what, ticks[1].In(e.Timing.Zone()).Format(time.DateTime))
	}
	return runs
}

// leftOut reports whether there were so many ticks that some are not listed: they
// lie behind the first one.
func leftOut(e Entry, ticks []time.Time) bool {
	return len(ticks) > mostMissed && !e.Timing.Next(ticks[0]).Equal(ticks[1])
}

func leaveOut(r *history.Run, e Entry, status history.Status, reason string, now time.Time) {
	r.Status, r.Reason, r.Ended = status, reason, now
	r.Script, r.Definition = e.Script, e.Schedule
}

// jitter is how much later than its tick a run starts: the same for all
// processes, another for each schedule and tick.
func jitter(d schedule.Definition, tick time.Time) time.Duration {
	if d.Jitter <= 0 {
		return 0
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", d.Name, tick.Unix())
	return time.Duration(h.Sum64() % uint64(d.Jitter))
}

// Upcoming returns the next n times at which a schedule is due.
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
