package serve

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
)

// TestNoticesKeepTheirOrder: people do not hear that a schedule works again and
// then that it fails, because the first notice was refused for a while; those of
// another schedule, or by another action, do not wait for it.
func TestNoticesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		var mu sync.Mutex
		var told []string
		refused := ""
		hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			var e Event
			assert.NoError(t, json.NewDecoder(r.Body).Decode(&e))
			mu.Lock()
			defer mu.Unlock()
			said := e.Schedule + r.URL.Path + " " + string(e.Kind)
			if said == refused {
				rw.WriteHeader(http.StatusServiceUnavailable)
				said += " refused"
			}
			told = append(told, said)
		}))
		defer hook.Close()
		s := New(Options{
			DB: w.db, Engine: w.engine, Loader: &Loader{Dir: w.dir}, Log: slog.New(slog.DiscardHandler),
			Notifier: &Notifier{Getenv: os.LookupEnv, Pause: time.Hour},
		}, &Loaded{})
		queue := func(schedule, path string, kind EventKind) {
			require.NoError(t, w.db.InTx(t.Context(), func(tx *store.Tx) error {
				return w.schedules.queueNotice(t.Context(), tx, Event{Kind: kind, Schedule: schedule, Error: `{"schedule":"b"}`}, config.Action{Webhook: hook.URL + path})
			}))
		}
		deliver := func(refuse string) []string {
			mu.Lock()
			told, refused = nil, refuse
			mu.Unlock()
			require.NoError(t, s.Deliver(t.Context()))
			return told
		}
		change := func(what string) {
			_, err := w.db.ExecContext(t.Context(), `UPDATE phscript_notice SET `+what+` WHERE id = (SELECT min(id) FROM phscript_notice)`)
			require.NoError(t, err)
		}
		queue("a", "/x", Failure)
		queue("a", "/x", Recovery)
		queue("a", "/y", Recovery)
		queue("b", "/x", Recovery)
		assert.ElementsMatch(t, []string{"a/x failure refused", "a/y recovery", "b/x recovery"}, deliver("a/x failure"))
		assert.Empty(t, deliver(""), "the first one waits for its next try, and the second one for the first")
		change("due_at = 0")
		assert.Equal(t, []string{"a/x failure"}, deliver(""))
		assert.Equal(t, []string{"a/x recovery"}, deliver(""))
		assert.Empty(t, deliver(""))
		// One that is given up is not waited for.
		queue("a", "/x", Failure)
		queue("a", "/x", Recovery)
		change("tries = " + itoa(noticeTries-1))
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(config.Schedule{Name: "a", Every: "1h"})}))
		assert.Zero(t, w.entry("a").GivenUp)
		assert.Equal(t, []string{"a/x failure refused"}, deliver("a/x failure"))
		assert.Equal(t, int64(1), w.entry("a").GivenUp, "the store remembers it")
		assert.WithinDuration(t, time.Now(), w.entry("a").GaveUp, time.Minute)
		assert.Equal(t, []string{"a/x recovery"}, deliver("a/x failure"))
	})
}
