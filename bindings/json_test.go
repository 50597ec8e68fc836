package bindings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

func TestJSON(t *testing.T) {
	h := newTestHost(t)
	for name, text := range map[string]string{
		"list.json": "\xef\xbb\xbf[ {\"a\":1},\n 2, null, [] ]\n", "lines.jsonl": "{\"a\":1}\n\n{\"a\":2}\r\n[3]\n", "lists.jsonl": "[1]\n[2]\n",
		"nothing.jsonl": "", "marks.json": "\ufeff\ufeff[1]", "packed.jsonl.gz": gzipped("{\"a\":1}\n{\"a\":2}\n"), "wide.json": "\xff\xfe[\x001\x00]\x00", "unmarked.json": "[\x001\x00]\x00",
		"torn.jsonl": "{\"id\":\"1\"}\n{\"id\":\"cut off \\ud83d\"}\n\n{\"id\":\"3\"}\n{\"id\"", "broken.jsonl": "{\"id\"\n", "empty.json": "[]", "one.json": "{\"a\":{\"b\":null}}",
	} {
		h.file(name, text)
	}
	L := newState(t, h, JSON(), Inspect())
	runCases(t, L, []luaCase{
		{"encode", `return json.encode({ name = "Å", n = 1.5, big = 2^53, list = { 1, "x", true } })`, []string{`{"name":"Å","n":1.5,"big":9007199254740992,"list":[1,"x",true]}`}},
		{"encode nil and null", `return json.encode(nil), json.encode({ json.null }), json.encode()`, []string{"null", "[null]", "null"}},
		{"empty tables", `return json.encode{}, json.encode(json.array()), json.encode(json.array{}), json.encode(json.object())`, []string{"{}", "[]", "[]", "{}"}},
		{"sort_keys", `return json.encode({ b = 1, a = { d = 1, c = 2 } }, { sort_keys = true })`, []string{`{"a":{"c":2,"d":1},"b":1}`}},
		{"pretty", `return json.encode({ a = { 1, 2 }, b = {} }, { pretty = true, sort_keys = true })`, []string{"{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}"}},
		{"indent", `return json.encode({ 1 }, { indent = "\t" }), json.encode({ 1 }, { indent = 1 })`, []string{"[\n\t1\n]", "[\n 1\n]"}},
		{"decode", `local v = json.decode('{"a":[1,null,{"b":"x"}],"gone":null}'); return v.a[1], v.a[2] == json.null, v.a[3].b, v.gone`, []string{"1", "true", "x", "nil"}},
		{"decode nulls", `return json.is_null(json.decode('{"a":null}', { nulls = true }).a), json.is_null(nil)`, []string{"true", "false"}},
		{"decode scalars", `return json.decode("1"), json.decode(' "x" '), json.decode("null"), json.decode("12345678901234567890")`, []string{"1", "x", "null", "12345678901234567890"}},
		{"lists stay lists", `return json.encode(json.decode('{"a":[],"b":{}}'))`, []string{`{"a":[],"b":{}}`}},
		{"decode_file", `return inspect(json.decode_file("one.json", { nulls = true })), #json.decode_file("list.json")`, []string{"{ a = { b = json.null } }", "4"}},
		{"rows of a list", `local out = {} for v, n in json.rows("list.json") do out[n] = v end return inspect(out)`, []string{"{ { a = 1 }, 2, json.null, {} }"}},
		{"rows of lines", `local out = {} for v, n in json.rows("lines.jsonl") do out[n] = v end return inspect(out)`, []string{"{ { a = 1 }, { a = 2 }, { 3 } }"}},
		{"rows that are lists", `local out = {} for v in json.rows("lists.jsonl", { lines = true }) do out[#out+1] = v end return inspect(out)`, []string{"{ { 1 }, { 2 } }"}},
		{"byte order marks", `return json.decode_file("marks.json")[1]`, []string{"1"}},
		{"gzip", `local n = 0 for v in json.rows("packed.jsonl.gz") do n = n + v.a end return n`, []string{"3"}},
		{"UTF-16", `return json.decode_file("wide.json")[1], json.decode_file("unmarked.json")[1]`, []string{"1", "1"}},
		{"torn lines", `local out = {}
			local each, problems = json.rows("torn.jsonl", { on_error = "collect" })
			for v, n in each do out[#out + 1] = n .. "=" .. v.id end
			return table.concat(out, " "), #problems, problems[1].line, problems[1].text, problems[1].message, problems[2].message`,
			[]string{"1=1 2=3", "2", "2", `{"id":"cut off \ud83d"}`, `torn.jsonl, line 2: invalid JSON: a string has half of a character (a lone surrogate such as \ud83d) (at /id)`, "torn.jsonl, line 5: the line ends in the middle of a JSON value"}},
		{"no valid line", `local each, problems = json.rows("broken.jsonl", { on_error = "collect" }) for _ in each do error("a row") end return #problems, problems[1].line`, []string{"1", "1"}},
		{"no rows", `return json.rows("nothing.jsonl")(), json.rows("empty.json")()`, []string{"nil"}},
		{"encode_file", `json.encode_file("o.json", { 1 }); return json.encode(json.decode_file("o.json"))`, []string{"[1]"}},
		{"writer", `local w = json.writer("o.jsonl"); w:write{ a = 1 }; w:write("x"); assert(w:count() == 2); w:close()
			w = json.writer("o.jsonl", { append = true }); w:write(3); w:close(); w:close()
			local out = {} for v in json.rows("o.jsonl") do out[#out+1] = v end return inspect(out)`, []string{`{ { a = 1 }, "x", 3 }`}},
		{"called with a colon", `return json:encode(1)`, []string{"1"}},
	})
	assert.Equal(t, "{\"a\":1}\n\"x\"\n3\n", h.text("o.jsonl"))
	assert.Zero(t, h.open, "every file is closed")
}

func TestJSONErrors(t *testing.T) {
	h := newTestHost(t)
	for name, text := range map[string]string{
		"bad.jsonl": "{\"a\":1}\n{\"a\":2}\n{\"a\":x}\n", "cut.json": "[{\"a\":1},\n{\"a\"", "more.json": "[1]\n[2]\n", "junk.json": "{}\nx", "none.jsonl": " \n", "half.jsonl": "{\"id\":1}\n{\"id\":\"\\ud83d\"}\n{}\n", "half.json": "[\n{\"id\":\"\\ud83d\"}\n]\n", "page.json": "<!DOCTYPE html><html>", "old.json": "{}",
	} {
		h.file(name, text)
	}
	L := newState(t, h, JSON())
	runErrors(t, L, []errorCase{
		{"invalid", `json.decode("{\n'a':1}")`, []string{"the text, line 2: invalid JSON", "JSON strings use double quotes", "(validation)"}},
		{"invalid UTF-8", `json.decode('{"a":"\229sa"}')`, []string{"the text, line 1: invalid JSON", "JSON is always UTF-8"}},
		{"a quote inside a value", `json.decode("[1,\n'x']")`, []string{"the text, line 2: invalid JSON", "JSON strings use double quotes"}},
		{"cut", `json.decode('{"a":')`, []string{"the text ends in the middle of a JSON value"}},
		{"empty", `json.decode("")`, []string{"the text ends in the middle"}},
		{"trailing", `json.decode("{} x")`, []string{"the text, line 1: more text follows"}},
		{"trailing value", `json.decode_file("more.json")`, []string{"more.json, line 2: more text follows after the end", "lines = true"}},
		{"trailing junk", `json.decode_file("junk.json")`, []string{"junk.json, line 2: more text follows"}},
		{"half of a character", `for _ in json.rows("half.jsonl") do end`, []string{"half.jsonl, line 2: invalid JSON: a string has half of a character", `to leave such lines out, read with json.rows(name, { on_error = "collect" })`}},
		{"half of a character in one value", `json.decode_file("half.json")`, []string{"half.json, line 2: invalid JSON: a string has half of a character", "cut the text in the middle of a character"}},
		{"HTML", `json.decode_file("page.json")`, []string{"page.json is a web page (HTML), not JSON"}},
		{"nothing", `for _ in json.rows("none.jsonl") do end`, []string{"none.jsonl, line 1: there is only white space"}},
		{"nothing to collect", `for _ in json.rows("none.jsonl", { on_error = "collect" }) do end`, []string{"none.jsonl, line 1: there is only white space"}},
		{"bad line", `for _ in json.rows("bad.jsonl") do end`, []string{"bad.jsonl, line 3: invalid JSON: invalid character 'x'"}},
		{"cut file", `for _ in json.rows("cut.json") do end`, []string{"cut.json ends in the middle of a JSON value (validation) - the text may be incomplete; fetch it again"}},
		{"two lists", `for _ in json.rows("more.json") do end`, []string{"more.json, line 2: more text follows"}},
		{"missing", `json.rows("nope.json")`, []string{`cannot read "nope.json"`, "(io)"}},
		{"function", `json.encode({ a = { print } })`, []string{"the value cannot be written as JSON: at a[1]: a function has no JSON form", "(validation)"}},
		{"mixed", `json.encode({ 1, a = 2 })`, []string{"both list items and the field"}},
		{"cycle", `local t = {}; t.t = t; json.encode(t)`, []string{"does the table contain itself?"}},
		{"not UTF-8", `json.encode("\200")`, []string{"not valid UTF-8"}},
		{"file is left alone", `json.encode_file("old.json", print)`, []string{"a function has no JSON form"}},
		{"metatable", `json.array(setmetatable({}, {}))`, []string{"json.array: the table already has a metatable"}},
		{"misspelt option", `json.encode({}, { prety = true })`, []string{"did you mean 'pretty'?"}},
		{"indent", `json.encode({}, { indent = "x" })`, []string{"'indent' must be spaces and tabs"}},
		{"closed writer", `local w = json.writer("w.jsonl"); w:close(); w:write(1)`, []string{"the file w.jsonl is already closed"}},
	})
	require.Equal(t, "{}", h.text("old.json"))
	assert.Zero(t, h.open, "every file is closed")
}

// TestTheHintToLeaveLinesOut is given if most lines are JSON: otherwise the file is
// something else.
func TestTheHintToLeaveLinesOut(t *testing.T) {
	h := newTestHost(t)
	L := newState(t, h, JSON())
	for text, want := range map[string]bool{"{}\n{}\nx\n{}\ny\n": true, "{}\n{}\nx\n\ny\n": false, "{}\nx\ny\n": false} {
		h.file("mixed.jsonl", text)
		message, e := raised(t, L, `for _ in json.rows("mixed.jsonl") do end`)
		assert.Equal(t, want, strings.Contains(message+lua.LVAsString(e.RawGetString("hint")), "to leave such lines out"), text)
	}
}
