package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// TestTheTerminalIsAsked: a person who types at the terminal is asked once, and what
// follows the answer is the script's.
func TestTheTerminalIsAsked(t *testing.T) {
	planhat, err := simulator.Start(simulator.Options{Companies: 5, CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	r := trial.New(t, map[string]string{"delete.lua": `
local list = planhat.company.get_list()
for i = 1, 2 do planhat.company.delete(list[i]._id) end
print("left", #planhat.company.get_list(), io.read())`})
	r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_API_TOKEN"] = planhat.URL(), planhat.APIToken()
	r.Env.StdinTTY, r.Env.StderrTTY = true, true
	const question = "The script is about to delete 1 company, and perhaps more. Go ahead? [y/N] "
	for _, c := range []struct {
		typed  string
		code   int
		stdout string
	}{
		{"\n", 12, ""},
		{"no\n", 12, ""},
		{"", 12, ""},
		{"y\nmore\n", 0, "left\t3\tmore\n"},
	} {
		r.Env.Stdin = strings.NewReader(c.typed)
		stdout, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "delete.lua")
		assert.Equal(t, c.code, code(t, err), stderr)
		assert.Equal(t, c.stdout, stdout)
		assert.Equal(t, 1, strings.Count(stderr, question), stderr)
	}
	r.Env.StderrTTY = false // such as with 2>log
	r.Env.Stdin = strings.NewReader("y\n")
	_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "delete.lua")
	assert.Equal(t, 12, code(t, err))
	assert.NotContains(t, stderr, "Go ahead?")
}

// TestTheTerminalShowsTheProfile: below it, the progress is drawn.
func TestTheTerminalShowsTheProfile(t *testing.T) {
	planhat, err := simulator.Start(simulator.Options{Companies: 5, CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	r := trial.New(t, map[string]string{
		"list.lua": `print(#planhat.company.get_list())`, "phscript.toml": "[profile.sandbox]\napi_url = \"" + planhat.URL() + "\"\ntoken_env = \"THE_TOKEN\"\n",
	})
	r.Variables["THE_TOKEN"], r.Variables["TERM"] = planhat.APIToken(), "xterm"
	r.Env.StderrTTY = true
	for _, flags := range [][]string{nil, {"--progress", "off"}, {"-q"}} {
		_, stderr, err := r.Run(run.New, append(flags, "--allow-host", "127.0.0.1", "list.lua")...)
		require.Equal(t, 0, code(t, err), stderr)
		want := 1
		if slices.Contains(flags, "-q") {
			want = 0
		}
		assert.Equal(t, want, strings.Count(stderr, "profile sandbox (phscript.toml:1): 127.0.0.1"), stderr)
	}
}

// TestListsOfRequestsNeedConsent: what the body of a planhat.request lists counts as records.
func TestListsOfRequestsNeedConsent(t *testing.T) {
	planhat, err := simulator.Start(simulator.Options{Companies: 5, CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	r := trial.New(t, map[string]string{
		"put.lua": `
local rows = {}
for i, c in ipairs(planhat.company.get_list{ limit = 3 }) do rows[i] = { _id = c._id, phase = "Late" } end
planhat.request{ method = "PUT", path = "/companies", body = rows }`,
		"phscript.toml": "[profile.sandbox]\napi_url = \"" + planhat.URL() + "\"\ntoken_env = \"THE_TOKEN\"\nconfirm_above = 2\n",
	})
	r.Variables["THE_TOKEN"] = planhat.APIToken()
	_, stderr, err := r.Run(run.New, "put.lua")
	assert.Equal(t, 12, code(t, err), stderr)
	_, stderr, err = r.Run(run.New, "--yes", "put.lua")
	assert.Equal(t, 0, code(t, err), stderr)
}
