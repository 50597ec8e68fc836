package limits

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

// mostOfAPlan is what the process may take that plans 100,000 rows of a bulk call.
const mostOfAPlan = 150 << 20

// planned are scripts that plan 100,000 rows: new records, and updates of all there are.
var planned = map[string]string{
	"new records": `local n = 0
local result = planhat.company.bulk_upsert(function()
  n = n + 1
  if n > 100000 then return nil end
  return { externalId = "plan-" .. n, name = "Company number " .. n, phase = "Onboarding", custom = { Tier = "Gold", Seats = n } }
end)
assert(result.created == 100000)`,
	"updates": `local companies = planhat.company.each{ select = { "externalId" } }
local result = planhat.company.bulk_upsert(function()
  local company = companies()
  if company then return { externalId = company.externalId, name = "New " .. company.externalId, phase = "Onboarding" } end
end)
assert(result.updated + result.created == 100000)`,
}

func TestMemoryOfAPlan(t *testing.T) {
	for name, companies := range map[string]int{"new records": 20, "updates": 100_000} {
		t.Run(name, func(t *testing.T) {
			server, err := simulator.Start(simulator.Options{Companies: companies, Seed: 1, CallsPerMinute: -1})
			require.NoError(t, err)
			defer func() { _ = server.Close() }()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "job.lua"), []byte(planned[name]), 0o600))
			cmd := exec.CommandContext(t.Context(), program.Path(t), "plan", "-o", "plan.jsonl", "job.lua")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PHSCRIPT_STATE=memory", "PLANHAT_API_TOKEN="+server.APIToken(), "PLANHAT_API_URL="+server.URL())
			out, err := os.Create(filepath.Join(dir, "out.txt"))
			require.NoError(t, err)
			defer func() { _ = out.Close() }()
			cmd.Stdout, cmd.Stderr = out, out
			require.NoError(t, cmd.Start())
			size, ended := make(chan int64), make(chan struct{})
			go func() { size <- mostSeen(cmd.Process.Pid, ended) }()
			err = cmd.Wait()
			close(ended)
			most := <-size
			text, _ := os.ReadFile(out.Name())
			require.NoError(t, err, string(text))
			info, err := os.Stat(filepath.Join(dir, "plan.jsonl"))
			require.NoError(t, err)
			assert.Greater(t, info.Size(), int64(10<<20))
			t.Logf("%d MB", most>>20)
			assert.Greater(t, most, int64(30<<20), "it was measured")
			assert.Less(t, most, int64(mostOfAPlan))
		})
	}
}

var highest = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// mostSeen is how much memory a process has used at most until it ended.
func mostSeen(pid int, ended <-chan struct{}) (most int64) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return most
		case <-tick.C:
		}
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err != nil {
			continue
		}
		if found := highest.FindSubmatch(text); found != nil {
			if n, err := strconv.ParseInt(string(found[1]), 10, 64); err == nil {
				most = max(most, n<<10)
			}
		}
	}
}
