package lualib

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/machine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// testHost keeps files in memory and cancels the run's context on exit.
type testHost struct {
	files  map[string]string
	out    bytes.Buffer
	cancel context.CancelFunc
	code   int
	stdin  strings.Reader
}

var errRefused = errors.New("refused: allow it with --allow-write")

func (h *testHost) ReadSource(name string) ([]byte, string, error) {
	text, ok := h.files[name]
	if !ok {
		return nil, "", errors.New("no such file")
	}
	return []byte(text), name, nil
}

func (h *testHost) OpenRead(name string) (io.ReadCloser, error) {
	src, _, err := h.ReadSource(name)
	return io.NopCloser(bytes.NewReader(src)), err
}

// testFile stores what was written when it is closed.
type testFile struct {
	bytes.Buffer
	host *testHost
	name string
}

func (f *testFile) Close() error {
	f.host.files[f.name] += f.String()
	return nil
}

func (h *testHost) OpenWrite(name string, appendTo bool) (io.WriteCloser, error) {
	if strings.HasPrefix(name, "/") {
		return nil, errRefused
	}
	if !appendTo {
		h.files[name] = ""
	}
	return &testFile{host: h, name: name}, nil
}

func (h *testHost) OpenUpdate(string, byte) (ReadWriteSeekCloser, error) { return nil, errRefused }

func (h *testHost) TempName() (string, error) { return "temporary", h.Rename("", "temporary") }

func (h *testHost) Remove(name string) error {
	delete(h.files, name)
	return nil
}

func (h *testHost) Rename(from, to string) error {
	h.files[to] = h.files[from]
	return h.Remove(from)
}

func (h *testHost) Getenv(name string) (string, bool) { return "value of " + name, name == "SHOWN" }
func (h *testHost) Stdout() io.Writer                 { return &h.out }
func (h *testHost) Stderr() io.Writer                 { return io.Discard }
func (h *testHost) Now() time.Time                    { return time.Unix(1705314600, 0) }
func (h *testHost) Location() *time.Location          { return time.UTC }

func (h *testHost) ReadStdin(_ context.Context, p []byte) (int, error) { return h.stdin.Read(p) }

func (h *testHost) Exit(_ context.Context, code int) error {
	h.code = code
	h.cancel()
	return errors.New("exit")
}

// run runs a script and returns its output and error.
func run(t *testing.T, limit time.Duration, src string) (*testHost, error) {
	t.Helper()
	host := &testHost{files: map[string]string{"lib.lua": "#!x\nreturn 'loaded', ...", "bad.lua": "x = = 1"}}
	L := lua.NewState(StateOptions())
	defer L.Close()
	host.stdin.Reset("one\n2.5 three\nrest")
	Open(L, host, Limits{MaxString: 1 << 20})
	proto, err := compile.Compile([]byte(src), "t.lua")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	host.cancel = cancel
	machine.SetContext(L, ctx)
	_, err = callMain(L, proto)
	return host, err
}

// callMain runs a chunk as a host does, unprotected by the library.
func callMain(L *lua.LState, proto *lua.FunctionProto) (int, error) {
	L.Push(L.NewFunctionFromProto(proto))
	return 0, L.PCall(0, 0, nil)
}

// prints checks what a script prints.
func prints(t *testing.T, want, src string) {
	t.Helper()
	host, err := run(t, 10*time.Second, src)
	require.NoError(t, err)
	assert.Equal(t, want, host.out.String())
}

func TestNothingOutlivesTheDeadline(t *testing.T) {
	for name, src := range map[string]string{
		"loop":           `while true do end`,
		"pcall loop":     `while true do pcall(function() while true do end end) end`,
		"xpcall loop":    `while true do xpcall(function() while true do end end, function() while true do end end) end`,
		"pcall of pcall": `while true do pcall(pcall, pcall, function() while true do end end) end`,
		"resume loop":    `while true do coroutine.resume(coroutine.create(function() while true do end end)) end`,
		"wrap loop":      `while true do pcall(coroutine.wrap(function() while true do end end)) end`,
		"pattern":        `local s = ("a"):rep(40) while true do pcall(string.find, s, ("a*"):rep(40) .. "b") end`,
		"find":           `return ("a"):rep(500000):find(".-.-.-.-b")`,
		"gsub":           `return (("a"):rep(100000):gsub("a*a*a*b", ""))`,
		"gmatch":         `for x in ("a"):rep(100000):gmatch("a*a*a*b") do end`,
		"metamethod":     `local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end`,
		"sort":           `local t = {} for i = 1, 1000 do t[i] = i end while true do table.sort(t, function(a, b) return a < b end) end`,
		"tostring":       `local t = setmetatable({}, {__tostring = function() while true do end end}) while true do pcall(tostring, t) end`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := run(t, 50*time.Millisecond, src)
			require.Error(t, err)
			// An error of the script that is raised as the time ends is not caught either.
			assert.Regexp(t, "deadline|stack overflow", err.Error())
			assert.Less(t, time.Since(start), time.Second)
		})
	}
}

func TestStringsAreLimited(t *testing.T) {
	for _, src := range []string{
		`local s = ("x"):rep(2^40)`,
		`local s = ("x"):rep(1000) while true do s = s .. s end`,
		`local t = {} for i = 1, 100 do t[i] = ("x"):rep(100000) end table.concat(t)`,
		`(("x"):rep(10000)):gsub("x", ("y"):rep(10000))`,
		`string.format(("%99d"):rep(20000), unpack({}, 1, 20000))`,
		`load(function() return (" "):rep(100000) end)`,
	} {
		_, err := run(t, 10*time.Second, src)
		require.Error(t, err, src)
		if !strings.Contains(src, "format") {
			assert.Contains(t, err.Error(), "(the limit is 1,048,576)", src)
		}
	}
}

func TestExitCannotBeCaught(t *testing.T) {
	for _, src := range []string{`os.exit(3)`, `pcall(os.exit, 3) print("still here")`, `while true do pcall(os.exit, 3) end`, `coroutine.wrap(function() os.exit(3) end)() print("here")`} {
		host, err := run(t, 10*time.Second, src)
		require.Error(t, err, src)
		assert.Equal(t, 3, host.code)
		assert.Empty(t, host.out.String(), src)
	}
}

func TestYieldThroughPcall(t *testing.T) {
	prints(t, "true\t1\ntrue\t20\tx\nfalse\tt.lua:4: late\ntrue\tdone\ndead\n", `
		local co = coroutine.create(function(a)
			print(pcall(function() local got = coroutine.yield(a) return got * 2, "x" end))
			print(xpcall(function() coroutine.yield(2) error("late") end, function(m) return m end))
			return "done"
		end)
		print(coroutine.resume(co, 1)) coroutine.resume(co, 10) print(coroutine.resume(co)) print(coroutine.status(co))`)
	prints(t, "false\tattempt to yield across metamethod/C-call boundary\n", `print(pcall(coroutine.yield, 1))`)
}

func TestPrintGoesThroughTheGlobalTostring(t *testing.T) {
	prints(t, "<1>\t<nil>\t<x>\n5\nfalse\tt.lua:7: 'tostring' must return a string to 'print'\nfalse\tattempt to call a nil value\n", `
		local plain = tostring
		function tostring(v) return "<" .. plain(v) .. ">" end
		print(1, nil, "x")
		tostring = function() return 5 end
		print(1)
		tostring = function() return {} end local ok, message = pcall(function() print(1) end)
		tostring = plain print(ok, message)
		tostring = nil local ok, message = pcall(print, 1)
		tostring = plain print(ok, message)`)
}

func TestFiles(t *testing.T) {
	prints(t, "true\na\tnil\nab\n1\n\n\nb2\n", `
		local f = assert(io.open("a.txt", "w")) f:write("a\n", 1, "\n", "b", 2, "\n") print(f:close())
		for line in io.lines("a.txt") do if line == "a" then print(line, (io.open("none"))) end end
		local g = io.open("a.txt") print(g:read("*l") .. "b") print(g:read("*n")) print(g:read(1)) print(g:read("*a"):sub(1, -2)) g:close()`)
	prints(t, "nil\trefused: allow it with --allow-write\t22\nfalse\tattempt to use a closed file\n", `
		print(io.open("/etc/x", "w")) local f = io.open("b", "w") f:close() print(pcall(f.write, f, "x"))`)
	prints(t, "false\tstandard output file is closed\nfalse\tstandard input file is closed\nfalse\tattempt to use a closed file\n", `
		local out = io.output() io.output("c"):close() local w = { pcall(io.write) } local f = { pcall(io.flush) } io.output(out) assert(w[2] == f[2]) print(unpack(w))
		io.input("lib.lua"):close() print(pcall(io.read)) print(pcall(io.lines))`)
	prints(t, "one\n2.5\n three\nrest\nnil\n", `print(io.read()) print(io.read("*n")) print(io.read("*l")) print(io.read("*a")) print(io.read("*l"))`)
	prints(t, "loaded\nnil\nfalse\n", `print((dofile("lib.lua"))) print((loadfile("bad.lua"))) print((pcall(dofile, "bad.lua")))`)
	prints(t, "\ntrue\n", `local name = os.tmpname() print(io.open(name):read("*a")) print(os.remove(name))`)
	prints(t, "0\n", `print(os.execute())`)
	prints(t, "value of SHOWN\tnil\n", `print(os.getenv("SHOWN"), os.getenv("HIDDEN"))`)
}

func TestFilesLeftOpenAreWrittenAtTheEnd(t *testing.T) {
	host := &testHost{files: map[string]string{}}
	L := lua.NewState(StateOptions())
	defer L.Close()
	Open(L, host, Limits{})
	require.NoError(t, L.DoString(`
		io.open("open", "w"):write("kept")
		local f = io.open("closed", "w") f:write("once") f:close()
		io.output("default") io.write("output")`))
	assert.Empty(t, host.files["open"], "written only when the buffer is full")
	CloseFiles(L)
	CloseFiles(L) // there is nothing left to close
	assert.Equal(t, map[string]string{"open": "kept", "closed": "once", "default": "output"}, host.files)
}

func TestTheLastLineNeedsNoEnd(t *testing.T) {
	prints(t, "a\nb\nb\nnil\n", `
		local f = io.open("lines", "w") f:write("a\nb") f:close()
		for line in io.lines("lines") do print(line) end
		local g = io.open("lines") g:read("*l") print(g:read("*l")) print(g:read("*l"))`)
}

func TestUnpackReturnsSoMany(t *testing.T) {
	prints(t, "250000\nfalse\ttoo many results to unpack\nfalse\ttoo many results to unpack\n", `
		print(select("#", unpack({}, 1, 250000)))
		print(pcall(unpack, {}, 1, 250001)) print(pcall(unpack, {}, -2^63, 2^63))`)
}

func TestPatternsMayNestSoDeep(t *testing.T) {
	for depth, want := range map[int]string{maxPatternDepth - 1: "true\t1\t9999\n", maxPatternDepth: "false\tpattern too complex\n"} {
		prints(t, want, fmt.Sprintf(`print(pcall(string.find, ("a"):rep(%[1]d), ("a?"):rep(%[1]d)))`, depth))
	}
}

func TestDangerousFunctionsAreRefused(t *testing.T) {
	for _, src := range []string{`os.execute("ls")`, `io.popen("ls")`, `string.dump(print)`, `debug.sethook(print)`} {
		_, err := run(t, 10*time.Second, src)
		require.Error(t, err, src)
	}
}

func TestDeepRecursionIsAnError(t *testing.T) {
	prints(t, "false\nfalse\nfalse\ntrue\n", `
		local function f() return 1 + f() end print((pcall(f)))
		local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end print((pcall(function() return t.x end)))
		local function s(a) return (string.gsub(a, ".", s)) end print((pcall(s, "x")))
		local function p() return pcall(p) end print((pcall(p)))`)
}

func TestCallFromGo(t *testing.T) {
	host := &testHost{files: map[string]string{}, cancel: func() {}}
	L := lua.NewState(StateOptions())
	defer L.Close()
	Open(L, host, Limits{})
	L.SetGlobal("try", L.NewFunction(func(L *lua.LState) int {
		results, err := Call(L, L.Get(1), lua.LNumber(5))
		if err != nil {
			var raised *lua.ApiError
			require.ErrorAs(t, err, &raised)
			L.Push(lua.LString("caught " + raised.Object.String()))
			return 1
		}
		for _, v := range results {
			L.Push(v)
		}
		return len(results)
	}))
	proto, err := compile.Compile([]byte(`
		local n = 0
		local function inc() n = n + 1 end
		print(try(function(x) inc() return x, n end))
		print(try(function() inc() error("oops") end)) inc()
		print(n, select("#", try(function() end)))
		print(coroutine.wrap(function() return try(function() coroutine.yield(1) end) end)())`), "t.lua")
	require.NoError(t, err)
	_, err = callMain(L, proto)
	require.NoError(t, err)
	assert.Equal(t, "5\t1\ncaught t.lua:5: oops\n3\t0\ncaught attempt to yield across metamethod/C-call boundary\n", host.out.String())
}

func TestTracebackLeavesTheLibraryOut(t *testing.T) {
	host, err := run(t, 10*time.Second, `local function inner() error("x") end
		print(select(2, xpcall(function() inner() end, debug.traceback)))`)
	require.NoError(t, err)
	assert.Contains(t, host.out.String(), "t.lua:1: in function 'inner'")
	assert.Contains(t, host.out.String(), "t.lua:2: in main chunk")
	assert.NotContains(t, host.out.String(), "phscript")
}

func TestLongTracebacksLoseTheirMiddle(t *testing.T) {
	for calls, want := range map[int]string{19: "22 false", 20: "22 12", 40: "22 12"} {
		prints(t, want+"\n", fmt.Sprintf(`
			local function down(n) if n == 0 then return debug.traceback() end local t = down(n - 1) return t end
			local lines, dots = 0, false
			for line in (down(%d) .. "\n"):gmatch("(.-)\n") do
				lines = lines + 1
				if line == "\t..." then dots = lines end
			end
			print(lines .. " " .. tostring(dots))`, calls))
	}
}
