package editor

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tailscale/hujson"
	"pgregory.net/rapid"
)

func TestSet(t *testing.T) {
	for name, tt := range map[string]struct{ before, after string }{
		"empty":          {`{}`, "{\n  \"a.b\": 1\n}"},
		"empty lines":    {"{\n}\n", "{\n  \"a.b\": 1\n}\n"},
		"only a comment": {"{\n    // none yet\n}", "{\n    // none yet\n    \"a.b\": 1\n}"},
		"one line":       {`{"x": 2}`, `{"x": 2, "a.b": 1}`},
		"last comma":     {"{\n\t\"x\": 2, // two\n\t// more\n}\n", "{\n\t\"x\": 2, // two\n\t// more\n\t\"a.b\": 1,\n}\n"},
		"no last comma":  {"{\n    \"x\": 2 // two\n}", "{\n    \"x\": 2, // two\n    \"a.b\": 1\n}"},
		"block comment":  {"{ \"x\": 2 /* two */ }", "{ \"x\": 2, /* two */ \"a.b\": 1 }"},
		"odd layout":     {"{ \"x\": 2,\n \"y\": 3 }", "{ \"x\": 2,\n \"y\": 3,\n \"a.b\": 1 }"},
		"section":        {"{\n  \"a\": {\"x\": 2}\n}", "{\n  \"a\": {\"x\": 2, \"b\": 1}\n}"},
		"empty section":  {"{\n  \"a\": {}\n}", "{\n  \"a\": {\n    \"b\": 1\n  }\n}"},
		"prefixed":       {"{\"Lua.x\": 2}", "{\"Lua.x\": 2, \"Lua.a.b\": 1}"},
		"in Lua":         {`{"Lua": {"a": {"x": 2}}}`, `{"Lua": {"a": {"x": 2, "b": 1}}}`},
		"other ends":     {"{\r\n\t\"x\": 2\r\n}\r\n", "{\r\n\t\"x\": 2,\r\n\t\"a.b\": 1\r\n}\r\n"},
		"byte mark":      {"\ufeff{\n\"x\": 2}", "\ufeff{\n\"x\": 2,\n\"a.b\": 1}"},
	} {
		d, err := parseDocument([]byte(tt.before))
		require.NoError(t, err, name)
		require.NoError(t, d.set("a.b", 1), name)
		assert.Equal(t, tt.after, string(d.text), name)
		if found := d.find("a.b"); assert.NotNil(t, found, name) {
			assert.Equal(t, "1", strings.TrimSpace(string(found.Pack())), name)
		}
	}
}

func TestFind(t *testing.T) {
	for _, text := range []string{
		`{"a.b.c": 1}`, `{"a": {"b.c": 1}}`, `{"a.b": {"c": 1}}`, `{"Lua.a": {"b": {"c": 1}}}`, `{"Lua": {"a.b.c": 1}}`, `{"a": 2, "a.b.c": 1}`,
	} {
		d, err := parseDocument([]byte(text))
		require.NoError(t, err, text)
		assert.NotNil(t, d.find("a.b.c"), text)
		assert.Nil(t, d.find("b.c"), text)
		assert.Nil(t, d.find("a.b.c.d"), text)
	}
}

func TestBrokenDocuments(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": `:          "not valid JSON: line 1",
		"{\n \"a\": x\n}": "line 2",
		`[]`:              "not an object",
		`"text"`:          "not an object",
		"// only\n":       "not valid JSON",
		"{} {}":           "not valid JSON",
	} {
		_, err := parseDocument([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
}

// someObject makes settings as people leave them: with comments, commas at the
// end, blanks and line ends in odd places.
func someObject(t *rapid.T, depth int) string {
	blank := rapid.SampledFrom([]string{"", " ", "\n", "\n\t", "\r\n  ", " // a, \"b\": {\n", " /* c } */ ", "\n  // d\n  "})
	var b strings.Builder
	b.WriteString("{" + blank.Draw(t, "blank"))
	n := rapid.IntRange(0, 3).Draw(t, "members")
	for i := range n {
		value := rapid.SampledFrom([]string{"1", `"x, }"`, `["a", /* e */ "b",]`, "[]", "null"}).Draw(t, "value")
		if depth > 0 && rapid.Bool().Draw(t, "nested") {
			value = someObject(t, depth-1)
		}
		key := rapid.SampledFrom([]string{"runtime", "workspace", "Lua", "Lua.hint", "other", "runtime.path"}).Draw(t, "key")
		b.WriteString(literal(key+strings.Repeat("_", i)) + blank.Draw(t, "blank") + ":" + blank.Draw(t, "blank") + value + blank.Draw(t, "blank"))
		if i < n-1 || rapid.Bool().Draw(t, "comma") {
			b.WriteString("," + blank.Draw(t, "blank"))
		}
	}
	b.WriteString("}")
	return b.String()
}

// TestEverythingElseStays sets a value in any settings: what was there is still
// there, byte for byte and in its order, and means the same.
func TestEverythingElseStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := someObject(t, 2)
		d, err := parseDocument([]byte(before))
		if err != nil {
			t.Fatalf("%v: %s", err, before)
		}
		if d.find("runtime.version") != nil {
			return
		}
		if err := d.set("runtime.version", "Lua 5.1"); err != nil {
			t.Fatalf("%v: %s", err, before)
		}
		after := string(d.text)
		if v := d.find("runtime.version"); v == nil || textOf(v) != "Lua 5.1" {
			t.Fatalf("the value is not there: %s", after)
		}
		rest := after
		for i := range before {
			at := strings.IndexByte(rest, before[i])
			if at < 0 {
				t.Fatalf("%q is lost:\n%s\n%s", before[i:], before, after)
			}
			rest = rest[at+1:]
		}
		if len(after)-len(before) > len("\r\n  \"Lua.runtime.version\": \"Lua 5.1\",\r\n")+30 {
			t.Fatalf("more is added than the value:\n%s\n%s", before, after)
		}
		without := remove(meant(t, after), "version")
		if want := meant(t, before); literal(without) != literal(want) {
			t.Fatalf("another meaning:\n%s\n%s", before, after)
		}
	})
}

// meant returns what settings mean without comments.
func meant(t *rapid.T, text string) any {
	plain, err := hujson.Standardize([]byte(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var v any
	if err := json.Unmarshal(plain, &v); err != nil {
		t.Fatalf("%v: %s", err, plain)
	}
	return v
}

// remove takes the setting away whose name ends so.
func remove(v any, end string) any {
	if m, ok := v.(map[string]any); ok {
		for key, value := range m {
			if strings.HasSuffix(key, end) {
				delete(m, key)
				continue
			}
			m[key] = remove(value, end)
		}
	}
	return v
}
