package template_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/script"
)

const head = `local template = require "template" `

// fill fills a template that is in a file.
func fill(t *testing.T, b *script.Bench, text, values string) (string, error) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "t.txt"), []byte(text), 0o600))
	err := b.Run(t, head+`io.write(template.render(fs.read("t.txt"), `+values+`))`)
	return b.Out.String(), err
}

func TestRender(t *testing.T) {
	b := script.New(t)
	for _, x := range []struct{ text, values, want string }{
		{"", "{}", ""},
		{"plain } { }} text", "{}", "plain } { }} text"},
		{"Hi {{name}}, {{ company.name }}", "{ name = 'A', company = { name = 'B' } }", "Hi A, B"},
		{"{{n}} {{x}} {{b}} {{f}} {{s}}|", "{ n = 12345678901234, x = 0.5, b = true, f = false, s = '' }", "12345678901234 0.5 true false |"},
		{"{{#list}}{{name}},{{/list}}", "{ list = { { name = 'a' }, { name = 'b' } } }", "a,b,"},
		{"{{#list}}{{.}}{{/list}}", "{ list = { 1, 'x', true } }", "1xtrue"},
		{"{{#list}}{{#.}}{{.}}{{/.}};{{/list}}", "{ list = { { 1, 2 }, { 3 } } }", "12;3;"},
		{"{{#list}}{{name}}{{outer}}{{/list}}", "{ outer = '!', list = { { name = 'a' } } }", "a!"},
		{"{{#owner}}{{nick}}{{/owner}}{{^owner}}nobody{{/owner}}", "{ owner = { nick = 'x' } }", "x"},
		{"{{#owner}}{{nick}}{{/owner}}{{^owner}}nobody{{/owner}}", "{}", "nobody"},
		{"{{#a.b}}yes{{/a.b}}{{^a.b}}no{{/a.b}}", "{ a = {} }", "no"},
		{"{{#v}}yes{{/v}}{{^v}}no{{/v}}", "{ v = 0 }", "yes"},
		{"{{#v}}yes{{/v}}{{^v}}no{{/v}}", "{ v = '' }", "no"},
		{"{{#v}}yes{{/v}}{{^v}}no{{/v}}", "{ v = {} }", "no"},
		{"{{#v}}yes{{/v}}{{^v}}no{{/v}}", "{ v = json.null }", "no"},
		{"{{#v}}yes{{/v}}{{^v}}no{{/v}}", "{ v = true }", "yes"},
		{"{{#v}}[{{.}}]{{/v}}", "{ v = 'text' }", "[text]"},
		{"{{list.2.name}}", "{ list = { {}, { name = 'b' } } }", "b"},
		{"a{{! a\n comment }}b", "{}", "ab"},
		{"x\n{{#list}}\n- {{.}}\n{{/list}}\ny", "{ list = { 1, 2 } }", "x\n- 1\n- 2\ny"},
		{"  {{! note }}  \r\nx\n {{#v}}\n{{/v}}", "{ v = 1 }", "x\n"},
		{"{{#v}}{{#v}}\n{{/v}}{{/v}}", "{ v = 1 }", "\n"},
		{"{{a}}{{{a}}}{{&a}}", "{ a = '<&\"' }", "<&\"<&\"<&\""},
		{"{{a}} {{{a}}} {{& a}}", "{ a = '<' }, { html = true }", "&lt; < <"},
		{"{{a}}|{{b}}|", "{ b = json.null }, { missing = 'empty' }", "||"},
		{"{{> footer}}{{#l}}{{> item }}{{/l}}", "{ x = 1, l = { 1, 2 } }, { partials = { footer = '[{{x}}]', item = '<{{.}}>' } }", "[1]<1><2>"},
		{"{{> tree}}", "{ n = 1, c = { { n = 2, c = { { n = 3, c = {} } } } } }, { partials = { tree = '{{n}}{{#c}}({{> tree}}){{/c}}' } }", "1(2(3))"},
		{"{{größe}}", "{ ['größe'] = '\\0\\255' }", "\x00\xff"},
		{"{{name}}", "setmetatable({}, { __index = function(_, k) return k:upper() end })", "NAME"},
	} {
		got, err := fill(t, b, x.text, x.values)
		if assert.NoError(t, err, x.text) {
			assert.Equal(t, x.want, got, x.text)
		}
	}
}

func TestErrors(t *testing.T) {
	b := script.New(t)
	for _, x := range []struct{ text, values, want string }{
		{"a\nHi {{name}}", "{}", "the template, line 2: the value 'name' is missing"},
		{"{{nmae}}", "{ name = 1 }", "the value 'nmae' is missing (did you mean 'name'?)"},
		{"{{company.nmae}}", "{ company = { name = 1 } }", "the value 'company.nmae' is missing (did you mean 'name'?)"},
		{"{{a.b}}", "{ a = 'text' }", "the value 'a.b' is missing"},
		{"{{a}}", "{ a = json.null }", "the value 'a' is null"},
		{"{{#l}}\n{{#m}}\n{{x}}{{/m}}{{/l}}", "{ l = { { m = 1, x = 1 }, { m = { 1, 2 } } } }", "line 3, in item 1 of 'm', in item 2 of 'l': the value 'x' is missing"},
		{"{{a}}", "{ a = {} }", "'a' is a table, which cannot be written as text"},
		{"{{a}}", "{ a = print }", "'a' is a function"},
		{"{{a}}", "{ a = 0/0 }", "'a' is nan"},
		{"x\n{{#a}}\n", "{}", "line 2: the section {{#a}} is not closed"},
		{"{{#a}}\n{{/b}}", "{}", "line 2: {{/b}} closes {{#a}} of line 1"},
		{"{{/b}}", "{}", "{{/b}} closes a section that is not open"},
		{"x\n{{name", "{}", `line 2: the tag "{{name" is not closed`},
		{"{{name\n}}", "{}", "is not closed"},
		{"{{{name}}", "{}", "is not closed"},
		{"{{}}", "{}", `"" is not a name`},
		{"{{a b}}", "{}", `"a b" is not a name`},
		{"{{a..b}}", "{}", "a dot without a name"},
		{"{{=<% %>=}}", "{}", "cannot be changed"},
		{"{{> foter}}", "{}, { partials = { footer = '' } }", "there is no partial 'foter' (did you mean 'footer'?)"},
		{"{{> a}}", "{}, { partials = { a = '{{> a}}' } }", "nested deeper than 100 levels"},
		{"{{> a}}", "{}, { partials = { a = '\\n{{x}}' } }", "the partial 'a', line 2: the value 'x' is missing"},
		{strings.Repeat("{{#a}}", 200), "{}", "nested deeper than 100 levels"},
		{"{{x}}", "{}, { name = 'mail.txt' }", "mail.txt, line 1: the value"},
		{"{{x}}", "{}, { missing = 'skip' }", `option 'missing' must be "error" or "empty"`},
		{"x", "nil", "'values'"},
		{"{{x}}", "setmetatable({}, { __index = function() error('mine') end })", "mine"},
		{"{{#l}}{{#l}}{{#l}}{{s}}{{/l}}{{/l}}{{/l}}", "{ l = (function() local l = {} for i = 1, 200 do l[i] = 1 end return l end)(), s = ('x'):rep(1000) }", "the text would be larger than 64 MiB"},
	} {
		_, err := fill(t, b, x.text, x.values)
		if assert.Error(t, err, x.text) {
			assert.Contains(t, err.Error(), x.want, x.text)
		}
	}
}

// A template that would take forever ends with the run.
func TestEndOfRun(t *testing.T) {
	b := script.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := b.RunContext(ctx, t, head+`template.render("{{> a}}", {}, { partials = { a = "{{> b}}{{> b}}{{> b}}", b = "{{> c}}{{> c}}{{> c}}", c = "{{> d}}{{> d}}{{> d}}", d = "{{#x}}{{/x}}{{> e}}{{> e}}{{> e}}",
		e = ("{{> f}}"):rep(50), f = ("{{> g}}"):rep(50), g = ("{{> h}}"):rep(50), h = ("{{! }}"):rep(50) .. ("{{> i}}"):rep(50), i = "" } })`)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestHostile(t *testing.T) {
	b := script.New(t)
	for _, text := range []string{strings.Repeat("{{a}}", 100_000), strings.Repeat("{{! }} ", 100_000), strings.Repeat(" ", 200_000) + "{{! x }}", strings.Repeat("{{#a}}{{/a}} ", 50_000), strings.Repeat("{", 100_000), "{{" + strings.Repeat("a.", 100_000) + "a}}"} {
		started := time.Now()
		_, _ = fill(t, b, text, "{ a = 1 }")
		assert.Less(t, time.Since(started), 20*time.Second)
	}
}
