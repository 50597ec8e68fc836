package tokens

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
)

var _ bindings.TokenStore = (*Memory)(nil)

func onStores(t *testing.T, test func(t *testing.T, open func() *store.DB)) {
	t.Helper()
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			test(t, func() *store.DB {
				db, err := store.Open(t.Context(), location)
				require.NoError(t, err)
				t.Cleanup(func() { _ = db.Close() })
				return db
			})
		})
	}
}

func TestLock(t *testing.T) {
	onStores(t, func(t *testing.T, open func() *store.DB) {
		a, b, ctx := open(), open(), t.Context()
		try := func(db *store.DB, holder string, lease time.Duration) bool {
			_, locked, err := TryLock(ctx, db, "x", holder, lease)
			require.NoError(t, err)
			return locked
		}
		assert.True(t, try(a, "a", time.Hour))
		assert.False(t, try(b, "b", time.Hour))
		require.NoError(t, Unlock(ctx, b, "x", "b"))
		assert.False(t, try(b, "b", time.Hour), "only the holder unlocks")
		require.NoError(t, Unlock(ctx, a, "x", "a"))
		assert.True(t, try(b, "b", 10*time.Millisecond))
		assert.True(t, patience.Until(5*time.Millisecond, func() bool { return try(a, "a", time.Hour) }), "the lease ends")
		require.NoError(t, Unlock(ctx, b, "x", "b"))
		assert.False(t, try(b, "b", time.Hour), "whoever lost the lock does not end that of the next holder")
	})
}

func TestOneOfManyLocks(t *testing.T) {
	onStores(t, func(t *testing.T, open func() *store.DB) {
		var wait sync.WaitGroup
		won := make([]bool, 12)
		for i := range won {
			db := open()
			wait.Go(func() {
				var err error
				_, won[i], err = TryLock(t.Context(), db, "x", string(rune('a'+i)), time.Hour)
				assert.NoError(t, err)
			})
		}
		wait.Wait()
		n := 0
		for _, one := range won {
			if one {
				n++
			}
		}
		assert.Equal(t, 1, n)
	})
}

func TestReplace(t *testing.T) {
	onStores(t, func(t *testing.T, open func() *store.DB) {
		db, ctx := open(), t.Context()
		replace := func(old, value []byte, want bool) {
			t.Helper()
			replaced, err := Replace(ctx, db, "x", old, value)
			require.NoError(t, err)
			assert.Equal(t, want, replaced)
		}
		one, two, three := []byte{1, 0, 255}, []byte{2}, []byte{3}
		replace(one, two, false)
		replace(nil, one, true)
		replace(nil, one, true) // an attempt whose answer was lost
		replace(nil, two, false)
		replace(two, three, false)
		replace(one, two, true)
		value, err := Load(ctx, db, "x")
		require.NoError(t, err)
		assert.Equal(t, two, value)
		value, locked, err := TryLock(ctx, db, "x", "a", time.Hour)
		require.NoError(t, err)
		assert.True(t, locked)
		assert.Equal(t, two, value)
	})
}

func TestMemory(t *testing.T) {
	m := &Memory{}
	_, release, err := m.TryLock(t.Context(), "x", time.Hour)
	require.NoError(t, err)
	_, none, err := m.TryLock(t.Context(), "x", time.Hour)
	require.NoError(t, err)
	assert.Nil(t, none)
	release()
	for _, want := range []bool{true, false} {
		replaced, err := m.Replace(t.Context(), "x", nil, []byte{1})
		require.NoError(t, err)
		assert.Equal(t, want, replaced)
	}
	key, err := m.Key()
	require.NoError(t, err)
	again, err := m.Key()
	require.NoError(t, err)
	assert.Equal(t, key, again)
	assert.Len(t, key, 32)
}
