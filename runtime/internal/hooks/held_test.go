package hooks

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// fill stores many waiting events with a key, tried a number of times and due at a time.
func (f *fixture) fill(n int, key string, tries int, due int64) {
	f.t.Helper()
	require.NoError(f.t, store.Exec(f.t.Context(), f.db, `INSERT INTO phscript_hook_event (hook, delivery, order_key, received_at, method, path, headers, size, tries, due_at)
		WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < `+fmt.Sprint(n)+`)
		SELECT 'plain', 'many-' || n, '`+key+`', 1, 'POST', '/hooks/plain', '{}', 1, `+fmt.Sprint(tries)+`, `+fmt.Sprint(due)+` FROM numbers`))
}

// TestHeldBackStopsNoOther: however many events are held back by a parked one, or tried again
// later, those after them are handled, and soon.
func TestHeldBackStopsNoOther(t *testing.T) {
	t.Parallel()
	later := time.Now().Add(time.Hour).UnixMicro()
	for name, fill := range map[string]func(f *fixture){
		"parked":          func(f *fixture) { f.park("a1"); f.fill(30_000, "a", 0, 1) },
		"tried again":     func(f *fixture) { f.fill(30_000, "a", 1, later) },
		"no key":          func(f *fixture) { f.fill(30_000, "", 1, later) },
		"after one of it": func(f *fixture) { f.arrive("a1"); f.later(later); f.fill(30_000, "a", 0, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, f *fixture) {
				f.use(plain(func(w *config.Webhook) { w.Tries, w.AtOnce, w.AfterParked = 1, 100, "wait" }))
				fill(f)
				f.arrive("b1", "a2", "b2")
				require.NoError(t, f.handler.Pass(t.Context()))
				var running []string
				list, err := f.events.List(t.Context(), Filter{States: []State{Running}})
				require.NoError(t, err)
				for _, e := range list {
					running = append(running, e.Delivery)
				}
				slices.Sort(running)
				assert.Equal(t, map[bool][]string{true: {"a2", "b1"}, false: {"b1"}}[name == "no key"], running)
			})
		})
	}
}

// later makes the events that are stored wait until a time, as if they had failed.
func (f *fixture) later(due int64) {
	f.t.Helper()
	require.NoError(f.t, store.Exec(f.t.Context(), f.db, `UPDATE phscript_hook_event SET tries = 1, due_at = ?`, due))
}

// TestBatchNoMore: an event of a batch that failed does not continue the batch's journal, which
// is about others, too, after batches were switched off.
func TestBatchNoMore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		f.use(plain(func(w *config.Webhook) { w.Batch, w.Within = 3, "1ms" }))
		f.arrive("a1", "b1", "c1")
		time.Sleep(2 * time.Millisecond)
		f.end(onlyRun(t, f.pass()), broken)
		f.use(plain(func(w *config.Webhook) { w.AtOnce = 3 }))
		f.pass()
		f.due()
		runs := f.pass()
		require.Len(t, runs, 3)
		for run := range runs {
			r, err := f.history.Run(t.Context(), run)
			require.NoError(t, err)
			assert.Zero(t, r.RetryOf)
			f.end(run, broken)
		}
		f.pass()
		f.due()
		for run := range f.pass() {
			r, err := f.history.Run(t.Context(), run)
			require.NoError(t, err)
			assert.Contains(t, runs, r.RetryOf, "that run was about this event alone")
		}
	})
}

// TestCancelledBatch: what a cancelled batch had not finished is parked, also if it had finished
// with an event.
func TestCancelledBatch(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		f.use(plain(func(w *config.Webhook) { w.Batch, w.Within = 3, "1h" }))
		f.arrive("a1", "b1", "c1")
		run := onlyRun(t, f.pass())
		_, err := f.events.Done(t.Context(), f.all()[0].ID, run)
		require.NoError(t, err)
		f.end(run, history.End{Status: history.Cancelled, Reason: "cancelled by hand"})
		assert.Empty(t, f.pass())
		assert.Equal(t, map[string]State{"a1": Handled, "b1": Parked, "c1": Parked}, states(f))
	})
}

// TestNoBodiesKept: the body of a handled event is deleted, whoever says that it was handled.
func TestNoBodiesKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		for _, keep := range []bool{false, true, false} {
			f.use(plain(func(w *config.Webhook) { w.KeepBodies, w.Batch, w.Within = &keep, 2, "1h" }))
			first := len(f.all())
			f.arrive(fmt.Sprint("a", first), fmt.Sprint("b", first))
			run := onlyRun(t, f.pass())
			_, err := f.events.Done(t.Context(), f.all()[first].ID, run)
			require.NoError(t, err)
			assert.Equal(t, !keep, f.all()[first].NoBody)
			assert.False(t, f.all()[first+1].NoBody, "it is not handled yet")
			f.end(run, succeeded)
			f.pass()
			assert.Equal(t, !keep, f.all()[first+1].NoBody)
		}
	})
}

// TestNoWebhookLeft: runs of webhooks that were removed are settled, also if none is left.
func TestNoWebhookLeft(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		f.use(plain())
		f.arrive("a1")
		run := onlyRun(t, f.pass())
		f.use()
		f.end(run, succeeded)
		f.pass()
		assert.Equal(t, map[string]State{"a1": Handled}, states(f))
	})
}

// TestDiscardedRecovers: after the last parked event was discarded, a webhook whose last run
// succeeded works again. One whose last run failed or had rejected rows does not.
func TestDiscardedRecovers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ends     []history.End
		recovers bool
	}{
		"succeeded":                 {[]history.End{succeeded}, true},
		"none":                      {nil, false},
		"rejected":                  {[]history.End{{Status: history.Rejected, Rejected: 1}}, false},
		"rejected after a success":  {[]history.End{succeeded, {Status: history.Rejected, Rejected: 1}}, false},
		"succeeded after rejection": {[]history.End{{Status: history.Rejected, Rejected: 1}, succeeded}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, f *fixture) {
				parked := f.park("a1")
				var last string
				for i, end := range c.ends {
					last = fmt.Sprint("b", i)
					f.arrive(last)
					f.end(onlyRun(t, f.pass()), end)
					f.pass()
				}
				require.Len(t, f.told, 1)
				_, err := f.events.Discard(t.Context(), Filter{IDs: []int64{parked["a1"].ID}}, kim, "test data")
				require.NoError(t, err)
				for range 2 {
					f.pass()
					all, err := f.events.Totals(t.Context())
					require.NoError(t, err)
					assert.Equal(t, !c.recovers, all["plain"].Failing)
				}
				if !c.recovers {
					assert.Len(t, f.told, 1)
					return
				}
				require.Len(t, f.told, 2)
				assert.Equal(t, []any{false, last, history.Succeeded}, []any{f.told[1].Failing, f.told[1].Delivery, f.told[1].Run.Status})
			})
		})
	}
}

// TestNoticesWhatChanged: what another process did between looking and beginning counts.
func TestNoticesWhatChanged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		hook := f.use(plain(func(w *config.Webhook) { w.Batch, w.Within = 3, "1h" }))[0]
		f.arrive("a1", "b1", "c1", "d1")
		reader, err := f.db.Reader()
		require.NoError(t, err)
		found, _, err := f.handler.choose(t.Context(), reader, &hook, nil)
		require.NoError(t, err)
		require.Len(t, found, 3)
		require.NoError(t, store.Exec(t.Context(), f.db, `UPDATE phscript_hook_event SET received_at = 1, tries = CASE WHEN delivery = 'b1' THEN 1 ELSE 0 END, due_at = ?`, time.Now().Add(time.Hour).UnixMicro()))
		left, _, err := f.handler.choose(t.Context(), reader, &hook, []int64{found[0].id, found[1].id, found[2].id})
		require.NoError(t, err)
		var keys []string
		for _, e := range left {
			keys = append(keys, e.key)
		}
		assert.Equal(t, []string{"a", "c"}, slices.Sorted(slices.Values(keys)), "d is left for the next run")
	})
}
