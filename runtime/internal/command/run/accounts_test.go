package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// TestADryRunOfTwoAccountsTellsThemApart: one script may write to several tenants.
func TestADryRunOfTwoAccountsTellsThemApart(t *testing.T) {
	start := func(token string) *simulator.Server {
		s, err := simulator.Start(simulator.Options{APIToken: token, Companies: 5, Seed: 1, CallsPerMinute: -1, PerSecond: -1})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	s, other := start(""), start("the-other-token")
	r := trial.New(t, map[string]string{"a.lua": `
local http = require "http"
planhat.company.create{ name = "Here", externalId = "here" }
local theirs = planhat.new{ api_url = args[1], api_token = "the-other-token" }
if args[2] ~= "one" then
  theirs.company.create{ name = "There", externalId = "there" }
  theirs.company.delete(theirs.company.get_list()[1]._id)
end
http.post("http://127.0.0.1:1/hook", { body = "x" })
`})
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = s.APIToken(), s.URL()
	run := func(args ...string) string {
		_, stderr, err := r.Run(New, append([]string{"--dry-run", "--summary", "s.json", "--allow-net", "127.0.0.1", "--allow-host", other.URL(), "a.lua", other.URL()}, args...)...)
		require.Zero(t, outcome.Code(err), stderr)
		return stderr
	}
	said := run()
	_, said, found := strings.Cut(said, "a real run would send\n")
	require.True(t, found)
	assert.True(t, strings.HasPrefix(said, "    in account 1, "+s.URL()+`
      company: 1 created
      company.create: 1 row in 1 request
        {"name":"Here","externalId":"here"}
    in account 2, `+other.URL()+`
      company: 1 created, 1 deleted
      company.create: 1 row in 1 request
        {"name":"There","externalId":"there"}
      company.delete: 1 row in 1 request
        /companies/`), said)
	assert.Contains(t, said, "\n    http.post: 1 row in 1 request\n")
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, "s.json"))
	require.NoError(t, err)
	var summary outcome.Summary
	require.NoError(t, json.Unmarshal(text, &summary))
	require.Len(t, summary.Accounts, 2)
	assert.Equal(t, 1, summary.Accounts[1].Plan["company"].Deleted)
	assert.Equal(t, 2, summary.Plan["company"].Created)

	said = run("one")
	assert.NotContains(t, said, "in account")
	assert.Contains(t, said, "\n    company: 1 created\n    company.create: 1 row in 1 request\n")
}
