package hooks

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
)

var kim = audit.Actor{Name: "kim", Role: "operator", Address: "192.0.2.1"}

// park parks what arrives: the first run of each event fails, and there is only one try.
func (f *fixture) park(ids ...string) (events map[string]*Event) {
	f.t.Helper()
	hooks := f.use(plain(func(w *config.Webhook) { w.Tries, w.AtOnce, w.AfterParked = 1, 100, "wait" }))
	f.arrive(ids...)
	for run := range f.pass() {
		f.end(run, broken)
	}
	require.NoError(f.t, f.handler.settle(f.t.Context(), hooks))
	events = map[string]*Event{}
	for _, e := range f.all() {
		events[e.Delivery] = e
	}
	return events
}

func (f *fixture) acts() (list []audit.Entry) {
	f.t.Helper()
	list, err := audit.List(f.t.Context(), f.db, audit.Filter{})
	require.NoError(f.t, err)
	return list
}

// TestDiscard: what nobody wants handled is discarded with a reason, and the audit says who
// did so. Nothing else is.
func TestDiscard(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		events := f.park("a1", "b1", "c1")
		f.arrive("a2")
		assert.Empty(t, f.pass(), "a2 waits for a1")

		_, err := f.events.Discard(t.Context(), Filter{IDs: []int64{events["a1"].ID}}, kim, "  ")
		require.ErrorIs(t, err, ErrNoReason)
		assert.Equal(t, Parked, states(f)["a1"])
		n, err := f.events.Discard(t.Context(), Filter{IDs: []int64{events["a1"].ID, 4, 999}}, kim, "test data\x00")
		require.NoError(t, err)
		assert.Equal(t, int64(1), n, "a2 is not parked")
		a1, err := f.events.Get(t.Context(), events["a1"].ID)
		require.NoError(t, err)
		assert.Equal(t, []any{Discarded, "kim", "test data\uFFFD", "boom"}, []any{a1.State, a1.DiscardedBy, a1.DiscardedWhy, a1.Reason})
		assert.False(t, a1.Ended.IsZero())
		assert.Len(t, f.pass(), 1, "nothing holds a2 back")
		assert.Equal(t, Running, states(f)["a2"])

		n, last, err := f.events.Count(t.Context(), Filter{States: []State{Parked}})
		require.NoError(t, err)
		assert.Equal(t, []int64{2, events["c1"].ID}, []int64{n, last})
		n, err = f.events.Discard(t.Context(), Filter{Hook: "plain", Before: events["c1"].ID}, kim, "old")
		require.NoError(t, err)
		assert.Equal(t, int64(1), n)
		assert.Equal(t, Parked, states(f)["c1"])
		n, err = f.events.Discard(t.Context(), Filter{Hook: "other"}, kim, "old")
		require.NoError(t, err)
		assert.Zero(t, n)

		// A discarded event can be replayed by its number, and not with all others.
		n, err = f.events.Replay(t.Context(), Filter{Hook: "plain"}, kim, "")
		require.NoError(t, err)
		assert.Equal(t, int64(1), n)
		assert.Equal(t, Discarded, states(f)["a1"])
		_, err = f.events.ReplayOne(t.Context(), a1.ID, kim, "")
		require.NoError(t, err)
		a1, err = f.events.Get(t.Context(), a1.ID)
		require.NoError(t, err)
		assert.Equal(t, []any{Waiting, "", ""}, []any{a1.State, a1.DiscardedBy, a1.DiscardedWhy})

		var did []string
		for _, a := range f.acts() {
			assert.Equal(t, kim, a.Actor)
			did = append(did, a.Action+" "+a.Target+": "+a.Detail)
		}
		assert.Equal(t, []string{"replay event 1: 1", "replay events of webhook plain: 1", "discard events of webhook plain: 1: old", "discard events 1, 4, 999: 1: test data\uFFFD"}, did)
	})
}

// TestTries: each run that had an event is known, also after a replay.
func TestTries(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		hooks := f.use(plain(func(w *config.Webhook) { w.Tries = 2 }))
		f.arrive("a1")
		var runs []int64
		step := func(end bool) {
			t.Helper()
			f.due()
			run := onlyRun(t, f.pass())
			runs = append(runs, run)
			if end {
				f.end(run, broken)
			} else {
				f.end(run, succeeded)
			}
			require.NoError(t, f.handler.settle(t.Context(), hooks))
		}
		step(true)
		step(true)
		assert.Equal(t, Parked, states(f)["a1"])
		_, err := f.events.ReplayOne(t.Context(), 1, kim, "")
		require.NoError(t, err)
		step(false)
		_, err = f.events.ReplayOne(t.Context(), 1, kim, "")
		require.NoError(t, err)
		step(false)
		tries, err := f.events.Tries(t.Context(), 1)
		require.NoError(t, err)
		require.Len(t, tries, 3, "the last one is in the event")
		assert.Equal(t, []int64{runs[2], runs[1], runs[0]}, []int64{tries[0].Run, tries[1].Run, tries[2].Run})
		assert.Equal(t, []string{"", "boom", "boom"}, []string{tries[0].Reason, tries[1].Reason, tries[2].Reason})
		assert.WithinDuration(t, time.Now(), tries[2].Ended, time.Minute)

		// They are deleted with the event.
		require.NoError(t, store.Exec(t.Context(), f.db, `UPDATE phscript_hook_event SET ended_at = 1`))
		require.NoError(t, f.handler.prune(t.Context()))
		assert.Empty(t, f.all())
		tries, err = f.events.Tries(t.Context(), 1)
		require.NoError(t, err)
		assert.Empty(t, tries)
	})
}

// TestUses: one sees which secret fits, and so that an old one is not used any more.
func TestUses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		hooks := f.use(config.Webhook{Name: "gh", Scheme: "github", Secrets: []config.WebhookSecret{{Env: "SECRET"}, {Env: "OTHER"}}})
		for id, secret := range map[string]string{"1": "SECRET", "2": "SECRET", "3": "OTHER"} {
			for range 2 { // a repetition counts, too
				status, _, _ := f.send(f.signed(hooks[0], secret, `{}`+id, id, f.clock()))
				require.Equal(t, 200, status)
			}
		}
		all, err := f.events.Totals(t.Context())
		require.NoError(t, err)
		gh := all["gh"]
		assert.Equal(t, []int64{4, 2}, []int64{gh.Secrets["SECRET"].Uses, gh.Secrets["OTHER"].Uses})
		assert.WithinDuration(t, time.Now(), gh.Last(), time.Minute)
	})
}

// TestFilters select events as people look for them.
func TestFilters(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		events := f.park("a1", "b1", "a_2")
		for name, one := range map[string]struct {
			filter Filter
			want   int
		}{
			"all": {Filter{}, 3}, "text in the id": {Filter{Text: "A1"}, 1}, "text in the reason": {Filter{Text: "boom"}, 2}, "a wildcard": {Filter{Text: "_"}, 1}, "none": {Filter{Text: "%"}, 0},
			"numbers": {Filter{IDs: []int64{events["a1"].ID, events["b1"].ID}}, 2}, "no numbers": {Filter{IDs: []int64{}}, 0}, "waiting": {Filter{States: []State{Waiting}}, 1},
		} {
			list, err := f.events.List(t.Context(), one.filter)
			require.NoError(t, err)
			assert.Len(t, list, one.want, name)
		}
	})
}

// TestListsReadLittle: the few events in a state are found without reading all others, which
// may be a million with their bodies.
func TestListsReadLittle(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	for _, state := range States {
		for _, hook := range []string{"", "plain"} {
			if state == Handled && hook == "" {
				continue // most are, so the newest ones are soon found
			}
			statement, args := Filter{Hook: hook, States: []State{state}, Limit: 51}.list(f.db)
			var plan string
			require.NoError(t, store.Each(t.Context(), f.db, func(row *sql.Rows) error {
				var a, b, c int
				var step string
				err := row.Scan(&a, &b, &c, &step)
				plan += step + "; "
				return err
			}, "EXPLAIN QUERY PLAN "+statement, args...))
			assert.NotContains(t, plan, "SCAN phscript_hook_event", "%s %s", state, hook)
			if state != Handled {
				assert.Contains(t, plan, "COVERING INDEX phscript_hook_event_"+string(state), "%s %s", state, hook)
			}
		}
	}
}
