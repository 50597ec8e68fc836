package serve

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
)

// TestRestored: nothing waits for a run that was in progress when a backup was made,
// whatever the clock says, and nobody is taken to serve the store.
func TestRestored(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		d := w.define(config.Schedule{Name: "nightly", Cron: "0 0 1 1 *", Overlap: "queue", Retries: 1})
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{d}))
		id := w.due("nightly", time.Minute, history.ByTick)
		w.begin(id)
		_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_run SET seen_at = seen_at + 3600000000`)
		require.NoError(t, err)
		_, err = w.db.ExecContext(t.Context(), `INSERT INTO phscript_server (name, workers, started_at, seen_at, folder) VALUES ('old:1', 2, 1, `+w.db.Now()+`, '/old')`)
		require.NoError(t, err)

		lost, err := w.schedules.Restored(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, lost)
		assert.Equal(t, []string{"lost schedule", "queued retry"}, w.statuses("nightly"), "its retry is what a lost run leads to")
		lost, err = w.schedules.Restored(t.Context())
		require.NoError(t, err)
		assert.Zero(t, lost)

		stop := w.serve("new:2", succeed, d) // another folder, so it would be refused
		defer stop()
		waiting := w.runNow("nightly")
		w.awaitStatus(waiting, history.Succeeded)
	})
}
