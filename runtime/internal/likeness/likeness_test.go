package likeness

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

func sum(t *testing.T, source string) string {
	t.Helper()
	L := lua.NewState()
	defer L.Close()
	require.NoError(t, L.DoString(source))
	module := L.G.Global.RawGetString("module")
	return Of(L.Get(-1), func(v lua.LValue) bool { return v == module })
}

func TestOf(t *testing.T) {
	t.Parallel()
	const f = `return function(x) return x.a == "b" end`
	for _, same := range [][2]string{
		{f, "\n\n" + f},
		{f, `return function(other) return other.a == "b" end`},
		{`return { a = 1, b = { 2 } }`, `local t = { b = { 2 } } t.a = 1 return t`},
		{`local n = 1 return function() return n end`, `local m = 1 return function() return m end`},
		{`local t = {} t.t = t return t`, `local u = {} u.t = u return u`},
		{`module = { 1 } return { module }`, `module = { 2 } return { module }`},
	} {
		assert.Equal(t, sum(t, same[0]), sum(t, same[1]), same[0])
	}
	for _, other := range [][2]string{
		{f, `return function(x) return x.a == "c" end`},
		{f, `return function(x) return x.a ~= "b" end`},
		{`return { a = 1 }`, `return { a = "1" }`},
		{`return { 1, 2 }`, `return { 2, 1 }`},
		{`return { { 1 }, 2 }`, `return { { 1, 2 } }`},
		{`local n = 1 return function() return n end`, `local n = 2 return function() return n end`},
		{`local n = 1 local function g() return n end return function() return g() end`, `local n = 2 local function g() return n end return function() return g() end`},
		{`return function() return function() return 1 end end`, `return function() return function() return 2 end end`},
	} {
		assert.NotEqual(t, sum(t, other[0]), sum(t, other[1]), other[0])
	}
}
