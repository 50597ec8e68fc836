//go:build unix

package faults

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/traffic"
)

// killer passes calls to a simulator, and finds those that must not be sent. It kills a process at one of the writes, before or after
// that was carried out.
type killer struct {
	*httptest.Server
	planhat *simulator.Server
	// at counts down to the write at which victim is killed; after says when.
	at    atomic.Int64
	after bool
	// instead, if set, is called at that write, which is then carried out, and nothing is killed.
	instead func()
	mu      sync.Mutex
	victim  *exec.Cmd
}

func startKiller(t *testing.T) *killer {
	t.Helper()
	planhat, err := simulator.New(simulator.Options{Companies: 6, Seed: 1, CallsPerMinute: -1, PerSecond: -1, Observer: nil})
	require.NoError(t, err)
	k := &killer{planhat: planhat}
	proxy := traffic.Start(t, planhat)
	proxy.Before = func(r traffic.Request, carry func(http.ResponseWriter)) {
		if !r.Writes() || k.at.Add(-1) != 0 {
			return
		}
		if k.instead != nil {
			k.instead()
			return
		}
		if k.after {
			carry(httptest.NewRecorder())
		}
		k.mu.Lock()
		_ = k.victim.Process.Kill()
		k.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	k.Server = proxy.Server
	return k
}

// command returns a command line of the program in a folder.
func (k *killer) command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program.Path(t), args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"HOME=" + dir, "PHSCRIPT_STATE=" + filepath.Join(dir, ".state", "state.db"), "PLANHAT_API_TOKEN=" + k.planhat.APIToken(), "PLANHAT_API_URL=" + k.URL,
	}
	return cmd
}

// work has every kind of row that can be continued without a question.
const work = `
local list = planhat.company.get_list()
local one = planhat.company.create{ externalId = "one", name = "One" }
planhat.enduser.create{ companyId = one._id, email = "kim@one.example" }
planhat.company.update(one._id, { description = "the record " .. one._id })
planhat.company.update(list[1]._id, { name = "Renamed", custom = { Tier = "Platinum" } })
planhat.company.bulk_upsert{ { externalId = "two", name = "Two" }, { externalId = "three", name = "Three" }, { _id = list[2]._id, name = "Bulk" }, { externalId = "one", phase = "Renewal" } }
local two = planhat.company.get_by_id("extid-two")
planhat.enduser.bulk_upsert{ { companyId = two._id, email = "lee@two.example" }, { companyId = one._id, email = "max@one.example" } }
planhat.company.delete(list[3]._id)
planhat.company.delete(list[4]._id)
`

// names are what a test can say about all companies and people, whatever their ids.
func names(s *simulator.Server) (list []string) {
	companies := map[any]any{}
	for _, c := range s.Records("company") {
		companies[c["_id"]] = c["externalId"]
		about := ""
		if text, ok := c["description"].(string); ok && strings.HasPrefix(text, "the record ") {
			about = ", itself: " + fmt.Sprint(strings.HasSuffix(text, c["_id"].(string)))
		}
		list = append(list, fmt.Sprintf("company %v of %v, %v%s", c["name"], c["externalId"], c["phase"], about))
	}
	for _, p := range s.Records("enduser") {
		list = append(list, fmt.Sprintf("enduser %v of %v", p["email"], companies[p["companyId"]]))
	}
	return list
}

// TestCtrlCEndsAnApply lets the request in progress finish, and the same command continues.
func TestCtrlCEndsAnApply(t *testing.T) {
	g, dir := hold(t, 2), t.TempDir()
	k := &killer{Server: g.Server, planhat: g.planhat}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "work.lua"), []byte(`for i = 1, 4 do planhat.company.create{ name = "Company " .. i } end`), 0o600))
	out, err := k.command(t, dir, "plan", "work.lua", "-o", "plan.jsonl").CombinedOutput()
	require.NoError(t, err, string(out))
	cmd := k.command(t, dir, "apply", "--accept-inexact", "plan.jsonl")
	var told strings.Builder
	cmd.Stdout = &told
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	g.await(t)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), asked) {
	}
	g.release()
	for lines.Scan() {
	}
	_ = cmd.Wait()
	require.Equal(t, 130, cmd.ProcessState.ExitCode(), told.String())
	assert.Contains(t, told.String(), "2 created, 2 not sent yet\n")
	assert.Contains(t, told.String(), "\nto continue, run: phscript apply --accept-inexact plan.jsonl\n")
	assert.Len(t, g.planhat.Records("company"), 2)

	out, err = k.command(t, dir, "apply", "--accept-inexact", "plan.jsonl").CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "4 created\n")
	assert.Len(t, g.planhat.Records("company"), 4)
}

// await waits for the held call.
func (g *gate) await(t *testing.T) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(patience):
		require.FailNow(t, "the call that should be held did not come")
	}
}

// TestTwoAppliesOfAPlan: the second refuses while the first is running.
func TestTwoAppliesOfAPlan(t *testing.T) {
	g, dir := hold(t, 1), t.TempDir()
	k := &killer{Server: g.Server, planhat: g.planhat}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "work.lua"), []byte(`planhat.company.create{ name = "Company" }`), 0o600))
	out, err := k.command(t, dir, "plan", "work.lua", "-o", "plan.jsonl").CombinedOutput()
	require.NoError(t, err, string(out))
	first := k.command(t, dir, "apply", "--accept-inexact", "plan.jsonl")
	require.NoError(t, first.Start())
	g.await(t)
	out, err = k.command(t, dir, "apply", "--accept-inexact", "plan.jsonl").CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), fmt.Sprintf("another apply of this plan is running: process %d is working on it", first.Process.Pid))
	g.release()
	require.NoError(t, first.Wait())
	assert.Len(t, g.planhat.Records("company"), 1)
}
