// Package store opens the database that holds what outlives a process: the
// shared quota, and with it everything that several processes or machines have
// to agree on.
//
// It is a SQLite file on one machine, or a PostgreSQL database for several. The
// SQL of its users is written once, with ? for parameters; what the two spell
// differently is asked of the DB.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// Error is a store that cannot be used, and will not be by waiting.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// DB is an open store. It is safe for concurrent use.
type DB struct {
	*sql.DB
	postgres bool
	// Location is where the store is, without a password, for people to read.
	Location string
}

// IsPostgres tells whether a location names a PostgreSQL database.
func IsPostgres(location string) bool {
	return strings.HasPrefix(location, "postgres://") || strings.HasPrefix(location, "postgresql://")
}

// Open opens the store at a location, a file or a postgres:// URL, and brings
// its tables up to date. The file and its folder are made where they are
// missing, for their owner alone. An *Error is final; another error may pass.
func Open(ctx context.Context, location string) (*DB, error) {
	db, err := connect(location)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the store %s: %w", db.Location, err), db.Close())
	}
	return db, nil
}

func connect(location string) (*DB, error) {
	if IsPostgres(location) {
		u, err := url.Parse(location)
		if err != nil {
			// The error would show the password.
			return nil, &Error{Message: "the address of the PostgreSQL store is malformed", Hint: "it is written postgres://user:password@host:5432/database"}
		}
		db, err := sql.Open("pgx", location)
		if err != nil {
			return nil, &Error{Message: "the PostgreSQL store " + u.Redacted() + " cannot be used", Hint: "it is written postgres://user:password@host:5432/database"}
		}
		return &DB{DB: db, postgres: true, Location: u.Redacted()}, nil
	}
	if err := prepareFile(location); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: location}).EscapedPath()+
		"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		return nil, &Error{Message: "the store " + location + " cannot be used: " + err.Error()}
	}
	// SQLite has one writer at a time; a queue in the process beats retries.
	db.SetMaxOpenConns(1)
	return &DB{DB: db, Location: location}, nil
}

// prepareFile makes the file, so that nobody else can read it.
func prepareFile(name string) error {
	const hint = "name another place with --state or PHSCRIPT_STATE"
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return &Error{Message: "the folder for the store cannot be made: " + plain(err), Hint: hint}
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return &Error{Message: "the store " + name + " cannot be opened: " + plain(err), Hint: hint}
	}
	return f.Close()
}

func plain(err error) string {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Path + ": " + failed.Err.Error()
	}
	return err.Error()
}

// Now is the SQL expression for the database's own time, in microseconds since
// 1970. It moves on within a transaction.
func (db *DB) Now() string {
	if db.postgres {
		return "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
	}
	return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
}

// Locking is what a SELECT ends with to keep others from the rows until the
// transaction ends. On SQLite the transaction itself does.
func (db *DB) Locking() string {
	if db.postgres {
		return " FOR UPDATE"
	}
	return ""
}

// Bind writes the parameters of a statement, each a ?, as the database wants
// them. The statement holds no ? otherwise.
func (db *DB) Bind(statement string) string {
	if !db.postgres {
		return statement
	}
	var b strings.Builder
	n := 0
	for _, c := range statement {
		if c == '?' {
			n++
			fmt.Fprintf(&b, "$%d", n)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// InTx runs work in one transaction, which is undone where work fails.
func (db *DB) InTx(ctx context.Context, work func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
