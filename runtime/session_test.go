package runtime

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/builtins"
)

// session opens a session and returns a function that evaluates an input and
// gives its values as text, or its error.
func session(t *testing.T, o Options) (*Session, func(source string) string) {
	t.Helper()
	o.WorkDir = t.TempDir()
	rt, err := New(o)
	require.NoError(t, err)
	s := rt.NewSession()
	t.Cleanup(func() { _ = s.Close() })
	return s, func(source string) string {
		result, err := s.Eval(t.Context(), Script{Source: []byte(source)})
		if err != nil {
			return "error: " + err.Error()
		}
		var texts []string
		for _, v := range result.Values {
			texts = append(texts, v.String())
		}
		return strings.Join(texts, " ")
	}
}

// TestSessionIsLikeOneChunk: what an input declares is there for the next, by the
// rules of Lua's local variables.
func TestSessionIsLikeOneChunk(t *testing.T) {
	for name, inputs := range map[string][][2]string{
		"values":                       {{"1 + 1, 'two'", "2 two"}, {"return 3", "3"}, {"x = 1", ""}, {"x", "1"}, {"nothing", "nil"}, {"-- remark", ""}},
		"locals":                       {{"local a, b, c = 1, 2", ""}, {"a, b, c", "1 2 nil"}, {"a, b = b, a", ""}, {"a, b", "2 1"}},
		"a function sees its variable": {{"local n = 0", ""}, {"local function inc() n = n + 1 return n end", ""}, {"inc()", "1"}, {"n = 10", ""}, {"inc(), n", "11 11"}},
		"declared again":               {{"local x = 1", ""}, {"local function f() return x end", ""}, {"local x = x + 1", ""}, {"x, f()", "2 1"}},
		"declared twice in one": {{"local x = 1\nlocal function f() return x end\nlocal x = 2\nlocal function g() return x end\nx = 3", ""},
			{"x, f(), g()", "3 1 3"}},
		"a recursive function":        {{"local function fac(n) if n < 2 then return 1 end return n * fac(n - 1) end", ""}, {"fac(5)", "120"}},
		"no recursion without":        {{"local f = function() return f end", ""}, {"f()", "nil"}},
		"a module's name":             {{"local csv = require 'csv'", ""}, {"type(csv.rows)", "function"}},
		"a library's name":            {{"local type = type", ""}, {"local string = 'text'", ""}, {"type(string), ('x'):rep(2)", "string xx"}, {"local tables = require 'tables'", ""}, {"tables.sum({ { n = 2 } }, 'n')", "2"}},
		"the global before":           {{"g = 'global'", ""}, {"local before = g\nlocal g = 'local'\nreturn before, g, _G.g", "global local global"}},
		"blocks":                      {{"do local inner = 1 end", ""}, {"inner", "nil"}, {"for i = 1, 2 do local k = i end", ""}, {"i, k", "nil nil"}},
		"parameters hide":             {{"local x = 1", ""}, {"function f(x) x = 5 return x end", ""}, {"f(2), x", "5 1"}, {"local t = {}\nfunction t:m() return self == t, x end", ""}, {"t:m()", "true 1"}},
		"loops hide":                  {{"local i, sum = 7, 0", ""}, {"for i = 1, 3 do sum = sum + i end", ""}, {"for _, i in ipairs{ 5 } do sum = sum + i end", ""}, {"repeat local i = 0 until i == 0", ""}, {"i, sum", "7 11"}},
		"blank":                       {{"local _, second = 1, 2", ""}, {"_, second", "nil 2"}},
		"an expression at the end":    {{"local t = { 1, 2 }\n\n#t -- how many", "2"}, {"x = 5 y = 6\n{\n  x, y\n}\n", "table"}},
		"a failed input":              {{"local kept = 1", ""}, {"local kept = error('no')", "error: input 2:1: no"}, {"kept", "1"}, {"local got = 2 error('late')", "error: input 4:1: late"}, {"got", "2"}},
		"varargs":                     {{"local n = select('#', ...)", ""}, {"n", "0"}},
		"goes on in a coroutine":      {{"local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)", ""}, {"co()", "1"}, {"co()", "2"}, {"pcall(co)", "true 3"}},
		"an assignment of an or":      {{"local a = 1", ""}, {"a = a or 2", ""}, {"local b = not a and 1 or a", ""}, {"a, b", "1 1"}},
		"a short token":               {{"x y", "error: input 1:1: '=' expected near 'y'"}},
		"a token in the message":      {{"local x = 1 e p", "error: input 1:1: '=' expected near 'p'"}},
		"a syntax error":              {{"local x = = 1", "error: input 1:1: unexpected symbol near '='"}, {"x", "nil"}},
		"many locals over many lines": {{strings.Repeat("local v = (v or 0) + 1\n", 150), ""}, {"v", "150"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, eval := session(t, Options{})
			for _, in := range inputs {
				got := eval(in[0])
				if strings.HasPrefix(got, "table: ") {
					got = "table"
				}
				assert.Equal(t, in[1], got, in[0])
			}
		})
	}
}

func TestSessionGoesOnAfterALimit(t *testing.T) {
	s, eval := session(t, Options{Timeout: time.Second, MaxHeap: 64 << 20})
	eval("local kept, co = 1, coroutine.create(function() while true do coroutine.yield() end end)")
	assert.Contains(t, eval("while true do end"), "longer than 1s")
	assert.Equal(t, "1", eval("kept"))
	assert.Contains(t, eval("local function f() return 1 + f() end f()"), "nests more than")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("Ctrl-C")
	cancel(stop)
	_, err := s.Eval(ctx, Script{Source: []byte("while true do pcall(function() while true do end end) end")})
	require.ErrorIs(t, err, stop)
	assert.Equal(t, "true", eval("(coroutine.resume(co))"))
	assert.Equal(t, "1", eval("kept"))
}

func TestSessionEndsByExit(t *testing.T) {
	for source, code := range map[string]int{"os.exit()": 0, "os.exit(3)": 3, "pcall(os.exit, 4)": 4} {
		s, _ := session(t, Options{})
		_, err := s.Eval(t.Context(), Script{Source: []byte(source)})
		var exit *ExitError
		require.ErrorAs(t, err, &exit, source)
		assert.Equal(t, code, exit.Code)
	}
}

func TestSessionReports(t *testing.T) {
	s, _ := session(t, Options{})
	_, err := s.Eval(t.Context(), Script{Source: []byte("function broken()\n  return missing.field\nend")})
	require.NoError(t, err)
	_, err = s.Eval(t.Context(), Script{Source: []byte("broken()")})
	var failed *ScriptError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "input 1", failed.Script)
	assert.Equal(t, 2, failed.Line)
	assert.Equal(t, "  return missing.field", failed.SourceLine)
}

func TestSessionOnPlanhat(t *testing.T) {
	server, err := simulator.Start(simulator.Options{Companies: 30})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	var out bytes.Buffer
	s, eval := session(t, Options{Stdout: &out, Planhat: planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL()}})
	result, err := s.Eval(t.Context(), Script{Source: []byte("local list = planhat.company.get_list{ page_size = 10 }\n#list")})
	require.NoError(t, err)
	assert.Equal(t, 30, result.Summary.Read)
	assert.Equal(t, "30", result.Values[0].String())

	// An iterator goes on in later inputs, what it reads ahead included.
	eval("next_one = planhat.company.each{ page_size = 10 }")
	for range 30 {
		assert.NotEqual(t, "nil", eval("next_one()._id"))
	}
	assert.Equal(t, "nil", eval("next_one()"))

	s.SetDryRun(true)
	result, err = s.Eval(t.Context(), Script{Source: []byte("planhat.company.create{ name = 'X' }")})
	require.NoError(t, err)
	assert.Len(t, result.Planned, 1)
	s.SetDryRun(false)
	eval("planhat.company.create{ name = 'X' }")
	assert.Equal(t, 1, server.CountsByOperation()["company.create"])
	result, err = s.Eval(t.Context(), Script{Source: []byte("1")})
	require.NoError(t, err)
	assert.Zero(t, result.Summary.Calls, "each input counts for itself")

	eval("io.write('no newline')")
	assert.Equal(t, "no newline", out.String())
	assert.NotNil(t, builtins.TopicOf(builtins.Manual(), s.State(), s.Globals().RawGetString("planhat")))
}

func TestSessionKeepsFilesOpen(t *testing.T) {
	s, eval := session(t, Options{WriteDirs: []string{"."}})
	eval("f = io.open('note.txt', 'w')")
	assert.Equal(t, "true", eval("f:write('one ')"))
	assert.Equal(t, "true", eval("f:write('two')"))
	require.NoError(t, s.Close())
	text, err := os.ReadFile(filepath.Join(s.host.rt.opts.WorkDir, "note.txt"))
	require.NoError(t, err)
	assert.Equal(t, "one two", string(text))
}

func TestAnInputThatEndsWithTheContextIsInterrupted(t *testing.T) {
	s, _ := session(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s.SetGlobal("cancel", s.main.NewFunction(func(*lua.LState) int { cancel(); return 0 }))
	_, err := s.Eval(ctx, Script{Source: []byte("x = cancel()")})
	assert.ErrorIs(t, err, context.Canceled)
}
