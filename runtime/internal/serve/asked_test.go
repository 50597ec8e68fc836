package serve

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/tests/patience"
)

var kim = Ask{By: audit.Actor{Name: "Kim", Role: "operator", Address: "192.0.2.7"}, Why: "the file is there now"}

// TestWhoAskedIsKept: with runs and schedules, and in the audit.
func TestWhoAskedIsKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		require.NoError(t, w.schedules.Sync(t.Context(), []definition{w.define(config.Schedule{Name: "a", Cron: "0 0 1 1 *"})}))
		id, err := w.schedules.RunNow(t.Context(), "a", kim)
		require.NoError(t, err)
		was, err := w.schedules.Cancel(t.Context(), id, kim)
		require.NoError(t, err)
		assert.Equal(t, history.Queued, was)
		again, err := w.schedules.Retry(t.Context(), id, "", kim)
		require.NoError(t, err)
		_, err = w.schedules.Cancel(t.Context(), id, kim) // it has ended: nothing happens
		require.NoError(t, err)
		r, err := w.history.Run(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, "Kim", r.AskedBy)
		assert.Equal(t, "the file is there now", r.AskedWhy)
		assert.Equal(t, "Kim", r.CancelledBy)
		assert.Equal(t, "cancelled by Kim: the file is there now", r.Reason)
		r, err = w.history.Run(t.Context(), again)
		require.NoError(t, err)
		assert.Equal(t, "Kim", r.AskedBy)
		assert.Empty(t, r.CancelledBy)

		require.NoError(t, w.schedules.Pause(t.Context(), "a", kim))
		require.NoError(t, w.schedules.Pause(t.Context(), "a", Ask{By: audit.Actor{Name: "Lee"}}))
		e, err := w.schedules.one(t.Context(), w.db, "a")
		require.NoError(t, err)
		assert.Equal(t, "Kim", e.PausedBy, "it was paused already")
		assert.Equal(t, "the file is there now", e.PausedWhy)
		require.NoError(t, w.schedules.Resume(t.Context(), "a", kim))
		e, err = w.schedules.one(t.Context(), w.db, "a")
		require.NoError(t, err)
		assert.Empty(t, e.PausedBy+e.PausedWhy)

		entries, err := audit.List(t.Context(), w.db, audit.Filter{})
		require.NoError(t, err)
		var got []string
		for _, e := range entries {
			assert.Equal(t, kim.By, e.Actor)
			got = append(got, e.Action+" "+e.Target+": "+e.Detail)
		}
		assert.Equal(t, []string{
			"resume schedule a: the file is there now", "pause schedule a: the file is there now",
			"retry run " + itoa(id) + ": as run " + itoa(again) + ": the file is there now",
			"cancel run " + itoa(id) + ": the file is there now", "run run " + itoa(id) + ": schedule a: the file is there now",
		}, got)
		_, err = w.schedules.RunNow(t.Context(), "b", kim)
		assert.ErrorIs(t, err, ErrNoSchedule)
	})
}

// TestAskedParametersOfRuns: they are checked against what the script declared when the
// schedules were read, and replace those of the schedule or of the earlier run.
func TestAskedParametersOfRuns(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		script := filepath.Join(w.dir, "a.lua")
		require.NoError(t, os.WriteFile(script, []byte("-- @param region:choice(eu, us)\n-- @param days:integer default=7\n"), 0o644))
		params, err := config.ParamsOf(map[string]string{"region": "eu"})
		require.NoError(t, err)
		load := func() {
			l := &Loader{Dir: w.dir, File: filepath.Join(w.dir, config.FileName), Read: func() (config.Config, error) {
				return config.Config{Schedules: []config.Schedule{{Name: "a", Script: "a.lua", Cron: "0 0 1 1 *", Params: params}}}, nil
			}}
			loaded, err := l.Load()
			require.NoError(t, err)
			require.NoError(t, w.schedules.Sync(t.Context(), loaded.Definitions))
		}
		load()
		ask := func(text string) Ask {
			a := kim
			require.NoError(t, json.Unmarshal([]byte(text), &a.Params))
			return a
		}
		stored := func(id int64) string {
			r, err := w.history.Run(t.Context(), id)
			require.NoError(t, err)
			return r.Definition.Params.JSON()
		}
		var failed *header.ParamError
		_, err = w.schedules.RunNow(t.Context(), "a", ask(`{"days": "many"}`))
		require.ErrorAs(t, err, &failed)
		_, err = w.schedules.RunNow(t.Context(), "a", ask(`{"dayz": "2"}`))
		require.ErrorContains(t, err, "did you mean 'days'?")
		id, err := w.schedules.RunNow(t.Context(), "a", ask(`{"days": "14"}`))
		require.NoError(t, err)
		assert.JSONEq(t, `{"region": "eu", "days": 14}`, stored(id))
		_, err = w.schedules.Cancel(t.Context(), id, kim)
		require.NoError(t, err)
		_, err = w.schedules.Retry(t.Context(), id, "", ask(`{"region": "asia"}`))
		require.ErrorAs(t, err, &failed)
		again, err := w.schedules.Retry(t.Context(), id, "", ask(`{"region": "us"}`))
		require.NoError(t, err)
		assert.JSONEq(t, `{"region": "us", "days": 14}`, stored(again))
		// The header changes, and nothing else.
		require.NoError(t, os.WriteFile(script, []byte("-- @param region:choice(eu, us, asia)\n-- @param days:integer default=7\n"), 0o644))
		load()
		e, err := w.schedules.one(t.Context(), w.db, "a")
		require.NoError(t, err)
		require.Len(t, e.Signature, 2)
		assert.Equal(t, []string{"eu", "us", "asia"}, e.Signature[0].Choices)
		_, err = w.schedules.RunNow(t.Context(), "a", ask(`{"region": "asia"}`))
		require.NoError(t, err)
		recorded, err := audit.List(t.Context(), w.db, audit.Filter{})
		require.NoError(t, err)
		assert.Len(t, recorded, 4, "what was refused is not recorded")
	})
}

// TestProgressOfARun is stored while it runs, within a few seconds, also if nothing else
// happens.
func TestProgressOfARun(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, location string) {
		w := newFixture(t, location)
		reports, release := make(chan history.Progress), make(chan struct{})
		stop := w.serve("a", func(ctx context.Context, from *Loaded, r *history.Run, d definition, out Output) history.End {
			for p := range reports {
				out.Progress(p)
			}
			<-release
			return history.End{Status: history.Failed, Calls: 9, Written: 4, Rejected: 1, Error: "it broke", Hint: "mend it"}
		}, w.define(config.Schedule{Name: "long", Cron: "0 0 1 1 *"}))
		defer stop()
		id := w.runNow("long")
		w.awaitStatus(id, history.Running)
		for _, p := range []history.Progress{
			{Calls: 3, Written: 2, Task: &history.Task{Name: "company.bulk_upsert", Unit: "rows", Done: 500, Total: 1204, Left: 12}},
			{Calls: 8, Written: 4, Rejected: 1},
		} {
			reports <- p
			patience.Await(t, 20*time.Millisecond, func() bool {
				r, err := w.history.Run(t.Context(), id)
				require.NoError(t, err)
				return assert.ObjectsAreEqual(p, history.Progress{Calls: r.Calls, Written: r.Written, Rejected: r.Rejected, Task: r.Task})
			}, "the store never has %+v", p)
		}
		close(reports)
		close(release)
		r := w.awaitStatus(id, history.Failed)
		assert.Equal(t, [3]int{9, 4, 1}, [3]int{r.Calls, r.Written, r.Rejected})
		assert.Equal(t, "mend it", r.Hint)
		e, err := w.schedules.one(t.Context(), w.db, "long")
		require.NoError(t, err)
		assert.WithinDuration(t, r.Ended, e.FailingSince, 30*time.Second)
	})
}

func TestProgressRecords(t *testing.T) {
	for record, want := range map[string]*history.Progress{
		`{"progress":{"calls":3,"written":2,"rejected":1,"task":{"name":"n","unit":"rows","done":1,"total":2,"seconds_left":-1}}}`: {Calls: 3, Written: 2, Rejected: 1, Task: &history.Task{Name: "n", Unit: "rows", Done: 1, Total: 2, Left: -1}},
		`{"progress":{"calls":"many"}}`:                 nil,
		`{"progress":`:                                  nil,
		`{"time":"2026-01-01T00:00:00Z","progress":{}}`: nil,
		`{"summary":{"calls":3}}`:                       nil,
	} {
		assert.Equal(t, want, sentProgress(record), record)
	}
	assert.Equal(t, "set it", hintIn("error: no token\nhint: set it\n"))
	assert.Equal(t, "set it", hintIn("hint: set it"))
	assert.Empty(t, hintIn("error: no hint: here"))
	assert.Equal(t, "second", hintIn("hint: first\nhint: second"))
}
