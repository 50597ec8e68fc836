package runtime

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFilesAreReadAndWritten uses the modes with a plus, positions, temporary files
// and the numbers of errors.
func TestFilesAreReadAndWritten(t *testing.T) {
	b := newBench(t)
	b.opts.WriteDirs = []string{b.dir}
	b.put(t, "old.txt", "one\ntwo\nthree\n")
	_, err := b.run(t, `
		local f = assert(io.open("old.txt", "r+"))
		assert(f:read() == "one" and f:seek() == 4)
		assert(f:write("TWO"))
		assert(f:read("*a") == "\nthree\n")
		assert(f:seek("set", 1) == 1 and f:read(2) == "ne")
		assert(f:seek("end", -6) == 8 and f:read("*l") == "three")
		assert(f:close())
		f = assert(io.open("new.txt", "w+"))
		f:write("a", 1, "\n")
		assert(f:seek("set") == 0 and f:read("*a") == "a1\n" and f:seek("cur") == 3)
		assert(f:seek("set", 1) == 1 and f:write("B") and f:close())
		f = assert(io.open("new.txt", "a+"))
		assert(f:read("*a") == "aB\n" and f:write("end") and f:seek("set") == 0 and f:read("*a") == "aB\nend" and f:close())
		f = assert(io.open("made.txt", "a+b"))
		assert(f:read("*a") == "" and f:write("x") and f:close())
		f = assert(io.open("old.txt"))
		assert(f:seek("set", 4) == 4 and f:read(3) == "TWO" and f:seek("end") == 14 and f:close())

		local nothing, message, number = io.open("none.txt", "r+")
		assert(nothing == nil and number == 2, message)
		assert(select(3, io.open("none.txt")) == 2 and select(3, os.remove("none.txt")) == 2 and select(3, os.rename("none.txt", "x")) == 2)
		assert(select(3, io.open("/none/x.txt", "w+")) == 13)
		assert(select(3, io.stdout:seek()) == 29)
		assert(select(3, io.open("old.txt"):write("x")) == 9)
		assert(select(3, io.open("old.txt", "x")) == 22)
		assert(not pcall(f.seek, f))

		f = io.tmpfile()
		assert(io.type(f) == "file" and f:write("1 2\n", 3) and f:seek("set", 0) == 0)
		assert(f:read("*n") == 1 and f:read("*n") == 2 and f:read("*n") == 3 and f:read("*n") == nil)
		assert(f:seek("set", 6) == 6 and f:write("!") and f:seek("set") == 0 and f:read("*a") == "1 2\n3\0!")
		assert(f:seek("set", -1) == nil and f:close())`)
	require.NoError(t, err)
	for name, want := range map[string]string{"old.txt": "one\nTWO\nthree\n", "new.txt": "aB\nend", "made.txt": "x"} {
		text, err := os.ReadFile(filepath.Join(b.dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(text), name)
	}
}

// TestUpdatesNeedThePermissionToWrite: reading and writing needs both.
func TestUpdatesNeedThePermissionToWrite(t *testing.T) {
	b := newBench(t)
	b.put(t, "old.txt", "old")
	_, err := b.run(t, `
		for _, mode in ipairs{ "r+", "w+", "a+" } do
			local f, message, number = io.open("old.txt", mode)
			assert(f == nil and message:find("--allow-write", 1, true) and number == 13, mode)
		end`)
	require.NoError(t, err)
}

// TestTemporaryFilesAreLimited: they count as much as a string.
func TestTemporaryFilesAreLimited(t *testing.T) {
	b := newBench(t)
	b.opts.MaxString = 1 << 20
	_, err := b.run(t, `
		local f = io.tmpfile()
		local text = ("x"):rep(1000)
		for i = 1, 1000 do assert(f:write(text)) end
		local problem
		for i = 1, 100 do
			local done, message = f:write(text)
			problem = problem or not done and message
		end
		assert(problem:find("too large"), problem)
		assert(not f:close())`)
	require.NoError(t, err)
}

// TestFilesAnswerInTheWordsOfLua compares what functions for files and modules say with
// lua5.1.
func TestFilesAnswerInTheWordsOfLua(t *testing.T) {
	if _, err := exec.LookPath("lua5.1"); err != nil {
		t.Skip("lua5.1 is not installed")
	}
	const script = `
		local function show(...) io.write(string.format("%s %s %s\n", tostring((...)), tostring((select(2, ...))), tostring((select(3, ...))))) end
		local function failed(f, ...) local args = { ... } show(pcall(function() f(unpack(args)) end)) end
		local text = assert(io.open("text.txt", "w"))
		show(text:read()) show(text:read("*a")) failed(text.lines(text))
		text:write("123456789012") text:close()
		show(io.open("none.txt")) show(io.open("none.txt", "r+")) show(io.open("none/x.txt", "w")) show(io.open("text.txt"):write("x"))
		show(os.remove("none.txt")) show(os.rename("none.txt", "x.txt")) show(os.remove("text.txt/x"))
		failed(function() io.lines("none.txt") end) failed(function() io.input("none.txt") end) failed(function() io.output("none/x.txt") end)
		failed(function() dofile("none.lua") end) show(loadfile("none.lua"))
		show(io.open("text.txt"):seek("set", -5))
		local f = io.open("text.txt", "a") show(f:seek()) f:write("x") show(f:seek()) f:close()
		f = io.open("text.txt", "a+") show(f:seek()) f:write("x") show(f:seek()) show(f:seek("set", 2)) show(f:read(2)) f:write("z") show(f:seek()) f:close()
		failed(function() require() end) failed(function() require({}) end) failed(function() require(nil) end)
		local loaders, path, preload = package.loaders, package.path, package.preload
		package.path = nil failed(function() require("none") end)
		package.path = {} failed(function() require("none") end)
		package.path, package.loaders = path, nil failed(function() require("none") end)
		package.loaders, package.preload = loaders, 5 failed(function() require("none") end)
		package.preload = preload
		for _, answer in ipairs{ "\n\tno magic", 5, {}, true } do table.insert(loaders, function() return answer end) end
		local ok, message = pcall(require, "none")
		show(ok, message:match("\n\tno magic.*$"))`
	b := newBench(t)
	b.opts.WriteDirs = []string{b.dir}
	_, err := b.run(t, script)
	require.NoError(t, err)
	b.put(t, "main.lua", script)
	require.NoError(t, os.Remove(filepath.Join(b.dir, "text.txt")))
	real := exec.Command("lua5.1", "main.lua")
	real.Dir = b.dir
	want, err := real.CombinedOutput()
	require.NoError(t, err, string(want))
	assert.Equal(t, string(want), b.stdout.String())
}
