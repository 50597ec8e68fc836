package bindings

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// TestCSVAdviceIsRight reads each text with the first option that the error
// proposes, and compares the rows with what the text means.
func TestCSVAdviceIsRight(t *testing.T) {
	proposed := regexp.MustCompile(`\{ .* \}`)
	for _, c := range []struct{ name, text, options, want string }{
		{"blanks", "id, name\n1, \"Acme, Inc\"\n", "{}", `{ { id = "1", name = "Acme, Inc" } }`},
		{"blanks after quotes", "id,name\n\"1\" ,Acme\n", "{}", `{ { id = "1", name = "Acme" } }`},
		{"backslashes", "id,name\n1,\"Foo \\\"Bar\\\"\"\n", "{}", `{ { id = "1", name = "Foo \"Bar\"" } }`},
		{"backslashes and commas", "id,name,city\n1,\"Foo \\\"Bar\\\"\",\"Berlin\"\n", "{ lazy_quotes = true }", `{ { city = "Berlin", id = "1", name = "Foo \"Bar\"" } }`},
		{"backslashes and blanks", "id, name\n1, \"a \\\"b\\\", c\"\n", "{}", `{ { id = "1", name = "a \"b\", c" } }`},
		{"inches", "id,size\n1,5\" pipe\n2,plain\n", "{}", `{ { id = "1", size = "5\" pipe" }, { id = "2", size = "plain" } }`},
		{"a word in quotes", "id,name\n1,\"Foo \"big\" Bar\"\n", "{}", `{ { id = "1", name = "Foo \"big\" Bar" } }`},
		{"a title", "Report\n\nid,name\n1,Acme\n", "{}", `{ { id = "1", name = "Acme" } }`},
		{"a title and required columns", "Report\n\nid,name\n1,Acme\n", `{ required = { "id", "name" } }`, `{ { id = "1", name = "Acme" } }`},
		{"missing cells", "id,name,city\n1,Acme\n2,Bolt,Oslo\n", "{}", `{ { id = "1", name = "Acme" }, { city = "Oslo", id = "2", name = "Bolt" } }`},
		{"repeated names", "id,name,name\n1,a,b\n", "{}", `{ { id = "1", name = "a", name_2 = "b" } }`},
		{"windows-1252", "name\n\xc5sa\n", "{}", `{ { name = "Åsa" } }`},
		{"UTF-16", "i\x00d\x00\n\x001\x00", "{}", `{ { id = "1" } }`},
		{"only a header", "first name\n", "{}", `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			L := newCSVState(t, newTestHost(t))
			L.SetGlobal("text", lua.LString(c.text))
			line, raised := raised(t, L, `csv.parse(text, `+c.options+`)`)
			require.NotNil(t, raised, line)
			option := proposed.FindString(strings.Split(lua.LVAsString(raised.RawGetString("hint")), ", which")[0])
			require.NotEmpty(t, option, line)
			// The proposal replaces the way quotes are read, and adds to the rest.
			merged := strings.TrimSuffix(c.options, "}") + ", " + strings.TrimPrefix(option, "{")
			if c.options == "{}" || strings.Contains(c.options, "lazy_quotes") {
				merged = option
			}
			got, err := run(t, L, `return inspect(csv.parse(text, `+merged+`), { indent = "" })`)
			require.NoError(t, err, merged)
			require.Equal(t, c.want, got[0], merged)
		})
	}
}

// TestCSVDoubtfulHeader warns of a title that looks like a header, and not of
// headers that leave columns without names.
func TestCSVDoubtfulHeader(t *testing.T) {
	h := newTestHost(t)
	h.file("padded.csv", "Account report;;\nPeriod 2024;;\nid;name;mrr\n1;Acme;5\nTotal;;5\n")
	h.file("fine.csv", "id,,\n1,x,\n")
	L := newCSVState(t, h)
	_, err := run(t, L, `csv.read("fine.csv"); csv.read("padded.csv", { skip = 2 }); csv.read("padded.csv", { header = { "id" } })`)
	require.NoError(t, err)
	require.Empty(t, h.warnings)
	_, err = run(t, L, `csv.read("padded.csv")`)
	require.NoError(t, err)
	require.Len(t, h.warnings, 1)
	require.Contains(t, h.warnings[0], "padded.csv, line 1: the header names only 1 of 3 columns")
}

// TestCSVAdviceIsMissing has texts that no option reads correctly.
func TestCSVAdviceIsMissing(t *testing.T) {
	for name, text := range map[string]string{
		"a quoted word":           "id,name\n1,\"Foo\" Bar\n",
		"a quoted word and a row": "id,name\n1,\"Foo\" Bar\n2,\"x\"\n",
		"an open quote and a row": "id,name\n1,\"Foo\n2,\"x\"\n",
		"a separator":             "id,name\n1,Acme, Inc\n2,Bolt\n",
		"a line end":              "id,name,city\n1,Acme\nInc,Berlin\n",
		"two encodings":           "name\n\xc5sa\nÅsa\n",
	} {
		t.Run(name, func(t *testing.T) {
			L := newCSVState(t, newTestHost(t))
			L.SetGlobal("text", lua.LString(text))
			line, raised := raised(t, L, `csv.parse(text)`)
			require.NotNil(t, raised, line)
			require.NotContains(t, lua.LVAsString(raised.RawGetString("hint")), "{")
		})
	}
}
