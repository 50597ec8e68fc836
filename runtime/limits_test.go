package runtime

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDeadlineEndsEverything(t *testing.T) {
	for name, source := range map[string]string{
		"tight loop":        `while true do end`,
		"pcall loop":        `while true do pcall(function() while true do end end) end`,
		"nested pcall":      `local function f() while true do pcall(f) end end f()`,
		"xpcall handler":    `while true do xpcall(function() error("x") end, function() while true do end end) end`,
		"coroutines":        `while true do coroutine.resume(coroutine.create(function() while true do end end)) end`,
		"wrapped coroutine": `while true do pcall(coroutine.wrap(function() while true do coroutine.yield() end end)) end`,
		"bad pattern":       `local s = ("a"):rep(40000) while true do s:find(("a*"):rep(30) .. "b") end`,
		"caught pattern":    `local s = ("a"):rep(40000) while true do pcall(string.find, s, ("a*"):rep(30) .. "b") end`,
		"gsub":              `local s = ("a"):rep(100000) while true do s = s:gsub("a", "a") end`,
		"sort":              `local t = {} for i = 1, 1e5 do t[i] = -i end while true do table.sort(t, function(a, b) return a < b end) end`,
		"metamethods":       `local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do pcall(function() return t[1] end) end`,
		"sleeping":          `time.sleep(60)`,
		"caught sleeping":   `while true do pcall(time.sleep, 60) end`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.opts.Timeout = 200 * time.Millisecond
			b.opts.MaxCallDepth = 4000
			e := b.fails(t, source) // a script that did not end would hang here
			var limit *LimitError
			require.ErrorAs(t, e, &limit)
			assert.Equal(t, "time", limit.What)
			assert.ErrorIs(t, e, context.DeadlineExceeded)
			assert.Equal(t, "the script ran longer than 200ms", e.Message)
			assert.Equal(t, 1, e.Line)
			assert.Contains(t, e.Hint, "--timeout")
		})
	}
}

func TestCancellation(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := b.runContext(t, ctx, `while true do pcall(error, "x") end`)
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualError(t, err, "main.lua:1: the run was interrupted")

	why := errors.New("the schedule was changed")
	stopped, stop := context.WithCancelCause(t.Context())
	stop(why)
	_, err = b.runContext(t, stopped, `print("started")`)
	require.ErrorIs(t, err, why)
	assert.Empty(t, b.stdout.String())
}

func TestMemoryLimit(t *testing.T) {
	for name, source := range map[string]string{
		"table of strings": `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(100) .. i end`,
		"caught":           `local t = {} while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = { i } end end) end`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.opts.MaxHeap = 64 << 20
			b.opts.Timeout = 30 * time.Second
			_, err := b.run(t, source)
			var limit *LimitError
			require.ErrorAs(t, err, &limit)
			assert.Equal(t, "memory", limit.What)
			assert.EqualError(t, limit, "the script used more than 64 MiB of memory")
		})
	}
}

func TestGarbageIsNotHeldAgainstAScript(t *testing.T) {
	b := newBench(t)
	b.opts.MaxHeap = 48 << 20
	r, err := b.run(t, `local n = 0 for i = 1, 300 do local s = ("x"):rep(1e6) .. i n = n + #s end return n > 0`)
	require.NoError(t, err)
	assert.Equal(t, []any{true}, r.Values)
	assert.Positive(t, r.PeakMemory)
}

func TestCallDepth(t *testing.T) {
	b := newBench(t)
	b.opts.MaxCallDepth = 2000
	e := b.fails(t, "local function f(n)\n  return 1 + f(n + 1)\nend\nf(1)")
	var limit *LimitError
	require.ErrorAs(t, e, &limit)
	assert.Equal(t, "call depth", limit.What)
	assert.Equal(t, 2, e.Line)
	assert.Contains(t, e.Hint, "calls itself")

	r, err := b.run(t, `
		local function f(n) return n == 0 and 0 or 1 + f(n - 1) end
		assert(f(1500) == 1500)
		local ok, message = pcall(f, 1e6)
		assert(not ok)
		return message, f(1500)`)
	require.NoError(t, err, "a script may catch it and go on")
	assert.Equal(t, "main.lua:2: stack overflow", r.Values[0])
	assert.Equal(t, 1500.0, r.Values[1])

	e = b.fails(t, `local function f() return 1 + coroutine.wrap(f)() end f()`)
	require.ErrorAs(t, e, &limit)
	assert.Contains(t, e.Message, "coroutines inside one another")
	e = b.fails(t, `error("my own stack overflow")`)
	assert.False(t, errors.As(e, &limit), "a message of the script's own is no limit")
}

func TestStringLimit(t *testing.T) {
	b := newBench(t)
	b.opts.MaxString = 1 << 20
	for _, source := range []string{
		`return ("x"):rep(2^21)`,
		`local s = "x" while true do s = s .. s end`,
		`local t = {} for i = 1, 100 do t[i] = ("x"):rep(2^15) end return table.concat(t)`,
		`return (("x"):rep(2^16):gsub("x", ("y"):rep(100)))`,
	} {
		e := b.fails(t, source)
		assert.Contains(t, e.Message, "(the limit is 1,048,576)", source)
	}
}
