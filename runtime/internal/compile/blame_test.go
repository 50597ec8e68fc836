package compile_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/machine"
)

// fails runs a chunk and returns its error, as Lua 5.1 words it.
func fails(t *testing.T, src string) string {
	t.Helper()
	proto, err := compile.Compile([]byte(src), "test.lua")
	require.NoError(t, err)
	L := lua.NewState()
	defer L.Close()
	machine.Attach(L)
	L.Push(L.NewFunctionFromProto(proto))
	failed, ok := errors.AsType[*lua.ApiError](L.PCall(0, lua.MultRet, nil))
	require.True(t, ok, src)
	return failed.Object.String()
}

// TestErrorsNameTheValue: as the source calls it.
func TestErrorsNameTheValue(t *testing.T) {
	for src, want := range map[string]string{
		"local a return a + 1":                                "perform arithmetic on local 'a' (a nil value)",
		"local a return 1 + a":                                "perform arithmetic on local 'a' (a nil value)",
		"local a return -a":                                   "perform arithmetic on local 'a' (a nil value)",
		"local a return (function() return a * 2 end)()":      "perform arithmetic on upvalue 'a' (a nil value)",
		"return count * 2":                                    "perform arithmetic on global 'count' (a nil value)",
		"local t = {} return t.total - 1":                     "perform arithmetic on field 'total' (a nil value)",
		"local t, i = {}, 1 return t[i] / 1":                  "perform arithmetic on field '?' (a nil value)",
		"local a, b = 1 return a + b":                         "perform arithmetic on local 'b' (a nil value)",
		"local a, b = {}, 1 return b + a":                     "perform arithmetic on local 'a' (a table value)",
		"a = 1 return a + b":                                  "perform arithmetic on global 'b' (a nil value)",
		"a = 1 return a * 2, b * 2":                           "perform arithmetic on global 'b' (a nil value)",
		"local a, b = 1 return a * 2, b * 2":                  "perform arithmetic on local 'b' (a nil value)",
		"local a, b = 1 return a + b, 3 - b":                  "perform arithmetic on local 'b' (a nil value)",
		"return (nil) + 1":                                    "perform arithmetic on a nil value",
		"local a return 'x' .. a":                             "concatenate local 'a' (a nil value)",
		"local a = 'x' return a .. b .. 'y'":                  "concatenate global 'b' (a nil value)",
		"local a, b, c = 'x', 'y' return a .. b .. c, a .. b": "concatenate local 'c' (a nil value)",
		"return 1 + 2 * count":                                "perform arithmetic on global 'count' (a nil value)",
		"local a, b = {}, 2 return b + -a":                    "perform arithmetic on local 'a' (a table value)",
		"return (1 + 2) + (a * b)":                            "perform arithmetic on global 'a' (a nil value)",
		"local t = {x = 1} return t.x + t.y + t.z":            "perform arithmetic on field 'y' (a nil value)",
		"local a = 'x' .. 1 .. nope .. (1 + 2)":               "concatenate global 'nope' (a nil value)",
		"return #a + #b":                                      "get length of global 'a' (a nil value)",
		"local a return #a":                                   "get length of local 'a' (a nil value)",
	} {
		assert.Equal(t, "test.lua:1: attempt to "+want, fails(t, src), src)
	}
}
