package machine

import (
	"context"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	lua "github.com/yuin/gopher-lua"
)

// always is a profiler that wants a sample after each instruction.
type always struct {
	context.Context
	lines map[int]int
}

func (a *always) Due() bool { return true }

func (a *always) Sample(_ *lua.LState, line int) { a.lines[line]++ }

// A state without a profiler runs in the loop that does not know profilers.
func TestOnlyProfiledStatesAreAsked(t *testing.T) {
	loop := func(ctx context.Context) uintptr { return reflect.ValueOf(loopOf(ctx)).Pointer() }
	assert.Equal(t, reflect.ValueOf(run).Pointer(), loop(t.Context()))
	assert.Equal(t, reflect.ValueOf(run).Pointer(), loop(nil))
	profiler := &always{t.Context(), map[int]int{}}
	assert.Equal(t, reflect.ValueOf(runProfiled).Pointer(), loop(profiler))

	L := NewState(lua.Options{CallStackSize: 100, RegistrySize: 1000, RegistryMaxSize: 10000})
	defer L.Close()
	SetContext(L, profiler)
	assert.NoError(t, L.DoString("local n = 0\nfor i = 1, 10 do\n  n = n + i\nend\nlocal function f()\n  return n\nend\nf()"))
	assert.Equal(t, 10, profiler.lines[3])
	assert.Positive(t, profiler.lines[2])
	assert.Positive(t, profiler.lines[0], "where another function runs, its line is not known")
}
