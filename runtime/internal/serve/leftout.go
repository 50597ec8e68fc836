package serve

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// When notifications about ticks that did not run are sent. A missed tick causes one at
// once, unless another run catches up for it.
const (
	// skipsInARow is how many ticks in a row are skipped before a notification.
	skipsInARow = 3
	// pauseLasts is how long a schedule is paused before a notification, at its
	// next tick.
	pauseLasts = 24 * time.Hour
)

// pauseReason is how the reason of a tick in a pause begins.
const pauseReason = "the schedule is paused"

// Idle is the reason in the last notification about ticks that did not run.
type Idle string

// The kinds of Idle. IdleNone means that none was sent since the last run.
const (
	IdleNone    Idle = ""
	IdleMissed  Idle = "missed"
	IdleSkipped Idle = "skipped"
	IdlePaused  Idle = "paused"
)

// didNotRun reports whether a run is the record of a tick that did not run.
func didNotRun(r *history.Run) bool {
	return r.Schedule != "" && r.Cause == history.ByTick && (r.Status == history.Skipped || r.Status == history.Missed)
}

// noteLeftOut counts ticks of one schedule that did not run, in the transaction that
// records them, and queues notifications if they are due. They are in order.
func (s *Schedules) noteLeftOut(ctx context.Context, tx *store.Tx, runs []*history.Run) error {
	if len(runs) == 0 {
		return nil
	}
	var missed, skipped, idle int
	for _, r := range runs {
		if r.Status == history.Missed {
			missed++
		} else {
			skipped++
		}
		if !strings.HasSuffix(r.Reason, forAll) {
			idle++
		}
	}
	last := runs[len(runs)-1]
	var inARow int64
	var told Idle
	var paused bool
	var pausedAt *int64
	err := tx.QueryRowContext(ctx, `UPDATE phscript_schedule SET missed = missed + ?, skipped = skipped + ?, idle = idle + ? WHERE name = ?
		RETURNING idle, told, paused, paused_at`, missed, skipped, idle, last.Schedule).Scan(&inARow, &told, &paused, &pausedAt)
	if err != nil {
		return err
	}
	why, reason := IdleNone, last.Reason
	switch {
	case strings.HasSuffix(last.Reason, forAll):
	case last.Status == history.Missed:
		why = IdleMissed
	case !strings.HasPrefix(last.Reason, pauseReason):
		// Whoever knows of missed ticks knows that the schedule does not run.
		if inARow >= skipsInARow && told != IdleMissed {
			why = IdleSkipped
		}
	case paused && pausedAt != nil && last.Ended.Sub(store.Time(pausedAt)) >= pauseLasts:
		why, reason = IdlePaused, "the schedule has been paused since "+store.Time(pausedAt).UTC().Format("2006-01-02 15:04 MST")
	}
	if why == IdleNone || why == told {
		return nil
	}
	if err := store.Exec(ctx, tx, `UPDATE phscript_schedule SET told = ? WHERE name = ?`, why, last.Schedule); err != nil {
		return err
	}
	event := newEvent(Missed, last, history.End{Status: last.Status, Reason: reason})
	event.Idle = inARow
	return s.notify(ctx, tx, event)
}

// begun notes that a run of a schedule begins; tick is zero if it has none. After skipped
// ticks, the next notification needs two runs in a row: a schedule whose runs take longer
// than its interval would otherwise notify again and again. A run that was queued before
// ticks that were missed does not end their row.
func (s *Schedules) begun(ctx context.Context, tx *store.Tx, name string, tick time.Time) error {
	after := int64(math.MaxInt64)
	if !tick.IsZero() {
		after = tick.UnixMicro()
	}
	return store.Exec(ctx, tx, `UPDATE phscript_schedule SET told = CASE WHEN told = ? OR told = ? AND idle > 0 THEN told ELSE '' END, idle = 0
		WHERE name = ? AND (idle > 0 OR told <> '') AND NOT EXISTS (SELECT 1 FROM phscript_run WHERE schedule = ? AND tick > ? AND status = ?)`,
		IdlePaused, IdleSkipped, name, name, after, history.Missed)
}

// succeeded notes that a run of a schedule has succeeded.
func (s *Schedules) succeeded(ctx context.Context, tx *store.Tx, name string) error {
	return store.Exec(ctx, tx, `UPDATE phscript_schedule SET last_success_at = `+s.db.Now()+` WHERE name = ?`, name)
}

// report hands ticks that did not run to the log, after they were recorded.
func (s *Schedules) report(runs ...*history.Run) {
	for len(runs) > 0 && s.leftOut != nil {
		first, n := runs[0], 1
		for n < len(runs) && runs[n].Schedule == first.Schedule && runs[n].Status == first.Status && runs[n].Reason == first.Reason {
			n++
		}
		s.leftOut(runs[:n])
		runs = runs[n:]
	}
}

// logLeftOut logs ticks of one schedule that did not run for the same reason.
func (s *Service) logLeftOut(runs []*history.Run) {
	last := runs[len(runs)-1]
	log := s.o.Log.With("schedule", last.Schedule, "tick", last.Tick.UTC().Format(time.RFC3339), "reason", last.Reason)
	if len(runs) > 1 {
		log = log.With("ticks", len(runs))
	}
	text := fmt.Sprintf("run %s", last.Status)
	if strings.HasPrefix(last.Reason, pauseReason) {
		log.Info(text)
		return
	}
	log.Warn(text)
}
