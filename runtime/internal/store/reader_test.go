package store

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/postgres"
)

func onBoth(t *testing.T, test func(t *testing.T, db *DB)) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(t.Context(), location)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			test(t, db)
		})
	}
}

func tenants(t *testing.T, q Queryer) (n int) {
	t.Helper()
	require.NoError(t, q.QueryRowContext(t.Context(), "SELECT count(*) FROM phscript_quota WHERE host = ?", "h").Scan(&n))
	return n
}

// TestReadersDoNotWaitForWriters: while a transaction that writes is open, readers see what
// was committed before, and more of them than there are connections get their turn.
func TestReadersDoNotWaitForWriters(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		r, err := db.Reader()
		require.NoError(t, err)
		same, err := db.Reader()
		require.NoError(t, err)
		assert.Same(t, r, same)
		const add = "INSERT INTO phscript_quota (tenant, host) VALUES (?, 'h')"
		require.NoError(t, Exec(t.Context(), db, add, "a"))
		require.NoError(t, db.InTx(t.Context(), func(tx *Tx) error {
			require.NoError(t, Exec(t.Context(), tx, add, "b"))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var some sync.WaitGroup
			for range 3 * mostReaders {
				some.Go(func() {
					var n int
					assert.NoError(t, r.QueryRowContext(ctx, "SELECT count(*) FROM phscript_quota").Scan(&n))
					assert.Equal(t, 1, n)
				})
			}
			some.Wait()
			return nil
		}))
		assert.Equal(t, 2, tenants(t, r))
	})
}

// TestReadersWithinOneState: what is committed meanwhile is not seen.
func TestReadersWithinOneState(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		r, err := db.Reader()
		require.NoError(t, err)
		require.NoError(t, r.Within(t.Context(), func(q Source) error {
			assert.Equal(t, 0, tenants(t, q))
			require.NoError(t, Exec(t.Context(), db, "INSERT INTO phscript_quota (tenant, host) VALUES ('a', 'h')"))
			assert.Equal(t, 0, tenants(t, q))
			return nil
		}))
		assert.Equal(t, 1, tenants(t, r))
	})
}

// TestReadersChangeNothing: neither by Exec nor by a statement that returns rows.
func TestReadersChangeNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		r, err := db.Reader()
		require.NoError(t, err)
		const add = "INSERT INTO phscript_quota (tenant, host) VALUES ('a', 'h')"
		require.ErrorIs(t, Exec(t.Context(), r, add), errReadOnly)
		var tenant string
		require.Error(t, r.Within(t.Context(), func(q Source) error {
			require.ErrorIs(t, Exec(t.Context(), q, add), errReadOnly)
			return q.QueryRowContext(t.Context(), add+" RETURNING tenant").Scan(&tenant)
		}))
		assert.Equal(t, 0, tenants(t, db))
	})
}

func TestNoReaderOfAClosedStore(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = db.Reader()
	assert.ErrorIs(t, err, errClosed)
}
