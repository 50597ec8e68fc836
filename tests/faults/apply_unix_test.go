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
)

// killer passes calls to a simulator. It kills a process at one of the writes, before or after
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
	// placeholders are the requests that had one.
	placeholders atomic.Int64
}

func startKiller(t *testing.T) *killer {
	t.Helper()
	planhat, err := simulator.New(simulator.Options{Companies: 6, Seed: 1, CallsPerMinute: -1, PerSecond: -1, Observer: nil})
	require.NoError(t, err)
	k := &killer{planhat: planhat}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.String(), "00000000") {
			k.placeholders.Add(1)
		}
		if r.Method == http.MethodGet || k.at.Add(-1) != 0 {
			planhat.ServeHTTP(w, r)
			return
		}
		if k.instead != nil {
			k.instead()
			planhat.ServeHTTP(w, r)
			return
		}
		if k.after {
			planhat.ServeHTTP(httptest.NewRecorder(), r)
		}
		k.mu.Lock()
		_ = k.victim.Process.Kill()
		k.mu.Unlock()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(k.Close)
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

// TestKilledAppliesContinue kills the program at each of its writes, before and after the write
// was carried out. The same command then brings the plan to its end, and nothing is there twice.
func TestKilledAppliesContinue(t *testing.T) {
	k := startKiller(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "work.lua"), []byte(work), 0o600))
	apply := func(k *killer, dir string, flags ...string) (int, string) {
		cmd := k.command(t, dir, append(append([]string{"apply", "--yes"}, flags...), "plan.jsonl")...)
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = &said, &said
		k.mu.Lock()
		k.victim = cmd
		err := cmd.Start()
		k.mu.Unlock()
		require.NoError(t, err)
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode(), said.String()
	}
	plan := func(k *killer, dir string) {
		out, err := k.command(t, dir, "plan", "work.lua", "-o", "plan.jsonl").CombinedOutput()
		require.NoError(t, err, string(out))
	}
	plan(k, dir)
	code, said := apply(k, dir, "--verify")
	require.Equal(t, 0, code, said)
	want := names(k.planhat)
	require.Contains(t, want, "company One of one, Renewal, itself: true")
	writes := 0
	for _, c := range k.planhat.Calls() {
		if c.Method != http.MethodGet {
			writes++
		}
	}
	require.Equal(t, 8, writes)

	for n := 1; n <= writes; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, after %t", n, after), func(t *testing.T) {
				k, dir := startKiller(t), t.TempDir()
				require.NoError(t, os.WriteFile(filepath.Join(dir, "work.lua"), []byte(work), 0o600))
				plan(k, dir)
				k.after = after
				k.at.Store(int64(n))
				code, said := apply(k, dir)
				require.Equal(t, -1, code, "killed: %s", said)
				code, said = apply(k, dir, "--verify")
				require.Equal(t, 0, code, said)
				assert.NotContains(t, said, "not as planned")
				assert.Equal(t, want, names(k.planhat))
				assert.Zero(t, k.placeholders.Load(), "no placeholder is sent")
				code, _ = apply(k, dir)
				assert.Equal(t, 11, code, "it was applied")
			})
		}
	}
}

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
	assert.Contains(t, told.String(), "2 created, 2 not begun\n")
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
