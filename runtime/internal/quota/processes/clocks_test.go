package processes

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
	"github.com/phscript/phscript/tests/program"
)

// TestClocksAreApart: three machines, one of them with a clock that is five
// seconds fast and one with a slow one, at a real minute's quota. What counts is
// what the server sees. Processes that share a file share a clock, so that this
// concerns PostgreSQL alone.
func TestClocksAreApart(t *testing.T) {
	const perMinute = 60
	cluster := postgres.Start(t)
	server, err := simulator.Start(simulator.Options{Companies: 1, CallsPerMinute: perMinute})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	dir := t.TempDir()
	script := filepath.Join(dir, "calls.lua")
	require.NoError(t, os.WriteFile(script, []byte("while true do planhat.company.get_list{ limit = 1 } end\n"), 0o600))
	for _, off := range []time.Duration{0, 5 * time.Second, -5 * time.Second} {
		cmd := exec.Command(program.WithClock(t, off), "run", "--quiet", "--calls-per-min", "60", script)
		cmd.Dir = dir
		cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "PHSCRIPT_STATE=" + cluster.URL()}, server.Environment()...)
		require.NoError(t, cmd.Start())
		defer func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}()
	}
	patience.Await(t, 50*time.Millisecond, func() bool { return len(server.Calls()) >= perMinute+perMinute/2 }, "calls stopped coming")
	var starts []int64
	for _, c := range server.Calls() {
		starts = append(starts, c.Time.UnixMicro())
	}
	assert.LessOrEqual(t, crowd(starts, time.Minute.Microseconds()), perMinute)
	assert.Zero(t, server.Count(simulator.Filter{Status: http.StatusTooManyRequests}))
	t.Logf("start %d came %s after the first", perMinute+1, time.Duration(starts[perMinute]-starts[0])*time.Microsecond)
}
