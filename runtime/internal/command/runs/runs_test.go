package runs_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/runs"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// stored makes a trial with three runs: 1 has rejected rows, 2 was over two days
// ago, 3 is
// queued for later.
func stored(t *testing.T) *trial.Trial {
	r := trial.New(t, nil)
	r.Schedules(config.Schedule{Name: "nightly", Script: "a.lua", Every: "1h"})
	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		h := history.New(db)
		for i, run := range []*history.Run{
			{Schedule: "nightly", Script: "a.lua", Due: trial.Now.Add(-time.Hour)},
			{Schedule: "old", Script: "b.lua", Due: trial.Now.Add(-49 * time.Hour)},
		} {
			run.Cause, run.Status, run.Tick = history.ByTick, history.Queued, run.Due
			_, err := h.Add(ctx, db, run)
			require.NoError(t, err)
			require.NoError(t, h.Append(ctx, []history.Line{
				{Run: run.ID, Seq: 1, Level: "debug", Message: "looking"}, {Run: run.ID, Seq: 2, Level: "print", Message: "hello"}, {Run: run.ID, Seq: 3, Level: "warn", Message: "careful"},
			}))
			end := []history.End{
				{Status: history.Rejected, Rejected: 1, Summary: []byte(`{"rejected_rows":[{"model":"company","operation":"bulk_upsert","row":2,"kind":"validation","message":"no name","data":{"externalId":"a-1"}}]}`)},
				{Status: history.Failed, Reason: "b.lua:1: boom", Error: "error: b.lua:1: boom\nmore"},
			}[i]
			_, err = h.Finish(ctx, db, run.ID, end, history.Queued)
			require.NoError(t, err)
		}
		later := &history.Run{Schedule: "nightly", Script: "c.lua", Due: time.Now().Add(time.Hour), Cause: history.ByTick, Status: history.Queued}
		_, err := h.Add(ctx, db, later)
		require.NoError(t, err)
	})
	return r
}

func TestRunsAreListed(t *testing.T) {
	r := stored(t)
	for _, c := range []struct {
		flags string
		want  []int64
	}{
		{"", []int64{1, 2}},
		{"--upcoming", []int64{3, 1, 2}},
		{"--status queued", []int64{3}},
		{"--status failed,rejected -n 1", []int64{1}},
		{"--schedule old", []int64{2}},
		{"--script a.lua", []int64{1}},
		{"--since 24h", []int64{1}},
		{"--since 2d", []int64{1}},
		{"--since 2026-01-01", []int64{1, 2}},
		{"--simulate", nil},
	} {
		out, _, err := r.Run(runs.New, append([]string{"list", "--json"}, strings.Fields(c.flags)...)...)
		require.NoError(t, err, c.flags)
		var list struct{ Runs []struct{ ID int64 } }
		require.NoError(t, json.Unmarshal([]byte(out), &list), out)
		var ids []int64
		for _, one := range list.Runs {
			ids = append(ids, one.ID)
		}
		assert.Equal(t, c.want, ids, c.flags)
	}
	out, _, err := r.Run(runs.New, "list", "--status", "failed")
	require.NoError(t, err)
	assert.Regexp(t, `^RUN .*\n2 +old .* failed .* b\.lua:1: boom\n$`, out)
	for flags, want := range map[string]string{
		"": "", "-n 2": "", "-n 0": "", "--status failed": "", "-n 1 --json": "",
		"-n 1": "there are more runs; -n 0 lists all of them\n",
	} {
		out, stderr, err := r.Run(runs.New, append([]string{"list"}, strings.Fields(flags)...)...)
		require.NoError(t, err)
		assert.Equal(t, want, stderr, flags)
		if flags == "-n 1" {
			assert.Equal(t, 2, strings.Count(out, "\n"), "a header and a run")
		}
	}
	place := filepath.Join(r.Env.Dir, trial.DefaultStore)
	for flags, want := range map[string]string{
		"--schedule nighly":     "no runs found in the store " + place + ", which has no schedule 'nighly' (did you mean 'nightly'?)\n",
		"--script sub/a.lua":    "no runs found in the store " + place + ", where no schedule has the script 'sub/a.lua'\n",
		"--script aa.lua":       "no runs found in the store " + place + ", where no schedule has the script 'aa.lua' (did you mean 'a.lua'?)\n",
		"--status lost":         "no runs found in the store " + place + "\n",
		"--schedule old -n 5":   "",
		"--simulate --since 1d": "nothing has run yet: there is no store at " + filepath.Join(r.Env.Dir, "state/phscript/simulated.db") + "\n",
	} {
		out, _, err := r.Run(runs.New, append([]string{"list"}, strings.Fields(flags)...)...)
		require.NoError(t, err)
		if want != "" {
			assert.Equal(t, want, out, flags)
		}
	}
	for flags, want := range map[string]string{
		"--state other.db": "there is no store at " + filepath.Join(r.Env.Dir, "other.db"),
		"--status faild":   "unknown status 'faild' (did you mean 'failed'?)", "--since soon": "--since soon is not a time",
	} {
		_, _, err := r.Run(runs.New, append([]string{"list"}, strings.Fields(flags)...)...)
		assert.EqualError(t, err, want)
	}
}

func TestOneRun(t *testing.T) {
	r := stored(t)
	run := func(args ...string) string {
		t.Helper()
		out, _, err := r.Run(runs.New, args...)
		require.NoError(t, err)
		return out
	}
	assert.Contains(t, run("show", "2"), "\nerror: b.lua:1: boom\nmore\n")
	assert.Contains(t, run("show", "1"), "'phscript runs rejected 1' prints the rejected rows")
	assert.Contains(t, run("show", "1", "--json"), `"schedule": "nightly"`)
	assert.Regexp(t, `(?s)looking.*hello.*careful`, run("logs", "1", "-f"))
	assert.Regexp(t, `^[^\n]*hello\n[^\n]*careful\n$`, run("logs", "1", "--level", "info"), "lines without a level are always shown")
	assert.Equal(t, 3, strings.Count(run("logs", "1", "--json"), `{"version":1,"run":1,`))
	assert.Equal(t, "\ufeffphscript_reason,phscript_state,phscript_call,phscript_file,phscript_line,externalId\nno name,,company.bulk_upsert,,,a-1\n", run("rejected", "1"))
	assert.Contains(t, run("rejected", "1", "--json"), `"message": "no name"`)
	assert.Equal(t, "wrote 1 rejected rows to r.json\n", run("rejected", "1", "-o", "r.json"))
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, "r.json"))
	require.NoError(t, err)
	assert.True(t, json.Valid(text))
	assert.Equal(t, "run 3 is cancelled\nrun 2 has already ended: failed\n", run("cancel", "3", "2"))
	assert.Equal(t, "run 4 repeats run 1\n", run("retry", "1", "--param", "days=14", "--reason", "the file is there now"))
	assert.Regexp(t, `(?m)^reason +cancelled by kim$`, run("show", "3"))
	shown := run("show", "4")
	assert.Regexp(t, `(?m)^asked by +kim: the file is there now$`, shown)
	assert.Regexp(t, `(?m)^params +\{"days":"14"\}$`, shown)
	assert.NotContains(t, shown, "so far")
	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		h := history.New(db)
		claimed, err := h.Claim(ctx, db, 4, "here:1")
		require.NoError(t, err)
		require.True(t, claimed)
		_, _, err = h.Seen(ctx, 4, "here:1", &history.Progress{Calls: 1200, Written: 40, Rejected: 2, Task: &history.Task{Name: "Companies", Unit: "rows", Done: 6214, Total: 10000, Left: 90}})
		require.NoError(t, err)
		require.NoError(t, h.Append(ctx, []history.Line{{Run: 4, Seq: 1, At: time.Now(), Level: "warn", Message: "first"}, {Run: 4, Seq: 2, At: time.Now(), Level: "print", Message: "batch 13 done"}}))
	})
	assert.Regexp(t, `(?m)^doing +Companies, 6,214 of 10,000 rows, about 1m30s left\ncalls so far +1,200\nwritten so far +40\nrejected so far +2\nlast line +\S+ \S+ print +batch 13 done$`, run("show", "4"))
	assert.Contains(t, run("show", "4", "--json"), `"warnings": 1`)
	assert.NotContains(t, run("show", "4"), "prints the rejected rows", "they are stored when it ends")
	_, _, err = r.Run(runs.New, "rejected", "4")
	require.EqualError(t, err, "run 4 is still running; its rejected rows are stored when it ends")

	for args, want := range map[string]string{
		"show 9": "there is no run 9", "cancel x": "'x' is not the number of a run", "rejected 2": "run 2 has no rejected rows",
		"rejected 1 -o r.json": "r.json already exists",
		"logs 1 --level loud":  `invalid argument "loud" for "--level" flag: --level takes debug, info, warn or error, not "loud"`,
	} {
		_, _, err := r.Run(runs.New, strings.Fields(args)...)
		assert.EqualError(t, err, want)
	}
}
