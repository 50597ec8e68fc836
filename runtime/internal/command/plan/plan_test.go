package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

const script = `
local tiers = require "tiers"
local c = planhat.company.get_list{ limit = 2, sort = "_id" }
planhat.company.update(c[1]._id, { name = "New name", custom = { Tier = tiers.best } })
planhat.company.delete(c[2]._id)
for row in csv.rows(args[1]) do
  planhat.company.create{ externalId = row.id, name = row.name }
end
csv.write("out/report.csv", { { a = 1 } })
env.get("REGION")
`

// files are those of a trial.
func files() map[string]string {
	return map[string]string{"sync.lua": script, "tiers.lua": `return { best = "Platinum" }`, "rows.csv": "id,name\na-1,Acme\na-2,Globex\n", "none.lua": `print(#planhat.company.get_list())`}
}

// header reads the first line of a plan.
func headerOf(t *testing.T, r *trial.Trial, name string) (h planfile.Header) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, name))
	require.NoError(t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	require.NoError(t, json.Unmarshal([]byte(line), &h))
	return h
}

var simulated = []string{"--simulate", "--companies", "5"}

func TestPlanAndShowSayTheSame(t *testing.T) {
	r := trial.New(t, files())
	r.Variables["REGION"] = "eu-north"
	args := append([]string{"sync.lua", "rows.csv", "--allow-env", "REGION", "-p", "day=monday", "-p", "api_token=hunter2hunter2", "-o", "plan.jsonl"}, simulated...)
	stdout, stderr, err := r.Run(New, args...)
	require.NoError(t, err)
	assert.Contains(t, stdout, "plan of sync.lua (simulated): 1 to delete, 2 to create, 1 to update\n")
	assert.Less(t, strings.Index(stdout, "delete company: 1"), strings.Index(stdout, "create company: 2"), "deletes come first")
	assert.Contains(t, stdout, "+ Acme, externalId a-1, #1, line 7\n")
	assert.Regexp(t, `(?m)^        name: ".+" → "New name"$`, stdout)
	assert.Regexp(t, `(?m)^        custom.Tier: .+ → "Platinum"$`, stdout)
	assert.Contains(t, stdout, "the writes take 4 calls, less than a minute at 200 calls a minute")
	assert.Contains(t, stdout, "the script wrote out/report.csv while it was planned")
	assert.Contains(t, stderr, "wrote the plan to plan.jsonl; it expires at")

	again, _, err := r.Run(New, "show", "plan.jsonl")
	require.NoError(t, err)
	assert.Equal(t, stdout, again)

	h := headerOf(t, r, "plan.jsonl")
	assert.Equal(t, "v1.2.3", h.Product)
	assert.Equal(t, 24*time.Hour, h.Expires.Sub(h.Made))
	assert.Equal(t, "sync.lua", h.Script.Name)
	assert.Len(t, h.Script.SHA256, 64)
	assert.Len(t, h.Catalog, 64)
	require.Len(t, h.Modules, 1)
	assert.Contains(t, h.Modules[0].Name, "tiers.lua")
	assert.Equal(t, []string{"rows.csv"}, h.Args)
	require.Len(t, h.Files, 1, "neither modules nor what the script wrote")
	assert.Equal(t, "rows.csv", h.Files[0].Name)
	assert.Equal(t, int64(len(files()["rows.csv"])), h.Files[0].Size)
	require.Len(t, h.Env, 1)
	assert.Equal(t, h.Hash("eu-north"), h.Env[0].Hash)
	require.Len(t, h.Params, 2)
	assert.Empty(t, h.Params[0].Value, "api_token is secret")
	assert.JSONEq(t, `"monday"`, string(h.Params[1].Value))
	require.Len(t, h.Tenants, 1)
	assert.NotEmpty(t, h.Tenants[0].User)
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, "plan.jsonl"))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hunter2")
	assert.NotContains(t, string(text), "eu-north")

	redacted, _, err := r.Run(New, "show", "--redact", "plan.jsonl")
	require.NoError(t, err)
	assert.Contains(t, redacted, "1 to delete, 2 to create, 1 to update")
	assert.Contains(t, redacted, "~ line 4: name, custom.Tier\n")
	for _, data := range []string{"Acme", "a-1", "New name", "report.csv"} {
		assert.NotContains(t, redacted, data)
	}
	var shown map[string]any
	whole, _, err := r.Run(New, "show", "--json", "plan.jsonl")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(whole), &shown))
	assert.Equal(t, h.ID, shown["plan"])
	assert.Contains(t, shown["models"], "company")
}

func TestStandardInputIsNoted(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": `for line in io.lines() do planhat.company.create{ name = line } end`})
	r.Env.Stdin = strings.NewReader("North\nSouth\n")
	stdout, _, err := r.Run(New, append([]string{"a.lua", "-o", "plan.jsonl"}, simulated...)...)
	require.NoError(t, err)
	assert.Contains(t, stdout, "2 to create")
	sum := sha256.Sum256([]byte("North\nSouth\n"))
	assert.Equal(t, &planfile.File{Name: "-", Size: 12, SHA256: hex.EncodeToString(sum[:])}, headerOf(t, r, "plan.jsonl").Stdin)
}

// TestNothingIsWritten counts the requests at the server.
func TestNothingIsWritten(t *testing.T) {
	s, err := simulator.Start(simulator.Options{Companies: 5, Seed: 1, CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	r := trial.New(t, files())
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = s.APIToken(), s.URL()
	r.Variables["REGION"] = "eu"
	_, _, err = r.Run(New, "sync.lua", "rows.csv", "--allow-env", "REGION", "-o", "plan.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, s.Calls())
	for _, c := range s.Calls() {
		assert.Equal(t, "GET", c.Method)
	}
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, "plan.jsonl"))
	require.NoError(t, err)
	assert.NotContains(t, string(text), s.APIToken())
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		detailed     bool
		code         int
	}{
		{"changes", `planhat.company.create{ name = "A" }`, false, 0},
		{"changes, in detail", `planhat.company.create{ name = "A" }`, true, exitChanges},
		{"no changes", `planhat.company.get_list()`, true, 0},
		{"unchanged", `local c = planhat.company.get_list()[1]; planhat.company.update(c._id, { name = c.name })`, true, 0},
		{"rejected rows", `planhat.company.create{ name = "A" } run.reject({ id = 1 }, "no")`, true, fault.ExitRejected},
		{"os.exit", `planhat.company.create{ name = "A" } os.exit(10)`, false, 0},
		{"os.exit without changes", `os.exit(10)`, true, 0},
		{"failure", `planhat.company.create{ name = "A" } error("no")`, true, fault.ExitScript},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := trial.New(t, map[string]string{"a.lua": tt.script})
			args := append([]string{"a.lua"}, simulated...)
			if tt.detailed {
				args = append(args, "--detailed-exitcode")
			}
			stdout, _, err := r.Run(New, args...)
			assert.Equal(t, tt.code, outcome.Code(err))
			assert.Equal(t, strings.Contains(tt.script, "os.exit"), strings.Contains(stdout, "the script ended with os.exit(10)"))
		})
	}
}

// TestHalfPlansAreNotWritten: there is a file only if there is something to apply.
func TestHalfPlansAreNotWritten(t *testing.T) {
	r := trial.New(t, map[string]string{
		"none.lua": `planhat.company.get_list()`, "fails.lua": `planhat.company.create{ name = "A" } error("no")`, "a.lua": `planhat.company.create{ name = "A" }`,
		"token.lua": `planhat.new{ api_token = "a-secret-token-of-mine" } planhat.company.create{ name = "a-secret-token-of-mine" }`,
	})
	plan := func(script string) (string, error) {
		_, stderr, err := r.Run(New, append([]string{script, "-o", "plan.jsonl"}, simulated...)...)
		return stderr, err
	}
	file := filepath.Join(r.Env.Dir, "plan.jsonl")
	stderr, err := plan("none.lua")
	require.NoError(t, err)
	assert.Contains(t, stderr, "there are no changes; plan.jsonl was not written")
	stderr, err = plan("fails.lua")
	require.Error(t, err)
	assert.Contains(t, stderr, "plan.jsonl was not written")
	_, err = plan("token.lua")
	require.ErrorContains(t, err, "would write a token to Planhat")
	assert.NoFileExists(t, file)
	for _, name := range r.Env.Names(".") {
		assert.NotContains(t, name, ".tmp")
	}

	_, err = plan("a.lua")
	require.NoError(t, err)
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	stderr, err = plan("none.lua")
	require.NoError(t, err)
	assert.Contains(t, stderr, "still holds an earlier plan")
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, before, after)

	_, _, err = r.Run(New, append([]string{"a.lua", "-o", "none.lua"}, simulated...)...)
	require.ErrorContains(t, err, "was not written by --out")
	for _, out := range []string{"-", os.DevNull} {
		_, _, err = r.Run(New, append([]string{"a.lua", "-o", out}, simulated...)...)
		require.ErrorContains(t, err, "needs the name of a file")
	}
}

func TestShowRefusesDamagedPlans(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": `planhat.company.create{ name = "A" }`})
	_, _, err := r.Run(New, append([]string{"a.lua", "-o", "plan.jsonl"}, simulated...)...)
	require.NoError(t, err)
	file := filepath.Join(r.Env.Dir, "plan.jsonl")
	text, err := os.ReadFile(file)
	require.NoError(t, err)

	later := r.Env.Now().Add(planfile.Life)
	now := r.Env.Now
	r.Env.Now = func() time.Time { return later }
	stdout, stderr, err := r.Run(New, "show", "plan.jsonl")
	require.NoError(t, err, "a plan can be shown after it has expired")
	assert.Contains(t, stdout, "1 to create")
	assert.Contains(t, stderr, "this plan expired at")
	r.Env.Now = now

	require.NoError(t, os.WriteFile(file, text[:len(text)-20], 0o600))
	_, _, err = r.Run(New, "show", "plan.jsonl")
	require.ErrorContains(t, err, "plan.jsonl: the file is not a whole plan")
	_, _, err = r.Run(New, "show", "missing.jsonl")
	require.ErrorContains(t, err, "there is no plan missing.jsonl")
	_, _, err = r.Run(New, "show")
	require.ErrorContains(t, err, "name one plan file")
}

// TestGit: a plan in a work tree is ignored or warned of.
func TestGit(t *testing.T) {
	const warning = "git does not ignore it"
	for _, tt := range []struct {
		name  string
		files map[string]string
		out   string
		warns bool
	}{
		{"no work tree", map[string]string{}, "plan.jsonl", false},
		{"not ignored", map[string]string{".git/HEAD": ""}, "plan.jsonl", true},
		{"a work tree of its own file", map[string]string{".git": "gitdir: elsewhere"}, "plan.jsonl", true},
		{"by its name", map[string]string{".git/HEAD": "", ".gitignore": "*.jsonl\n"}, "plan.jsonl", false},
		{"by its folder", map[string]string{".git/HEAD": "", ".gitignore": "/plans/\n", "plans/keep": ""}, "plans/a", false},
		{"in its folder", map[string]string{".git/HEAD": "", "plans/.gitignore": "*\n"}, "plans/a", false},
		{"another folder", map[string]string{".git/HEAD": "", ".gitignore": "/plans/\n", "other/keep": ""}, "other/a", true},
		{"by the repository", map[string]string{".git/info/exclude": "plan.jsonl\n"}, "plan.jsonl", false},
		{"except for it", map[string]string{".git/HEAD": "", ".gitignore": "*.jsonl\n!plan.jsonl\n"}, "plan.jsonl", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.files["a.lua"] = `planhat.company.create{ name = "A" }`
			r := trial.New(t, tt.files)
			_, stderr, err := r.Run(New, append([]string{"a.lua", "-o", tt.out}, simulated...)...)
			require.NoError(t, err)
			assert.Equal(t, tt.warns, strings.Contains(stderr, warning), stderr)
		})
	}
}

// TestWhatThePlanDoesNotHold: requests to other systems, accounts, rows that were not looked
// up and properties that Planhat may set are told.
func TestWhatThePlanDoesNotHold(t *testing.T) {
	start := func(token string) *simulator.Server {
		s, err := simulator.Start(simulator.Options{APIToken: token, Companies: 5, Seed: 1, CallsPerMinute: -1, PerSecond: -1})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	s, other := start(""), start("the-other-token")
	r := trial.New(t, map[string]string{"a.lua": `
local http = require "http"
local new = planhat.company.create{ name = "New" }
print(new.lastTouch)
planhat.enduser.create{ companyId = new._id, email = "kim@new.example" }
http.post("http://127.0.0.1:1/hook", { body = "x" })
planhat.company.bulk_upsert{ { externalId = "unknown", name = "Maybe" } }
local theirs = planhat.new{ api_url = args[1], api_token = "the-other-token" }
theirs.company.update(theirs.company.get_list()[1]._id, { name = "Theirs" })
`})
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = s.APIToken(), s.URL()
	stdout, stderr, err := r.Run(New, "--max-read-calls", "0", "--allow-net", "127.0.0.1", "--allow-host", other.URL(), "-o", "plan.jsonl", "a.lua", other.URL())
	require.NoError(t, err, stderr)
	assert.Contains(t, stdout, "1 to create or update, not looked up")
	assert.Regexp(t, `(?m)^    \? Maybe, externalId unknown, #\d, line 7$`, stdout)
	assert.Contains(t, stdout, "line 9, in account 2\n")
	assert.Contains(t, stdout, "not sent, and not part of the plan: http.post to http://127.0.0.1:1/hook, 1 time\n")
	assert.Contains(t, stdout, "    a.lua:4: lastTouch of a new company is read, and Planhat may set it\n")
	assert.Contains(t, stdout, "    a.lua:7: 1 row of company.bulk_upsert not looked up\n")
	h := headerOf(t, r, "plan.jsonl")
	require.Len(t, h.Tenants, 2)
	assert.Equal(t, []string{s.URL(), other.URL()}, []string{h.Tenants[0].Host, h.Tenants[1].Host})
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, "plan.jsonl"))
	require.NoError(t, err)
	assert.NotContains(t, string(text), "the-other-token")
	for _, c := range append(s.Calls(), other.Calls()...) {
		assert.Equal(t, "GET", c.Method)
	}
}

// TestRejectedRowsAreCountedOnce: those that Planhat would reject, also in calls that fail as a
// whole, those of checks, and those of the script, each with its line.
func TestRejectedRowsAreCountedOnce(t *testing.T) {
	r := trial.New(t, map[string]string{"a.lua": `
pcall(planhat.company.update, "extid-nobody", { phase = "Live" })
pcall(planhat.company.create, { externalId = "q" })
pcall(planhat.company.delete, "6123456789abcdef01234567")
pcall(planhat.license.bulk_upsert, { { externalId = "l1", companyId = planhat.extid("nobody"), value = 1, _currency = "USD" } })
planhat.company.bulk_upsert{ { externalId = "n", name = "N" }, { externalId = "o" }, { externalId = "p" }, { externalId = "n", name = "Twice" } }
run.reject({ id = 1 }, "no name")
`})
	stdout, _, err := r.Run(New, append([]string{"a.lua", "-o", "plan.jsonl"}, simulated...)...)
	assert.Equal(t, fault.ExitRejected, outcome.Code(err))
	assert.Contains(t, stdout, "1 to create, 8 rejected\n")
	assert.Contains(t, stdout, "  rejected: 8, not sent\n")
	for _, line := range []string{
		"a.lua:2: company.update, row 1: there is no company with the id extid-nobody",
		"a.lua:3: company.create, row 1 (externalId q): a new company needs name",
		"a.lua:4: company.delete, row 1: there is no company with the id 6123456789abcdef01234567",
		"a.lua:5: license.bulk_upsert, row 1 (externalId l1): companyId: there is no company with the id extid-nobody",
		"a.lua:6: company.bulk_upsert, row 2 (externalId o): a new company needs name",
		"a.lua:6: company.bulk_upsert, row 3 (externalId p): a new company needs name",
		"a.lua:6: company.bulk_upsert, row 4 (externalId n): ",
		"a.lua:7: run.reject (id 1): no name",
	} {
		assert.Equal(t, 1, strings.Count(stdout, "    ! "+line), "%s\n%s", line, stdout)
	}
	again, _, err := r.Run(New, "show", "plan.jsonl")
	require.NoError(t, err)
	assert.Equal(t, stdout, again)
	h := headerOf(t, r, "plan.jsonl")
	assert.Equal(t, 6, h.Totals["company"].Rejected)
	assert.True(t, h.Exact(), "a rejected row is not sent, so a plan of it is exact")
}
