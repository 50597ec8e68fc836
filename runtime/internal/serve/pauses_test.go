package serve

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// TestPausesDouble: up to the longest, after however many attempts.
func TestPausesDouble(t *testing.T) {
	for times, want := range map[int]time.Duration{
		0: 30 * time.Second, 1: time.Minute, 2: 2 * time.Minute, 4: 8 * time.Minute, 5: 15 * time.Minute, 6: 15 * time.Minute, 20: 15 * time.Minute, 1000: 15 * time.Minute,
	} {
		assert.Equal(t, want, doubled(firstPause, longestPause, times), times)
	}
	assert.Equal(t, 2*time.Second, doubled(firstNoticePause, longestNoticePause, 0))
	assert.Equal(t, longestNoticePause, doubled(firstNoticePause, longestNoticePause, noticeTries))
	assert.Equal(t, longestPause, doubled(time.Hour, longestPause, 0), "also the first one")
}

// entry is a schedule of every minute.
func entry(t *testing.T, catchUp schedule.CatchUp) Entry {
	t.Helper()
	d, err := schedule.New(config.Schedule{Name: "a", Script: "a.lua", Every: "1m", CatchUp: string(catchUp)}, "test")
	assert.NoError(t, err)
	return Entry{Definition: d}
}

// TestHowLateIsMissed: a tick that is exactly as late as it may be still runs.
func TestHowLateIsMissed(t *testing.T) {
	tick := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	for late, want := range map[time.Duration]history.Status{0: history.Queued, time.Minute: history.Queued, time.Minute + 1: history.Missed} {
		runs := decide(entry(t, schedule.CatchUpSkip), []time.Time{tick}, tick.Add(late), time.Minute)
		assert.Equal(t, want, runs[0].Status, late)
	}
}

// TestHowManyAreCaughtUp: as many as are recorded, and none of more.
func TestHowManyAreCaughtUp(t *testing.T) {
	first := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	for n, want := range map[int]int{1: 1, mostMissed: mostMissed, mostMissed + 1: 0} {
		var ticks []time.Time
		for i := range n {
			ticks = append(ticks, first.Add(time.Duration(i)*time.Minute))
		}
		now := ticks[n-1].Add(time.Hour)
		caughtUp := 0
		for _, r := range decide(entry(t, schedule.CatchUpAll), ticks, now, time.Minute) {
			if r.Cause == history.ByCatchUp {
				caughtUp++
				assert.Equal(t, history.Queued, r.Status)
				assert.Equal(t, r.Tick, r.Due, "runs start in the order of their ticks, also of those that are not late")
				continue
			}
			assert.Equal(t, history.Missed, r.Status)
			assert.Contains(t, r.Reason, "more than 500 ticks were missed")
		}
		assert.Equal(t, want, caughtUp, n)
	}
}

// TestOneRunCatchesUp: the last tick does for all.
func TestOneRunCatchesUp(t *testing.T) {
	first := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	ticks := []time.Time{first, first.Add(time.Minute), first.Add(2 * time.Minute)}
	runs := decide(entry(t, schedule.CatchUpOnce), ticks, first.Add(time.Hour), time.Minute)
	assert.Equal(t, []history.Status{history.Missed, history.Missed, history.Queued}, []history.Status{runs[0].Status, runs[1].Status, runs[2].Status})
	assert.Equal(t, history.ByCatchUp, runs[2].Cause)
	assert.Equal(t, "catching up: no service was running when it was due", runs[2].Reason)
}

// TestUpcomingTicks: the next ones after now, as many as are asked for.
func TestUpcomingTicks(t *testing.T) {
	now := time.Date(2026, 1, 1, 3, 0, 30, 0, time.UTC)
	e := entry(t, schedule.CatchUpSkip)
	assert.Equal(t, []time.Time{now.Add(30 * time.Second), now.Add(90 * time.Second)}, e.Upcoming(now, 2))
	e.Enabled = false
	assert.Empty(t, e.Upcoming(now, 2))
}

// TestTicksOfAPause: they are left out, however late they are planned.
func TestTicksOfAPause(t *testing.T) {
	tick := time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	e := entry(t, schedule.CatchUpAll)
	e.Paused = true
	for _, late := range []time.Duration{0, time.Hour} {
		now := tick.Add(late)
		r := decide(e, []time.Time{tick}, now, time.Minute)[0]
		assert.Equal(t, history.Skipped, r.Status)
		assert.Equal(t, "the schedule is paused", r.Reason)
		assert.Equal(t, now, r.Ended)
		assert.Equal(t, "a.lua", r.Script)
	}
}

// TestRunsThatWait: what makes up for others always waits for the current run.
func TestRunsThatWait(t *testing.T) {
	for cause, want := range map[history.Cause]schedule.Overlap{
		history.ByTick: schedule.OverlapSkip, history.ByHand: schedule.OverlapSkip, history.ByRetry: schedule.OverlapQueue, history.ByCatchUp: schedule.OverlapQueue,
	} {
		assert.Equal(t, want, overlapOf(&history.Run{Cause: cause}), cause)
	}
	cancels := config.Schedule{Overlap: "cancel_previous"}
	assert.Equal(t, schedule.OverlapCancel, overlapOf(&history.Run{Cause: history.ByTick, Definition: cancels}))
	assert.Equal(t, schedule.OverlapQueue, overlapOf(&history.Run{Cause: history.ByRetry, Definition: cancels}))
}
