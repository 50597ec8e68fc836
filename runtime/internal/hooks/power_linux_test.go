package hooks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/power"
)

// deliveries returns the ids of the events in a store.
func deliveries(t *testing.T, location string) map[string]bool {
	t.Helper()
	db, err := store.Open(context.Background(), location)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var whole string
	require.NoError(t, db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&whole))
	require.Equal(t, "ok", whole)
	list, err := NewEvents(db).List(t.Context(), Filter{})
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, e := range list {
		ids[e.Delivery] = true
	}
	return ids
}

// TestPowerFailure: whenever the power fails, the disk has each event that was acknowledged
// until then, although other transactions do not wait for the disk. The test itself would see
// events that do not.
func TestPowerFailure(t *testing.T) {
	power.Watch()
	name := filepath.Join(t.TempDir(), "state.db")
	f := newFixture(t, name)
	hooks := f.use(plain())
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	stop := make(chan struct{})
	var work sync.WaitGroup
	for sender := range 4 {
		work.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("%d-%d", sender, n)
				r := f.request(http.MethodPost, "/hooks/plain", fmt.Sprintf(`{"id":%q,"fill":%q}`, id, strings.Repeat("x", 3000)))
				r.Header.Set("X-Secret", long)
				res, err := http.DefaultClient.Do(r)
				if err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("event %s was not accepted: %v", id, err)
					return
				}
				_ = res.Body.Close()
				mu.Lock()
				acknowledged[id] = true
				mu.Unlock()
			}
		})
	}
	work.Go(func() { // others write meanwhile, and do not wait
		for {
			select {
			case <-stop:
				return
			default:
				if err := store.Exec(context.Background(), f.db, `INSERT INTO phscript_hook (name) VALUES ('busy') ON CONFLICT (name) DO UPDATE SET received = phscript_hook.received + 1`); err != nil {
					t.Errorf("the store cannot be written: %v", err)
					return
				}
			}
		}
	})
	for most := 0; most < 150; {
		mu.Lock()
		until := maps.Clone(acknowledged)
		mu.Unlock()
		found := deliveries(t, power.Copy(t, name))
		for id := range until {
			require.True(t, found[id], "event %s of %d was acknowledged, but is lost", id, len(until))
		}
		most = len(until)
	}
	close(stop)
	work.Wait()

	// The usual connection would lose it, unless it happens to move the journal into the file.
	require.NoError(t, store.Exec(t.Context(), f.db, `PRAGMA wal_autocheckpoint = 0`))
	e := &Event{Hook: hooks[0].Name, Delivery: "careless", Method: http.MethodPost, Path: "/", Header: http.Header{}, Body: []byte("{}")}
	careless := &writer{db: f.db}
	again, err := careless.insert(t.Context(), []arrival{{Event: e}})
	require.NoError(t, err)
	require.False(t, again[0])
	assert.False(t, deliveries(t, power.Copy(t, name))["careless"])
}
