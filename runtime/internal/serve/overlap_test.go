package serve

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
)

// TestOverlapNeedsNoWorker: what is due while the run before it waits for a
// worker is left out, takes its place or waits, as it is while that one runs.
func TestOverlapNeedsNoWorker(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		var definitions []definition
		for name, overlap := range map[string]string{"skips": "skip", "queues": "queue", "cancels": "cancel_previous"} {
			definitions = append(definitions, w.define(config.Schedule{Name: name, Cron: "0 0 1 1 *", Overlap: overlap}))
		}
		require.NoError(t, w.schedules.Sync(t.Context(), definitions))
		ids := map[string][]int64{}
		for _, d := range definitions {
			for range 4 {
				ids[d.Name] = append(ids[d.Name], w.runNow(d.Name))
			}
		}
		for range 3 {
			require.NoError(t, w.schedules.Dispatch(t.Context()))
		}
		states := func(name string) (list []string) {
			for _, id := range ids[name] {
				list = append(list, w.state(id))
			}
			return list
		}
		assert.Equal(t, []string{"handed over", "skipped", "skipped", "skipped"}, states("skips"))
		assert.Equal(t, []string{"handed over", "queued", "queued", "queued"}, states("queues"))
		assert.Equal(t, []string{"skipped", "skipped", "skipped", "handed over"}, states("cancels"))
		again := w.runNow("cancels")
		ids["cancels"] = append(ids["cancels"], again)
		for range 3 {
			require.NoError(t, w.schedules.Dispatch(t.Context()))
		}
		assert.Equal(t, []string{"skipped", "skipped", "skipped", "cancelled", "handed over"}, states("cancels"))
	})
}

// TestOverlapLooksPastWhatMakesUp: a retry, or a run that catches up, waits for
// the one that goes on; what is due after it is still left out, or takes the
// place of others.
func TestOverlapLooksPastWhatMakesUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		w.served("here", 0, 4)
		type dueAt struct {
			ago   time.Duration
			cause history.Cause
		}
		var definitions []definition
		tests := []struct {
			name, overlap string
			atWork        bool
			waiting       []dueAt
			// with is what becomes of the run at work and of those that wait, and
			// then once it has ended.
			with, then []string
		}{
			{
				"cancels", "cancel_previous", true,
				[]dueAt{{60, history.ByRetry}, {50, history.ByCatchUp}, {40, history.ByTick}, {30, history.ByRetry}, {20, history.ByTick}, {10, history.ByRetry}},
				[]string{"to end", "cancelled", "queued", "skipped", "cancelled", "queued", "queued"},
				[]string{"succeeded", "cancelled", "queued", "skipped", "cancelled", "handed over", "queued"},
			},
			{
				"cancels-nothing", "cancel_previous", false,
				[]dueAt{{60, history.ByRetry}, {50, history.ByCatchUp}, {40, history.ByTick}},
				[]string{"cancelled", "queued", "handed over"}, nil,
			},
			{
				"skips", "skip", true,
				[]dueAt{{60, history.ByRetry}, {50, history.ByTick}, {40, history.ByCatchUp}, {30, history.ByTick}},
				[]string{"running", "queued", "skipped", "queued", "skipped"},
				[]string{"succeeded", "handed over", "skipped", "queued", "skipped"},
			},
			{
				"queues", "queue", true,
				[]dueAt{{60, history.ByTick}, {50, history.ByRetry}, {40, history.ByTick}},
				[]string{"running", "queued", "queued", "queued"},
				[]string{"succeeded", "handed over", "queued", "queued"},
			},
			{
				"queues-behind", "queue", true,
				[]dueAt{{60, history.ByCatchUp}, {50, history.ByTick}, {40, history.ByRetry}},
				[]string{"running", "queued", "queued", "queued"},
				[]string{"succeeded", "handed over", "queued", "queued"},
			},
		}
		for _, tt := range tests {
			definitions = append(definitions, w.define(config.Schedule{Name: tt.name, Cron: "0 0 1 1 *", Overlap: tt.overlap}))
		}
		require.NoError(t, w.schedules.Sync(t.Context(), definitions))
		for _, tt := range tests {
			var ids []int64
			if tt.atWork {
				ids = append(ids, w.due(tt.name, 2*time.Minute, history.ByTick))
				w.begin(ids[0])
			}
			for _, r := range tt.waiting {
				ids = append(ids, w.due(tt.name, r.ago*time.Second, r.cause))
			}
			states := func() (list []string) {
				var together sync.WaitGroup
				for range 4 {
					together.Go(func() { assert.NoError(t, w.schedules.Dispatch(t.Context())) })
				}
				together.Wait()
				for _, id := range ids {
					list = append(list, w.state(id))
				}
				return list
			}
			assert.Equal(t, tt.with, states(), tt.name)
			if tt.atWork {
				_, err := w.history.Finish(t.Context(), w.db, ids[0], history.End{Status: history.Succeeded}, history.Running)
				require.NoError(t, err)
				assert.Equal(t, tt.then, states(), tt.name)
			}
		}
	})
}

// TestARetryThatIsReplacedIsAFailure: a retry whose place the next run takes
// before it begins leaves the failure that it was to make up for.
func TestARetryThatIsReplacedIsAFailure(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		waits, handedOver := w.define(config.Schedule{Name: "waits", Cron: "0 0 1 1 *", Overlap: "cancel_previous"}), w.define(config.Schedule{Name: "handed-over", Cron: "0 0 1 1 *", Overlap: "cancel_previous"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{waits, handedOver}))
		for _, name := range []string{waits.Name, handedOver.Name} {
			failed := w.due(name, time.Hour, history.ByTick)
			_, err := w.history.Finish(t.Context(), w.db, failed, history.End{Status: history.Failed}, history.Queued)
			require.NoError(t, err)
			retry := w.due(name, 2*time.Minute, history.ByRetry)
			_, err = w.db.ExecContext(t.Context(), `UPDATE phscript_run SET retry_of = ? WHERE id = ?`, failed, retry)
			require.NoError(t, err)
			if name == handedOver.Name {
				require.NoError(t, w.schedules.Dispatch(t.Context()))
				require.Equal(t, "handed over", w.state(retry))
			}
			next := w.due(name, time.Minute, history.ByTick)
			for range 3 {
				require.NoError(t, w.schedules.Dispatch(t.Context()))
			}
			assert.Equal(t, "cancelled", w.state(retry))
			assert.Equal(t, "handed over", w.state(next))
			e, err := w.schedules.one(t.Context(), w.schedules.db, name)
			require.NoError(t, err)
			assert.True(t, e.Failing, name)
		}
	})
}

// TestDispatchTogether: of several processes that find a run due at the same
// time, one hands it over, and the others do not take it for another one that is
// in its way.
func TestDispatchTogether(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "once", Cron: "0 0 1 1 *"})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		for range 20 {
			id := w.runNow("once")
			var together sync.WaitGroup
			for range 4 {
				together.Go(func() { assert.NoError(t, w.schedules.Dispatch(t.Context())) })
			}
			together.Wait()
			r, err := w.history.Run(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, history.Queued, r.Status, r.Reason)
			require.NotZero(t, r.Job)
			_, err = w.schedules.Cancel(t.Context(), id, Ask{Why: "the next one comes"})
			require.NoError(t, err)
		}
	})
}

// TestACrowdStarvesNobody: hundreds of waiting runs of one schedule keep no
// other one from being handed over.
func TestACrowdStarvesNobody(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	big, small := w.define(config.Schedule{Name: "big", Cron: "0 0 1 1 *", Overlap: "queue"}), w.define(config.Schedule{Name: "small", Cron: "0 0 1 1 *"})
	require.NoError(t, w.schedules.Sync(t.Context(), []definition{big, small}))
	for range 3 * mostDispatched {
		w.runNow("big")
	}
	id := w.runNow("small")
	require.NoError(t, w.schedules.Dispatch(t.Context()))
	r, err := w.history.Run(t.Context(), id)
	require.NoError(t, err)
	assert.NotZero(t, r.Job)
}

// TestThoseThatWaitStarveNobody: however many schedules wait for a run of their
// own to end, others are handed over.
func TestThoseThatWaitStarveNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		free := w.define(config.Schedule{Name: "free", Cron: "0 0 1 1 *"})
		definitions := []definition{free}
		for i := range mostDispatched + 10 {
			overlap := []string{"queue", "cancel_previous"}[i%2]
			definitions = append(definitions, w.define(config.Schedule{Name: "waits-" + itoa(int64(i)), Script: "waits.lua", Cron: "0 0 1 1 *", Overlap: overlap}))
		}
		require.NoError(t, w.schedules.Sync(t.Context(), definitions))
		for _, d := range definitions[1:] {
			w.begin(w.due(d.Name, time.Hour, history.ByTick))
			w.due(d.Name, time.Minute, history.ByTick)
		}
		id := w.due("free", time.Second, history.ByTick)
		require.NoError(t, w.schedules.Dispatch(t.Context()))
		assert.Equal(t, "handed over", w.state(id))
	})
}
