package schedule_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/schedule"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
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
	place := filepath.Join(r.Env.Dir, trial.DefaultStore)
	assert.Equal(t, "nothing has run yet: there is no store at "+place+"; 'phscript serve --check' shows those in your configuration\n", run("list"))
	assert.JSONEq(t, `{"version": 1, "schedules": [], "services": [], "outages": []}`, run("list", "--json"))
	assert.Equal(t, "no schedule is due\n", run("next"))
	assert.NoDirExists(t, filepath.Join(r.Env.Dir, "state"), "nothing is created")
	r.Schedules()
	assert.Equal(t, "no schedules in the store "+place+"; 'phscript serve --check' shows those in your configuration\n", run("list"))
	r.Schedules(config.Schedule{Name: "nightly", Script: "a.lua", Cron: "0 2 * * *", TimeZone: "UTC"}, config.Schedule{Name: "often", Script: "b.lua", Every: "10m"})

	assert.Regexp(t, `(?s)^NAME .*\nnightly .*\noften .*\n\nno 'phscript serve' is running: nothing runs until you start one\n$`, run("list"))
	assert.Contains(t, run("list", "--simulate"), "nothing has run yet", "a simulated service has its own store")

	var printed view.TickList
	require.NoError(t, json.Unmarshal([]byte(run("next", "-n", "2", "--json", "nightly")), &printed))
	assert.Equal(t, 1, printed.Version)
	ticks := printed.Ticks
	require.Len(t, ticks, 2)
	assert.Equal(t, "nightly", ticks[0].Schedule)
	assert.Equal(t, time.Date(2026, 1, 16, 2, 0, 0, 0, time.UTC), ticks[0].At.UTC())

	assert.Equal(t, "nightly is paused; its queued runs are cancelled, except those started by hand\n", run("pause", "nightly", "--reason", "the vendor is down"))
	assert.NotContains(t, run("next"), "nightly")
	assert.Regexp(t, `\nnightly has been paused since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ by kim: the vendor is down\n`, run("list"))
	assert.Contains(t, run("resume", "nightly"), "nightly is resumed; next at ")
	assert.Equal(t, "run 1 of often is queued; follow it with 'phscript runs logs -f 1'\n", run("run", "often"))

	_, _, err := r.Run(schedule.New, "pause", "often", "nightl")
	assert.EqualError(t, err, "there is no schedule 'nightl' (did you mean 'nightly'?)")
	assert.Contains(t, run("next"), "often", "nothing is done if a name is wrong")
	for flags, again := range map[string]string{"--simulate": " --simulate", "--state=" + place: " --state " + place, "": ""} {
		_, _, err := r.Run(schedule.New, append([]string{"pause", "nowhere"}, strings.Fields(flags)...)...)
		require.ErrorContains(t, err, "there is no schedule 'nowhere'")
		var failed *usage.Error
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, "'phscript schedule list"+again+"' lists the schedules", failed.Hint)
	}
	assert.Contains(t, run("run", "often", "--param", "region=eu"), "run 2 of often is queued")
	_, _, err = r.Run(schedule.New, "run", "often", "-p", "region")
	require.ErrorContains(t, err, "--param region has no value")
	_, _, err = r.Run(schedule.New, "run")
	assert.EqualError(t, err, "name at least one schedule")
}

// TestUndeliveredNotifications are counted once the first try has failed.
func TestUndeliveredNotifications(t *testing.T) {
	r := trial.New(t, nil)
	r.Schedules(config.Schedule{Name: "often", Script: "b.lua", Every: "10m"})
	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		for tries := range 3 {
			require.NoError(t, store.Exec(ctx, db, `INSERT INTO phscript_notice (event, action, due_at, tries) VALUES ('{"schedule": "often"}', '{}', 0, ?)`, tries))
		}
	})
	out, _, err := r.Run(schedule.New, "list")
	require.NoError(t, err)
	assert.Contains(t, out, "\noften: 2 notifications could not be sent yet; the service's log says why\n")
	out, _, err = r.Run(schedule.New, "list", "--json")
	require.NoError(t, err)
	assert.Contains(t, out, `"undelivered_notifications": 2`)
	assert.Contains(t, out, `"given_up_notifications": 0`)
	for days, mentioned := range map[int]bool{1: true, 8: false} {
		r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
			require.NoError(t, store.Exec(ctx, db, `UPDATE phscript_schedule SET given_up = 3, given_up_at = ?`, r.Env.Now().AddDate(0, 0, -days).UnixMicro()))
		})
		out, _, err = r.Run(schedule.New, "list")
		require.NoError(t, err)
		assert.Equal(t, mentioned, strings.Contains(out, "\noften: 3 notifications were given up after about a day of tries, the last at "), out)
		out, _, err = r.Run(schedule.New, "list", "--json")
		require.NoError(t, err)
		assert.Contains(t, out, `"given_up_notifications": 3`)
	}
}

// TestASilentService: a service that stopped to report is told from one that was stopped:
// it may be running and have a full disk.
func TestASilentService(t *testing.T) {
	r := trial.New(t, nil)
	r.Schedules(config.Schedule{Name: "often", Script: "b.lua", Every: "10m"})
	add := func(name string, workers int) {
		r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
			require.NoError(t, store.Exec(ctx, db, `INSERT INTO phscript_server (name, workers, started_at, seen_at) VALUES (?, ?, 1, ?)`,
				name, workers, time.Now().Add(-time.Minute).UnixMicro()))
		})
	}
	list := func() string {
		out, _, err := r.Run(schedule.New, "list")
		require.NoError(t, err)
		return out
	}
	add("stopped:1", 0)
	assert.Contains(t, list(), "\nno 'phscript serve' is running: nothing runs until you start one\n")
	add("silent:2", 4)
	assert.Regexp(t, `\nno 'phscript serve' has reported since \S+ \S+ \S+ \(silent:2\): it was killed, or it is running and cannot write to its store;\n`+
		`look at its log and at the space on the disk of the store\n$`, list())
}
