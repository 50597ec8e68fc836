package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Tx is a transaction on one connection.
type Tx struct {
	*sql.Tx
	// DB is the store that the transaction changes.
	DB   *DB
	conn *sql.Conn
}

// Postgres lets work that only knows pgx take part in the transaction. The store
// must be on PostgreSQL.
func (tx *Tx) Postgres(work func(tx pgx.Tx) error) error {
	var failed error
	err := tx.conn.Raw(func(conn any) error {
		// Raw takes some errors for the end of the connection, and waits for the
		// transaction to end.
		failed = work(joined{conn.(*stdlib.Conn).Conn()})
		return nil
	})
	return errors.Join(err, failed)
}

// pgxConn is embedded under this name because joined has a method Conn.
type pgxConn = pgx.Conn

// joined is a transaction that database/sql begins and ends, as pgx sees it.
type joined struct{ *pgxConn }

var errJoined = errors.New("the transaction is begun and ended elsewhere")

func (j joined) Conn() *pgx.Conn                     { return j.pgxConn }
func (joined) Begin(context.Context) (pgx.Tx, error) { return nil, errJoined }
func (joined) Commit(context.Context) error          { return errJoined }
func (joined) Rollback(context.Context) error        { return errJoined }
func (joined) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }

// deadlock is PostgreSQL's code for two transactions that wait for each other.
const deadlock = "40P01"

// mostTries is how often a transaction is tried if PostgreSQL ends it because of a
// deadlock, or if its connection is lost before anything was sent.
const mostTries = 5

// InTx runs work in one transaction, and rolls it back if work fails. It runs work
// again after a deadlock. Like all methods of DB, it returns an *Error if the file is
// damaged.
func (db *DB) InTx(ctx context.Context, work func(tx *Tx) error) error {
	return db.tryTx(ctx, work, db.inTx)
}

// InDurableTx is InTx for changes that must survive a power failure once it returns.
// On SQLite, a power failure can undo the latest of the other transactions.
func (db *DB) InDurableTx(ctx context.Context, work func(tx *Tx) error) error {
	return db.tryTx(ctx, work, db.inDurableTx)
}

func (db *DB) tryTx(ctx context.Context, work func(tx *Tx) error, run func(context.Context, func(tx *Tx) error) error) error {
	for try := 1; ; try++ {
		err := db.final(run(ctx, work))
		if try == mostTries || !db.passes(err) || ctx.Err() != nil {
			return err
		}
	}
}

// passes reports whether a failed transaction may succeed when it is repeated.
func (db *DB) passes(err error) bool {
	if err == nil || db.pool == nil {
		return false
	}
	var failed *pgconn.PgError
	return errors.As(err, &failed) && failed.Code == deadlock || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn)
}

func (db *DB) inTx(ctx context.Context, work func(tx *Tx) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return db.onConn(ctx, conn, work)
}

func (db *DB) inDurableTx(ctx context.Context, work func(tx *Tx) error) error {
	if db.pool != nil {
		return db.inTx(ctx, work)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous=FULL"); err != nil {
		return err
	}
	err = db.onConn(ctx, conn, work)
	_, failed := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous=NORMAL")
	return errors.Join(err, failed)
}

func (db *DB) onConn(ctx context.Context, conn *sql.Conn, work func(tx *Tx) error) error {
	tx, err := db.begin(ctx, conn)
	if err != nil {
		return err
	}
	if err := work(&Tx{tx, db, conn}); err != nil {
		if failed := tx.Rollback(); !errors.Is(failed, sql.ErrTxDone) {
			err = errors.Join(err, failed)
		}
		return err
	}
	return tx.Commit()
}

// begin begins a transaction, on SQLite with the lock for writing.
func (db *DB) begin(ctx context.Context, conn *sql.Conn) (*sql.Tx, error) {
	for began := time.Now(); ; {
		tx, err := conn.BeginTx(ctx, nil)
		if !db.eager || sqliteCode(err) != sqliteBusy || time.Since(began) > patience || ctx.Err() != nil {
			return tx, err
		}
		// The connection has waited for a millisecond.
	}
}
