package schedule_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/schedule"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/view"
)

func TestSchedules(t *testing.T) {
	r := trial.New(t, nil)
	run := func(args ...string) string {
		t.Helper()
		out, _, err := r.Run(schedule.New, args...)
		require.NoError(t, err)
		return out
	}
	assert.Equal(t, "no schedules; 'phscript serve --check' shows those in your configuration\n", run("list"))
	assert.JSONEq(t, `{"version": 1, "schedules": [], "services": [], "outages": []}`, run("list", "--json"))
	assert.Equal(t, "no schedule is due\n", run("next"))
	r.Schedules(config.Schedule{Name: "nightly", Script: "a.lua", Cron: "0 2 * * *", TimeZone: "UTC"}, config.Schedule{Name: "often", Script: "b.lua", Every: "10m"})

	assert.Regexp(t, `(?s)^NAME .*\nnightly .*\noften .*\n\nno 'phscript serve' is running: nothing runs until you start one\n$`, run("list"))
	assert.Contains(t, run("list", "--simulate"), "no schedules", "a simulated service has its own store")
	assert.Contains(t, run("list", "--state", "other.db"), "no schedules")

	var printed view.TickList
	require.NoError(t, json.Unmarshal([]byte(run("next", "-n", "2", "--json", "nightly")), &printed))
	assert.Equal(t, 1, printed.Version)
	ticks := printed.Ticks
	require.Len(t, ticks, 2)
	assert.Equal(t, "nightly", ticks[0].Schedule)
	assert.Equal(t, time.Date(2026, 1, 16, 2, 0, 0, 0, time.UTC), ticks[0].At.UTC())

	assert.Equal(t, "nightly is paused; its queued runs are cancelled, except those started by hand\n", run("pause", "nightly"))
	assert.NotContains(t, run("next"), "nightly")
	assert.Regexp(t, `\nnightly has been paused since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+\n`, run("list"))
	assert.Contains(t, run("resume", "nightly"), "nightly is resumed; next at ")
	assert.Equal(t, "run 1 of often is queued; follow it with 'phscript runs logs -f 1'\n", run("run", "often"))

	_, _, err := r.Run(schedule.New, "pause", "often", "nightl")
	assert.EqualError(t, err, "there is no schedule 'nightl' (did you mean 'nightly'?)")
	assert.Contains(t, run("next"), "often", "nothing is done if a name is wrong")
	_, _, err = r.Run(schedule.New, "run")
	assert.EqualError(t, err, "name at least one schedule")
}
