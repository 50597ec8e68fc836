package hooks

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
)

var (
	succeeded = history.End{Status: history.Succeeded}
	broken    = history.End{Status: history.Failed, Error: "error: boom"}
)

// arrive stores events with keys, such as "a1" with the key "a".
func (f *fixture) arrive(ids ...string) {
	f.t.Helper()
	for _, id := range ids {
		require.Equal(f.t, 200, f.post(fmt.Sprintf(`{"id":%q,"key":%q}`, id, id[:1])))
	}
}

// onlyRun returns the number of the only run that a pass began.
func onlyRun(t *testing.T, runs map[int64][]string) int64 {
	t.Helper()
	require.Len(t, runs, 1, "%v", runs)
	return slices.Collect(maps.Keys(runs))[0]
}

func states(f *fixture) map[string]State {
	all := map[string]State{}
	for _, e := range f.all() {
		all[e.Delivery] = e.State
	}
	return all
}

// TestOrder: the events of a key are handled one after another, and others meanwhile.
func TestOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		f.use(plain(func(w *config.Webhook) { w.AtOnce = 3 }))
		f.arrive("a1", "a2", "b1", "a3", "b2", "c1", "d1")
		runs := f.pass()
		began := slices.Sorted(maps.Keys(runs))
		require.Len(t, began, 3, "as many as may run at once")
		assert.Equal(t, [][]string{{"a1"}, {"b1"}, {"c1"}}, [][]string{runs[began[0]], runs[began[1]], runs[began[2]]})
		assert.Empty(t, f.pass())

		// What fails holds back its key, and nothing else.
		f.end(began[0], broken)
		f.end(began[1], succeeded)
		runs = f.pass()
		assert.ElementsMatch(t, [][]string{{"b2"}, {"d1"}}, slices.Collect(maps.Values(runs)))
		for run := range runs {
			f.end(run, succeeded)
		}
		assert.Empty(t, f.pass(), "a1 has a pause")
		f.due()
		again := onlyRun(t, f.pass())
		r, err := f.history.Run(t.Context(), again)
		require.NoError(t, err)
		assert.Equal(t, began[0], r.RetryOf, "it continues the journal")
		assert.Equal(t, 2, r.Attempt)
		assert.Equal(t, history.ByHook, r.Cause)
		f.end(again, succeeded)
		assert.Equal(t, []string{"a2"}, f.pass()[again+1])
		f.end(again+1, succeeded)
		assert.Equal(t, []string{"a3"}, f.pass()[again+2])
	})
}

// TestParked: after the last try, an event stays and people are told, once. Later events with
// its key continue, or wait.
func TestParked(t *testing.T) {
	t.Parallel()
	for _, waits := range []string{"", "wait"} {
		t.Run("after_parked "+waits, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, t.TempDir()+"/state.db")
			hooks := f.use(plain(func(w *config.Webhook) {
				w.Tries, w.AfterParked, w.OnFailure = 2, waits, []config.Action{{Script: "tell.lua"}}
			}))
			f.arrive("a1", "a2")
			for range 2 {
				f.due()
				f.end(onlyRun(t, f.pass()), broken)
				require.NoError(t, f.handler.settle(t.Context(), hooks))
			}
			f.due()
			runs := f.pass()
			a1 := f.all()[0]
			assert.Equal(t, Parked, a1.State)
			assert.Equal(t, "boom", a1.Reason)
			require.Len(t, f.told, 1)
			assert.Equal(t, "a1", f.told[0].Delivery)
			assert.True(t, f.told[0].Failing)
			assert.Equal(t, []config.Action{{Script: "tell.lua"}}, f.told[0].Actions)
			if waits == "wait" {
				assert.Empty(t, runs)
			} else {
				f.end(onlyRun(t, runs), succeeded)
				assert.Empty(t, f.pass())
				assert.Len(t, f.told, 1, "it fails until somebody has looked at a1")
			}
			// A replay is as if it had just come, and says who wants it.
			_, err := f.events.ReplayOne(t.Context(), a1.ID, audit.Actor{Name: "kim", Role: audit.CommandLine}, "")
			require.NoError(t, err)
			var acts int
			require.NoError(t, f.db.QueryRowContext(t.Context(), `SELECT count(*) FROM phscript_audit WHERE action = 'replay' AND actor = 'kim' AND target = 'event 1'`).Scan(&acts))
			assert.Equal(t, 1, acts)
			run := onlyRun(t, f.pass())
			again, err := f.events.OfRun(t.Context(), run)
			require.NoError(t, err)
			require.Len(t, again, 1)
			assert.Equal(t, []any{"a1", int64(1), "kim", 0}, []any{again[0].Delivery, again[0].Replays, again[0].ReplayedBy, again[0].Tries})
			f.end(run, succeeded)
			f.pass()
			require.Len(t, f.told, 2)
			assert.False(t, f.told[1].Failing)
			_, err = f.events.ReplayOne(t.Context(), 4711, audit.Actor{Name: "kim", Role: audit.CommandLine}, "")
			assert.ErrorIs(t, err, ErrNoEvent)
		})
	}
}

// TestBatches: a run gets many events, also of one key. If it fails, what it has finished
// with does not come again.
func TestBatches(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		f.use(plain(func(w *config.Webhook) { w.Batch, w.Within = 4, "1h" }))
		f.arrive("a1", "b1", "a2")
		assert.Empty(t, f.pass(), "more may come")
		f.arrive("c1", "a3")
		runs := f.pass()
		run := onlyRun(t, runs)
		assert.Equal(t, []string{"a1", "b1", "a2", "c1"}, runs[run])
		list, err := f.events.OfRun(t.Context(), run)
		require.NoError(t, err)
		own, err := f.events.Done(t.Context(), list[0].ID, run)
		require.NoError(t, err)
		assert.True(t, own)
		own, err = f.events.Done(t.Context(), list[0].ID, run+1)
		require.NoError(t, err)
		assert.False(t, own)
		f.end(run, broken)
		// b1 was in hand, so it has a pause. The others come again at once.
		runs = f.pass()
		assert.Equal(t, map[string]State{"a1": Handled, "b1": Waiting, "a2": Running, "c1": Running, "a3": Running}, states(f))
		tries := map[string]int{}
		for _, e := range f.all() {
			tries[e.Delivery] = e.Tries
		}
		assert.Equal(t, map[string]int{"a1": 0, "b1": 1, "a2": 0, "c1": 0, "a3": 0}, tries)
		f.end(onlyRun(t, runs), succeeded)
		f.due()
		f.end(onlyRun(t, f.pass()), succeeded)
		f.pass()
		for id, state := range states(f) {
			assert.Equal(t, Handled, state, id)
		}
	})
}

// TestPoison: of a batch that fails without a word, each event is tried alone at the end, so
// only the one that fails is parked.
func TestPoison(t *testing.T) {
	t.Parallel()
	for _, tries := range []int{1, 3} {
		t.Run(fmt.Sprint(tries, " tries"), func(t *testing.T) { poison(t, tries) })
	}
}

func poison(t *testing.T, tries int) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain(func(w *config.Webhook) { w.Batch, w.Within, w.Tries, w.AtOnce = 30, "1ms", tries, 10 }))
	for i := range 25 {
		f.arrive(string(rune('a'+i)) + "1")
	}
	largest := map[int]int{}
	for range 60 {
		f.due()
		for run, ids := range f.pass() {
			end := succeeded
			if slices.Contains(ids, "m1") {
				end = broken
			}
			for _, e := range f.all() {
				if e.Run == run && e.State == Running {
					largest[e.Tries] = max(largest[e.Tries], len(ids))
				}
			}
			f.end(run, end)
		}
	}
	for id, state := range states(f) {
		assert.Equal(t, map[bool]State{true: Parked, false: Handled}[id == "m1"], state, id)
	}
	assert.Equal(t, map[int]int{0: 25, 1: 10, 2: 1}, largest)
}

// TestEnds: what happens to an event after each end of its run.
func TestEnds(t *testing.T) {
	t.Parallel()
	doubt, err := json.Marshal(map[string]any{"in_doubt": true})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		end   history.End
		state State
		tries int
	}{
		"succeeded":         {succeeded, Handled, 0},
		"rows rejected":     {history.End{Status: history.Rejected, Rejected: 2}, Handled, 0},
		"failed":            {broken, Waiting, 1},
		"timed out":         {history.End{Status: history.TimedOut}, Waiting, 1},
		"lost":              {history.End{Status: history.Lost}, Waiting, 1},
		"cancelled by hand": {history.End{Status: history.Cancelled, Reason: "cancelled by hand"}, Parked, 1},
		"in doubt":          {history.End{Status: history.Failed, Summary: doubt}, Parked, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, t.TempDir()+"/state.db")
			f.use(plain())
			f.arrive("a1")
			f.end(onlyRun(t, f.pass()), c.end)
			f.pass()
			e := f.all()[0]
			assert.Equal(t, c.state, e.State)
			assert.Equal(t, c.tries, e.Tries)
			assert.Equal(t, c.state == Handled, !e.Ended.IsZero())
			if c.state == Waiting {
				assert.Greater(t, time.Until(e.Due), DefaultRetryPause/2)
			}
			assert.Equal(t, c.state == Parked || name == "rows rejected", len(f.told) == 1)
		})
	}
}

// TestStops: a run that the service has ended uses up no try, so no event is parked for that.
func TestStops(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		f.use(plain(func(w *config.Webhook) { w.Tries = 1 }))
		f.arrive("a1")
		run := onlyRun(t, f.pass())
		claimed, err := f.history.Claim(t.Context(), f.db, run, "here:1")
		require.NoError(t, err)
		require.True(t, claimed)
		done, err := f.history.Finish(t.Context(), f.db, run, history.End{Status: history.Cancelled, Reason: "the worker was stopped"}, history.Running)
		require.NoError(t, err)
		require.True(t, done)
		f.end(onlyRun(t, f.pass()), succeeded)
		f.pass()
		e := f.all()[0]
		assert.Equal(t, []any{Handled, 0}, []any{e.State, e.Tries})
		assert.Empty(t, f.told)
	})
}

// TestPruned: ids stay for a week, and bodies as long as there is room.
func TestPruned(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		hooks := f.use(plain(func(w *config.Webhook) { w.AtOnce = 10 }))
		f.arrive("a1", "b1", "c1", "d1")
		runs := f.pass()
		for run, ids := range runs {
			if ids[0] != "d1" {
				f.end(run, succeeded)
			}
		}
		f.pass()
		size := f.all()[0].Size
		f.handler.Use(hooks, nil, 2*size)
		require.NoError(t, f.handler.prune(t.Context()))
		var without []string
		for _, e := range f.all() {
			if e.NoBody {
				without = append(without, e.Delivery)
			}
		}
		assert.Len(t, without, 1, "%v", without)
		assert.Equal(t, 200, f.post(`{"id":"`+without[0]+`","key":"x"}`), "a repetition all the same")
		assert.Len(t, f.all(), 4)
		_, err := f.events.ReplayOne(t.Context(), 1, audit.Actor{Name: "kim", Role: audit.CommandLine}, "")
		if without[0] == "a1" {
			assert.ErrorIs(t, err, ErrNoBody)
		}
		_, err = f.db.ExecContext(t.Context(), `UPDATE phscript_hook_event SET ended_at = ended_at - ? WHERE ended_at IS NOT NULL`, (8 * 24 * time.Hour).Microseconds())
		require.NoError(t, err)
		require.NoError(t, f.handler.prune(t.Context()))
		left := []string{}
		for id := range states(f) {
			left = append(left, id)
		}
		assert.Subset(t, []string{"a1", "d1"}, left, "what waits or runs stays")
		assert.Contains(t, left, "d1")
	})
}
