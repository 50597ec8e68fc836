package run_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// resumable returns a trial whose Planhat is a simulated one, and that Planhat.
func resumable(t *testing.T, files map[string]string) (*trial.Trial, *simulator.Server) {
	t.Helper()
	server, err := simulator.Start(simulator.Options{CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	r := trial.New(t, files)
	for name, value := range map[string]string{
		"PLANHAT_API_TOKEN": server.APIToken(), "PLANHAT_TENANT_TOKEN": server.TenantToken(), "PLANHAT_API_URL": server.URL(), "PLANHAT_ANALYTICS_URL": server.AnalyticsURL(),
	} {
		r.Variables[name] = value
	}
	return r, server
}

const failsOnce = `
local made = planhat.company.create{ externalId = "a", name = "A" }
for i = 1, 3 do planhat.note.create{ type = "note", subject = "note " .. i, companyId = made._id } end
planhat.company.bulk_upsert({ { externalId = "b", name = "B" }, { externalId = "c" } }, { checkpoint = params.name })
if params.fail then error("stop") end
print(made._id ~= nil)
`

func TestResume(t *testing.T) {
	r, server := resumable(t, map[string]string{"import.lua": failsOnce})
	_, stderr, err := r.Run(run.New, "-p", "fail=1", "import.lua")
	assert.Equal(t, 1, code(t, err), stderr)
	assert.Contains(t, stderr, "to continue where it ended: phscript run --resume")
	assert.Len(t, server.Records("note"), 3)
	calls := server.Count(simulator.Filter{})

	_, _, err = r.Run(run.New, "--resume", "import.lua")
	assert.EqualError(t, err, "no unfinished run of import.lua with these arguments is recorded")
	_, stderr, err = r.Run(run.New, "--resume", "-p", "fail=1", "import.lua")
	assert.Equal(t, 1, code(t, err))
	assert.Contains(t, stderr, "6 rows were sent by the run that began at ")
	assert.Contains(t, stderr, "created    5\n")
	assert.Contains(t, stderr, "rejected   1\n")
	assert.Equal(t, calls, server.Count(simulator.Filter{}), "everything was sent by the first run")

	// Without the flag, it starts from the beginning, and says what that means.
	_, stderr, err = r.Run(run.New, "-p", "fail=1", "import.lua")
	assert.Equal(t, 1, code(t, err))
	assert.Contains(t, stderr, "it sent 3 rows without keys, which this run stores a second time")
	assert.Contains(t, stderr, "created    0\n", "the company exists, so the script ends there")
}

// A run whose token was refused before it stored anything begins anew with another token.
func TestRefusedTokensLeaveNothingToResume(t *testing.T) {
	r, server := resumable(t, map[string]string{"import.lua": failsOnce})
	r.Variables["PLANHAT_API_TOKEN"] = "wrong-token"
	_, stderr, err := r.Run(run.New, "import.lua")
	assert.Equal(t, 4, code(t, err), stderr)
	assert.NotContains(t, stderr, "to continue")
	r.Variables["PLANHAT_API_TOKEN"] = server.APIToken()
	_, _, err = r.Run(run.New, "--resume", "import.lua")
	assert.EqualError(t, err, "no unfinished run of import.lua is recorded")
	_, stderr, err = r.Run(run.New, "import.lua")
	assert.Equal(t, 3, code(t, err), stderr)
}

// A run that ends well leaves nothing to resume.
func TestNothingToResume(t *testing.T) {
	r, server := resumable(t, map[string]string{"import.lua": failsOnce})
	stdout, stderr, err := r.Run(run.New, "import.lua")
	assert.Equal(t, 3, code(t, err), stderr)
	assert.Equal(t, "true\n", stdout)
	for flags, want := range map[string]string{
		"--resume import.lua":                "no unfinished run of import.lua is recorded",
		"--resume=no import.lua":             "--resume takes no value, send or skip, not 'no'",
		"--resume --simulate import.lua":     "--resume cannot be used with --simulate, --replay or --dry-run, whose runs leave nothing to resume",
		"--resume --dry-run import.lua":      "--resume cannot be used with --simulate, --replay or --dry-run, whose runs leave nothing to resume",
		"--resume --state memory import.lua": "there is nothing to resume: without a store, nothing is recorded",
	} {
		_, _, err := r.Run(run.New, strings.Fields(flags)...)
		assert.EqualError(t, err, want, flags)
	}
	assert.Len(t, server.Records("note"), 3)
}

// Calls with a checkpoint continue without a flag.
func TestCallsWithACheckpoint(t *testing.T) {
	r, server := resumable(t, map[string]string{"import.lua": `
local made = planhat.company.bulk_upsert({ { externalId = "a", name = "A" } }, { checkpoint = "companies" })
local values = planhat.metrics.bulk_insert_metrics({ { externalId = "a", dimensionId = "d", value = 1 } }, { checkpoint = "values" })
print(made.created, made.ids[1] ~= nil, values.created)
if args[1] then error("stop") end
`})
	for _, args := range []string{"import.lua x", "import.lua y", "import.lua"} {
		stdout, stderr, err := r.Run(run.New, strings.Fields(args)...)
		assert.Equal(t, len(strings.Fields(args))-1, code(t, err), stderr)
		assert.Equal(t, "1\ttrue\t1\n", stdout, args)
	}
	assert.Equal(t, 2, server.Count(simulator.Filter{}), "one call each")
	stdout, stderr, err := r.Run(run.New, "import.lua")
	assert.Equal(t, 0, code(t, err), stderr)
	assert.NotEqual(t, "1\ttrue\t1\n", stdout, "the last run ended well, so everything is sent again")
}

// Rows of a call with a checkpoint that may be stored are decided about with --resume, and
// once it is decided, the next run needs no flag.
func TestDoubtfulRowsOfACheckpoint(t *testing.T) {
	for decision, stored := range map[string]int{"skip": 2, "send": 4} {
		r, server := resumable(t, map[string]string{"notes.lua": `
planhat.note.bulk_upsert({ { companyId = "67d08140557181002fd170dd", type = "note", subject = "a" }, { companyId = "67d08140557181002fd170dd", type = "note", subject = "b" } },
  { checkpoint = "notes" })
print("done")
`})
		require.NoError(t, server.Put("company", map[string]any{"_id": "67d08140557181002fd170dd", "name": "Acme"}))
		faults, err := simulator.ParseFaults("reset-after:model=note,first=1")
		require.NoError(t, err)
		require.NoError(t, server.InjectFaults(faults...))
		_, stderr, err := r.Run(run.New, "--retry-for", "1ms", "notes.lua")
		assert.Equal(t, 1, code(t, err), stderr)
		_, stderr, err = r.Run(run.New, "notes.lua")
		assert.Equal(t, 2, code(t, err), stderr)
		assert.Contains(t, stderr, "2 rows without keys may be stored")
		assert.Contains(t, stderr, "run the script with --resume=send to send them again, or with --resume=skip to leave them out")
		_, stderr, err = r.Run(run.New, "--resume", "notes.lua")
		assert.Equal(t, 2, code(t, err), stderr)
		assert.Contains(t, stderr, "2 rows without keys may be stored")
		stdout, stderr, _ := r.Run(run.New, "--resume="+decision, "notes.lua")
		assert.Equal(t, "done\n", stdout, stderr)
		assert.Len(t, server.Records("note"), stored, decision)
	}
}

// By hand, a script does not continue what its schedule has begun; the advice is to retry
// that run.
func TestUnfinishedScheduledRuns(t *testing.T) {
	r, server := resumable(t, map[string]string{"notes.lua": `planhat.note.bulk_upsert({ { companyId = "67d08140557181002fd170dd", type = "note", subject = "a" } })`})
	require.NoError(t, server.Put("company", map[string]any{"_id": "67d08140557181002fd170dd", "name": "Acme"}))
	faults, err := simulator.ParseFaults("reset-after:model=note,first=1")
	require.NoError(t, err)
	require.NoError(t, server.InjectFaults(faults...))
	open, end := io.Pipe() // its end would stop the run
	defer func() { require.NoError(t, end.Close()) }()
	r.Env.Stdin = open
	r.Variables["PHSCRIPT_RUN"], r.Variables["PHSCRIPT_JOURNAL"] = "7", "7"
	_, stderr, err := r.Run(run.New, "--retry-for", "1ms", "notes.lua")
	assert.Equal(t, 1, code(t, err), stderr)
	r.Variables["PHSCRIPT_RUN"] = "8"
	_, stderr, err = r.Run(run.New, "--summary", "s.json", "notes.lua")
	assert.Equal(t, 1, code(t, err), stderr)
	assert.Contains(t, stderr, "phscript runs retry --resume=send 8 to send them again, or phscript runs retry --resume=skip 8")
	summary, err := os.ReadFile(filepath.Join(r.Env.Dir, "s.json"))
	require.NoError(t, err)
	assert.Contains(t, string(summary), `"in_doubt": true`)
	delete(r.Variables, "PHSCRIPT_RUN")
	delete(r.Variables, "PHSCRIPT_JOURNAL")
	_, _, err = r.Run(run.New, "--resume=skip", "notes.lua")
	require.EqualError(t, err, "no unfinished run of notes.lua is recorded")
	var hinted interface{ ErrorHint() string }
	require.ErrorAs(t, err, &hinted)
	assert.Contains(t, hinted.ErrorHint(), "phscript runs retry 7 continues it")
	assert.Len(t, server.Records("note"), 1)
}
