package compile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// counted runs a chunk and returns its lines as "line:count".
func counted(t *testing.T, src string) string {
	t.Helper()
	lines := &Lines{}
	proto, err := Options{Cover: lines}.Compile([]byte(src), "test.lua")
	require.NoError(t, err)
	L := lua.NewState()
	defer L.Close()
	L.Push(L.NewFunctionFromProto(proto))
	require.NoError(t, L.PCall(0, lua.MultRet, nil))
	var out []string
	lines.Each(func(line, n int) { out = append(out, fmt.Sprintf("%d:%d", line, n)) })
	return strings.Join(out, " ")
}

func TestLinesAreCounted(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"straight":        {"local a = 1\n\n-- a comment\na = a + 1\nreturn a", "1:1 4:1 5:1"},
		"branch":          {"if 1 > 2 then\n  local a = 1\nelse\n  local b = 2\nend", "1:1 2:0 4:1"},
		"elseif":          {"if false then\n  local a\nelseif true then\n  local b\nend", "1:1 2:0 4:1"},
		"loop":            {"local n = 0\nfor i = 1, 3 do\n  n = n + i\nend", "1:1 2:1 3:3"},
		"while and break": {"local n = 0\nwhile true do\n  n = n + 1\n  if n == 4 then\n    break\n  end\nend", "1:1 2:1 3:4 4:4 5:1"},
		"repeat":          {"local n = 0\nrepeat\n  local m = n + 1\n  n = m\nuntil m == 3", "1:1 2:1 3:3 4:3"},
		"function":        {"local function f()\n  return 1\nend\nlocal function g()\n  return 2\nend\nf() f()", "1:1 2:2 4:1 5:0 7:1"},
		"one line":        {"for i = 1, 3 do if i > 1 then local a = i end end", "1:1"},
		"long call":       {"local t = {}\ntable.insert(\n  t,\n  1\n)\nt.x = {\n  y = 1,\n}", "1:1 2:1 6:1"},
		"swap":            {"local a, b = 1, 2\na, b = b, a", "1:1 2:1"},
		"nothing":         {"-- only a comment", ""},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, counted(t, c.src)) })
	}
}

// A function with more lines than its constants can be reached in one step, and
// with as many local variables as there can be.
func TestLongFunctionsAreCounted(t *testing.T) {
	var src strings.Builder
	src.WriteString("local n = 0\n")
	for range 1000 {
		src.WriteString("n = n + 1\n")
	}
	src.WriteString("assert(n == 1000)")
	assert.Equal(t, 1002, strings.Count(counted(t, src.String()), ":1"))

	src.Reset()
	for i := range 190 {
		fmt.Fprintf(&src, "local v%d = %d\n", i, i)
	}
	src.WriteString("return v1 + v189")
	assert.Equal(t, 191, strings.Count(counted(t, src.String()), ":1"))
}

// A function with as many locals as there may be has room for the counter.
func TestFullFunctionsAreCounted(t *testing.T) {
	var src strings.Builder
	for i := range maxLocals {
		fmt.Fprintf(&src, "local v%d = %d\n", i, i)
	}
	assert.Equal(t, maxLocals, strings.Count(counted(t, src.String()), ":1"))
}

// What a script sees of the counter is nothing: not among its globals, not in
// its messages, not in the calls.
func TestCounterIsHidden(t *testing.T) {
	proto, err := Options{Cover: &Lines{}}.Compile([]byte(`
		setfenv(1, {})
		local x = 1
		return x`), "test.lua")
	require.NoError(t, err)
	L := lua.NewState()
	defer L.Close()
	L.Push(L.NewFunctionFromProto(proto))
	require.NoError(t, L.PCall(0, 1, nil))
	assert.Equal(t, lua.LNumber(1), L.Get(-1))
}
