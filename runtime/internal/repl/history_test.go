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
