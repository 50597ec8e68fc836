package sandbox

import (
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
)

// TestPrivateFiles: no script reads, changes or replaces files with settings or keys,
// in whatever folder and under whatever name it finds them. It may check whether they
// exist.
func TestPrivateFiles(t *testing.T) {
	w := newFolders(t)
	for _, name := range []string{"phscript.toml", ".env", "server.pem"} {
		w.put(t, "work/"+name, "secret")
		w.put(t, "out/"+name, "secret")
	}
	w.put(t, "out/prod.conf", "secret")
	w.put(t, "out/data.csv", "inside")
	require.NoError(t, os.MkdirAll(w.path("out/.ssh"), 0o755))
	w.put(t, "out/.ssh/known", "secret")
	require.NoError(t, os.Link(w.path("out/prod.conf"), w.path("out/second.txt")))
	w.link(t, w.path("out/.env"), "out/harmless.txt")
	w.link(t, w.path("out/data.csv"), "out/link.env")
	w.box.Private = []string{w.path("out/prod.conf"), w.path("missing")}

	for _, name := range []string{
		"phscript.toml", ".env", "server.pem", "../out/phscript.toml", "../out/.env", "../out/server.pem", "../out/prod.conf", "../out/second.txt",
		"../out/harmless.txt", "../out/link.env", "../out/.ssh/known",
	} {
		_, err := w.box.OpenRead(name)
		refused(t, err, "reading ")
		_, _, err = w.box.ReadFile(name)
		refused(t, err, "reading ")
		_, err = w.box.Stat(name)
		require.NoError(t, err, name)
	}
	for _, name := range []string{"../out/phscript.toml", "../out/.env", "../out/new/../.env.local", "../out/prod.conf", "../out/second.txt", "../out/harmless.txt"} {
		for _, appendTo := range []bool{false, true} {
			_, err := w.box.OpenWrite(name, appendTo)
			refused(t, err, "writing to ")
		}
		for _, mode := range []byte("rwa") {
			_, err := w.box.OpenUpdate(name, mode)
			refused(t, err, "writing to ")
		}
	}
	for _, name := range []string{"../out/phscript.toml", "../out/.env", "../out/prod.conf", "../out/second.txt", "../out/.ssh"} {
		refused(t, w.box.Remove(name), "removing ")
		refused(t, w.box.Rename(name, "../out/free"), "renaming ")
		refused(t, w.box.Rename("../out/data.csv", name), "renaming to ")
	}
	assert.Equal(t, "secret", w.get(t, "out/phscript.toml"))
	assert.Equal(t, "secret", w.get(t, "out/prod.conf"))
	assert.Equal(t, "inside", w.get(t, "out/data.csv"))
	require.NoError(t, w.box.Remove("../out/harmless.txt"), "the link itself is not private")
}

// TestOtherNamesOfPrivateFiles: a second name, a copy by an editor, or a folder that is
// renamed does not make a private file readable.
func TestOtherNamesOfPrivateFiles(t *testing.T) {
	w := newFolders(t)
	w.put(t, "out/.env", "secret")
	w.put(t, "out/plain.txt", "inside")
	require.NoError(t, os.Link(w.path("out/.env"), w.path("out/hard.txt")))
	require.NoError(t, os.Link(w.path("out/plain.txt"), w.path("out/second.txt")))
	w.put(t, "work/.env", "secret")
	require.NoError(t, os.Link(w.path("work/.env"), w.path("out/far.txt")))
	for _, name := range []string{"../out/hard.txt", "../out/far.txt"} {
		_, err := w.box.OpenRead(name)
		refused(t, err, "reading ")
		_, err = w.box.OpenWrite(name, true)
		refused(t, err, "writing to ")
	}
	f, err := w.box.OpenRead("../out/second.txt")
	require.NoError(t, err)
	require.NoError(t, f.Close())

	require.NoError(t, os.MkdirAll(w.path("out/.config/gcloud"), 0o755))
	require.NoError(t, os.MkdirAll(w.path("out/folder/gcloud"), 0o755))
	refused(t, w.box.Rename("../out/.config", "../out/x"), "renaming ")
	require.NoError(t, w.box.Rename("../out/folder", "../out/y"))

	db, err := store.Open(t.Context(), w.path("out/other.db"))
	require.NoError(t, err)
	_, err = w.box.OpenRead("../out/other.db-wal")
	refused(t, err, "reading ")
	require.NoError(t, db.Close())
	w.put(t, "out/other.db-wal", "\x37\x7f\x06\x82 and no tables")
	_, err = w.box.OpenRead("../out/other.db-wal")
	refused(t, err, "reading ")
	_, err = w.box.OpenRead("../out/other.db")
	refused(t, err, "reading ")
	w.put(t, "out/own.db", "SQLite format 3\x00 and what it holds")
	f, err = w.box.OpenRead("../out/own.db")
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func refused(t *testing.T, err error, what string) {
	t.Helper()
	var private *PrivateError
	require.ErrorAs(t, err, &private)
	require.ErrorIs(t, err, fs.ErrPermission)
	assert.Contains(t, err.Error(), "scripts never use files that hold settings or keys")
	assert.Contains(t, err.Error(), what)
	assert.NotContains(t, err.Error()+private.ErrorHint(), "--allow-read", "no flag allows it")
}
