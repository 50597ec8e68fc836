package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPasswordsAreNotShown(t *testing.T) {
	for _, location := range []string{
		"postgres://user:pass-word@localhost:1/db",
		"postgresql://user@localhost:1/db?password=pass-word&sslmode=disable",
	} {
		db, err := connect(location)
		require.NoError(t, err)
		assert.NotContains(t, db.Location, "pass-word")
		assert.NotNil(t, db.Pool())
		assert.Equal(t, "pass-word", Password(location))
		_, err = Open(t.Context(), location)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "pass-word")
		require.NoError(t, db.Close())
	}
	_, err := connect("postgres://user:pass-word@local host:port/db")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "pass-word")
	assert.Empty(t, Password("/var/lib/state.db"))
}

func TestFilesThatAreNoStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("junk ", 1000)), 0o600))
	_, err := Open(t.Context(), file)
	var final *Error
	require.ErrorAs(t, err, &final)
	assert.Contains(t, final.Message, "is not a phscript database")
	assert.Contains(t, final.ErrorHint(), "phscript state restore")
	// Nor is a folder one, or a place that cannot be.
	_, err = Open(t.Context(), t.TempDir())
	require.ErrorAs(t, err, &final)
	_, err = Open(t.Context(), filepath.Join(file, "state.db"))
	require.ErrorAs(t, err, &final)
}

// TestAStoreThatMoved: a file that is taken away from under its users.
func TestAStoreThatMoved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	db, err := Open(t.Context(), file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	assert.False(t, db.Moved())
	require.NoError(t, os.Rename(file, file+".old"))
	assert.True(t, db.Moved())
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.True(t, db.Moved(), "another file is in its place")
}

func TestNewerTablesAreLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	db, err := Open(t.Context(), file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO phscript_schema (version) VALUES (99)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = Open(t.Context(), file)
	var final *Error
	require.ErrorAs(t, err, &final)
	assert.Contains(t, final.Message, "written by a newer phscript")
	assert.ErrorContains(t, Verify(t.Context(), file), "written by a newer phscript")
}

// TestWaitGoesOnUntilThereIsAStore: an error that may pass is told once, one
// that does not ends the wait.
func TestWaitGoesOnUntilThereIsAStore(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	told := 0
	_, err := Wait(ctx, "postgres://user@127.0.0.1:1/db", func(error) { told++ })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.GreaterOrEqual(t, told, 1)
	assert.LessOrEqual(t, told, 2)
	_, err = Wait(t.Context(), t.TempDir(), func(error) { t.Error("there is nothing to wait for") })
	var final *Error
	assert.True(t, errors.As(err, &final))
}

// TestAFileIsMovedWithoutItsJournal: the journal of a file that was moved away
// becomes no part of another one.
func TestAFileIsMovedWithoutItsJournal(t *testing.T) {
	dir := t.TempDir()
	file, saved := filepath.Join(dir, "state.db"), filepath.Join(dir, "copy.db")
	db, err := Open(t.Context(), file)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	_, err = Backup(t.Context(), file, saved)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO phscript_quota (tenant, host) VALUES ('a', 'b')")
	require.NoError(t, err)
	// As after a kill: what was written last is in the journal alone.
	killed := filepath.Join(dir, "killed.db")
	for _, ending := range []string{"", "-wal", "-shm"} {
		require.NoError(t, copyFile(file+ending, killed+ending))
	}
	require.NoError(t, os.Rename(killed, killed+".mine"))
	_, err = Open(t.Context(), killed)
	var final *Error
	require.ErrorAs(t, err, &final)
	assert.Contains(t, final.Hint, "killed.db-wal")
	assert.False(t, FileExists(killed))
	old, err := Restore(t.Context(), saved, killed, time.Now())
	require.NoError(t, err)
	assert.True(t, FileExists(old+"-wal"))
	restored, err := Open(t.Context(), killed)
	require.NoError(t, err)
	defer func() { require.NoError(t, restored.Close()) }()
	var n int
	require.NoError(t, restored.QueryRowContext(t.Context(), "SELECT count(*) FROM phscript_quota").Scan(&n))
	assert.Zero(t, n)
	require.NoError(t, Verify(t.Context(), killed))
}

func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	file, saved := filepath.Join(dir, "state.db"), filepath.Join(dir, "copy.db")
	db, err := Open(t.Context(), file)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(t.Context(), "INSERT INTO phscript_quota (tenant, host) VALUES ('a', 'b')")
	require.NoError(t, err)
	_, err = Backup(t.Context(), file, saved)
	require.NoError(t, err)
	require.NoError(t, Verify(t.Context(), saved))
	info, err := os.Stat(saved)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.False(t, FileExists(saved+".part"))
	_, err = Backup(t.Context(), file, saved)
	require.ErrorContains(t, err, "already exists")
	_, err = Backup(t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "x"))
	require.ErrorContains(t, err, "there is no store")
	_, err = Backup(t.Context(), file, filepath.Join(dir, "no-folder", "x"))
	require.Error(t, err)

	_, err = db.ExecContext(t.Context(), "DELETE FROM phscript_quota")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	now := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	old, err := Restore(t.Context(), saved, file, now)
	require.NoError(t, err)
	assert.Equal(t, file+".20260131T080000Z", old)
	assert.True(t, FileExists(old))
	second, err := Restore(t.Context(), saved, file, now)
	require.NoError(t, err)
	assert.NotEqual(t, old, second, "nothing is overwritten")
	db, err = Open(t.Context(), file)
	require.NoError(t, err)
	var n int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM phscript_quota").Scan(&n))
	assert.Equal(t, 1, n)
	// A copy that lost a part is found out.
	text, err := os.ReadFile(saved)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(saved, text[:len(text)/2], 0o600))
	assert.Error(t, Verify(t.Context(), saved))
}

// TestAFileWithoutTables: if a file is emptied while it is in use, the next connection
// makes a new database of it, with a good header.
func TestAFileWithoutTables(t *testing.T) {
	db, err := connect(filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.PingContext(t.Context()))
	require.NoError(t, db.migrate(t.Context(), nil))
	var final *Error
	require.ErrorAs(t, db.Check(t.Context()), &final)
	assert.Contains(t, final.Message, "is damaged")
	require.NoError(t, db.migrate(t.Context(), migrations))
	require.NoError(t, db.Check(t.Context()))
}

// TestOpeningANewFileWaits: SQLite itself does not wait for a process that writes to a
// file that is not in WAL mode yet, as a new one.
func TestOpeningANewFileWaits(t *testing.T) {
	location := filepath.Join(t.TempDir(), "state.db")
	first, err := sql.Open("sqlite", fileURL(location))
	require.NoError(t, err)
	first.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = first.Close() })
	_, err = first.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	ended := make(chan error)
	time.AfterFunc(50*time.Millisecond, func() {
		_, err := first.Exec("COMMIT") //nolint:noctx // the test's context may have ended
		ended <- err
	})
	db, err := Open(t.Context(), location)
	require.NoError(t, <-ended)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
