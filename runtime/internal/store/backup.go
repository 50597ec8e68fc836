package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// FileExists reports whether a file exists.
func FileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Backup copies the SQLite store at a location to a new file, and returns its size.
// The store may be in use.
func Backup(ctx context.Context, location, file string) (int64, error) {
	if !FileExists(location) {
		return 0, &Error{Message: "there is no store " + location, Hint: "name it with --state or PHSCRIPT_STATE"}
	}
	if FileExists(file) {
		return 0, &Error{Message: file + " already exists", Hint: "name a new file; nothing is overwritten"}
	}
	db, err := Open(ctx, location)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	part := file + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	// The file is created first, so that nobody else can read it.
	if err := newFile(part); err != nil {
		return 0, err
	}
	if _, err = db.ExecContext(ctx, "VACUUM INTO ?", part); err == nil {
		err = syncFile(part)
	}
	if err == nil {
		err = os.Rename(part, file)
	}
	if err != nil {
		_ = os.Remove(part)
		return 0, fmt.Errorf("cannot write the backup %s: %w", file, err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func newFile(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &Error{Message: "cannot write the backup: " + plain(err), Hint: "choose an existing folder that you can write to"}
	}
	return f.Close()
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Verify returns an error if a file is not an intact backup that this program can
// use. It changes nothing.
func Verify(ctx context.Context, file string) error {
	if !FileExists(file) {
		return &Error{Message: "there is no file " + file}
	}
	const hint = "use a file written by 'phscript state backup'"
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil || verdict != "ok" {
		return &Error{Message: file + " is not a phscript backup, or it is damaged", Hint: hint}
	}
	var version int
	if err := db.QueryRowContext(ctx, "SELECT max(version) FROM phscript_schema").Scan(&version); err != nil {
		return &Error{Message: file + " is a database, but not a phscript backup", Hint: hint}
	}
	if version > len(migrations) {
		return &Error{Message: fmt.Sprintf("%s was written by a newer phscript: its tables have version %d, this program knows %d", file, version, len(migrations)), Hint: "update phscript first"}
	}
	return nil
}

// Restore replaces the SQLite store at a location with a backup. The store must not
// be in use. An existing one is kept beside it, under the returned name.
func Restore(ctx context.Context, file, location string, now time.Time) (old string, err error) {
	if err := os.MkdirAll(filepath.Dir(location), 0o700); err != nil {
		return "", &Error{Message: "cannot create the store's folder: " + plain(err)}
	}
	part := location + ".part"
	if err := copyFile(file, part); err != nil {
		_ = os.Remove(part)
		return "", fmt.Errorf("cannot copy the backup to %s: %w", filepath.Dir(location), err)
	}
	if FileExists(location) {
		settle(ctx, location)
	}
	endings := slices.DeleteFunc([]string{"", "-wal", "-shm"}, func(ending string) bool { return !FileExists(location + ending) })
	if len(endings) > 0 {
		old = location + "." + now.UTC().Format("20060102T150405Z")
		for n := 2; FileExists(old) || FileExists(old+"-wal"); n++ {
			old = fmt.Sprintf("%s.%s-%d", location, now.UTC().Format("20060102T150405Z"), n)
		}
		// The journal is moved as well, even if the file is missing: SQLite would apply
		// it to the restored file.
		for _, ending := range endings {
			if err := os.Rename(location+ending, old+ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", errors.Join(err, os.Remove(part))
			}
		}
	}
	return old, os.Rename(part, location)
}

// settle moves the journal of a store into its file, if the store can be opened.
func settle(ctx context.Context, location string) {
	db, err := connect(location)
	if err != nil {
		return
	}
	_, _ = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	_ = db.Close()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
