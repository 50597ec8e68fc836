package lualib

import (
	"context"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/machine"
)

// heap is how many bytes are in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestCoroutinesAreSmallAndCollected makes many coroutines that wait in a function
// of their own and in a protected call, and then drops them.
func TestCoroutinesAreSmallAndCollected(t *testing.T) {
	const count = 10_000
	L := lua.NewState(StateOptions())
	defer L.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	machine.SetContext(L, ctx)
	Open(L, &testHost{}, Limits{})
	made := make([]weak.Pointer[lua.LState], 0, count)
	L.SetGlobal("made", L.NewFunction(func(L *lua.LState) int {
		made = append(made, weak.Make(L.Get(1).(*lua.LState)))
		return 0
	}))
	L.SetGlobal("count", lua.LNumber(count))
	do := func(src string) {
		proto, err := compile.Compile([]byte(src), "t.lua")
		require.NoError(t, err)
		_, err = Call(L, L.NewFunctionFromProto(proto))
		require.NoError(t, err)
	}
	alive := func() (n int) {
		for _, thread := range made {
			if thread.Value() != nil {
				n++
			}
		}
		return n
	}
	before := heap()
	do(`
		waiting = {}
		local function wait(a, b) local got = coroutine.yield(a + b) return got end
		for i = 1, count do
			local co = coroutine.create(function(a)
				local ok, b = pcall(wait, a, i)
				return a, b
			end)
			coroutine.resume(co, i)
			made(co)
			waiting[i] = co
		end`)
	each := (heap() - before) / count
	assert.Equal(t, count, alive())
	assert.LessOrEqual(t, each, int64(6<<10))
	t.Logf("a waiting coroutine takes %d bytes", each)
	do(`for i, co in ipairs(waiting) do
		local ok, a, b = coroutine.resume(co, "x")
		assert(ok and a == i and b == "x" and coroutine.status(co) == "dead")
		if i % 2 == 0 then waiting[i] = false end
	end`)
	heap()
	assert.Equal(t, count/2, alive(), "a finished coroutine that nothing refers to is collected")
	do(`for i, co in ipairs(waiting) do assert(not co or coroutine.status(co) == "dead") end waiting = nil`)
	heap()
	assert.Zero(t, alive())
	made = made[:0]
	do(`for i = 1, count do
		local co = coroutine.create(function() coroutine.yield() end)
		coroutine.resume(co) made(co)
	end`)
	heap()
	assert.Less(t, alive(), 3, "so is one that waits")
}

func TestYieldTakesWhatTheNextResumeGives(t *testing.T) {
	prints(t, "1\tnil\tnil\n2\t3\tnil\n4\t5\t6\n2\nx\ty\nz\n", `
		local step = coroutine.wrap(function()
			local a, b, c = coroutine.yield() print(a, b, c)
			a, b, c = coroutine.yield() print(a, b, c)
			a, b, c = coroutine.yield() print(a, b, c)
			print(select("#", coroutine.yield()))
			local t = { coroutine.yield() } print(unpack(t))
			return coroutine.yield()
		end)
		step() step(1) step(2, 3) step(4, 5, 6, 7) step(nil, nil) step("x", "y") print(step("z"))`)
	prints(t, "a\tb\nc\ttrue\nfalse\tcannot resume dead coroutine\n", `
		local co = coroutine.create(coroutine.yield)
		print(select(2, coroutine.resume(co, "a", "b"))) print(select(2, coroutine.resume(co, "c", true)))
		print(coroutine.resume(co))`)
	prints(t, "true\t7\ntrue\t9\n", `
		local call = setmetatable({}, { __call = coroutine.yield })
		local co = coroutine.create(function(n) local object = call(n) return object end)
		local _, object, n = coroutine.resume(co, 7) print(object == call, n) print(coroutine.resume(co, 9))`)
}

func TestCoroutinesInsideOfEachOtherAreCounted(t *testing.T) {
	prints(t, "190\tC stack overflow\n190\tC stack overflow\n", `
		local function nest(n) local ok, deep, why = coroutine.resume(coroutine.create(nest), n + 1) if not ok then return n, deep end return deep, why end
		print(nest(0)) print(nest(0))`)
}

func TestAFailedCoroutineLeavesItsLocals(t *testing.T) {
	prints(t, "false\tt.lua:4: 2\n3\tkept\n", `
		local show
		local co = coroutine.create(function()
			local n, s = 2, "kept" show = function() n = n + 1 return n, s end error(n)
		end)
		print(coroutine.resume(co)) print(show())`)
}
