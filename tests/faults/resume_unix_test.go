//go:build unix

package faults

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

// The sizes of the tests with kill -9; larger ones take long.
var (
	killRows  = flag.Int("faults.rows", 1000, "rows of each kind")
	kills     = flag.Int("faults.kills", 5, "how often the program is killed")
	killSeed  = flag.Uint64("faults.seed", 0, "the seed of the moments; 0 for a random one")
	killUsers = flag.Bool("faults.users", false, "also create records with a key one by one; a lost answer then costs half a minute")
	killFault = flag.String("faults.kinds", "", "faults of the simulator; see phscript simulate --help")
)

// killedImport writes rows with keys, rows without keys, and single records of both
// kinds. One row in 97 lacks what it needs.
const killedImport = `
local planhat = require "planhat"
local n, chunk, singles = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
local company
repeat
  local ok, found = pcall(planhat.company.get_by_id, "extid-home")
  company = ok and found._id
until company
local function send(model, rows) pcall(planhat[model].bulk_upsert, rows, { chunk_size = chunk }) end
local keyed, keyless = {}, {}
for i = 1, n do
  keyed[i] = { externalId = "row-" .. i, name = i % 97 ~= 0 and "Company " .. i or nil }
  keyless[i] = { mainType = "task", action = "task " .. i, companyId = i % 97 ~= 0 and company or nil }
end
send("company", keyed)
for i = 1, singles do
  pcall(planhat.note.create, { type = "note", subject = "note " .. i, companyId = company })
  if args[4] then pcall(planhat.enduser.create, { externalId = "user-" .. i, companyId = company, lastName = "User " .. i }) end
end
send("task", keyless)
`

// attempts runs a script again and again, and kills it at random moments.
type attempts struct {
	t       *testing.T
	planhat *simulator.Server
	url     string
	dir     string
	random  *rand.Rand
	arrived atomic.Int64
	args    []string
}

func newAttempts(t *testing.T, source, faults string, args ...string) *attempts {
	t.Helper()
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-faults.seed=%d", seed)
	parsed, err := simulator.ParseFaults(faults)
	require.NoError(t, err)
	a := &attempts{t: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(seed, 1)), args: args}
	a.planhat, err = simulator.New(simulator.Options{Seed: int64(seed >> 1), Faults: parsed, CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			a.arrived.Add(1)
		}
		a.planhat.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	client, err := planhat.New(planhat.Config{APIToken: a.planhat.APIToken(), BaseURL: a.url, Retry: impatient})
	require.NoError(t, err)
	assert.Eventually(t, func() bool {
		_, err := client.Company.Create(t.Context(), planhat.Record(`{"externalId":"home","name":"Home"}`))
		return err == nil || strings.Contains(err.Error(), "uplicate")
	}, patience, time.Millisecond)
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "import.lua"), []byte(source), 0o600))
	return a
}

// continued is what --summary writes of a run that continued another one.
type continued struct {
	report
	Updated   int
	Unchanged int
	Open      int `json:"uncertain_outcome"`
	Resumed   struct{ Skipped, Unmet int }
	Models    map[string]counts
	Named     []struct {
		Model, State string
		Data         map[string]any
	} `json:"rejected_rows"`
}

type counts struct {
	Created, Updated, Unchanged, Rejected, Unsent, Unknown int
	Open                                                   int `json:"uncertain_outcome"`
}

// run runs the script, and kills it when killAt writes have arrived, if killAt is
// positive. It returns the exit code, -1 for a run that was killed, and what the run
// said.
func (a *attempts) run(killAt int64, flags ...string) (code int, said string) {
	a.t.Helper()
	_ = os.Remove(filepath.Join(a.dir, "summary.json"))
	args := append([]string{"run", "--calls-per-min", "100000", "--summary", "summary.json"}, flags...)
	cmd := exec.Command(program.Path(a.t), append(append(args, "import.lua"), a.args...)...)
	cmd.Dir = a.dir
	cmd.Env = []string{
		"HOME=" + a.dir, "PHSCRIPT_STATE=" + filepath.Join(a.dir, ".state", "state.db"), "PLANHAT_API_TOKEN=" + a.planhat.APIToken(),
		"PLANHAT_TENANT_TOKEN=" + a.planhat.TenantToken(), "PLANHAT_API_URL=" + a.url, "PLANHAT_ANALYTICS_URL=" + a.url,
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	from := a.arrived.Load()
	require.NoError(a.t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	late := time.Duration(a.random.IntN(20)) * time.Millisecond
	for killAt > 0 {
		select {
		case <-ended:
			killAt = 0
			continue
		case <-time.After(time.Millisecond):
		}
		if a.arrived.Load()-from >= killAt {
			time.Sleep(late)
			_ = cmd.Process.Signal(syscall.SIGKILL)
			killAt = 0
		}
	}
	select {
	case <-ended:
	case <-time.After(20 * time.Minute):
		_ = cmd.Process.Kill()
		<-ended
		require.FailNow(a.t, "the run does not end", out.String())
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

func (a *attempts) summary() (s continued) {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.dir, "summary.json"))
	require.NoError(a.t, err)
	require.NoError(a.t, json.Unmarshal(text, &s))
	return s
}

// TestKilledRunsContinue kills an import at random moments, and continues it each time.
// In the end, each row has one outcome, and what is stored differs from a run without
// trouble exactly by the rows that are named.
func TestKilledRunsContinue(t *testing.T) {
	for _, decision := range []string{"skip", "send"} {
		t.Run(decision, func(t *testing.T) {
			t.Parallel()
			const singles = 30
			chunk := max(20, *killRows/25)
			a := newAttempts(t, killedImport, *killFault, strconv.Itoa(*killRows), strconv.Itoa(chunk), strconv.Itoa(singles))
			if *killUsers {
				a.args = append(a.args, "users")
			}
			total := int64(2*(*killRows/chunk) + 2*singles)
			flags := []string{}
			killed, asked, sent := 0, 0, 0
			ended := false
			for n := 0; n < 10**kills+20 && !ended; n++ {
				killAt := int64(0)
				if killed < *kills {
					killAt = 1 + a.random.Int64N(max(2, 3*total/2/int64(*kills)))
				}
				code, said := a.run(killAt, flags...)
				switch {
				case code == -1:
					killed++
					flags = []string{"--resume"}
					_, err := os.Stat(filepath.Join(a.dir, "summary.json"))
					ended = err == nil // it was killed after its end
				case strings.Contains(said, "no unfinished run"):
					flags = nil // killed before it wrote anything
				case strings.Contains(said, "may be stored: the run that began"):
					asked++
					rows := a.summary()
					require.NotEmpty(t, rows.Named)
					for _, row := range rows.Named {
						require.Equal(t, "unknown", row.State)
						require.NotEmpty(t, row.Data, "the row itself is named")
					}
					sent += len(rows.Named)
					flags = []string{"--resume=" + decision}
				default:
					require.NotEqual(t, 2, code, said)
					flags = []string{"--resume"}
					s := a.summary()
					ended = s.Unsent == 0 && (s.Unknown == 0 || decision == "skip")
				}
			}
			require.True(t, ended, "it does not come to an end")
			t.Logf("killed %d times, asked %d times about %d rows", killed, asked, sent)
			a.judge(a.summary(), singles, sent, decision)
		})
	}
}

// judge compares what the last summary says of each row with what is stored. sent is how
// many rows were sent again although they may have been stored.
func (a *attempts) judge(s continued, singles, sent int, decision string) {
	t := a.t
	t.Helper()
	bad := *killRows / 97
	for model, want := range map[string]struct{ rows, rejected int }{"company": {*killRows, bad}, "task": {*killRows, bad}} {
		m := s.Models[model]
		got := m.Created + m.Updated + m.Unchanged + m.Open + m.Rejected + m.Unknown
		assert.Equal(t, want.rows, got, "%s: each row has one outcome: %+v", model, m)
		if decision == "skip" {
			assert.LessOrEqual(t, m.Rejected, want.rejected, model)
		} else {
			assert.Equal(t, want.rejected, m.Rejected, model)
		}
	}
	named := map[string]int{}
	for _, row := range s.Named {
		if row.State != "unknown" {
			continue
		}
		for _, property := range []string{"action", "subject", "externalId"} {
			if text, ok := row.Data[property].(string); ok {
				named[text]++
			}
		}
	}
	twice, missing := 0, 0
	check := func(model, property, prefix string, rows int, keyless bool) {
		have := stored(a.planhat, model, property)
		for i := 1; i <= rows; i++ {
			text := prefix + strconv.Itoa(i)
			n, want := have[text], 1
			if rows == *killRows && i%97 == 0 {
				want = 0
			}
			switch {
			case n == want:
			case n == 0 && named[text] > 0:
				missing++
			case keyless && n > want && decision == "send":
				twice += n - want
			default:
				assert.Failf(t, "a row is stored otherwise than reported", "%s %q is stored %d times, named %d times", model, text, n, named[text])
			}
		}
	}
	check("company", "externalId", "row-", *killRows, false)
	check("task", "action", "task ", *killRows, true)
	check("note", "subject", "note ", singles, true)
	if *killUsers {
		check("enduser", "externalId", "user-", singles, false)
	}
	assert.LessOrEqual(t, twice, sent, "only rows that somebody decided to send again are stored twice")
	t.Logf("%d rows named at the end, of which %d are not stored; %d stored twice; %s", len(named), missing, twice, fmt.Sprint(s.Resumed))
}
