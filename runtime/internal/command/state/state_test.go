package state_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/state"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

func TestBackupAndRestore(t *testing.T) {
	r := trial.New(t, nil)
	names := func() (list []string) {
		r.Store(trial.DefaultStore, func(ctx context.Context, s *serve.Schedules, _ *store.DB) {
			entries, err := s.List(ctx)
			require.NoError(t, err)
			for _, e := range entries {
				list = append(list, e.Name)
			}
		})
		return list
	}
	r.Schedules(config.Schedule{Name: "first", Script: "a.lua", Every: "1h"})
	out, _, err := r.Run(state.New, "backup", "copy.db")
	require.NoError(t, err)
	assert.Regexp(t, `^copy\.db is a copy of .*state\.db \(\d+ KiB\)\n$`, out)
	_, _, err = r.Run(state.New, "backup", "copy.db")
	require.ErrorContains(t, err, "copy.db", "nothing is overwritten")

	r.Schedules(config.Schedule{Name: "second", Script: "b.lua", Every: "1h"})
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "not.db"), []byte("text"), 0o644))
	_, _, err = r.Run(state.New, "restore", "not.db")
	require.Error(t, err)
	assert.Equal(t, []string{"second"}, names())
	out, _, err = r.Run(state.New, "restore", "copy.db")
	require.NoError(t, err)
	assert.Regexp(t, `(?s)^restored .* from copy\.db\nthe old store is kept as .*\n$`, out)
	assert.Equal(t, []string{"first"}, names())

	_, _, err = r.Run(state.New, "backup", "--state", "postgres://user@db/phscript", "copy2.db")
	require.EqualError(t, err, "the store is a PostgreSQL database; use its own tools")
	_, _, err = r.Run(state.New, "restore")
	assert.EqualError(t, err, "name one file")
}

// TestRestoreUnderAService: a service that was seen within the last minute keeps
// its store, unless forced.
func TestRestoreUnderAService(t *testing.T) {
	r := trial.New(t, nil)
	r.Store("copy.db", func(context.Context, *serve.Schedules, *store.DB) {})
	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		_, err := db.ExecContext(ctx, `INSERT INTO phscript_server (name, started_at, seen_at, workers) VALUES ('host:1', `+db.Now()+`, `+db.Now()+`, 2)`)
		require.NoError(t, err)
	})
	_, _, err := r.Run(state.New, "restore", "copy.db")
	require.EqualError(t, err, "'phscript serve' is using the store: host:1")
	_, _, err = r.Run(state.New, "restore", "--force", "copy.db")
	assert.NoError(t, err)
}
