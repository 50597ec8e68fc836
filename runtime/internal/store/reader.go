package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5/stdlib"
)

// mostReaders is how many statements a Reader runs at once.
const mostReaders = 4

// Reader reads the store on connections apart from those that write. It shows only what
// was committed. On SQLite, which has one connection for writing, neither waits for the
// other; on PostgreSQL, a Reader takes at most a third of the connections. It is safe for
// concurrent use.
type Reader struct {
	db   *DB
	conn *sql.DB
}

// readers is the Reader of a store, which is opened when it is first needed.
type readers struct {
	mu     sync.Mutex
	opened *Reader
	closed bool
}

var (
	errReadOnly = errors.New("a Reader of the store does not change it")
	errClosed   = errors.New("the store is closed")
)

// Reader returns the Reader of the store. It is closed with the store.
func (db *DB) Reader() (*Reader, error) {
	db.readers.mu.Lock()
	defer db.readers.mu.Unlock()
	if db.readers.closed {
		return nil, errClosed
	}
	if db.readers.opened != nil {
		return db.readers.opened, nil
	}
	var conn *sql.DB
	if db.pool != nil {
		conn = stdlib.OpenDBFromPool(db.pool)
	} else {
		var err error
		// The file exists; a connection must not create it again if it was moved away.
		if conn, err = sql.Open("sqlite", fileURL(db.Location)+"?mode=rw&_pragma=query_only(1)&"+patient); err != nil {
			return nil, err
		}
		conn.SetMaxIdleConns(mostReaders)
	}
	conn.SetMaxOpenConns(mostReaders)
	db.readers.opened = &Reader{db, conn}
	return db.readers.opened, nil
}

func (r *readers) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.opened == nil {
		return nil
	}
	return r.opened.conn.Close()
}

// Now is DB.Now.
func (r *Reader) Now() string { return r.db.Now() }

// Matches is DB.Matches.
func (r *Reader) Matches(text string) string { return r.db.Matches(text) }

// ExecContext implements Queryer. It always fails.
func (*Reader) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errReadOnly
}

// QueryContext implements Queryer.
func (r *Reader) QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	rows, err := r.conn.QueryContext(ctx, r.db.bind(statement), args...)
	return rows, r.db.final(err)
}

// QueryRowContext implements Queryer.
func (r *Reader) QueryRowContext(ctx context.Context, statement string, args ...any) *sql.Row {
	return r.conn.QueryRowContext(ctx, r.db.bind(statement), args...)
}

// Within runs work on one state of the store: all its statements see the same commits.
func (r *Reader) Within(ctx context.Context, work func(s Source) error) error {
	tx, err := r.conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return r.db.final(err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return r.db.final(work(&reading{r, tx}))
}

// reading is a transaction of a Reader.
type reading struct {
	r  *Reader
	tx *sql.Tx
}

func (t *reading) Now() string                { return t.r.Now() }
func (t *reading) Matches(text string) string { return t.r.Matches(text) }

func (*reading) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errReadOnly
}

func (t *reading) QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, t.r.db.bind(statement), args...)
}

func (t *reading) QueryRowContext(ctx context.Context, statement string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, t.r.db.bind(statement), args...)
}
