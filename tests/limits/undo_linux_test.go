package limits

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

// TestMemoryOfAnUndo: the plan that undoes 100,000 new records takes as little as the plan that
// created them.
func TestMemoryOfAnUndo(t *testing.T) {
	const name, companies = "new records", 20
	server, err := simulator.Start(simulator.Options{Companies: companies, Seed: 1, CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	defer func() { _ = server.Close() }()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "job.lua"), []byte(planned[name]), 0o600))
	run := func(args ...string) (most int64) {
		cmd := exec.CommandContext(t.Context(), program.Path(t), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PHSCRIPT_STATE="+filepath.Join(dir, "state", "state.db"), "PHSCRIPT_CALLS_PER_MIN=1000000",
			"PLANHAT_API_TOKEN="+server.APIToken(), "PLANHAT_API_URL="+server.URL())
		out, err := os.Create(filepath.Join(dir, "out.txt"))
		require.NoError(t, err)
		defer func() { _ = out.Close() }()
		cmd.Stdout, cmd.Stderr = out, out
		require.NoError(t, cmd.Start())
		size, ended := make(chan int64), make(chan struct{})
		go func() { size <- mostSeen(cmd.Process.Pid, ended) }()
		err = cmd.Wait()
		close(ended)
		most = <-size
		text, _ := os.ReadFile(out.Name())
		require.NoError(t, err, string(text))
		return most
	}
	run("plan", "--max-read-calls", "1000", "-o", "plan.jsonl", "job.lua")
	t.Logf("apply: %d MB", run("apply", "--yes", "plan.jsonl")>>20)
	most := run("undo", "-o", "undo.jsonl")
	info, err := os.Stat(filepath.Join(dir, "undo.jsonl"))
	require.NoError(t, err)
	assert.Greater(t, info.Size(), int64(10<<20))
	t.Logf("undo: %d MB", most>>20)
	assert.Greater(t, most, int64(30<<20), "it was measured")
	assert.Less(t, most, int64(mostOfAPlan))
}
