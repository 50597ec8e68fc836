// Package store opens the database for everything that outlives a process, and
// that several processes or machines share: the quota, runs, schedules and
// checkpoints.
//
// It is a SQLite file on one machine, or a PostgreSQL database for several. SQL is
// written once, with ? for parameters. DB has methods for what the two databases
// write differently.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Error is the error for a store that waiting does not make usable.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// DB is an open store. It is safe for concurrent use.
type DB struct {
	*sql.DB
	// pool has the connections to PostgreSQL, nil on SQLite.
	pool *pgxpool.Pool
	// Location is the file or address, without its password.
	Location string
	// prepared has the statements that are used often, by their text.
	prepared sync.Map
	// file is the SQLite file, nil on PostgreSQL. It stays open, because closing it
	// would release the locks that SQLite holds on it in this process.
	file *os.File
	// readers has the connections that only read.
	readers readers
	// shared says that pool and file belong to another DB.
	shared bool
	// eager says that transactions ask for SQLite's lock without pauses.
	eager bool
}

// IsPostgres reports whether a location names a PostgreSQL database.
func IsPostgres(location string) bool {
	return strings.HasPrefix(location, "postgres://") || strings.HasPrefix(location, "postgresql://")
}

// Open opens the store at a location, a file or a postgres:// URL, and updates its
// tables. If the file or its folder is missing, Open creates it for its owner
// alone. An *Error is final; other errors may pass.
func Open(ctx context.Context, location string) (*DB, error) {
	db, err := connect(location)
	if err != nil {
		return nil, err
	}
	if err := db.update(ctx); err != nil {
		_ = db.Close()
		if failed := cmp.Or(db.unusable(err), unverified(db.Location, err)); failed != nil {
			return nil, failed
		}
		if errors.As(err, new(*Error)) {
			return nil, err
		}
		return nil, fmt.Errorf("the store %s: %w", db.Location, err)
	}
	return db, nil
}

func connect(location string) (*DB, error) {
	if IsPostgres(location) {
		return connectPostgres(location)
	}
	if err := prepareFile(location); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", fileURL(location)+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&"+patient)
	if err != nil {
		return nil, &Error{Message: "the store " + location + " cannot be used: " + err.Error()}
	}
	// SQLite has one writer at a time: waiting for the connection is faster than
	// retrying.
	db.SetMaxOpenConns(1)
	file, err := os.Open(location)
	if err != nil {
		return nil, &Error{Message: "the store " + location + " cannot be used: " + plain(err)}
	}
	return &DB{DB: db, Location: location, file: file}, nil
}

// patience is how long a connection waits for locks.
const patience = 5 * time.Second

// patient is the part of an address by which a connection has that patience.
var patient = fmt.Sprintf("_pragma=busy_timeout(%d)", patience.Milliseconds())

func fileURL(location string) string { return "file:" + (&url.URL{Path: location}).EscapedPath() }

// longestName is the longest path of a SQLite file, in bytes: SQLite's own limit, less
// the ending of the journal's name.
const longestName = 512 - len("-journal") - 1

// prepareFile creates a missing file, readable only for its owner.
func prepareFile(name string) error {
	const hint = "choose another place with --state or PHSCRIPT_STATE"
	if len(name) > longestName {
		return &Error{Message: fmt.Sprintf("the store's path is too long: it has %d bytes, and SQLite accepts at most %d", len(name), longestName), Hint: hint}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return &Error{Message: "cannot create the store's folder: " + plain(err), Hint: hint}
	}
	// The journal is looked for first: another process may be creating both. Applied
	// to a new file, an old journal would damage it.
	if journal := name + "-wal"; FileExists(journal) && !FileExists(name) {
		return &Error{
			Message: "the store " + name + " is missing, but its journal " + journal + ", which holds its latest changes, exists",
			Hint:    "bring the file back, or move " + journal + " and " + name + "-shm away as well to start with an empty store",
		}
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return &Error{Message: "the store " + name + " cannot be opened: " + plain(err), Hint: hint}
	}
	return f.Close()
}

func plain(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Path + ": " + failed.Err.Error()
	}
	return err.Error()
}

// Now is the SQL expression for the database's time, in microseconds since 1970. It
// advances within a transaction.
func (db *DB) Now() string {
	if db.pool != nil {
		return "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
	}
	return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
}

// Locking is the end of a SELECT that locks its rows until the transaction ends. On
// SQLite, each transaction locks the whole store.
func (db *DB) Locking() string {
	if db.pool != nil {
		return " FOR UPDATE"
	}
	return ""
}
