//go:build unix

package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/traffic"
)

// victim is a plan, and the address of a simulated Planhat for which it was made. Each kill has a
// new one there, with the records of before.
type victim struct {
	*testing.T
	dir      string
	switches simulator.Switches
	proxy    *traffic.Proxy
	planhat  *simulator.Server

	mu sync.Mutex
	// cmd is killed at the request after left others, before it is carried out or after that.
	cmd   *exec.Cmd
	left  int
	after bool
}

func (v *victim) reset() {
	s, err := simulator.New(simulator.Options{
		Companies: 6, Seed: 1, CallsPerMinute: -1, PerSecond: -1, Switches: v.switches,
		Clock: func() time.Time { return time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC) },
	})
	require.NoError(v, err)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.planhat = s
}

// ServeHTTP passes a request on to the current simulated Planhat.
func (v *victim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	s := v.planhat
	v.mu.Unlock()
	s.ServeHTTP(w, r)
}

// strike kills the program at the request that was chosen.
func (v *victim) strike(_ traffic.Request, carry func(http.ResponseWriter)) {
	v.mu.Lock()
	v.left--
	hit := v.left == 0
	cmd := v.cmd
	v.mu.Unlock()
	if !hit {
		return
	}
	if v.after {
		carry(httptest.NewRecorder())
	}
	_ = cmd.Process.Kill()
	panic(http.ErrAbortHandler)
}

// command runs a command line of the program with a store, and returns its exit code, -1 for a
// killed one. It is killed at the n-th request; 0 is none.
func (v *victim) command(store string, n int, after bool, args ...string) (code int, said string) {
	v.Helper()
	cmd := exec.Command(program.Path(v), args...)
	cmd.Dir = v.dir
	cmd.Env = []string{"HOME=" + v.dir, "PHSCRIPT_STATE=" + filepath.Join(v.dir, store, "state.db"), "PHSCRIPT_CALLS_PER_MIN=100000"}
	for name, value := range v.proxy.Environment(v.planhat.APIToken(), v.planhat.TenantToken()) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	v.mu.Lock()
	v.cmd, v.left, v.after = cmd, n, after
	err := cmd.Start()
	v.mu.Unlock()
	require.NoError(v, err)
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), out.String()
}

var ids = regexp.MustCompile(`[0-9a-f]{24}`)

// stored is what the simulated Planhat has, with new ids by their order: a request that is sent
// once more may take an id that is not used.
func (v *victim) stored(old string) string {
	var all bytes.Buffer
	require.NoError(v, v.planhat.Dump(&all))
	numbers := map[string]string{}
	found := ids.FindAllString(all.String(), -1)
	slices.Sort(found)
	for _, id := range slices.Compact(found) {
		if !strings.Contains(old, id) {
			numbers[id] = fmt.Sprint("new ", len(numbers)+1)
		}
	}
	var sorted any // custom properties that were put back have another order
	require.NoError(v, json.Unmarshal(all.Bytes(), &sorted))
	text, err := json.MarshalIndent(sorted, "", " ")
	require.NoError(v, err)
	return ids.ReplaceAllStringFunc(string(text), func(id string) string {
		if n := numbers[id]; n != "" {
			return n
		}
		return id
	})
}

// TestKillsOfApplies kills applies of several plans at each of their requests, those that read as
// well, before and after the request was carried out. The same command then brings the plan to its
// end: the records are as after an apply that nobody killed.
func TestKillsOfApplies(t *testing.T) {
	program.Path(t)
	for _, tt := range []struct {
		name, script string
		switches     simulator.Switches
		// keyless says that the plan creates records without keys, requests is how many an apply
		// sends at least.
		keyless  bool
		requests int
	}{
		{name: "every kind of row", requests: 18, script: work},
		{name: "parts of a bulk upsert", requests: 9, script: `
local list, rows = planhat.company.get_list(), {}
for i = 1, 3 do rows[#rows + 1] = { externalId = "new-" .. i, name = "New " .. i } end
for i = 1, 3 do rows[#rows + 1] = { _id = list[i]._id, name = "Changed " .. i, custom = { Tier = "New" } } end
local r = planhat.company.bulk_upsert(rows, { chunk_size = 2 })
local people = {}
for i = 1, 3 do people[i] = { companyId = "extid-new-" .. i, email = "new" .. i .. "@x.example" } end
planhat.enduser.bulk_upsert(people, { chunk_size = 2 })`},
		{name: "records without keys", requests: 5, keyless: true, script: `
local id = planhat.company.get_list()[1]._id
planhat.note.create{ companyId = id, type = "note", description = "one" }
planhat.company.bulk_upsert{ { name = "Keyless" }, { name = "Keyless, too" } }
planhat.note.create{ companyId = id, type = "note", description = "two" }`},
		{name: "custom properties are replaced", switches: simulator.Switches{"custom": "replace"}, requests: 4, script: `
local list = planhat.company.get_list()
planhat.company.create{ externalId = "one", name = "One" }
planhat.company.bulk_upsert{ { _id = list[1]._id, name = "A", custom = { Tier = "New" } }, { _id = list[2]._id, name = "B", custom = { Tier = "New" } } }
planhat.company.update(list[3]._id, { name = "C" })`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := &victim{T: t, dir: t.TempDir(), switches: tt.switches}
			v.proxy = traffic.Start(t, v)
			v.proxy.Before = v.strike
			v.reset()
			var old bytes.Buffer
			require.NoError(t, v.planhat.Dump(&old))
			require.NoError(t, os.WriteFile(filepath.Join(v.dir, "work.lua"), []byte(tt.script), 0o600))
			v.proxy.Planning(func() {
				code, said := v.command("plan", 0, false, "plan", "work.lua", "-o", "plan.jsonl")
				require.Equal(t, 0, code, said)
			})
			v.proxy.Requests()
			apply := []string{"apply", "--yes", "plan.jsonl"}
			done, said := v.command("whole", 0, false, apply...)
			if tt.switches != nil {
				require.Equal(t, 11, done, said)
			} else {
				require.Equal(t, 0, done, said)
			}
			want, requests := v.stored(old.String()), len(v.proxy.Requests())
			require.GreaterOrEqual(t, requests, tt.requests)

			for n := 1; n <= requests; n++ {
				for _, after := range []bool{false, true} {
					v.reset()
					at := fmt.Sprintf("killed at request %d, after %t", n, after)
					store := fmt.Sprintf("%d %t", n, after)
					code, said := v.command(store, n, after, apply...)
					require.Equal(t, -1, code, "%s: %s", at, said)
					sent := v.proxy.Requests()
					code, said = v.command(store, 0, false, append(apply, "--verify")...)
					if tt.keyless && code == 12 {
						require.Contains(t, said, "--in-doubt sent", at)
						how := "send"
						if after {
							how = "sent"
						}
						code, said = v.command(store, 0, false, append(apply, "--in-doubt", how)...)
					}
					assert.Equal(t, done, code, "%s, at %s: %s", at, sent[len(sent)-1], said)
					assert.NotContains(t, said, "not as planned", at)
					assert.Equal(t, want, v.stored(old.String()), "%s, at %s: %s", at, sent[len(sent)-1], said)
					v.proxy.Requests()
					require.Empty(t, v.proxy.Wrong(), at)
					if t.Failed() {
						return
					}
				}
			}
			code, said := v.command("whole", 0, false, apply...)
			assert.Equal(t, 11, code, "it was applied: %s", said)
		})
	}
}
