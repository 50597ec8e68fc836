package hooks

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

// TestPassesReadOnlyWhatIsOpen: what a pass asks for again and again is in indexes of the
// events that are open, however many were handled.
func TestPassesReadOnlyWhatIsOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	for statement, args := range map[string][]any{endedRuns: {1}, openRuns: {"plain"}, waitingPage: {"plain", 0, 1, "plain", "plain", "plain", 1, 1}} {
		steps := 0
		require.NoError(t, store.Each(t.Context(), f.db, func(row *sql.Rows) error {
			var id, parent, other int
			var step string
			err := row.Scan(&id, &parent, &other, &step)
			if strings.Contains(step, "INDEX phscript_hook_event") || strings.Contains(step, "SCAN ") && !strings.Contains(step, "SCAN e") {
				steps++
				assert.Regexp(t, `(COVERING INDEX phscript_hook_event_(running|held|again)|INDEX phscript_hook_event_waiting) ?`, step, statement)
			}
			return err
		}, "EXPLAIN QUERY PLAN "+statement, args...))
		assert.Equal(t, map[bool]int{true: 4, false: 1}[statement == waitingPage], steps, statement)
	}
}

// TestLookingLocksNothing: while others write, a pass that has nothing to begin does not wait
// for them, and so does not keep senders waiting either.
func TestLookingLocksNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain(func(w *config.Webhook) { w.Batch, w.Within = 10, "1h" }))
	f.arrive("a1", "a2")
	held, release := make(chan bool), make(chan bool)
	ended := make(chan error, 1)
	go func() {
		ended <- f.durable.InTx(t.Context(), func(*store.Tx) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	began := time.Now()
	assert.Empty(t, f.pass(), "more may come")
	assert.Less(t, time.Since(began), 4*time.Second, "it has waited for the lock")
	close(release)
	require.NoError(t, <-ended)
}

// TestReplayedWhilePruned: an event that somebody replays while old ones are deleted keeps its
// body.
func TestReplayedWhilePruned(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain())
	f.arrive("a1")
	f.end(onlyRun(t, f.pass()), succeeded)
	f.pass()
	e := f.all()[0]
	require.Equal(t, Handled, e.State)
	for _, change := range []string{`UPDATE phscript_hook_event SET body = NULL WHERE id IN`, `DELETE FROM phscript_hook_event WHERE id IN`} {
		// It was found before somebody replays it.
		_, err := f.events.ReplayOne(t.Context(), e.ID, audit.Actor{Name: "kim", Role: audit.CommandLine}, "")
		require.NoError(t, err)
		_, err = f.handler.pruneStep(t.Context(), change, fmt.Sprintf(`SELECT %d, 0`, e.ID), nil)
		require.NoError(t, err)
		whole, err := f.events.Get(t.Context(), e.ID)
		require.NoError(t, err)
		assert.Equal(t, Waiting, whole.State)
		assert.NotEmpty(t, whole.Body)
		f.due()
		f.end(onlyRun(t, f.pass()), history.End{Status: history.Succeeded})
		f.pass()
	}
}

// TestGroups: of the events that are stored together, each is stored once.
func TestGroups(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		f.use(plain())
		var group []arrival
		for _, e := range []Event{
			{Delivery: "a"}, {Delivery: "a"}, {Delivery: "b", content: "same"}, {Delivery: "c", content: "same"}, {Delivery: "d@1"}, {Delivery: "d@2", before: "d@1"}, {Delivery: "a", Hook: "other"}, {Delivery: "e", Body: []byte("\x00\xff")},
		} {
			if e.Hook == "" {
				e.Hook = "plain"
			}
			if e.Body == nil {
				e.Body = []byte{}
			}
			e.Method, e.Path = "POST", "/hooks/plain"
			group = append(group, arrival{Event: &e})
		}
		again, err := f.intake.writer.insert(t.Context(), group)
		require.NoError(t, err)
		assert.Equal(t, []bool{false, true, false, true, false, true, false, false}, again)
		var stored []string
		var last *Event
		for _, e := range f.all() {
			stored = append(stored, fmt.Sprint(e.Hook, " ", e.Delivery, " ", e.Repeats, " ", e.Size))
			last = e
		}
		assert.Equal(t, []string{"plain a 1 0", "plain b 1 0", "plain d@1 1 0", "other a 0 0", "plain e 0 2"}, stored, "in the order of their arrival")
		whole, err := f.events.Get(t.Context(), last.ID)
		require.NoError(t, err)
		assert.Equal(t, "\x00\xff", string(whole.Body))
		assert.Equal(t, last.ID, group[7].ID)
		again, err = f.intake.writer.insert(t.Context(), group[:3])
		require.NoError(t, err)
		assert.Equal(t, []bool{true, true, true}, again)
	})
}

// TestHandlingKeepsNoSenderWaiting: while a transaction of the handler is open, events are
// stored, and no other process handles events of the webhook.
func TestHandlingKeepsNoSenderWaiting(t *testing.T) {
	t.Parallel()
	f := newFixture(t, postgres.Start(t).URL())
	f.use(plain())
	f.arrive("a1")
	held, release := make(chan bool), make(chan bool)
	ended := make(chan error, 2)
	go func() {
		ended <- f.db.InTx(t.Context(), func(tx *store.Tx) error {
			err := lock(t.Context(), tx, "plain")
			close(held)
			<-release
			return err
		})
	}()
	<-held
	f.arrive("a2")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.Error(t, f.db.InTx(ctx, func(tx *store.Tx) error { return lock(ctx, tx, "plain") }))
	require.NoError(t, f.db.InTx(t.Context(), func(tx *store.Tx) error { return lock(t.Context(), tx, "other") }))
	close(release)
	require.NoError(t, <-ended)
	assert.NotEmpty(t, f.pass())
}
