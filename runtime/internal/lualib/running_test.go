package lualib

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExitCodes: the run ends with what the host answers.
func TestExitCodes(t *testing.T) {
	for src, want := range map[string]int{"os.exit()": 0, "os.exit(true)": 0, "os.exit(false)": 1, "os.exit(3)": 3} {
		host, err := run(t, 10*time.Second, src+" print('not reached')")
		require.ErrorContains(t, err, "exit\n", src)
		assert.Equal(t, want, host.code, src)
		assert.Empty(t, host.out.String())
	}
}

// TestDeepRecursionInCoroutines: Lua's words and the place, not the machine's.
func TestDeepRecursionInCoroutines(t *testing.T) {
	prints(t, "false\tt.lua:2: stack overflow\nfalse\tt.lua:6: t.lua:2: stack overflow\nfalse\tt.lua:7: x\ntrue\tfalse\ty\nfalse\tnil\n", `
		local function f() return 1 + f() end
		local function shown(ok, message) print(ok, (message:gsub("stack overflow.*", "stack overflow"))) end
		shown(coroutine.resume(coroutine.create(function() return 1 + f() end)))
		local wrapped = coroutine.wrap(function() return 1 + f() end)
		shown(pcall(function() local x = wrapped() return x end))
		print(coroutine.resume(coroutine.create(function() error("x") end)))
		print(coroutine.resume(coroutine.create(function() return false, "y" end)))
		print(coroutine.resume(coroutine.create(function() error() end)))`)
}

// TestWhatIsKnownOfAFunction: as lua5.1 tells it.
func TestWhatIsKnownOfAFunction(t *testing.T) {
	prints(t, "C\t=[C]\t[C]\t-1\t-1\t-1\nLua\t@t.lua\tt.lua\t-1\t5\t7\nLua\t@t.lua\tt.lua\t6\t5\t7\nmain\t@t.lua\tt.lua\t10\t0\nnil\n", `
		local function shown(i) print(i.what, i.source, i.short_src, i.currentline, i.linedefined, i.lastlinedefined) end
		shown(debug.getinfo(print))
		-- the lines of this function are known
		local function f()
			return (debug.getinfo(1))
		end
		shown(debug.getinfo(f))
		shown(f())
		local i = debug.getinfo(1)
		print(i.what, i.source, i.short_src, i.currentline, i.linedefined)
		print(debug.getinfo(1000))`)
}
