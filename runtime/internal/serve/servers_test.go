package serve

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
)

// TestWhoServes: a service counts as live until it stops, or until it was not seen
// for 20 seconds. Another folder on the same machine is refused until then.
func TestWhoServes(t *testing.T) {
	t.Parallel()
	w := newFixture(t, t.TempDir()+"/state.db")
	service := func(name, dir string, alone bool) *Service {
		return New(Options{
			DB: w.db, Engine: w.engine, Loader: &Loader{Dir: dir}, Name: name, Workers: 2, Alone: alone, Log: slog.New(slog.DiscardHandler),
		}, &Loaded{})
	}
	first := service("here:1", w.dir, false)
	require.NoError(t, first.register(t.Context()))
	seen := func(ago time.Duration) {
		require.NoError(t, store.Exec(t.Context(), w.db, `UPDATE phscript_server SET seen_at = `+w.db.Now()+` - ?`, ago.Microseconds()))
	}
	live := func() bool {
		servers, err := Servers(t.Context(), w.db)
		require.NoError(t, err)
		require.Len(t, servers, 1)
		assert.Equal(t, w.dir, servers[0].Folder)
		return servers[0].Live
	}
	other, elsewhere, same, alone := service("here:2", "/other", false), service("there:1", "/other", false), service("here:2", w.dir, false), service("there:1", w.dir, true)
	assert.True(t, live())
	require.ErrorContains(t, other.alone(t.Context()), "already serves the schedules in "+w.dir+" (here:1)")
	require.ErrorContains(t, alone.alone(t.Context()), "here:1 is already using the store")
	require.NoError(t, elsewhere.alone(t.Context()), "two machines may have their folders in different places")
	require.NoError(t, same.alone(t.Context()))
	seen(15 * time.Second)
	assert.True(t, live())
	seen(25 * time.Second)
	assert.False(t, live())
	require.NoError(t, other.alone(t.Context()))
	require.NoError(t, first.seen(t.Context()))
	assert.True(t, live())
	require.NoError(t, first.retire(t.Context()))
	assert.False(t, live(), "it has stopped, although it was seen just now")
	require.NoError(t, alone.alone(t.Context()))
}
