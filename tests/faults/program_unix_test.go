//go:build unix

package faults

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

// patience bounds the waits for things that happen at once unless something is
// broken.
const patience = 20 * time.Second

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

// gate lets calls through to a simulator, but for one: that one is held until
// it is released, so that a test knows where the program stands.
type gate struct {
	*httptest.Server
	planhat  *simulator.Server
	arrived  chan struct{}
	released chan struct{}
	release  func()
}

// hold starts a simulator that holds the n-th PUT or POST.
func hold(t *testing.T, n int) *gate {
	t.Helper()
	planhat, err := simulator.New(simulator.Options{CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	g := &gate{planhat: planhat, arrived: make(chan struct{}), released: make(chan struct{})}
	g.release = sync.OnceFunc(func() { close(g.released) })
	var mu sync.Mutex
	writes := 0
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mine := false
		if r.Method != http.MethodGet {
			mu.Lock()
			writes++
			mine = writes == n
			mu.Unlock()
		}
		if mine {
			close(g.arrived)
			<-g.released
		}
		planhat.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		g.release()
		g.Close()
	})
	return g
}

// process is the program at work.
type process struct {
	*exec.Cmd
	dir   string
	said  chan string // lines of standard error
	ended chan error
}

// launch runs a script in a folder of its own and waits until its held call
// has arrived.
func launch(t *testing.T, g *gate, source string) *process {
	t.Helper()
	p := &process{dir: t.TempDir(), said: make(chan string, 1000), ended: make(chan error, 1)}
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "import.lua"), []byte(source), 0o600))
	p.Cmd = exec.Command(program.Path(t), "run", "--summary", "summary.json", "import.lua")
	p.Dir = p.dir
	p.Env = []string{
		"HOME=" + p.dir, "PHSCRIPT_STATE=" + filepath.Join(p.dir, ".state", "state.db"), "PLANHAT_API_TOKEN=" + g.planhat.APIToken(), "PLANHAT_TENANT_TOKEN=" + g.planhat.TenantToken(),
		"PLANHAT_API_URL=" + g.URL, "PLANHAT_ANALYTICS_URL=" + g.URL,
	}
	stderr, err := p.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.said <- lines.Text()
		}
		close(p.said)
		p.ended <- p.Wait()
	}()
	t.Cleanup(func() { _ = p.Process.Kill() })
	select {
	case <-g.arrived:
	case err := <-p.ended:
		require.FailNow(t, "the program ended too early", "%v\n%s", err, p.rest())
	case <-time.After(patience):
		require.FailNow(t, "the call that should be held did not come")
	}
	return p
}

// rest returns what the program has said and nobody has read.
func (p *process) rest() string {
	var lines []string
	for line := range p.said {
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// hears waits for a line with the given words on standard error.
func (p *process) hears(t *testing.T, words string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, ok := <-p.said:
			require.True(t, ok, "the program ended without saying %q", words)
			if strings.Contains(line, words) {
				return
			}
		case <-timeout:
			require.FailNow(t, "the program did not say "+words)
		}
	}
}

// code waits for the end and returns the exit code.
func (p *process) code(t *testing.T) int {
	t.Helper()
	select {
	case err := <-p.ended:
		var exit *exec.ExitError
		if err != nil {
			require.ErrorAs(t, err, &exit)
		}
		return p.ProcessState.ExitCode()
	case <-time.After(patience):
		require.FailNow(t, "the program did not end")
		return 0
	}
}

// report is the file that --summary writes.
type report struct {
	ExitCode int `json:"exit_code"`
	Outcome  string
	Calls    int
	Created  int
	Rejected int
	Unsent   int
	Unknown  int
	Rows     []struct {
		Row       int
		Kind      string
		Uncertain bool
		Message   string
	} `json:"rejected_rows"`
}

func (p *process) report(t *testing.T) report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "summary.json"))
	require.NoError(t, err)
	var r report
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

func (p *process) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Process.Signal(syscall.SIGINT))
}

// longImport upserts ten requests of a hundred rows.
const longImport = `
local planhat = require "planhat"
local rows = {}
for i = 1, 1000 do rows[i] = { externalId = "row-" .. i, name = "Company " .. i } end
planhat.company.bulk_upsert(rows, { chunk_size = 100 })
print("not reached")
`

const asked = "stopping after the write in progress"

func TestCtrlCLetsTheRequestFinish(t *testing.T) {
	g := hold(t, 3)
	p := launch(t, g, longImport)
	p.interrupt(t)
	p.hears(t, asked)
	g.release()
	said := p.rest()
	require.Equal(t, 130, p.code(t), said)

	assert.Equal(t, 3, g.planhat.Count(simulator.Filter{}), "no request is sent after the one under way")
	assert.Len(t, g.planhat.Records("company"), 300)
	r := p.report(t)
	assert.Equal(t, 130, r.ExitCode)
	assert.Equal(t, "interrupted", r.Outcome)
	assert.Equal(t, 3, r.Calls)
	assert.Equal(t, 300, r.Created, "the answer of the request under way counts")
	assert.Equal(t, []int{0, 700, 0}, []int{r.Rejected, r.Unsent, r.Unknown})
	for i, row := range r.Rows {
		require.Equal(t, 301+i, row.Row)
		require.Equal(t, "cancelled", row.Kind)
		require.False(t, row.Uncertain, "rows that were not sent are surely not stored")
	}
	assert.Contains(t, said, "interrupted")
	assert.Contains(t, said, "row 301 (externalId row-301): stopped before the request was sent")
}

func TestASecondCtrlCStopsAtOnce(t *testing.T) {
	g := hold(t, 3)
	p := launch(t, g, longImport)
	p.interrupt(t)
	p.hears(t, asked)
	p.interrupt(t)
	said := p.rest()
	require.Equal(t, 130, p.code(t), said) // the request is still held

	r := p.report(t)
	assert.Equal(t, "interrupted", r.Outcome)
	assert.Equal(t, 200, r.Created)
	assert.Equal(t, []int{0, 700, 100}, []int{r.Rejected, r.Unsent, r.Unknown})
	uncertain := 0
	for _, row := range r.Rows {
		if row.Uncertain {
			uncertain++
			assert.LessOrEqual(t, row.Row, 300, "the request that was cut off")
		}
	}
	assert.Equal(t, 100, uncertain, "the rows of the request that was cut off may have been stored")
}

func TestCtrlCInAComputation(t *testing.T) {
	g := hold(t, 1)
	p := launch(t, g, `
local planhat = require "planhat"
planhat.company.create{ name = "Acme" }
while true do pcall(error, "again") end
`)
	g.release()
	// The call may still be under way, or the loop may run: both end.
	p.interrupt(t)
	said := p.rest()
	require.Equal(t, 130, p.code(t), said)
	assert.Equal(t, 1, p.report(t).Created)
}

// writing replaces a file, and makes a call while that is not finished.
const writing = `
local planhat = require "planhat"
local f = assert(io.open("out/report.csv", "w"))
for i = 1, 20000 do assert(f:write("new line ", i, "\n")) end
f:flush()
planhat.company.create{ name = "Acme" }
f:close()
`

func TestKillLeavesNoHalfWrittenFile(t *testing.T) {
	g := hold(t, 2)
	// The first script makes the file whole; its own call is not held.
	p := launch(t, g, `
local planhat = require "planhat"
fs.write("out/report.csv", "old and whole\n")
planhat.company.create{ name = "Acme" }
`+writing)
	file := filepath.Join(p.dir, "out", "report.csv")
	require.NoError(t, p.Process.Kill())
	_ = p.rest()
	require.Equal(t, -1, p.code(t), "killed")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "old and whole\n", string(text))
	assert.Len(t, filesIn(t, filepath.Dir(file)), 2)
	next := exec.Command(program.Path(t), "run", "--simulate", "-e", "")
	next.Dir, next.Env = p.dir, p.Env
	require.NoError(t, next.Run())
	assert.Equal(t, []string{"report.csv"}, filesIn(t, filepath.Dir(file)), "the next run removes what the killed one left")
	assert.NoFileExists(t, filepath.Join(p.dir, "summary.json"))
}

// Whatever signal ends a run, it says what it has done and leaves no unfinished file.
func TestInterruptedScriptsLeaveNoHalfWrittenFile(t *testing.T) {
	for by, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 143} {
		t.Run(by.String(), func(t *testing.T) {
			// Programs ignore what this one ignores, as after nohup, but not what it handles.
			handled := make(chan os.Signal, 1)
			signal.Notify(handled, by)
			defer signal.Stop(handled)
			g := hold(t, 1)
			p := launch(t, g, writing)
			require.NoError(t, p.Process.Signal(by))
			p.hears(t, asked)
			p.interrupt(t)
			said := p.rest()
			require.Equal(t, code, p.code(t), said)
			r := p.report(t)
			assert.Equal(t, code, r.ExitCode)
			assert.Equal(t, "interrupted", r.Outcome)
			assert.Empty(t, filesIn(t, filepath.Join(p.dir, "out")))
		})
	}
}

// filesIn lists the names in a folder, hidden ones too.
func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}
