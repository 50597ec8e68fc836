package bindings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

func TestTracebacks(t *testing.T) {
	L := newState(t, newTestHost(t))
	L.SetGlobal("here", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(traceback(Stack(L))))
		return 1
	}))
	through, err := L.Load(strings.NewReader("local callback = ...\nlocal text = callback()\nreturn text"), InternalChunk+" through")
	require.NoError(t, err)
	L.SetGlobal("through", through)
	runCases(t, L, []luaCase{
		{"a function", "function inner()\n  local text = here()\n  return text\nend\nlocal text = inner()\nreturn text",
			[]string{"test.lua:2: in function 'inner'\ntest.lua:5: in main chunk"}},
		{"tail calls", "local function inner()\n  local text = here()\n  return text\nend\nlocal function middle() return inner() end\nfunction outer()\n  local text = middle()\n  return text\nend\nlocal text = outer()\nreturn text",
			[]string{"test.lua:2: in the function of line 1\ntest.lua:7: in function 'outer'\ntest.lua:10: in main chunk"}},
		{"a coroutine", "local text = coroutine.wrap(function()\n  local text = here()\n  return text\nend)()\nreturn text",
			[]string{"test.lua:2: in the function of line 1\ntest.lua:1: in main chunk"}},
		{"a function of phscript", "local text = through(function()\n  local text = here()\n  return text\nend)\nreturn text",
			[]string{"test.lua:2: in the function of line 1\ntest.lua:1: in main chunk"}},
	})
	assert.Empty(t, Stack(lua.NewState()), "nothing was called")
}
