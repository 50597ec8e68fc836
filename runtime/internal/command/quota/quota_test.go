package quota_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	command "github.com/phscript/phscript/runtime/internal/command/quota"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

func TestQuota(t *testing.T) {
	r := trial.New(t, map[string]string{"phscript.toml": "calls_per_min = 40\n"})
	out, _, err := r.Run(command.New)
	require.NoError(t, err)
	place := filepath.Join(r.Env.Dir, trial.DefaultStore)
	assert.Equal(t, "nothing has run yet: there is no store at "+place+"\n", out)
	assert.NoDirExists(t, filepath.Join(r.Env.Dir, "state"), "nothing is created")
	r.Schedules()
	out, _, err = r.Run(command.New)
	require.NoError(t, err)
	assert.Equal(t, "no script has called Planhat in the last minute through the store "+place+"\n", out)
	spec := planhat.LimiterConfig{CallsPerMinute: 40}.WindowSpec()
	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		w := quota.New(quota.Options{
			Open: func(context.Context) (*store.DB, error) { return db, nil }, URL: "https://api.example.com", Token: "t",
			Limit: spec.Limit, Length: spec.Length, Run: "run 7", Script: "sync.lua",
		})
		_, err := w.Take(ctx)
		require.NoError(t, err)
	})
	out, _, err = r.Run(command.New)
	require.NoError(t, err)
	assert.Contains(t, out, "api.example.com")
	assert.Regexp(t, `1 of \d+`, out)
	assert.Contains(t, out, "run 7")
	out, _, err = r.Run(command.New, "--json")
	require.NoError(t, err)
	assert.Contains(t, out, `"sync.lua"`)
	_, _, err = r.Run(command.New, "--json", "--state", "other.db")
	require.EqualError(t, err, "there is no store at "+filepath.Join(r.Env.Dir, "other.db"))
	assert.NoFileExists(t, filepath.Join(r.Env.Dir, "other.db"))
	out, _, err = r.Run(command.New, "--json", "--simulate")
	require.NoError(t, err)
	assert.JSONEq(t, `{"version": 1, "quotas": []}`, out)
	_, _, err = r.Run(command.New, "--state", "memory")
	assert.EqualError(t, err, "this command cannot use the store 'memory', because nothing in it is kept")
	_, stderr, err := r.Run(command.New, "--config", "missing.toml", "--state", place)
	require.NoError(t, err)
	assert.Regexp(t, `^warning: ignoring the configuration: .*missing.toml.*\n$`, stderr, "said once")
}

// TestOthers: calls that another program makes with the same token are told apart, and a
// pause after a 429 is a warning.
func TestOthers(t *testing.T) {
	server, err := simulator.Start(simulator.Options{CallsPerMinute: 60, PerSecond: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	r := trial.New(t, nil)
	r.Schedules()
	client := func(window planhat.Window) *planhat.Client {
		c, err := planhat.New(planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL(), Limiter: planhat.NewLimiter(planhat.LimiterConfig{PerSecond: -1, Window: window})})
		require.NoError(t, err)
		return c
	}
	call := func(c *planhat.Client, times int) {
		for range times {
			_, err := c.User.GetList(t.Context(), planhat.ListOptions{Limit: 1})
			require.NoError(t, err)
		}
	}
	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		w := quota.New(quota.Options{
			Open: func(context.Context) (*store.DB, error) { return db, nil }, URL: server.URL(), Token: server.APIToken(),
			Limit: 200, Length: time.Minute, Run: "run 7", Script: "sync.lua",
		})
		ours := client(w)
		call(ours, 5)
		out, stderr, err := r.Run(command.New)
		require.NoError(t, err)
		assert.NotContains(t, out, "others")
		assert.Empty(t, stderr)
		call(client(nil), 30)
		call(ours, 1)
		out, stderr, err = r.Run(command.New)
		require.NoError(t, err)
		assert.Regexp(t, `others +at least 30, seen at `, out)
		assert.Regexp(t, `^warning: other programs use the token [0-9a-f]{6}, too: Planhat has counted at least 30 calls that scripts with this store have not made\n$`, stderr)
		require.NoError(t, w.Block(ctx, 40*time.Second))
	})
	out, stderr, err := r.Run(command.New)
	require.NoError(t, err)
	assert.Contains(t, out, "as Planhat asked")
	assert.Regexp(t, `warning: Planhat has refused calls with the token [0-9a-f]{6} \(429\): all calls wait for another \d+s\n`, stderr)
	out, _, err = r.Run(command.New, "--json")
	require.NoError(t, err)
	assert.Contains(t, out, `"others": 30`)
}
