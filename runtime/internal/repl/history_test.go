package repl_test

import (
	"os"
	"path/filepath"
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
