package luajson

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// TestTablesHaveTheKnownLayout fails when gopher-lua changes its tables: they
// still work then, but slowly.
func TestTablesHaveTheKnownLayout(t *testing.T) {
	require.True(t, LayoutKnown)
	theirs := reflect.TypeFor[lua.LTable]()
	assert.False(t, sameParts(reflect.TypeFor[struct{ keys []lua.LValue }](), theirs))
	assert.False(t, sameParts(reflect.TypeFor[struct {
		_       lua.LValue
		array   []lua.LValue
		_       map[lua.LValue]lua.LValue
		strdict map[string]lua.LValue
		order   []lua.LValue
		k2i     map[lua.LValue]int
	}](), theirs))
}

// TestObjectsAreOrdinaryTables does to tables of NewObject what scripts do to
// tables, with both ways of making them.
func TestObjectsAreOrdinaryTables(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	key := func(names ...string) (keys []lua.LValue) {
		for _, name := range names {
			keys = append(keys, lua.LString(name))
		}
		return keys
	}
	numbers := func(n ...float64) (values []lua.LValue) {
		for _, v := range n {
			values = append(values, lua.LNumber(v))
		}
		return values
	}
	build := func(L *lua.LState) int {
		L.Push(NewObject(L, key("b", "a", "c", "a"), numbers(1, 2, 3, 4)))
		return 1
	}
	L.SetGlobal("build", L.NewFunction(build))
	const script = `
local function order(t)
  local out = {}
  for k, v in pairs(t) do out[#out + 1] = tostring(k) .. "=" .. tostring(v) end
  return table.concat(out, " ")
end
local t = build()
assert(order(t) == "b=1 a=4 c=3", order(t))
t.d, t.b, t[1] = 5, nil, "one"
assert(order(t) == "1=one a=4 c=3 d=5", order(t))
t.b = 6
assert(order(t) == "1=one b=6 a=4 c=3 d=5", order(t))
for k in pairs(t) do t[k] = nil end
assert(next(t) == nil)
t.z = 1
assert(order(t) == "z=1", order(t))
local other = build()
assert(order(other) == "b=1 a=4 c=3", "tables share nothing")
assert(next(other, "a") == "c" and next(other, "c") == nil)
`
	assert.NoError(t, L.DoString(script))

	defer func(fit bool) { LayoutKnown = fit }(LayoutKnown)
	LayoutKnown = false
	assert.NoError(t, L.DoString(script), "without the known layout")
	assert.Equal(t, lua.LNil, firstKey(NewObject(L, nil, nil)))
}

func firstKey(t *lua.LTable) lua.LValue {
	k, _ := t.Next(lua.LNil)
	return k
}
