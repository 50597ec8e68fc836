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
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"modernc.org/sqlite" // and the driver "sqlite"
)

// Error is a store that cannot be used, and will not be by waiting.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// DB is an open store. It is safe for concurrent use.
type DB struct {
	*sql.DB
	// pool has the connections to PostgreSQL, nil on SQLite.
	pool *pgxpool.Pool
	// Location is where the store is, without a password, for people to read.
	Location string
	// file is the SQLite file as it was when it was opened.
	file fs.FileInfo
}

// Moved reports whether the file of a SQLite store was removed, or replaced by
// another one. What is written to the store then is lost at its end.
func (db *DB) Moved() bool {
	if db.file == nil {
		return false
	}
	now, err := os.Stat(db.Location)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(db.file, now)
}

// IsPostgres reports whether a location names a PostgreSQL database.
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
		_ = db.Close()
		if failed := unusable(db.Location, err); failed != nil {
			return nil, failed
		}
		return nil, fmt.Errorf("the store %s: %w", db.Location, err)
	}
	return db, nil
}

// SQLite's result codes for a file that no waiting makes usable.
const (
	sqliteReadOnly = 8
	sqliteCorrupt  = 11
	sqliteNotADB   = 26
)

// unusable returns what to tell of a SQLite file that cannot be used, or nil
// where an error may pass.
func unusable(location string, err error) error {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return nil
	}
	const restore = "restore a backup with 'phscript state restore FILE', or move the file away, with its -wal and -shm, to start with an empty history"
	switch failed.Code() & 0xff {
	case sqliteNotADB:
		return &Error{Message: "the store " + location + " is not a phscript database: it is another program's file, or it is damaged", Hint: restore}
	case sqliteCorrupt:
		return &Error{Message: "the store " + location + " is damaged", Hint: restore}
	case sqliteReadOnly:
		return &Error{Message: "the store " + location + " cannot be written to", Hint: "the account that runs phscript must own the file and its folder; or choose another place with --state or PHSCRIPT_STATE"}
	}
	return nil
}

// Wait opens the store as Open does, and tries on while an error may pass. Each
// first failure of a kind is given to tell.
func Wait(ctx context.Context, location string, tell func(err error)) (*DB, error) {
	said := ""
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		db, err := Open(ctx, location)
		var final *Error
		if err == nil || errors.As(err, &final) {
			return db, err
		}
		if err.Error() != said && ctx.Err() == nil {
			said = err.Error()
			tell(err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func connect(location string) (*DB, error) {
	if IsPostgres(location) {
		return connectPostgres(location)
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
	file, err := os.Stat(location)
	if err != nil {
		return nil, &Error{Message: "the store " + location + " cannot be used: " + plain(err)}
	}
	return &DB{DB: db, Location: location, file: file}, nil
}

// prepareFile makes the file, so that nobody else can read it.
func prepareFile(name string) error {
	const hint = "choose another place with --state or PHSCRIPT_STATE"
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return &Error{Message: "cannot create the store's folder: " + plain(err), Hint: hint}
	}
	// Looked for in this order, as the file is there before its journal. In a new
	// file, the changes of an old one would be damage.
	if journal := name + "-wal"; Exists(journal) && !Exists(name) {
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
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Path + ": " + failed.Err.Error()
	}
	return err.Error()
}

// Now is the SQL expression for the database's own time, in microseconds since
// 1970. It moves on within a transaction.
func (db *DB) Now() string {
	if db.pool != nil {
		return "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
	}
	return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
}

// Locking is what a SELECT ends with to keep others from the rows until the
// transaction ends. On SQLite the transaction itself does.
func (db *DB) Locking() string {
	if db.pool != nil {
		return " FOR UPDATE"
	}
	return ""
}

// Bind writes the parameters of a statement, each a ?, as the database wants
// them. The statement holds no ? otherwise.
func (db *DB) Bind(statement string) string {
	if db.pool == nil {
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
