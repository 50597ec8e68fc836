package durable

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

func stores(t *testing.T) map[string]*store.DB {
	t.Helper()
	all := map[string]*store.DB{}
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		db, err := store.Open(t.Context(), location)
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		all[name] = db
	}
	return all
}

func set(t *testing.T, db *store.DB, changes ...bindings.StateChange) error {
	t.Helper()
	return Set(t.Context(), db, "space", changes)
}

func TestValues(t *testing.T) {
	for name, db := range stores(t) {
		t.Run(name, func(t *testing.T) {
			at := func(n int64) *int64 { return &n }
			value, none, err := Get(t.Context(), db, "space", "a")
			require.NoError(t, err)
			assert.Nil(t, value)
			require.NoError(t, set(t, db, bindings.StateChange{Key: "a", Value: []byte("1"), Version: at(none)}))
			_, first, err := Get(t.Context(), db, "space", "a")
			require.NoError(t, err)
			assert.ErrorIs(t, set(t, db, bindings.StateChange{Key: "a", Value: []byte("2"), Version: at(none)}), bindings.ErrChanged)
			require.NoError(t, set(t, db, bindings.StateChange{Key: "a", Value: []byte("1"), Version: at(none)}), "the change was made already")
			require.NoError(t, set(t, db, bindings.StateChange{Key: "a", Value: []byte("2"), Version: at(first)}))

			// All changes or none.
			assert.ErrorIs(t, set(t, db, bindings.StateChange{Key: "b", Value: []byte("3")},
				bindings.StateChange{Key: "c", Value: []byte("4"), Version: at(9)}), bindings.ErrChanged)
			keys, err := Keys(t.Context(), db, "space")
			require.NoError(t, err)
			assert.Equal(t, []string{"a"}, keys)

			// A key that comes back has another version.
			require.NoError(t, set(t, db, bindings.StateChange{Key: "a"}))
			require.NoError(t, set(t, db, bindings.StateChange{Key: "a", Value: []byte("5")}))
			assert.ErrorIs(t, set(t, db, bindings.StateChange{Key: "a", Value: []byte("6"), Version: at(first)}), bindings.ErrChanged)
		})
	}
}

// Of many writers with the same version, one succeeds.
func TestOneWriterSucceeds(t *testing.T) {
	for name, db := range stores(t) {
		t.Run(name, func(t *testing.T) {
			race(t, db, 0)
			_, version, err := Get(t.Context(), db, "space", "a")
			require.NoError(t, err)
			race(t, db, version)
		})
	}
}

func race(t *testing.T, db *store.DB, version int64) {
	t.Helper()
	const writers = 8
	results := make([]error, writers)
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			results[i] = Set(t.Context(), db, "space", []bindings.StateChange{{Key: "a", Value: []byte{'1', byte('0' + i), byte('0' + min(version, 1))}, Version: &version}})
		})
	}
	wait.Wait()
	succeeded := 0
	for _, err := range results {
		if err == nil {
			succeeded++
		} else {
			assert.ErrorIs(t, err, bindings.ErrChanged)
		}
	}
	assert.Equal(t, 1, succeeded)
}
