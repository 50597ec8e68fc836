package show_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/repl/show"
)

// shower opens a session and returns a function that shows what an input comes
// to.
func shower(t *testing.T, o show.Options) func(source string) string {
	t.Helper()
	server, err := simulator.Start(simulator.Options{Companies: 3})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	rt, err := runtime.New(runtime.Options{WorkDir: t.TempDir(), Planhat: planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL()}})
	require.NoError(t, err)
	s := rt.NewSession()
	t.Cleanup(func() { _ = s.Close() })
	o.State, o.Catalog, o.Topic = s.State(), builtins.Manual().Catalog(), func(v lua.LValue) *manual.Topic { return builtins.TopicOf(builtins.Manual(), s.State(), v) }
	return func(source string) string {
		result, err := s.Eval(t.Context(), runtime.Script{Source: []byte(source)})
		require.NoError(t, err, source)
		require.NotEmpty(t, result.Values, source)
		return show.Value(result.Values[0], o)
	}
}

func TestValues(t *testing.T) {
	shown := shower(t, show.Options{Width: 60})
	for source, want := range map[string]string{
		"nil":                       "nil",
		"true":                      "true",
		"1 / 4":                     "0.25",
		"'text'":                    `"text"`,
		`"a\0b\27[31m"`:             `"a\000b\027[31m"`,
		"'line one\\nline two\\n'":  "line one\nline two",
		"{}":                        "{}",
		"json.null":                 "json.null",
		"{ 1, 'two', { 3 } }":       `{ 1, "two", { 3 } }`,
		"{ [1] = 1, named = 2 }":    "{ 1, named = 2 }",
		"{ [true] = 1 }":            "{ [true] = 1 }",
		"{ name = 'A', n = 1 }":     "name  \"A\"\nn     1",
		"{ ['two words'] = { 1 } }": "two words  { 1 }",
		"function() end":            "a function, from input 13, line 1",
		"coroutine.create(print)":   "<thread>",
		"planhat.company.get_list":  "planhat.company.get_list(options?)\n  Reads a list of records into a table: GET /companies.\n  :doc planhat.company.get_list shows more",
		"print":                     "print(...)\n",
		"planhat.task":              "planhat.task\n",
		"planhat.company.bulk_upsert{ { name = 'A' }, { externalId = 'x' } }": "2 rows: 1 created, 0 updated, 0 unchanged, 1 rejected\n  row 2 (",
		"planhat.company.bulk_upsert{ { name = 'B', externalId = 'b' } }":     "1 row: 1 created",
		"select(2, planhat.try(planhat.company.get_by_id, 'extid-none'))":     "error: ",
	} {
		got := shown(source)
		if strings.HasPrefix(source, "function") {
			got = got[:len("a function, from input ")] + "13, line 1"
		}
		assert.Equal(t, want, got[:min(len(got), len(want))], source)
		for line := range strings.Lines(got) {
			if !strings.HasPrefix(line, "error: ") {
				assert.LessOrEqual(t, runewidth.StringWidth(strings.TrimRight(line, "\n")), 60, "%s: %q", source, line)
			}
		}
	}
}

func TestTables(t *testing.T) {
	shown := shower(t, show.Options{Width: 60, Rows: 20})
	assert.Equal(t, `name                                     n  ok
Acme                                     1  true
日本語                                12.5
A very long name that does not fit …        false`,
		shown("{ { name = 'Acme', n = 1, ok = true }, { name = '日本語', n = 12.5 }, { name = 'A very long name that does not fit into a cell', ok = false } }"))
	companies := shown("planhat.company.get_list()")
	lines := strings.Split(companies, "\n")
	assert.Regexp(t, `^_id +name +externalId$`, lines[0])
	assert.Len(t, lines, 5)
	assert.True(t, strings.HasPrefix(lines[4], "… more columns: "), lines[4])

	long := shown("(function() local t = {} for i = 1, 5000 do t[i] = { name = 'n' .. i, note = ('x'):rep(500) .. '\\n\\27[31m' } end return t end)()")
	lines = strings.Split(long, "\n")
	assert.Len(t, lines, 22)
	assert.Equal(t, "… 4,980 more", lines[21])
	assert.NotContains(t, long, "\x1b")
	assert.Len(t, strings.Split(shown("(function() local t = {} for i = 1, 22 do t[i] = { n = i } end return t end)()"), "\n"), 23, "two more are shown as well")
	assert.Contains(t, shown("(function() local t = {} for i = 1, 300 do t[i] = 'item ' .. i end return t end)()"), "… 260 more")
}

func TestLongTextsAreCut(t *testing.T) {
	shown := shower(t, show.Options{Width: 60})
	text := shown("('é'):rep(5000)")
	assert.Contains(t, text, "… 6,000 more bytes")
	assert.Less(t, len(text), 5000)
	record := shown("{ text = ('x'):rep(5000), list = { { { { { 1 } } } } } }")
	assert.Contains(t, record, "list  { { { {...} } } }")
	assert.Contains(t, record, "…")
}

// TestHugeValuesAreBounded: what is shown does not depend on the size of what
// there is.
func TestHugeValuesAreBounded(t *testing.T) {
	shown := shower(t, show.Options{Width: 80, Rows: 20})
	for source, want := range map[string]string{
		"list":   "999,960 more",
		"fields": "more than",
		"rows":   "999,980 more",
		"nested": "nested  { 1, 1, ",
		"mixed":  "more than",
	} {
		shown(`list = list or {} if not list[1] then for i = 1, 1e6 do list[i] = 1 end
fields = {} for i = 1, 2e5 do fields['k' .. i] = i end
rows = {} local row = { name = 'x' } for i = 1, 1e6 do rows[i] = row end
nested = { nested = list } mixed = { 1, 2 } for i = 1, 2e5 do mixed['k' .. i] = i end end
return 1`)
		began := time.Now()
		text := shown(source)
		assert.Contains(t, text, want, source)
		assert.Less(t, len(text), 10_000, source)
		t.Logf("%s: %s", source, time.Since(began))
	}
}

func TestColorsAreAllThatColorAdds(t *testing.T) {
	plain, colored := shower(t, show.Options{Width: 60, Rows: 2}), shower(t, show.Options{Width: 60, Rows: 2, Color: true})
	for _, source := range []string{"{ name = 'A', n = 1 }", "{ { a = 1 }, { a = 2 }, { a = 3 } }", "planhat.company", "csv.rows"} {
		text := colored(source)
		assert.Contains(t, text, "\x1b[")
		for _, code := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[36m"} {
			text = strings.ReplaceAll(text, code, "")
		}
		assert.Equal(t, plain(source), text)
	}
}
