package runtime

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
)

func TestErrorReport(t *testing.T) {
	b := newBench(t)
	e := b.fails(t, `local function check(company)
	return company.owner.name
end

local function each(list)
  for i = 1, #list do check(list[i]) print("x") end
end
each{ { name = "Acme" } }
print("after")`)
	assert.Equal(t, `error: main.lua:2: attempt to index field 'owner' (a nil value)
    2 |     return company.owner.name
hint: 'company.owner' is nil; where it may be missing, write (company.owner or {}).name
traceback:
   1. main.lua:2 in function 'check'
   2. main.lua:6 in function 'each'
   3. main.lua:8 in main chunk
`, report(t, e))
	var colored strings.Builder
	require.NoError(t, e.Render(&colored, true))
	assert.Contains(t, colored.String(), "\x1b[")
}

func TestSyntaxErrorReport(t *testing.T) {
	b := newBench(t)
	e := b.fails(t, "local x = 1\nif x != 2 then print(x) end")
	text := report(t, e)
	assert.True(t, strings.HasPrefix(text, "error: main.lua:2: "), text)
	assert.Contains(t, text, "    2 | if x != 2 then print(x) end\n")
	assert.Contains(t, text, "hint: ")
	assert.Contains(t, text, "~=")
}

func TestMessages(t *testing.T) {
	b := newBench(t)
	for source, want := range map[string]string{
		`error("plain")`:                        "plain",
		`error("no position", 0)`:               "no position",
		`error({ code = 5, why = { "a" } })`:    `the script raised { code = 5, why = { "a" } }`,
		`error({ message = "told", code = 5 })`: "told",
		`error(setmetatable({}, { __tostring = function() return "by tostring" end }))`: "by tostring",
		`error(setmetatable({}, { __tostring = function() error("again") end }))`:       "the script raised {}",
		`error()`:                   "error was called with nil instead of a message",
		`error(true)`:               "error was called with true instead of a message",
		`assert(false, "asserted")`: "asserted",
		`assert(nil)`:               "assertion failed!",
		`error("odd: 12: text")`:    "odd: 12: text",
		`coroutine.wrap(function() error("inside") end)()`: "inside",
	} {
		t.Run(source, func(t *testing.T) {
			e := b.fails(t, source)
			assert.Equal(t, want, e.Message)
			assert.Equal(t, 1, e.Line)
			assert.Equal(t, source, e.SourceLine)
			report(t, e)
		})
	}
}

func TestMissingTokenTellsWhatToDo(t *testing.T) {
	b := newBench(t)
	e := b.fails(t, `planhat.company.get_by_id("extid-1")`)
	var failed *planhat.Error
	require.ErrorAs(t, e, &failed)
	assert.Equal(t, planhat.KindConfig, failed.Kind)
	assert.Equal(t, 1, e.Line)
	assert.Contains(t, e.Hint, "PLANHAT_API_TOKEN")
	assert.Contains(t, e.Hint, "--simulate")
}

func TestLongTracebackIsCut(t *testing.T) {
	b := newBench(t)
	e := b.fails(t, `local function f(n) if n == 0 then error("deep") end f(n - 1) return 1 end f(200)`)
	assert.LessOrEqual(t, len(e.Trace), 40)
	assert.Less(t, strings.Count(report(t, e), "\n"), 40)
}

func TestTracebacks(t *testing.T) {
	b := newBench(t)
	for name, tt := range map[string]struct{ source, want string }{
		"in a coroutine": {
			"local function inner() local x; return x.y end\nlocal co = coroutine.wrap(function()\n  inner() return 1\nend)\nco() print(1)",
			"main.lua:1 function 'inner', main.lua:3 the function of line 2, main.lua:5 main chunk",
		},
		"through two coroutines": {
			"local inner = coroutine.wrap(function()\n  error({})\nend)\nlocal outer = coroutine.wrap(function()\n  inner() return 1\nend)\nouter() print(1)",
			"main.lua:2 the function of line 1, main.lua:5 the function of line 4, main.lua:7 main chunk",
		},
		"after one that was caught": {
			"pcall(coroutine.wrap(function() error('a') end))\nerror('b') print(1)",
			"main.lua:2 main chunk",
		},
		"tail calls": {
			"local function f(n) if n == 0 then error('x') end return f(n - 1) end\nlocal function g() f(20) return 1 end\ng() print(1)",
			"main.lua:1 the function of line 1, main.lua:2 function 'g', main.lua:3 main chunk",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range b.fails(t, tt.source).Trace {
				got = append(got, fmt.Sprintf("%s:%d %s", f.Script, f.Line, f.Function))
			}
			assert.Equal(t, tt.want, strings.Join(got, ", "))
		})
	}
}

// TestErrorsBeforeTheFirstLine: what goes wrong before the script begins is at no
// line of it.
func TestErrorsBeforeTheFirstLine(t *testing.T) {
	rt, err := New(Options{})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Name: "main.lua", Source: []byte("print(1)")})
	require.NoError(t, err)
	for params, want := range map[string]string{"7": "are not a JSON object", " [1]": "are not a JSON object", `{"a"`: "cannot be read: "} {
		_, err = program.Run(t.Context(), RunOptions{Params: []byte(params)})
		var e *ScriptError
		require.ErrorAs(t, err, &e, params)
		assert.Contains(t, e.Message, "the script's parameters "+want)
		assert.Equal(t, []any{"main.lua", 0, ""}, []any{e.Script, e.Line, e.SourceLine})
	}
}
