// Package html holds the Lua module html.
package html

import (
	"cmp"
	"math"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/net/html"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/internal/invalid"
)

// Module returns the module html.
func Module() *bindings.Module {
	return &bindings.Module{
		Name: "html", Required: true,
		Doc: "Turns HTML into plain text, such as the descriptions of tickets and the bodies of e-mails.\n\n" +
			"    local html = require \"html\"\n" +
			"    local description = html.text(ticket.description)",
		Funcs: []*bindings.Func{
			{
				Name: "text",
				Doc: "Returns the text of HTML as a person reads it. Paragraphs and headings are separated by empty lines, items of lists begin with `-` or their number, " +
					"quoted lines begin with `>`, and cells of a table are separated by `|`. Scripts, styles, comments and the title are left out, " +
					"as are control characters and invisible ones that change the direction of text. Broken HTML is read as well as possible.",
				Params: []bindings.Param{
					{Name: "html", Type: "string", Doc: "The HTML, in UTF-8."},
					{Name: "options", Type: "table", Optional: true, Doc: "How to show it.", Fields: []bindings.Field{
						{Name: "links", Type: "boolean", Doc: "Write the address of each link after its text, in parentheses, unless it is the text. Default: false."},
						{Name: "images", Type: "boolean", Doc: "Write the description of each image that has one, in brackets. Default: true."},
					}},
				},
				Returns: []bindings.Return{{Type: "string", Doc: "The text, without white space around it. Lines end with a line feed."}},
				Errors:  "`validation` when a single tag, or the text between two, has more than 8 MiB, or the result is longer than a text may be.",
				Example: `print(require("html").text("<p>Hello <b>Acme</b> &amp; friends</p>")) --> Hello Acme & friends`,
				Call: func(a *bindings.Args) (int, error) {
					o := a.Options(1)
					w := &writer{links: o.Bool("links"), images: !o.Has("images") || o.Bool("images"), most: cmp.Or(a.Host.MaxString, math.MaxInt)}
					if err := w.read(a.Context(), a.String(0)); err != nil {
						return 0, err
					}
					return a.Push(lua.LString(w.text()))
				},
			},
			{
				Name: "escape", Doc: "Returns a text as HTML: with `&lt;` in place of `<`, and so on for `>`, `&` and quotes. The result is also safe in the value of an attribute.",
				Params:  []bindings.Param{{Name: "text", Type: "string", Doc: "The text."}},
				Returns: []bindings.Return{{Type: "string", Doc: "The HTML."}},
				Errors:  "`validation` when the result is longer than a text may be.",
				Example: `print(require("html").escape("Smith & Sons")) --> Smith &amp; Sons`,
				Call:    func(a *bindings.Args) (int, error) { return give(a, html.EscapeString(a.String(0))) },
			},
			{
				Name: "unescape", Doc: "Replaces character references, such as `&amp;`, `&eacute;` and `&#8364;`, by their characters. Tags stay.",
				Params:  []bindings.Param{{Name: "text", Type: "string", Doc: "The text."}},
				Returns: []bindings.Return{{Type: "string", Doc: "The text with characters."}},
				Example: `print(require("html").unescape("caf&eacute; &#8364; 5")) --> café € 5`,
				Call:    func(a *bindings.Args) (int, error) { return give(a, html.UnescapeString(a.String(0))) },
			},
		},
	}
}

// give returns a text, unless it is longer than a text may be.
func give(a *bindings.Args, s string) (int, error) {
	if most := cmp.Or(a.Host.MaxString, math.MaxInt); len(s) > most {
		return 0, tooLong(most)
	}
	return a.Push(lua.LString(s))
}

func tooLong(most int) error {
	return invalid.Errorf("read the HTML in parts", "the text would be larger than %s", humanize.IBytes(uint64(most)))
}
