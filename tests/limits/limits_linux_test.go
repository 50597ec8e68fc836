// Package limits tries every way to grow or to spin that we know against the limits
// of memory and time. Each script runs in a process of its own, whose peak of
// resident memory the system measures.
package limits

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
)

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

const (
	megabyte = 1_000_000
	// limit is that of the scripts; overhead is what a process may have beside it.
	limit    = 100 * megabyte
	overhead = 100 << 20
	// late is how long after its deadline a run may end.
	late = time.Second
)

// growing are scripts that take more and more memory, and what is said of each.
var growing = []struct{ name, script, says string }{
	{"tables", `local t = {} for i = 1, 1e9 do t[i] = { i } end`, "more than 100 MB of memory"},
	{"one list", `local t = {} for i = 1, 1e9 do t[i] = true end`, "more than 100 MB of memory"},
	{"table.insert", `local t = {} for i = 1, 1e9 do table.insert(t, true) end`, "more than 100 MB of memory"},
	{"one table", `local t = {} for i = 1, 1e9 do t["k" .. i] = true end`, "more than 100 MB of memory"},
	{"closures", `local t = {} for i = 1, 1e9 do t[i] = function() return i end end`, "more than 100 MB of memory"},
	{"strings", `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end`, "more than 100 MB of memory"},
	{"long strings", `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(5e7) end`, "more than 100 MB of memory"},
	{"coroutines", `local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) coroutine.resume(coroutine.wrap(function() t[-i] = coroutine.running() coroutine.yield() end)) end`, ""},
	{"one string", `local s = "x" while true do s = s .. s end`, ""},
	{"string.rep", `print(#("x"):rep(2e9))`, "(the limit is 67,108,864)"},
	{"string.format", `local s = ("x"):rep(5e7) print(#("%s%s%s%s"):format(s, s, s, s))`, ""},
	{"string.gsub", `print(#(("x"):rep(1e7):gsub("x", ("y"):rep(1000))))`, ""},
	{"table.concat", `local t = {} for i = 1, 1000 do t[i] = ("x"):rep(1e6) end print(#table.concat(t))`, "more than 100 MB of memory"},
	{"loadstring", `print(pcall(loadstring, ("x = 1 "):rep(5e6)))`, "more than 100 MB of memory"},
	{"the text of an error", `error(("x"):rep(6e7))`, "bytes in all"},
	{"the text of an error object", `error(setmetatable({}, { __tostring = function() return ("x"):rep(6e7) end }))`, "bytes in all"},
	{"one JSON value", `print(#json.decode("[" .. ("[1],"):rep(1.5e7) .. "1]"))`, "more than 100 MB of memory"},
	{"many JSON values", `local t = {} for i = 1, 1e9 do t[i] = json.decode('[1,2,3,{"a":1}]') end`, "more than 100 MB of memory"},
	{"json.encode", `local s = ("\1"):rep(3e7) print(#json.encode({ s, s, s, s, s }))`, "larger than 64 MiB"},
	{"csv.format", `local s = ("\""):rep(3e6) local t = {} for i = 1, 50 do t[i] = { a = s } end print(#csv.format(t))`, "larger than 64 MiB"},
	{"an unclosed quote", `for row in csv.rows("quote.csv") do end`, `quote.csv, line 2: a cell begins with a quote (") that is not closed`},
	{"an unclosed quote in csv.read", `csv.read("quote.csv", { lazy_quotes = true })`, `quote.csv, line 2: a cell begins with a quote (") that is not closed`},
	{"CSV in one line", `for row in csv.rows("zeros", { encoding = "utf-16" }) do end`, "line 1: the line is longer than 16 MiB"},
	{"fs.read", `print(#fs.read("zeros"))`, "larger than 64 MiB"},
	{"fs.lines", `for line in fs.lines("zeros") do print(#line) end`, "line 1: the line is longer than 16 MiB"},
	{"json.rows", `for value in json.rows("long.json") do print(#value) end`, "a text in it is larger than 16 MiB"},
	{"json.rows by line", `for value in json.rows("long.json", { on_error = "collect" }) do print(#value) end`, "line 1: the line is longer than 16 MiB"},
	{"io.lines", `for line in io.lines("zeros") do print(#line) end`, ""},
	{"file:read", `print(#io.open("zeros"):read("*a"))`, ""},
	{"dofile", `dofile("zeros")`, "larger than 16 MiB"},
	{"an answer", `print(#planhat.company.get_list())`, "the response is larger than 48 MiB"},
}

func TestMemory(t *testing.T) {
	dir := inputs(t)
	for _, tt := range growing {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			said, peak, _ := run(t, dir, "--max-memory", "100MB", "-e", tt.script)
			assert.Contains(t, said, tt.says)
			assert.Contains(t, said, "error: ")
			assert.NotContains(t, said, "panic")
			t.Logf("peak: %d MB", peak/megabyte)
			assert.LessOrEqual(t, peak, int64(limit+overhead), said)
		})
	}
}

// spinning are scripts that do not end by themselves, or take long.
var spinning = map[string]string{
	"loop":            `while true do end`,
	"protected loop":  `while true do pcall(function() while true do end end) end`,
	"coroutine":       `local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end`,
	"pattern":         `print(("a"):rep(40000):find(("a*"):rep(20) .. "b"))`,
	"long pattern":    `print(("a"):rep(3e7):find(".-b"))`,
	"gsub":            `local s = ("x"):rep(5e7) while true do s:gsub("x", "y") end`,
	"sort":            `local t = {} for i = 1, 3e6 do t[i] = math.random() end while true do table.sort(t, function(a, b) return a > b end) table.sort(t) end`,
	"table.concat":    `local t = {} for i = 1, 5e6 do t[i] = "abc" end while true do table.concat(t) end`,
	"table.insert":    `local t = {} for i = 1, 1e7 do table.insert(t, 1, i) end`,
	"inserting far":   `table.insert({ 1, 2, 3 }, -1e10, 5)`,
	"sorting texts":   `local a, b = ("x"):rep(6e7), ("x"):rep(6e7) local t = {} for i = 1, 2000 do t[i] = i % 2 == 0 and a or b end while true do table.sort(t) end`,
	"unpack":          `local t = {} for i = 1, 2e5 do t[i] = i end while true do pcall(unpack, t) end`,
	"upper":           `local s = ("x"):rep(6e7) while true do s:upper() end`,
	"format":          `while true do ("%99d"):format(1) end`,
	"decoding":        `print(#json.decode("[" .. ("1,"):rep(2e7) .. "1]"))`,
	"encoding":        `local t = {} for i = 1, 2e6 do t[i] = { i } end while true do pcall(json.encode, t) end`,
	"compiling":       `local s = ("x = 1 "):rep(2e6) while true do pcall(loadstring, s) end`,
	"CSV":             `while true do pcall(csv.read, "quote.csv") end`,
	"inspect":         `local t = {} for i = 1, 3e6 do t[i] = { i } end while true do inspect(t) end`,
	"dates":           `while true do pcall(time.parse, ("1"):rep(1e7)) end`,
	"waiting":         `time.sleep(1000)`,
	"a slow answer":   `planhat.company.get_list()`,
	"standard input":  `print(io.read())`,
	"names":           `planhat.company.bulk_upsert{ { [("n"):rep(2e6)] = 1 } } while true do end`,
	"durations":       `while true do pcall(time.duration, ("1"):rep(1e7)) end`,
	"modules":         `while true do pcall(require, ("1"):rep(1e7)) end`,
	"number in words": `while true do pcall(tonumber, ("1"):rep(1e7)) end`,
}

func TestTime(t *testing.T) {
	dir := inputs(t)
	for name, script := range spinning {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Other work on the machine makes a run late, so the best of three counts.
			var took time.Duration
			for range 3 {
				var said string
				said, _, took = run(t, dir, "--max-memory", "2GB", "--timeout", "1s", "--simulate", "--faults", "latency:delay=60s", "-e", script)
				require.Contains(t, said, "the script ran longer than 1s")
				if took < time.Second+late {
					return
				}
			}
			assert.Less(t, took, time.Second+late)
		})
	}
}

// The guide says how many scripts are tried.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/limits.md")
	require.NoError(t, err)
	assert.Contains(t, string(guide), fmt.Sprintf("\n%d such scripts", len(growing)+len(spinning)))
}

// A name of any length is compared with others in no time.
func TestLongNames(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "long.csv"), []byte("externalId,name,"+strings.Repeat("n", 2_000_000)+"\na-1,Acme,1\n"), 0o600))
	said, _, took := run(t, dir, "--simulate", "-e", `planhat.company.bulk_upsert(csv.read("long.csv"))`)
	assert.Less(t, took, 2*time.Second)
	assert.Less(t, len(said), 10_000)
	assert.Contains(t, said, "unknown company property 'nnn")
}

// inputs makes the files that the scripts read.
func inputs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	zeros := filepath.Join(dir, "zeros")
	require.NoError(t, os.WriteFile(zeros, nil, 0o600))
	require.NoError(t, os.Truncate(zeros, 1500*megabyte))
	write(t, filepath.Join(dir, "long.json"), `"`, strings.Repeat("x", megabyte), 200)
	write(t, filepath.Join(dir, "quote.csv"), "id,name,note\n1,\"stray quote,x\n", strings.Repeat("1,Company,Some text about it\n", 1000), 2000)
	return dir
}

// write writes a text and copies of another one after it, piece by piece: the system
// takes the memory of this process at its largest for that of those that it starts.
func write(t *testing.T, file, text, more string, copies int) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	for range copies {
		_, err = f.WriteString(more)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
}

// run runs the program against a Planhat that answers with a gigabyte of blanks,
// or a simulated one if it is given faults. It returns what was printed, the peak of
// resident memory and the time.
func run(t *testing.T, dir string, args ...string) (said string, peak int64, took time.Duration) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		packed := gzip.NewWriter(w)
		blanks := []byte(strings.Repeat(" ", 1<<20))
		for range 1 << 10 {
			if _, err := packed.Write(blanks); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	input, err := os.Open("/dev/null")
	if strings.Contains(args[len(args)-1], "io.read()") {
		var keep *os.File
		input, keep, err = os.Pipe()
		defer func() { _ = keep.Close() }()
	}
	require.NoError(t, err)
	defer func() { _ = input.Close() }()

	cmd := exec.CommandContext(t.Context(), program.Path(t), append([]string{"run", "-q", "--state", "memory"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, input
	cmd.Env = append(os.Environ(), "PLANHAT_API_TOKEN=not-a-token", "PLANHAT_API_URL="+server.URL)
	began := time.Now()
	out, _ := cmd.CombinedOutput() // most of them fail
	took = time.Since(began)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	require.True(t, ok)
	return string(out), usage.Maxrss << 10, took
}
