package environment

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSecretAddresses: what other users of the machine see of the browser that is opened
// holds no secret, and they cannot read the page that does. It is deleted.
func TestSecretAddresses(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	said := filepath.Join(dir, "said")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\nprintf '%s' \"$*\" >"+said+".new && mv "+said+".new "+said+"\n"), 0o700))
	open := browse(func(name string) (string, bool) { return ":0", name == "DISPLAY" })
	forget, err := open(`http://127.0.0.1:8627/sign-in#phl_geheim"><script>`)
	require.NoError(t, err)
	var page string
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(said)
		page = string(text)
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	assert.NotContains(t, page, "geheim")
	for path, mode := range map[string]os.FileMode{page: 0o600, filepath.Dir(page): 0o700} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(text), "http://127.0.0.1:8627/sign-in#phl_geheim")
	assert.NotContains(t, string(text), "<script>")
	forget()
	forget()
	left, err := filepath.Glob(filepath.Join(dir, "phscript-open-*"))
	require.NoError(t, err)
	assert.Empty(t, left)

	_, err = browse(func(string) (string, bool) { return "", false })("http://127.0.0.1/")
	require.ErrorIs(t, err, errNoBrowser)
	require.NoError(t, os.Remove(filepath.Join(dir, "xdg-open")))
	t.Setenv("PATH", dir)
	_, err = open("http://127.0.0.1/")
	require.Error(t, err)
	left, err = filepath.Glob(filepath.Join(dir, "phscript-open-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
