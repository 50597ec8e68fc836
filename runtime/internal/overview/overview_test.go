package overview

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	past "github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/postgres"
)

func locations(t testing.TB) map[string]string {
	return map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()}
}

func open(t testing.TB, location string) *store.DB {
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func define(t testing.TB, db *store.DB, schedules ...config.Schedule) {
	var list []schedule.Definition
	for _, s := range schedules {
		d, err := schedule.New(s, "phscript.toml")
		require.NoError(t, err)
		list = append(list, d)
	}
	require.NoError(t, serve.NewSchedules(db, nil).Sync(t.Context(), list))
}

// fixture adds runs.
type fixture struct {
	*testing.T
	db *store.DB
	h  *history.History
}

// add adds a run that was due so long ago, and ends it after a time, unless status is that of
// one that has not ended.
func (f *fixture) add(name string, ago, took time.Duration, status history.Status) int64 {
	f.Helper()
	due := time.Now().Add(-ago)
	r := &history.Run{Schedule: name, Tick: due, Due: due, Cause: history.ByTick, Script: name + ".lua", Status: history.Queued}
	added, err := f.h.Add(f.Context(), f.db, r)
	require.NoError(f, err)
	require.True(f, added)
	if status == history.Queued {
		return r.ID
	}
	claimed, err := f.h.Claim(f.Context(), f.db, r.ID, "here:1")
	require.NoError(f, err)
	require.True(f, claimed)
	if status == history.Running {
		return r.ID
	}
	_, err = f.h.Finish(f.Context(), f.db, r.ID, history.End{Status: status, Reason: "because"}, history.Running)
	require.NoError(f, err)
	require.NoError(f, store.Exec(f.Context(), f.db, `UPDATE phscript_run SET started_at = ?, ended_at = ? WHERE id = ?`, due.UnixMicro(), due.Add(took).UnixMicro(), r.ID))
	return r.ID
}

func TestASnapshot(t *testing.T) {
	for name, location := range locations(t) {
		t.Run(name, func(t *testing.T) {
			f := &fixture{t, open(t, location), nil}
			f.h = history.New(f.db)
			define(t, f.db, config.Schedule{Name: "good", Script: "good.lua", Every: "10m"}, config.Schedule{Name: "bad", Script: "bad.lua", Cron: "0 0 1 1 *", TimeZone: "UTC"},
				config.Schedule{Name: "off", Script: "off.lua", Every: "1m", Enabled: new(bool)}, config.Schedule{Name: "paused", Script: "paused.lua", Every: "1m"})
			require.NoError(t, store.Exec(t.Context(), f.db, `UPDATE phscript_schedule SET failing = 1 WHERE name = 'bad'`))
			require.NoError(t, store.Exec(t.Context(), f.db, `UPDATE phscript_schedule SET paused = 1 WHERE name = 'paused'`))
			for i := range 30 {
				f.add("good", time.Duration(30-i)*time.Hour, time.Duration(i)*time.Second, history.Succeeded)
			}
			f.add("good", 10*time.Minute, 0, history.Skipped)
			atWork := f.add("good", time.Minute, 0, history.Running)
			require.NoError(t, f.h.Append(t.Context(), []history.Line{{Run: atWork, Seq: 1, Level: "info", Message: "first"}, {Run: atWork, Seq: 2, Level: "print", Message: "last"}}))
			require.NoError(t, func() error {
				_, _, err := f.h.Seen(t.Context(), atWork, "here:1", &history.Progress{Calls: 7, Task: &history.Task{Name: "rows", Unit: "rows", Done: 3, Total: 9, Left: -1}})
				return err
			}())
			waits := f.add("bad", time.Second, 0, history.Queued)
			later := &history.Run{Schedule: "bad", Due: time.Now().Add(time.Hour), Cause: history.ByTick, Status: history.Queued}
			_, err := f.h.Add(t.Context(), f.db, later)
			require.NoError(t, err)
			f.add("bad", 50*24*time.Hour, time.Second, history.Failed)
			f.add("bad", 5*time.Hour, time.Second, history.Succeeded)
			f.add("bad", 4*time.Hour, time.Second, history.Failed)
			f.add("bad", 3*time.Hour, time.Second, history.Cancelled)
			last := f.add("bad", 2*time.Hour, time.Second, history.TimedOut)

			o, err := New(f.db, func(context.Context, store.Source) (map[string]int64, error) {
				return map[string]int64{"events": 4}, nil
			})
			require.NoError(t, err)
			s, err := o.Snapshot(t.Context())
			require.NoError(t, err)
			assert.WithinDuration(t, time.Now(), s.At, time.Minute)
			assert.Equal(t, map[history.Status]int64{history.Succeeded: 24, history.Skipped: 1, history.Running: 1, history.Queued: 1, history.Failed: 1, history.Cancelled: 1, history.TimedOut: 1}, s.Day)
			require.Len(t, s.Running, 1)
			assert.Equal(t, atWork, s.Running[0].ID)
			assert.Equal(t, 7, s.Running[0].Calls)
			assert.EqualValues(t, 9, s.Running[0].Task.Total)
			assert.Equal(t, "last", s.Running[0].Last.Message)
			require.Len(t, s.Waiting, 1)
			assert.Equal(t, waits, s.Waiting[0].ID)
			require.Len(t, s.Finished, mostFinished)
			assert.Equal(t, history.Succeeded, s.Finished[0].Status, "neither the skipped one nor what is at work")
			assert.Equal(t, int64(4), s.Parked["events"])

			require.Len(t, s.Schedules, 4)
			bad, good, off := s.Schedules[0], s.Schedules[1], s.Schedules[2]
			assert.Equal(t, []string{"bad", "good", "off"}, []string{bad.Name, good.Name, off.Name})
			assert.Equal(t, []string{"bad"}, []string{s.Failing()[0].Name})
			assert.Equal(t, 2, bad.BadInARow, "a cancelled one is neither good nor bad")
			assert.Equal(t, last, bad.Last().Run)
			assert.Equal(t, Good{Succeeded: 1, Ended: 3}, bad.Good)
			require.Len(t, bad.Outcomes, 5, "a queued one has no outcome yet")
			require.Len(t, good.Outcomes, mostOutcomes)
			assert.Equal(t, Outcome{Run: atWork, Status: history.Running, Due: good.Outcomes[0].Due}, good.Outcomes[0])
			assert.Equal(t, 29*time.Second, good.Outcomes[2].Took)
			assert.Equal(t, 20*time.Second, good.Usual, "the middle of 10 to 29 seconds")
			assert.Equal(t, good.Usual, s.Running[0].Usual)
			assert.Zero(t, good.BadInARow)
			assert.Len(t, good.Next, mostNext)
			assert.Empty(t, off.Next)
			require.Len(t, s.Next, mostNext)
			assert.Equal(t, "good", s.Next[0].Schedule)
			assert.Nil(t, off.Last())
		})
	}
}

// TestTicksAreFoundAgain when the first one has passed, or the timing has changed.
func TestTicksAreFoundAgain(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "state.db"))
	o, err := New(db, nil)
	require.NoError(t, err)
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	ticks := func(every string, now time.Time) time.Time {
		d, err := schedule.New(config.Schedule{Name: "a", Script: "a.lua", Every: every}, "")
		require.NoError(t, err)
		kept := upcoming{}
		list := o.ticks(serve.Entry{Definition: d}, now, kept)
		o.kept = kept
		require.Len(t, list, mostNext)
		return list[0].UTC()
	}
	assert.Equal(t, at.Add(time.Hour), ticks("1h", at))
	assert.Equal(t, at.Add(time.Hour), ticks("1h", at.Add(30*time.Minute)))
	assert.Equal(t, at.Add(2*time.Hour), ticks("1h", at.Add(time.Hour)))
	assert.Equal(t, at.Add(90*time.Minute), ticks("30m", at.Add(time.Hour)))
}

// TestViewersShareAReading: many at once cause one reading, later ones too until it is too
// old; one who leaves does not end it.
func TestViewersShareAReading(t *testing.T) {
	var reads atomic.Int64
	release := make(chan struct{})
	l := latest[int64]{keep: time.Hour, within: time.Minute, read: func(ctx context.Context) (int64, error) {
		n := reads.Add(1)
		select {
		case <-release:
			return n, nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}}
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := l.get(ctx)
		gone <- err
	}()
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			n, err := l.get(t.Context())
			assert.NoError(t, err)
			assert.EqualValues(t, 1, n)
		})
	}
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	close(release)
	group.Wait()
	n, err := l.get(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
	l.mu.Lock()
	l.reading.until = time.Now().Add(-time.Second)
	l.mu.Unlock()
	n, err = l.get(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2, n)
}

func TestAnErrorIsSharedToo(t *testing.T) {
	reads := 0
	l := latest[int]{keep: time.Hour, within: time.Minute, read: func(context.Context) (int, error) {
		reads++
		return 0, errors.New("the disk is full")
	}}
	for range 3 {
		_, err := l.get(t.Context())
		require.EqualError(t, err, "the disk is full")
	}
	assert.Equal(t, 1, reads)
}

// large makes a store with 200 schedules and 10,000 runs, of which 20 are at work.
func large(b testing.TB, location string) *store.DB {
	db := open(b, location)
	var list []config.Schedule
	for i := range 200 {
		list = append(list, config.Schedule{Name: fmt.Sprintf("job-%d", i), Script: fmt.Sprintf("jobs/job-%d.lua", i), Cron: fmt.Sprintf("%d * * * *", i%60), TimeZone: "Europe/Stockholm"})
	}
	define(b, db, list...)
	past.Past(b, db.DB, 200, 10_000)
	if db.Pool() != nil { // which it does itself after a while
		_, err := db.ExecContext(b.Context(), "VACUUM ANALYZE")
		require.NoError(b, err)
	}
	h := history.New(db)
	for i := range 20 {
		r := &history.Run{Schedule: fmt.Sprintf("job-%d", i), Due: time.Now(), Cause: history.ByTick, Status: history.Queued}
		_, err := h.Add(b.Context(), db, r)
		require.NoError(b, err)
		_, err = h.Claim(b.Context(), db, r.ID, "here:1")
		require.NoError(b, err)
		require.NoError(b, h.Append(b.Context(), []history.Line{{Run: r.ID, Seq: 1, Level: "info", Message: "at work"}}))
	}
	return db
}

// BenchmarkOverview measures each part of a snapshot on a store with 200 schedules and 10,000
// runs.
func BenchmarkOverview(b *testing.B) {
	for name, location := range locations(b) {
		db := large(b, location)
		o, err := New(db, nil)
		require.NoError(b, err)
		first, err := o.read(b.Context())
		require.NoError(b, err)
		for part, read := range map[string]func(context.Context, store.Source, *Snapshot) error{
			"day": readDay, "open": readOpen, "finished": readFinished, "schedules": o.readSchedules, "servers": readServers,
			"outcomes": func(ctx context.Context, q store.Source, s *Snapshot) error {
				_, err := readOutcomes(ctx, q, first.At)
				return err
			},
			"good": func(ctx context.Context, _ store.Source, _ *Snapshot) error {
				_, err := o.readGood(ctx)
				return err
			},
			"all": func(ctx context.Context, _ store.Source, _ *Snapshot) error {
				_, err := o.read(ctx)
				return err
			},
		} {
			b.Run(name+"/"+part, func(b *testing.B) {
				least := time.Hour
				for b.Loop() {
					began := time.Now()
					require.NoError(b, read(b.Context(), o.reader, &Snapshot{At: first.At}))
					least = min(least, time.Since(began))
				}
				// On a busy machine, it says more than the mean.
				b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
			})
		}
	}
}
