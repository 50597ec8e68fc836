package repl_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/repl"
)

// memory is files that are in memory.
type memory map[string]string

func (m memory) ReadFile(name string) ([]byte, error) {
	if text, ok := m[name]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func (m memory) WriteFile(name string, data []byte, replace bool) error {
	if _, ok := m[name]; ok && !replace {
		return fs.ErrExist
	}
	m[name] = string(data)
	return nil
}

// converse gives inputs to a prompt and returns what it printed.
func converse(t *testing.T, files memory, interactive bool, inputs ...string) (out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	secrets := &redact.Secrets{}
	secrets.Add("tok-very-secret")
	screen := repl.NewScreen(&stdout)
	broken := &bindings.Module{Name: "broken", Funcs: []*bindings.Func{{Name: "fault", Call: func(*bindings.Args) (int, error) { panic("a fault") }}}}
	rt, err := runtime.New(runtime.Options{WorkDir: t.TempDir(), Stdout: screen, Secrets: secrets, Modules: []*bindings.Module{broken}})
	require.NoError(t, err)
	s := rt.NewSession()
	t.Cleanup(func() { _ = s.Close() })
	p := repl.New(repl.Options{
		Session: s, Manual: builtins.Manual(), Secrets: secrets, Out: screen, Err: &stderr, Interactive: interactive, Files: files,
		Begin: func() (context.Context, func() bool, func()) {
			return t.Context(), func() bool { return false }, func() {}
		},
	})
	for _, input := range inputs {
		p.Input(input)
	}
	return stdout.String(), stderr.String()
}

func TestShowsWhatAnInputComesTo(t *testing.T) {
	for input, want := range map[string]string{
		"1, nil, 'x'":                 "1\nnil\n\"x\"\n",
		"io.write('no end')":          "no end\ntrue\n",
		"print()":                     "\n",
		"'tok-very-secret'":           "\"[redacted]\"\n",
		"{ key = 'tok-very-secret' }": "key  \"[redacted]\"\n",
		"return":                      "",
		"  \n ":                       "",
		"x = 1\nx":                    "1\n",
		":time":                       "",
		"'tok-very-secret-and-more text to fill more than one line of the screen, which would be shortened'": "\"[redacted]-and-more text to fill more than one line of the screen, which would be shortened\"\n",
		"setmetatable({}, { __tostring = function() os.exit() end })":                                        "{}\n",
	} {
		out, _ := converse(t, nil, true, input)
		assert.Equal(t, want, out, input)
	}
}

func TestPromptsAndEqualSignsAreNotLua(t *testing.T) {
	for input, want := range map[string]string{
		"=1+1":    "2\n",
		" = {\n}": "{}\n",
		"> 1 + 1": "2\n",
		">":       "",
		"> x = 4\n> =x + 1\n> function f()\n>>   return x\n>> end\n> f()": "5\n4\n",
		"planhat (simulated, dry run)> 1\nplanhat> 2":                     "1\n2\n",
		"'>' > '='": "true\n",
		"1\n> 0":    "true\n",
	} {
		out, errs := converse(t, nil, false, input)
		assert.Equal(t, want, out, input)
		assert.Empty(t, errs, input)
	}
}

// A block is one input: it stops at its first error, and one with a mistake does not begin.
func TestBlocks(t *testing.T) {
	out, errs := converse(t, nil, true, "1 + 1\nerror('first')\nprint('never')\n3")
	assert.Equal(t, "2\n", out)
	assert.Contains(t, errs, "first")
	out, errs = converse(t, nil, true, "local x = 1\nprint(x)\nif x then\n\terror('first')\nend\nprint('never')")
	assert.Equal(t, "1\n", out)
	assert.Contains(t, errs, "first")
	out, errs = converse(t, nil, true, "print('never')\nfor for")
	assert.Empty(t, out)
	assert.NotEmpty(t, errs)
}

func TestSuggestsFieldsForThoseThatAreNotThere(t *testing.T) {
	for input, want := range map[string]string{
		"planhat.compny":       "planhat has no field 'compny' (did you mean 'company'?)\n",
		"planhat.company.nmae": "",
		"string.formt":         "string has no field 'formt' (did you mean 'format'?)\n",
		"math.zzzzzzzz":        "",
		"x = 1":                "",
	} {
		out, errs := converse(t, nil, true, input)
		assert.Equal(t, want, errs, "%s: %s", input, out)
	}
	_, errs := converse(t, nil, true, "r = {name = 1}", "r.nmae", "r.name", "r.name = nil", "r.name")
	assert.Equal(t, "r has no field 'nmae' (did you mean 'name'?)\n", errs)
}

func TestAFaultDoesNotEndTheConversation(t *testing.T) {
	out, errs := converse(t, nil, true, "broken.fault()", "1 + 1")
	assert.Contains(t, errs, "internal error: a fault")
	assert.Equal(t, "2\n", out)
}

func TestTellsRowsThatAnInputRejects(t *testing.T) {
	_, errs := converse(t, nil, true, "run.reject({}, 'no name')")
	assert.Equal(t, "1 row rejected\n", errs)
}

func TestWordsThatAreNoLua(t *testing.T) {
	out, _ := converse(t, nil, true, "help")
	assert.Contains(t, out, ":save FILE")
	out, _ = converse(t, nil, true, "help csv.rows")
	assert.Contains(t, out, "csv.rows(name")
	out, errs := converse(t, nil, true, "exit = 5", "exit", "local quit = 6", "quit")
	assert.Equal(t, "5\n6\n", out, "a variable is a variable")
	assert.Empty(t, errs)
	_, errs = converse(t, nil, false, "help csv")
	assert.Contains(t, errs, "'=' expected near 'csv'", "nobody is there to be helped")
}

func TestSavesInputsAsAScript(t *testing.T) {
	files := memory{"there.lua": "-- mine"}
	_, errs := converse(t, files, true,
		"#planhat", "local t = {}", "t.a = 1", "bad +* 1", "#t", "_ + 1 -- next", "t.a, t.b", "print(t.a)", "local u = 2\nu * t.a", ":quota",
		":save work.lua", ":save there.lua", ":save! there.lua")
	assert.Contains(t, errs, "8 inputs saved to work.lua")
	assert.Contains(t, errs, "there.lua already exists; :save! there.lua overwrites it")
	want := `-- Saved from a session. Run it with: phscript run work.lua

print(inspect(#planhat))
local t = {}
t.a = 1
_ = #t
print(inspect(_ + 1 -- next
))
print(t.a, t.b)
print(t.a)
local u = 2
print(inspect(u * t.a))
`
	assert.Equal(t, want, files["work.lua"])
	assert.Equal(t, strings.Replace(want, "work.lua", "there.lua", 1), files["there.lua"])
	out, errs := converse(t, files, true, ":load work.lua", "t.a", ":load none.lua")
	assert.Equal(t, "0\n1\n1\tnil\n1\n2\n1\n", out)
	assert.Contains(t, errs, "cannot read none.lua: no such file")
	_, errs = converse(t, files, true, "x = 'tok-very-secret'", ":save secret.lua")
	assert.Contains(t, errs, "not saved")
	assert.NotContains(t, files, "secret.lua")
}

func TestHistory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "history")
	secrets := &redact.Secrets{}
	secrets.Add("tok-very-secret")
	h, err := repl.OpenHistory(file, secrets)
	require.NoError(t, err)
	for _, input := range []string{
		"one", "two\nlines", "", "x = 'tok-very-secret'", "planhat.new{ api_token = 'unknown' }", "planhat.new{ ['tenant_token'] = [[u]] }",
		"planhat.new{ api_token = env.get('X') }",
	} {
		_, err := h.Write(input)
		require.NoError(t, err)
	}
	again, err := repl.OpenHistory(file, secrets)
	require.NoError(t, err)
	assert.Equal(t, []string{"one", "two\nlines", "planhat.new{ api_token = env.get('X') }"}, again.Dump())
	line, err := again.GetLine(1)
	require.NoError(t, err)
	assert.Equal(t, "two\nlines", line)
	_, err = again.GetLine(3)
	require.Error(t, err)

	var many strings.Builder
	for range 2500 {
		many.WriteString("\"old\"\nnot JSON\n")
	}
	require.NoError(t, os.WriteFile(file, []byte(many.String()), 0o600))
	again, err = repl.OpenHistory(file, nil)
	require.NoError(t, err)
	assert.Equal(t, 2000, again.Len())
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, 2000, bytes.Count(text, []byte("\n")), "the file stays small")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

	unwritable, err := repl.OpenHistory(filepath.Join(file, "no", "folder"), nil)
	require.Error(t, err)
	_, err = unwritable.Write("kept for now")
	require.NoError(t, err)
	assert.Equal(t, 1, unwritable.Len())
}

func TestLines(t *testing.T) {
	lines := repl.NewLines(strings.NewReader("1 + 1\n\nfor i = 1, 2 do\n  print(i)\nend\n:help x\nx = {\n"))
	for _, want := range []string{"1 + 1", "", "for i = 1, 2 do\n  print(i)\nend", ":help x", "x = {\n"} {
		got, err := lines.Read()
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := lines.Read()
	require.ErrorIs(t, err, io.EOF)

	lines = repl.NewLines(strings.NewReader("first\nsecond\nthird\n"))
	_, err = lines.Read()
	require.NoError(t, err)
	buf := make([]byte, 100)
	n, err := lines.Rest().Read(buf)
	require.NoError(t, err)
	assert.Equal(t, "second\n", string(buf[:n]), "no more than one line is taken")
	n, err = lines.Rest().Read(buf[:3])
	require.NoError(t, err)
	assert.Equal(t, "thi", string(buf[:n]))
}

// TestLinesEndWhereTheParserSays: what tells without the parser that an input goes
// on never takes the next input for a part of it.
func TestLinesEndWhereTheParserSays(t *testing.T) {
	for _, input := range []string{
		"s = [==[\n ]\n ((( \n ]]\n{{{ ]==]",
		"s = {\n 'a\\\n(((b', \"c\\\n[[d\" }",
		"f(\n#t, {\n#t })",
		"x = { --[[ (\n{{\n]] 1,\n--[==[\n]]((]==]\n2 }",
		"x = { -- [[ (\n--[ (\n'[[', \"--[[\",\n1 }",
		"repeat\n local a = t[1]\nuntil (\na)",
		"while a do\n if b then\n elseif c then\n else\n end\nend",
		"t = {\n" + strings.Repeat("  { id = 1, name = 'x' },\n", 300) + "}",
		"s = [[\n" + strings.Repeat("(a[i] \n", 300) + "]]",
		"function f()\r\n  return {\r\n  }\r\nend\r",
	} {
		lines := repl.NewLines(strings.NewReader(input + "\nnext\n"))
		for _, want := range []string{input, "next"} {
			got, err := lines.Read()
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
	}
	lines := repl.NewLines(strings.NewReader("x = = {\n1,\n2,\n" + strings.Repeat("3,\n", 100)))
	got, err := lines.Read()
	require.NoError(t, err)
	assert.Equal(t, "x = = {", got, "a mistake is no reason to wait")
}

// TestHighlightOnlyAddsColors: whatever is typed shows as it was typed.
func TestHighlightOnlyAddsColors(t *testing.T) {
	colors := regexp.MustCompile(`\x1b\[[0-9]*m`)
	assert.Equal(t, "\x1b[35mlocal\x1b[0m x = \x1b[32m'a'\x1b[0m \x1b[90m-- b\x1b[0m", repl.Highlight("local x = 'a' -- b"))
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[:a-z0-9 \n'"\[\]=.é{}-]*`).Draw(r, "text")
		if got := colors.ReplaceAllString(repl.Highlight(text), ""); got != text {
			r.Fatalf("%q became %q", text, got)
		}
	})
}
