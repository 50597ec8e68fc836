package sandbox

import (
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPrivateFiles: no script reads, changes or replaces files with settings or keys,
// in whatever folder and under whatever name it finds them. It may look whether they
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

func refused(t *testing.T, err error, what string) {
	t.Helper()
	var private *PrivateError
	require.ErrorAs(t, err, &private)
	require.ErrorIs(t, err, fs.ErrPermission)
	assert.Contains(t, err.Error(), "scripts never use files that hold settings or keys")
	assert.Contains(t, err.Error(), what)
	assert.NotContains(t, err.Error()+private.ErrorHint(), "--allow-read", "no flag allows it")
}
