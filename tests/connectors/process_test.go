package connectors

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/standin"
)

// process is a script that the program itself runs, again and again.
type process struct {
	*rig
	dir string
	// kill is an address that ends the process which asks for it.
	kill    *httptest.Server
	running atomic.Pointer[os.Process]
}

// newProcess is a rig for the program. The vendor's clock runs.
func newProcess(t *testing.T, v vendor) *process {
	t.Helper()
	p := &process{rig: newRigAt(t, v, standin.RunningClock(time.Now())), dir: t.TempDir()}
	p.kill = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.end() }))
	t.Cleanup(p.kill.Close)
	return p
}

// end kills the process, and its request is never answered.
func (p *process) end() {
	if running := p.running.Swap(nil); running != nil {
		_ = running.Kill()
	}
	panic(http.ErrAbortHandler)
}

// command runs a script in the program.
func (p *process) command(t *testing.T, name, script string, flags ...string) *exec.Cmd {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, name), []byte(script), 0o600))
	args := append([]string{"run", "--calls-per-min", "100000", "--allow-net", "127.0.0.1"}, flags...)
	cmd := exec.Command(program.Path(t), append(args, name)...)
	cmd.Dir = p.dir
	cmd.Env = []string{
		"HOME=" + p.dir, "PHSCRIPT_STATE=" + filepath.Join(p.dir, ".state", "state.db"), "PLANHAT_API_TOKEN=" + p.planhat.APIToken(),
		"PLANHAT_TENANT_TOKEN=" + p.planhat.TenantToken(), "PLANHAT_API_URL=" + p.target.URL, "PLANHAT_ANALYTICS_URL=" + p.target.URL,
	}
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// execute runs a script and returns its exit code, -1 if it was killed, and what it wrote.
func (p *process) execute(t *testing.T, script string, flags ...string) (int, string) {
	t.Helper()
	cmd := p.command(t, "sync.lua", script, flags...)
	var out safeBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	p.running.Store(cmd.Process)
	_ = cmd.Wait()
	p.running.Store(nil)
	return cmd.ProcessState.ExitCode(), out.String()
}

// testKilled kills the program at each of five points, in a complete pass and in an
// incremental run. The next run completes it: nothing is lost or doubled, and at most one
// page is read again.
func testKilled(t *testing.T, v vendor) {
	for _, full := range []bool{true, false} {
		for _, point := range []string{"fetch", "map", "send", "answer", "commit"} {
			t.Run(fmt.Sprintf("%s, complete pass %t", point, full), func(t *testing.T) {
				p := newProcess(t, v)
				if !full {
					p.add(1, p.clock.Now())
					p.clock.Advance(time.Hour)
					code, out := p.execute(t, p.script(``))
					require.Zero(t, code, out)
				}
				ids := p.add(550, p.clock.Now())
				p.clock.Advance(time.Hour)
				p.server.Log.Reset()
				// A killed run kills itself once: at the second page, batch or commit.
				script := fmt.Sprintf(`local http, state = require "http", require "state"
local point, kill, mapped, commits = %q, %q, 0, 0
local open = state.open
function state.open(name)
  local space = open(name)
  local set_all = space.set_all
  function space.set_all(...)
    commits = commits + 1
    if point == "commit" and commits == 2 then http.get(kill) end
    return set_all(...)
  end
  return space
end
local function count()
  mapped = mapped + 1
  if point == "map" and mapped == 350 then http.get(kill) end
  return true
end
`, point, p.kill.URL) + p.script(`batch = 100, filter = { `+p.stream+` = count }`)
				pages, writes := 0, 0
				p.intercept(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
					if p.page(&standin.Request{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query()}) {
						if pages++; point == "fetch" && pages == 2 {
							p.end()
						}
					}
					next.ServeHTTP(w, req)
				}, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
					if req.Method != http.MethodPut {
						next.ServeHTTP(w, req)
						return
					}
					writes++
					if point == "send" && writes == 2 {
						p.end()
					}
					answer := capture(next, req)
					if point == "answer" && writes == 2 {
						p.end()
					}
					answer.send(w)
				})
				code, out := p.execute(t, script)
				require.Equal(t, -1, code, out)
				p.intercept(nil, nil)
				before := p.pages()
				code, out = p.execute(t, p.script(`batch = 100`))
				require.Zero(t, code, out)
				there := p.main()
				all(t, there, ids)
				assert.Len(t, p.planhat.Records(p.model), len(there), "none is there twice")
				// What a run reads without being killed, the page that is repeated, and the first one of
				// an incremental run, which is read twice when the vendor's clock is off.
				assert.Positive(t, before)
				most := (len(ids)+p.pageSize-1)/p.pageSize + 2
				assert.LessOrEqual(t, p.pages(), most+1)
			})
		}
	}
}

// testLimits: two scripts that use one account keep within its limits together; when the
// requests of the day are used up, a run stops, and the next day's continues.
func testLimits(t *testing.T, v vendor) {
	t.Run("two scripts", func(t *testing.T) {
		p := newProcess(t, v)
		p.limit(true)
		p.limited = true
		run := func() {
			commands := make([]*exec.Cmd, 2)
			outs := make([]safeBuffer, 2)
			for i := range commands {
				commands[i] = p.command(t, fmt.Sprintf("sync%d.lua", i), p.script(fmt.Sprintf(`account = "%d"`, i)))
				commands[i].Stdout, commands[i].Stderr = &outs[i], &outs[i]
				require.NoError(t, commands[i].Start())
			}
			for i, cmd := range commands {
				assert.NoError(t, cmd.Wait(), outs[i].String())
			}
		}
		p.add(1, p.clock.Now())
		p.clock.Advance(time.Hour)
		run()
		ids := p.add(1500, p.clock.Now())
		p.clock.Advance(time.Hour)
		p.server.Log.Reset()
		run()
		there := p.main()
		all(t, there, ids)
		for _, l := range p.most {
			assert.LessOrEqual(t, p.server.Log.Busiest(l.per, l.of), l.max+1)
		}
		refused := p.server.Log.Count(func(r *standin.Request) bool { return r.Status == http.StatusTooManyRequests })
		assert.LessOrEqual(t, refused, 1)
	})
	t.Run("the day's requests", func(t *testing.T) {
		r := rigOf(t, v)
		if r.daily == nil {
			return
		}
		ids := r.add(12*r.pageSize, r.clock.Now())
		r.clock.Advance(time.Hour)
		r.daily(8)
		_, err := r.sync(t, `batch = 100`)
		require.ErrorContains(t, err, "accepts no more requests for now")
		assert.Contains(t, err.Error(), "records before are in Planhat, and the next run continues there")
		status := http.StatusTooManyRequests
		if r.refused != 0 {
			status = r.refused
		}
		refused := func(q *standin.Request) bool { return q.Status == status }
		most := 1
		if r.careful {
			most = 0
		}
		assert.Equal(t, most, r.server.Log.Count(refused), "it stops at once")
		first := len(r.main())
		assert.Positive(t, first, "what was read is there")
		r.clock.Advance(24 * time.Hour)
		r.did(t, `batch = 100`)
		there := r.main()
		all(t, there, ids)
		assert.LessOrEqual(t, r.pages(), 12+2)
	})
}

// testResumed: a run that is limited to some minutes, or killed again and again, gets
// further each time.
func testResumed(t *testing.T, v vendor) {
	t.Run("minutes", func(t *testing.T) {
		r := rigOf(t, v)
		ids := r.add(20*r.pageSize, r.clock.Now())
		r.clock.Advance(time.Hour)
		r.server.After(func(req *standin.Request) {
			if r.page(req) {
				r.clock.Advance(40 * time.Second) // a slow vendor
			}
		})
		runs, there := 0, -1
		for complete := false; !complete; runs++ {
			did := r.did(t, `minutes = 2`)
			complete, _ = did["complete"].(bool)
			require.Greater(t, len(r.main()), there, "each run gets further")
			there = len(r.main())
			require.LessOrEqual(t, number(did["read"]), float64(4*r.pageSize), "and ends in time")
		}
		assert.Len(t, r.main(), len(ids))
		assert.GreaterOrEqual(t, runs, 5)
		assert.Contains(t, r.log.String(), "the time was up; the next run continues there")
	})
	t.Run("killed", func(t *testing.T) {
		p := newProcess(t, v)
		ids := p.add(20*p.pageSize, p.clock.Now())
		p.clock.Advance(time.Hour)
		var left atomic.Int64
		p.intercept(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			if p.page(&standin.Request{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query()}) && left.Add(-1) == 0 {
				p.end()
			}
			next.ServeHTTP(w, req)
		}, nil)
		runs, there := 0, -1
		for code := -1; code != 0; runs++ {
			left.Store(5)
			var out string
			code, out = p.execute(t, p.script(`batch = 200`))
			require.Contains(t, []int{0, -1}, code, out)
			require.Greater(t, len(p.main()), there, "each run gets further")
			there = len(p.main())
		}
		assert.Len(t, p.main(), len(ids))
		assert.GreaterOrEqual(t, runs, 4)
	})
}
