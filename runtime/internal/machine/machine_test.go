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
	r.setNumber(0, math.NaN())
	assert.True(t, math.IsNaN(float64(r.array[0].(lua.LNumber))))
}
