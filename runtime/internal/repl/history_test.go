package repl_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/repl"
)

// TestHistoryForgetsSecretsThatBecomeKnown: a token that was kept in a variable
// before it was handed to a client leaves the file, also where another
// conversation wrote it there, and nothing else does.
func TestHistoryForgetsSecretsThatBecomeKnown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "history")
	secrets := &redact.Secrets{}
	mine, err := repl.OpenHistory(file, secrets)
	require.NoError(t, err)
	other, err := repl.OpenHistory(file, nil)
	require.NoError(t, err)
	for _, input := range []string{"x = 1", `t = "very-secret-token"`} {
		_, err := mine.Write(input)
		require.NoError(t, err)
	}
	for _, input := range []string{"y = 2", `u = "very-secret-token"`} {
		_, err := other.Write(input)
		require.NoError(t, err)
	}
	secrets.Add("very-secret-token")
	require.NoError(t, mine.Forget())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "\"x = 1\"\n\"y = 2\"\n", string(text))
	assert.Equal(t, []string{"x = 1"}, mine.Dump())
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// An input with what looks like a token is not kept, whether it is known as one or not.
func TestHistoryLeavesOutWhatLooksLikeAToken(t *testing.T) {
	history, err := repl.OpenHistory("", nil)
	require.NoError(t, err)
	for _, input := range []string{
		`c = planhat.new{ api_token = "abc" }`, `o["tenant_token"] = 'abc'`, `my_secret = [[abc]]`, `password = "abc"`, `apiKey="abc"`,
		`h = "Authorization: Bearer abcdef"`, `x = "Basic YWJjOg=="`, `t = "eyJhbGciOiJIUzI1NiJ9.e30.abc"`,
	} {
		_, err := history.Write(input)
		require.NoError(t, err)
	}
	assert.Empty(t, history.Dump())
	for _, input := range []string{`token = env.get("X")`, `basic = 1`, `print(secret)`, `tokens = {}`} {
		_, err := history.Write(input)
		require.NoError(t, err)
	}
	assert.Len(t, history.Dump(), 4)
}

// TestHistoryFiles: whatever is where the history should be, the prompt starts at once, and
// only its owner reads it.
func TestHistoryFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such modes")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "history")
	write := func(h *repl.History, input string) {
		_, err := h.Write(input)
		require.NoError(t, err)
	}
	t.Run("readable for others", func(t *testing.T) {
		require.NoError(t, os.WriteFile(file, []byte("\"a\"\nnot JSON\n\"b\"\n"), 0o600))
		require.NoError(t, os.Chmod(file, 0o644))
		h, err := repl.OpenHistory(file, nil)
		require.NoError(t, err)
		assert.Equal(t, []string{"a", "b"}, h.Dump())
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	})
	t.Run("a link", func(t *testing.T) {
		link, secrets := filepath.Join(dir, "link"), &redact.Secrets{}
		require.NoError(t, os.Symlink(file, link))
		h, err := repl.OpenHistory(link, secrets)
		require.NoError(t, err)
		write(h, `t = "very-secret-token"`)
		secrets.Add("very-secret-token")
		require.NoError(t, h.Forget())
		info, err := os.Lstat(link)
		require.NoError(t, err)
		assert.NotZero(t, info.Mode()&os.ModeSymlink, "it is still a link")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, "\"a\"\n\"b\"\n", string(text), "and its target has forgotten, too")
	})
	t.Run("a folder", func(t *testing.T) {
		h, err := repl.OpenHistory(dir, nil)
		require.ErrorContains(t, err, "is a folder")
		write(h, "x = 1")
		assert.Equal(t, []string{"x = 1"}, h.Dump(), "for the session")
	})
	t.Run("huge", func(t *testing.T) {
		f, err := os.Create(file)
		require.NoError(t, err)
		require.NoError(t, f.Truncate(1<<36)) // a sparse file of 64 GiB
		_, err = f.WriteAt([]byte("\n\"last\"\n"), 1<<36)
		require.NoError(t, errors.Join(err, f.Close()))
		h, err := repl.OpenHistory(file, nil)
		require.NoError(t, err)
		assert.Equal(t, []string{"last"}, h.Dump())
		write(h, "x = 1")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, "\"last\"\n\"x = 1\"\n", string(text), "it is short again")
	})
}
