package runtime

import (
	"context"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// limited runs a script with limits and returns the limit that it exceeded.
func limited(t *testing.T, o RunOptions, source string) *LimitError {
	t.Helper()
	rt, err := New(Options{})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Name: "t.lua", Source: []byte(source)})
	require.NoError(t, err)
	_, err = program.Run(t.Context(), o)
	var limit *LimitError
	require.ErrorAs(t, err, &limit, source)
	assert.ErrorContains(t, err, "t.lua:")
	return limit
}

func TestInstructionsAreLimited(t *testing.T) {
	o := RunOptions{MaxInstructions: 100_000, Timeout: 20 * time.Second}
	for _, source := range []string{
		`while true do end`,
		`local function f() return f() end f()`,
		`while true do pcall(function() while true do end end) end`,
		`coroutine.wrap(function() while true do end end)()`,
		`local t = setmetatable({}, { __index = function(_, k) return k end }) while true do local x = t.y end`,
		`while true do ("a"):gsub(".", function() end) end`,
		`while true do table.sort({ 3, 2, 1 }, function(a, b) return a < b end) end`,
	} {
		limit := limited(t, o, source)
		assert.Equal(t, "instructions", limit.What)
		assert.Equal(t, "the script executed more than 100,000 instructions", limit.Error())
	}
}

// The last instruction that is allowed does not end the run.
func TestTheLimitItselfIsAllowed(t *testing.T) {
	r := (&host{}).begin(t.Context(), Script{}, RunOptions{})
	newMeter(&Options{MaxMemory: 1 << 30}).tick(r.ctx, 1_000)
	m := newMeter(&Options{MaxInstructions: 100})
	m.tick(r.ctx, 60)
	m.tick(r.ctx, 40)
	require.NoError(t, r.ctx.Err())
	m.tick(r.ctx, 1)
	var limit *LimitError
	require.ErrorAs(t, context.Cause(r.ctx), &limit)
	assert.Equal(t, "instructions", limit.What)
}

// The least budget of a script is the same in each run.
func TestInstructionsAreCountedAlike(t *testing.T) {
	rt, err := New(Options{})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`local s = 0 for i = 1, 1000 do s = s + #tostring(i) end return s`)})
	require.NoError(t, err)
	runs := func(budget int64) bool {
		_, err := program.Run(t.Context(), RunOptions{MaxInstructions: budget})
		return err == nil
	}
	least := int64(1)
	for step := int64(1 << 20); step > 0; step /= 2 {
		if !runs(least + step) {
			least += step
		}
	}
	for range 20 {
		assert.True(t, runs(least+1))
		assert.False(t, runs(least))
	}
	assert.True(t, runs(0))
	assert.Greater(t, least, int64(3000))
	assert.Less(t, least, int64(20000))
}

func TestInstructionsOfCallsAfterwards(t *testing.T) {
	rt, err := New(Options{MaxInstructions: 10_000})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`function spin() while true do end end function quick() return 1 end`)})
	require.NoError(t, err)
	_, err = program.Run(t.Context(), RunOptions{Then: func(l *Live) error {
		fn := func(name string) *lua.LFunction { return l.State().GetGlobal(name).(*lua.LFunction) }
		_, err := l.Call(l.Context(), fn("quick"))
		require.NoError(t, err)
		_, err = l.Call(l.Context(), fn("spin"))
		return err
	}})
	var limit *LimitError
	assert.ErrorAs(t, err, &limit)
}

func TestSessionsHaveABudgetForEachInput(t *testing.T) {
	rt, err := New(Options{MaxInstructions: 10_000})
	require.NoError(t, err)
	s := rt.NewSession()
	defer func() { require.NoError(t, s.Close()) }()
	for range 3 {
		_, err := s.Eval(t.Context(), Script{Source: []byte(`while true do end`)})
		assert.ErrorContains(t, err, "10,000 instructions")
		_, err = s.Eval(t.Context(), Script{Source: []byte(`for i = 1, 1000 do end`)})
		require.NoError(t, err)
	}
}

// The script that grew is ended, however it grew.
func TestMemoryOfTheScript(t *testing.T) {
	o := RunOptions{MaxMemory: 8 << 20, Timeout: time.Minute}
	for _, source := range []string{
		`local t = {} while true do t[#t + 1] = {} end`,
		`local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end`,
		`big = {} while true do big["k" .. tostring({})] = 1 end`,
		`local s = "x" while true do s = s .. s .. "y" local keep = s if #s > 2^23 then while true do end end end`,
		`local fs = {} while true do local x = #fs fs[x + 1] = function() return x end end`,
		`coroutine.wrap(function() local t = {} while true do t[#t + 1] = { 1, 2, 3 } end end)()`,
		`local t = {} pcall(function() while true do t[#t + 1] = {} end end)`,
		`local t = {} while true do t[#t + 1] = coroutine.create(function() end) end`,
		`local t, s = {}, ("x"):rep(1e5) while true do t[#t + 1] = io.tmpfile() t[#t]:write(s) t[#t]:flush() end`,
		`local t = {} while true do t[#t + 1] = io.tmpfile() end`,
	} {
		assert.Equal(t, "memory", limited(t, o, source).What, source)
	}
}

// What the program around the script allocates is not the script's fault.
func TestMemoryIsNotTheServices(t *testing.T) {
	rt, err := New(Options{MaxMemory: 32 << 20})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`
		local t = {}
		for i = 1, 50000 do t[i] = { i } end
		local stop = os.clock() + 1
		while os.clock() < stop do t[1] = {} end`)})
	require.NoError(t, err)
	var before, after goruntime.MemStats
	goruntime.ReadMemStats(&before)
	var hold [][]byte
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			_, err := program.Run(t.Context(), RunOptions{})
			assert.NoError(t, err)
		})
	}
	for range 128 {
		hold = append(hold, []byte(strings.Repeat("x", 1<<20)))
		time.Sleep(time.Millisecond)
	}
	wg.Wait()
	goruntime.ReadMemStats(&after)
	assert.Len(t, hold, 128)
	assert.Zero(t, after.NumForcedGC-before.NumForcedGC, "no watch forces collections")
}
