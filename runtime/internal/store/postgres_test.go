package store

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/postgres"
)

const lockSchedule = `SELECT name FROM phscript_schedule WHERE name = 'a' FOR UPDATE`

// TestTransactionsOfTheGone: the rows that a transaction has locked are free some
// time after its process has stopped to say anything.
func TestTransactionsOfTheGone(t *testing.T) {
	t.Parallel()
	location := postgres.Start(t).URL()
	gone, err := Open(t.Context(), location)
	require.NoError(t, err)
	defer func() { require.NoError(t, gone.Close()) }()
	_, err = gone.ExecContext(t.Context(), `INSERT INTO phscript_schedule (name, definition, source, timing) VALUES ('a', '{}', '', '')`)
	require.NoError(t, err)
	tx, err := gone.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	var name string
	require.NoError(t, tx.QueryRowContext(t.Context(), lockSchedule).Scan(&name))

	other, err := Open(t.Context(), location)
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	require.NoError(t, other.InTx(t.Context(), func(tx *Tx) error { return tx.QueryRowContext(t.Context(), lockSchedule).Scan(&name) }))
	assert.Error(t, tx.QueryRowContext(t.Context(), lockSchedule).Scan(&name), "it was ended")
}

// TestPgxJoinsATransaction: what it does is kept and undone with the rest, and it
// neither ends the transaction nor begins another one.
func TestPgxJoinsATransaction(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), postgres.Start(t).URL())
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	count := func() (n int) {
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM phscript_checkpoint`).Scan(&n))
		return n
	}
	undone := errors.New("undone")
	for _, end := range []error{undone, nil} {
		err := db.InTx(t.Context(), func(tx *Tx) error {
			require.NoError(t, tx.Postgres(func(tx pgx.Tx) error {
				assert.Equal(t, byte('T'), tx.Conn().PgConn().TxStatus())
				assert.Error(t, tx.Commit(t.Context()))
				assert.Error(t, tx.Rollback(t.Context()))
				_, err := tx.Begin(t.Context())
				assert.Error(t, err)
				_, err = tx.Exec(t.Context(), `INSERT INTO phscript_checkpoint (owner, value, saved_at) VALUES ('a', '{}', 0)`)
				return err
			}))
			return end
		})
		require.ErrorIs(t, err, end)
		assert.Equal(t, map[bool]int{true: 0, false: 1}[end != nil], count())
	}
	var failed *pgconn.PgError
	err = db.InTx(t.Context(), func(tx *Tx) error {
		return tx.Postgres(func(tx pgx.Tx) error { _, err := tx.Exec(context.Background(), `SELECT 1/0`); return err })
	})
	require.ErrorAs(t, err, &failed, "errors keep their kind")
}
