package machine

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// TestLayout compares the structs here with gopher-lua's, as the start of every
// program does, and finds a difference.
func TestLayout(t *testing.T) {
	require.NoError(t, sameLayout(reflect.TypeFor[lua.LState](), reflect.TypeFor[state](), 0))
	require.Error(t, sameLayout(reflect.TypeFor[lua.LState](), reflect.TypeFor[frame](), 0))
	type wrong struct{ MainThread, CurrentThread, Registry, Global int8 }
	type other struct{ G *wrong }
	require.Error(t, sameLayout(reflect.TypeFor[lua.LState](), reflect.TypeFor[other](), 0))
	type longer struct{ Idx, Fn, Parent int }
	require.ErrorContains(t, sameLayout(reflect.TypeFor[struct{ Idx, Fn int }](), reflect.TypeFor[longer](), 0), "has no field 2")
}

// TestNumbers sets registers to numbers of all kinds: small ones, which are
// shared, and more of the others than fit in a page.
func TestNumbers(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	r := of(L).reg
	want := []float64{0, math.Copysign(0, -1), 1, 127, 128, -1, 0.5, math.Inf(1), math.Inf(-1), 1e300}
	for i := range 100 {
		want = append(want, float64(i)+0.25)
	}
	for i, n := range want {
		r.setNumber(i, n)
	}
	for i, n := range want {
		got := float64(r.array[i].(lua.LNumber))
		assert.Equal(t, math.Float64bits(n), math.Float64bits(got), n)
	}
	assert.Zero(t, testing.AllocsPerRun(1000, func() { r.setNumber(0, 5) }))
	assert.Less(t, testing.AllocsPerRun(1000, func() { r.setNumber(0, 0.5) }), 0.5, "a page holds several numbers")
	r.setNumber(0, math.NaN())
	assert.True(t, math.IsNaN(float64(r.array[0].(lua.LNumber))))
}

// TestFrames fills a stack of calls over several segments, and takes calls away
// one by one and at once.
func TestFrames(t *testing.T) {
	var s frames
	s.init(100)
	for i := range 100 {
		assert.False(t, s.IsFull())
		s.Push(frame{NArgs: i})
	}
	assert.True(t, s.IsFull())
	assert.Equal(t, 57, s.At(57).Idx)
	assert.Equal(t, 57, s.At(57).NArgs)
	for i := 99; i >= 60; i-- {
		assert.Same(t, s.At(i), s.Last())
		assert.Equal(t, i, s.Pop().NArgs)
	}
	s.SetSp(3)
	assert.Equal(t, 3, s.Sp())
	assert.Less(t, len(s.segments), 3, "segments that are not used are freed")
	assert.Equal(t, 2, s.Last().NArgs)
	s.Push(frame{NArgs: 1000})
	assert.Equal(t, 1000, s.At(3).NArgs)
	s.SetSp(0)
	assert.True(t, s.IsEmpty())
	assert.Nil(t, s.Last())
	assert.Nil(t, s.Pop())
}

// TestAttachNeedsAnIdleState replaces no stack that is in use.
func TestAttachNeedsAnIdleState(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.Push(L.NewFunction(func(L *lua.LState) int {
		assert.Panics(t, func() { Attach(L) })
		return 0
	}))
	L.Call(0, 0)
	Attach(L)
	Attach(L)
}

// TestStack finds a stack of calls that is not gopher-lua's.
func TestStack(t *testing.T) {
	require.NoError(t, checkStack())
	own, other := reflect.TypeFor[frameStack](), reflect.TypeFor[interface{ Push(f *frame) }]()
	push, ok := own.MethodByName("Push")
	require.True(t, ok)
	assert.True(t, sameSizes(push.Type, push.Type))
	assert.False(t, sameSizes(push.Type, other.Method(0).Type))
	assert.False(t, sameSizes(own.Method(0).Type, own.Method(1).Type))
	assert.Error(t, exercise(&frames{segments: []*segment{{}}, limit: 5}))
}
