package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// SQLite's result codes for files that waiting does not make usable.
const (
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteReadOnly = 8
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteNotADB   = 26
)

// sqliteCode returns SQLite's result code of an error, 0 if it has none.
func sqliteCode(err error) int {
	if failed, ok := errors.AsType[*sqlite.Error](err); ok {
		return failed.Code() & 0xff
	}
	return 0
}

// diskFull is PostgreSQL's code for a disk without space.
const diskFull = "53100"

// Full reports whether the store cannot be written because its disk is full.
func Full(err error) bool {
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failed.Code == diskFull
	}
	return sqliteCode(err) == sqliteFull || errors.Is(err, syscall.ENOSPC)
}

// Unwritable reports whether a change of the store failed for a reason that waiting may
// not mend: a full disk, a file or folder without permission to write, or a failing
// disk, but not a lock or a lost connection.
func Unwritable(err error) bool {
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failed.Code == diskFull || slices.Contains(lastingClasses, failed.Code[:min(2, len(failed.Code))])
	}
	code := sqliteCode(err)
	return Full(err) || code != 0 && code != sqliteBusy && code != sqliteLocked
}

// lastingClasses are PostgreSQL's classes of errors about the data, the permissions and
// the tables.
var lastingClasses = []string{"22", "23", "25", "28", "42"}

// Trouble says for the history why a store could not be written, without the address
// of a server.
func Trouble(err error) string {
	switch {
	case Full(err):
		return "the disk was full"
	case sqliteCode(err) != 0:
		return err.Error()
	}
	return "it was unreachable"
}

// unwritten is the *Error for a store that cannot be written. location is "" if the error names
// it.
func unwritten(location string, err error) *Error {
	failed := &Error{Message: err.Error()}
	if location != "" {
		failed.Message = "the store " + location + " cannot be written: " + err.Error()
	}
	if Full(err) {
		failed.Hint = "free space on the disk of the store, then run the same command again"
	}
	return failed
}

// fileHeader is how every SQLite file begins.
const fileHeader = "SQLite format 3\x00"

// wholeCheck is the size up to which Check reads a whole file, in bytes.
const wholeCheck = 8 << 20

// The checkpoints are in the store, too: scripts that continue from one begin again
// without it.
const restoreHint = "restore a backup with 'phscript state restore FILE'. Without one, move the file and those ending in -wal and -shm to another folder: " +
	"the history is then empty, and scripts start without their checkpoints, so they may repeat work"

// unusable returns the *Error for a SQLite file that cannot be opened, or nil if the
// error may pass.
func (db *DB) unusable(err error) error {
	if sqliteCode(err) == sqliteReadOnly {
		return &Error{Message: "the store " + db.Location + " cannot be written to", Hint: "the account that runs phscript must own the file and its folder; or choose another place with --state or PHSCRIPT_STATE"}
	}
	if err = db.final(err); errors.As(err, new(*Error)) {
		return err
	}
	return nil
}

// final returns the *Error for a SQLite file that is damaged, or the error itself: other
// errors may pass.
func (db *DB) final(err error) error {
	switch sqliteCode(err) {
	case sqliteCorrupt:
		return db.damaged()
	case sqliteNotADB:
		return &Error{Message: "the store " + db.Location + " is not a phscript database: it is another program's file, or it is damaged", Hint: restoreHint}
	}
	return err
}

func (db *DB) damaged() error {
	return &Error{Message: "the store " + db.Location + " is damaged", Hint: restoreHint}
}

// Check returns an *Error if the file of a SQLite store was deleted, replaced or
// damaged. It opens a new connection, because those in use remember what they have
// read.
func (db *DB) Check(ctx context.Context) error {
	if db.file == nil {
		return nil
	}
	if db.Moved() {
		return &Error{
			Message: "the store " + db.Location + " was removed or replaced while it was in use",
			Hint:    "if you moved it, put it back with the files ending in -wal and -shm, and start the service again. If there is no file, the service creates an empty store, and scripts start without their checkpoints",
		}
	}
	// An empty file makes SQLite delete the journal, which may have everything. The
	// header may be wrong although the journal has a good one.
	begins := make([]byte, len(fileHeader))
	if n, err := db.file.ReadAt(begins, 0); string(begins[:n]) != fileHeader && (err == nil || errors.Is(err, io.EOF)) {
		return db.damaged()
	}
	fresh, err := sql.Open("sqlite", fileURL(db.Location)+"?mode=ro&"+patient)
	if err != nil {
		return err
	}
	defer func() { _ = fresh.Close() }()
	// A connection that opens an emptied file makes a new database of it, without tables.
	var tables int
	if err := fresh.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'phscript_schedule'").Scan(&tables); err != nil {
		return db.final(err)
	}
	if tables == 0 {
		return db.damaged()
	}
	// What a large store cannot do without is read; the rest of it takes too long.
	part := "phscript_schedule"
	if info, err := os.Stat(db.Location); err == nil && info.Size() <= wholeCheck {
		part = "1"
	}
	var verdict string
	if err := fresh.QueryRowContext(ctx, "PRAGMA quick_check("+part+")").Scan(&verdict); err != nil {
		return db.final(err)
	}
	if verdict != "ok" {
		return db.damaged()
	}
	return nil
}

// Moved reports whether the file of a SQLite store was deleted or replaced.
// Everything written after that is lost.
func (db *DB) Moved() bool {
	if db.file == nil {
		return false
	}
	opened, err := db.file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(db.Location)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(opened, now)
}
