// Package template holds the Lua module template.
//
// It has its own implementation of Mustache. Libraries in Go do not say on which line a
// value is missing, and would need all values copied from Lua first.
package template

import (
	"cmp"
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// policies are what to do about missing values.
var policies = []string{"error", "empty"}

var renderFields = []bindings.Field{
	{Name: "html", Type: "boolean", Doc: "Escape values for HTML, except those in `{{{name}}}` and `{{&name}}`. Default: false."},
	{Name: "missing", Type: "string", Doc: "What to do about a value that is nil or null: `\"error\"` (default), or `\"empty\"`, which writes nothing.", Values: policies},
	{Name: "partials", Type: "table<string, string>", Doc: "Texts that the template inserts with `{{> name}}`, by name."},
	{Name: "name", Type: "string", Doc: "What errors call the template, such as its file. Default: `the template`."},
}

// Module returns the module template.
func Module() *bindings.Module {
	return &bindings.Module{
		Name: "template", Required: true,
		Doc: "Fills texts with values: messages, e-mails, reports. The syntax is that of Mustache:\n\n" +
			"| Tag | What it does |\n| --- | --- |\n" +
			"| `{{name}}` | Writes a value. |\n" +
			"| `{{company.name}}` | Writes a field of a table. |\n" +
			"| `{{#items}} ... {{/items}}` | Repeats the text for each item of a list. Names in it are first looked up in the item; `{{.}}` is the item itself. |\n" +
			"| `{{#owner}} ... {{/owner}}` | Writes the text if there is such a value. Names in it are first looked up in the value if it is a table. |\n" +
			"| `{{^items}} ... {{/items}}` | Writes the text if there is no such value. |\n" +
			"| `{{{name}}}`, `{{&name}}` | Writes a value without escaping it for HTML. |\n" +
			"| `{{> footer}}` | Inserts another template. |\n" +
			"| `{{! note }}` | Is left out. |\n\n" +
			"In conditions, nil, null, false, an empty text and an empty table count as no value; 0 is a value. A line with only a condition or a comment leaves no empty line. " +
			"A value that is missing is an error that names it and the line, so no message goes out with a gap.\n\n" +
			"    local template = require \"template\"\n" +
			"    print(template.render(\"Hello {{name}}{{#owner}}, {{nickName}} sends regards{{/owner}}\", { name = \"Acme\" }))",
		Funcs: []*bindings.Func{{
			Name: "render", Doc: "Fills a template with values, and returns the text.",
			Params: []bindings.Param{
				{Name: "text", Type: "string", Doc: "The template.", Text: refusedTemplate},
				{Name: "values", Type: "table", Doc: "The values by name, such as a record of Planhat."},
				{Name: "options", Type: "table", Optional: true, Doc: "How to fill it.", Fields: renderFields},
			},
			Returns: []bindings.Return{{Type: "string", Doc: "The text."}},
			Errors:  "`validation` when a value is missing, a value cannot be written as text, a tag or section is not closed, or the text is longer than a text may be. The message names the template, the line and the value.",
			Example: `local text = require("template").render(fs.read("renewal.txt"), { company = company }, { name = "renewal.txt" })`,
			Call:    render,
		}},
	}
}

// refusedTemplate returns why a text is not a template.
func refusedTemplate(text string) error {
	_, err := parse("the template", text)
	return err
}

func render(a *bindings.Args) (int, error) {
	o := a.Options(2)
	missing := policies[0]
	if o.Has("missing") {
		missing = o.String("missing")
	}
	if !slices.Contains(policies, missing) {
		return 0, a.Errorf("option 'missing' must be \"error\" or \"empty\", not %q", missing)
	}
	r := &renderer{
		l: a.L, ctx: a.Context(), codec: bindings.CodecOf(a.L), html: o.Bool("html"), lenient: missing == "empty",
		most: cmp.Or(a.Host.MaxString, math.MaxInt), texts: map[string]string{}, parsed: map[string][]node{},
	}
	if t, ok := o.Get("partials").(*lua.LTable); ok {
		var bad error
		t.ForEach(func(k, v lua.LValue) {
			if k.Type() != lua.LTString || !lua.LVCanConvToString(v) {
				bad = a.Errorf("option 'partials' must be a table of strings by name, such as { footer = \"...\" }")
			}
			r.texts[lua.LVAsString(k)] = lua.LVAsString(v)
		})
		if bad != nil {
			return 0, bad
		}
	}
	name := cmp.Or(o.String("name"), "the template")
	nodes, err := parse(name, a.String(0))
	if err != nil {
		return 0, err
	}
	if err := r.nodes(nodes, frame{name: name, stack: &scope{value: a.Table(1)}}); err != nil {
		return 0, err
	}
	return a.Push(lua.LString(r.out.String()))
}
