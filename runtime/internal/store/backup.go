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

// Exists reports whether there is a file.
func Exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Backup writes a copy of the SQLite store at a location to a file that must not
// exist, and returns its size. The store may be in use meanwhile.
func Backup(ctx context.Context, location, file string) (int64, error) {
	if !Exists(location) {
		return 0, &Error{Message: "there is no store " + location, Hint: "name it with --state or PHSCRIPT_STATE"}
	}
	if Exists(file) {
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
	// The file is made first, so that nobody else can read it.
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

// Verify reports whether a file is a sound copy that this program can work with.
// It changes nothing.
func Verify(ctx context.Context, file string) error {
	if !Exists(file) {
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

// Restore puts a copy in the place of the SQLite store at a location, which
// nobody uses. A store that is there is kept beside it, under the name that is
// returned.
func Restore(ctx context.Context, file, location string, now time.Time) (old string, err error) {
	if err := os.MkdirAll(filepath.Dir(location), 0o700); err != nil {
		return "", &Error{Message: "cannot create the store's folder: " + plain(err)}
	}
	part := location + ".part"
	if err := copyFile(file, part); err != nil {
		_ = os.Remove(part)
		return "", fmt.Errorf("cannot copy the backup to %s: %w", filepath.Dir(location), err)
	}
	if Exists(location) {
		settle(ctx, location)
	}
	endings := slices.DeleteFunc([]string{"", "-wal", "-shm"}, func(ending string) bool { return !Exists(location + ending) })
	if len(endings) > 0 {
		old = location + "." + now.UTC().Format("20060102T150405Z")
		for n := 2; Exists(old) || Exists(old+"-wal"); n++ {
			old = fmt.Sprintf("%s.%s-%d", location, now.UTC().Format("20060102T150405Z"), n)
		}
		// What SQLite has not brought into the file yet goes with it: left behind,
		// it would be taken for a part of the copy, also where somebody has moved
		// the file itself away.
		for _, ending := range endings {
			if err := os.Rename(location+ending, old+ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", errors.Join(err, os.Remove(part))
			}
		}
	}
	return old, os.Rename(part, location)
}

// settle brings all of a store into its one file, where it can be read at all.
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
