package run_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// connected makes a trial whose runs write to a simulated Planhat in another process, as far as
// they know.
func connected(t *testing.T, files map[string]string) *trial.Trial {
	t.Helper()
	planhat, err := simulator.Start(simulator.Options{Companies: 5, CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	r := trial.New(t, files)
	r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_API_TOKEN"] = planhat.URL(), planhat.APIToken()
	return r
}

func runs(r *trial.Trial) (list []*history.Run) {
	r.Helper()
	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		var err error
		list, err = history.New(db).List(ctx, history.Filter{})
		require.NoError(r, err)
	})
	return list
}

func TestRunsThatWriteHaveANumber(t *testing.T) {
	r := connected(t, map[string]string{
		"read.lua":   "planhat.company.get_list()",
		"write.lua":  `planhat.company.bulk_upsert{ { externalId = "a", name = "A" }, { externalId = "b" } }`,
		"fails.lua":  `planhat.company.create{ name = "C" } error("no")`,
		"writes.lua": `for i = 1, 3 do planhat.company.create{ name = "D" .. i } end`,
	})
	for _, c := range []struct {
		flags []string
		code  int
		said  string
	}{
		{[]string{"read.lua"}, 0, "read.lua: done in "},
		{[]string{"--dry-run", "write.lua"}, 3, "write.lua: done, with rejected rows in "},
		{[]string{"--simulate", "writes.lua"}, 0, "(simulated)"},
		{[]string{"--summary", "s.json", "write.lua"}, 3, ", run 1\n"},
		{[]string{"fails.lua"}, 1, ", run 2\n"},
		{[]string{"writes.lua"}, 0, ", run 3\n"},
	} {
		_, stderr, err := r.Run(run.New, append([]string{"--allow-host", "127.0.0.1"}, c.flags...)...)
		assert.Equal(t, c.code, code(t, err), stderr)
		assert.Contains(t, stderr, c.said)
	}
	var summary struct{ Run int }
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, "s.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &summary))
	assert.Equal(t, 1, summary.Run)
	list := runs(r)
	require.Len(t, list, 3)
	for i, want := range []struct {
		script string
		status history.Status
		reason string
		calls  int
	}{{"writes.lua", history.Succeeded, "", 3}, {"fails.lua", history.Failed, "fails.lua:1: no", 1}, {"write.lua", history.Rejected, "", 1}} {
		assert.Equal(t, want.script, list[i].Script)
		assert.Equal(t, want.status, list[i].Status)
		assert.Equal(t, want.reason, list[i].Reason)
		assert.Equal(t, want.calls, list[i].Calls)
		assert.Equal(t, history.ByRun, list[i].Cause)
		assert.NotEmpty(t, list[i].ScriptHash)
	}

	// A run of a service has the number that the service gave it.
	r.Variables[serve.RunVariable] = "7"
	stdin, service := io.Pipe() // it ends with the service
	t.Cleanup(func() { _ = service.Close() })
	r.Env.Stdin = stdin
	_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "writes.lua")
	assert.Equal(t, 0, code(t, err), stderr)
	assert.Contains(t, stderr, ", run 7\n")
	assert.Len(t, runs(r), 3)
}

// TestTheStoreFails: the work of a run matters more than its entry.
func TestTheStoreFails(t *testing.T) {
	r := connected(t, map[string]string{"write.lua": `planhat.company.create{ name = "A" }`})
	_, _, err := r.Run(run.New, "--allow-host", "127.0.0.1", "write.lua")
	require.Equal(t, 0, code(t, err))
	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		require.NoError(t, store.Exec(ctx, db, "ALTER TABLE phscript_run RENAME TO elsewhere"))
	})
	_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "write.lua")
	assert.Equal(t, 0, code(t, err))
	assert.Contains(t, stderr, "this run has no number: it could not be added to the history")
	assert.Contains(t, stderr, "created    1")
}

// TestRunsThatWereKilled: a run whose process is silent is lost, and a service leaves it
// alone.
func TestRunsThatWereKilled(t *testing.T) {
	r := connected(t, map[string]string{"write.lua": `planhat.company.create{ name = "A" }`})
	var id int64
	r.Store(trial.DefaultStore, func(ctx context.Context, s *serve.Schedules, db *store.DB) {
		one := &history.Run{Cause: history.ByRun, Script: "killed.lua"}
		require.NoError(t, history.New(db).Begin(ctx, one, "here:1"))
		id = one.ID
		require.NoError(t, store.Exec(ctx, db, "UPDATE phscript_run SET seen_at = seen_at - ?", (2*time.Minute).Microseconds()))
		_, err := s.Retry(ctx, id, "", serve.Ask{})
		require.Error(t, err)
	})
	_, _, err := r.Run(run.New, "--allow-host", "127.0.0.1", "write.lua")
	require.Equal(t, 0, code(t, err))
	list := runs(r)
	require.Len(t, list, 2)
	assert.Equal(t, history.Lost, list[1].Status)
	assert.Equal(t, "its process, here:1, is gone; the run's progress is unknown", list[1].Reason)
	r.Store(trial.DefaultStore, func(ctx context.Context, s *serve.Schedules, db *store.DB) {
		_, err := s.Retry(ctx, id, "", serve.Ask{})
		require.ErrorContains(t, err, "run 1 was not made by a service; repeat the command, phscript run")
		// It was only asleep.
		require.NoError(t, history.New(db).Conclude(ctx, id, history.End{Status: history.Succeeded}))
	})
	assert.Equal(t, history.Succeeded, runs(r)[1].Status)
}
