package compile

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMisplacedTokens: the words are those of Lua 5.1, unless a block or a bracket is
// open that the token should close.
func TestMisplacedTokens(t *testing.T) {
	for src, want := range map[string]struct{ message, near, hint string }{
		"for i = 1 do end":              {"',' expected", "do", "write a first and a last value: for i = 1, 10 do"},
		"for k, v = pairs(t) do end":    {"'in' expected", "=", "write in instead of =: for k, v in pairs(t) do"},
		"for k = pairs(t.x) do end":     {"',' expected", "do", "write in instead of =: for k in pairs(t.x) do"},
		"for a, b = 1, 10 do end":       {"'in' expected", "=", "a loop that counts has one variable, and a loop over a table has in instead of ="},
		"for i do end":                  {"'=' or 'in' expected", "do", ""},
		"for i, j do end":               {"'in' expected", "do", ""},
		"for i in do end":               {"unexpected symbol", "do", "a value is missing after 'in'"},
		"for i = 1, do end":             {"unexpected symbol", "do", "remove the comma"},
		"for i = 1, 2 print(i) end":     {"'do' expected", "print", "the head of 'for' is followed by 'do'"},
		"if then end":                   {"unexpected symbol", "then", "a value is missing after 'if'"},
		"if a print(1) end":             {"'then' expected", "print", "the condition of 'if' is followed by 'then'"},
		"if a = 1 then end":             {"'then' expected", "=", "to compare, use =="},
		"if f(x)) then end":             {"')' without a matching block", ")", ""},
		"while do end":                  {"unexpected symbol", "do", "a value is missing after 'while'"},
		"local end = 1":                 {"name expected", "end", "end is a keyword of Lua and cannot be a name"},
		"local a, = 1":                  {"name expected", "=", "remove the comma"},
		"local function(x) end":         {"name expected", "(", "give the function a name: local function name(...)"},
		"function(x) end":               {"name expected", "(", "give the function a name: function name(...)"},
		"x.end = 1":                     {"name expected", "end", `write x["end"]`},
		"function x.end() end":          {"name expected", "end", `write x["end"] = function(...) ... end`},
		"function x:end() end":          {"name expected", "end", `write x["end"] = function(self, ...) ... end`},
		"x.y:repeat()":                  {"name expected", "repeat", `write x.y["repeat"](x.y, ...)`},
		"x():repeat()":                  {"name expected", "repeat", "repeat is a keyword of Lua and cannot be the name of a method"},
		"for and = 1, 2 do end":         {"name expected", "and", "and is a keyword of Lua and cannot be a name"},
		"a[1].b.end = 1":                {"name expected", "end", `write a[1].b["end"]`},
		"if a then b.\nend":             {"name expected", "end", ""},
		"x = end":                       {"unexpected symbol", "end", "a value is missing after '='"},
		"x = 1 +\nlocal y = 2":          {"unexpected symbol", "local", "a value is missing after '+'"},
		"x = { end = 1 }":               {"unexpected symbol", "end", `write ["end"] = value`},
		"x = { a = }":                   {"unexpected symbol", "}", "a value is missing after '='"},
		"x = if a then b else c end":    {"unexpected symbol", "if", "a choice is written if condition then x = a else x = b end"},
		"foo(1, )":                      {"unexpected symbol", ")", "remove the comma"},
		"foo(1,, 2)":                    {"unexpected symbol", ",", "remove one of the commas"},
		"foo(1 2)":                      {"')' expected to close '(' at line 1", "2", ""},
		"foo(end)":                      {"unexpected symbol", "end", "end is a keyword of Lua and cannot be a name"},
		"function f(a, ) end":           {"name or '...' expected", ")", "remove the comma"},
		"function f(1) end":             {"name or '...' expected", "1", ""},
		"function f(a b) end":           {"')' expected to close '(' at line 1", "b", ""},
		"function f() return 1 f() end": {"'end' expected to close 'function' at line 1", "f", "nothing can follow return 1 in its block: remove it, or write do return 1 end"},
		"for i = 1, 2 do f() continue":  {"'=' expected", "<eof>", "Lua has no continue; put the rest of the loop's body into an if ... end"},
		"local x = 1\nx":                {"'=' expected", "<eof>", "this line is not a statement: assign to x, or call it with x()"},
		"x\nlocal y = 1":                {"'=' expected", "local", "this line is not a statement: assign to x, or call it with x()"},
		"if a then x end":               {"'=' expected", "end", "this line is not a statement: assign to x, or call it with x()"},
		"rows[1]":                       {"'=' expected", "<eof>", "this line is not a statement: assign to rows[1], or call it with rows[1]()"},
		"(f)":                           {"the script ends too early", "<eof>", "this value is not a statement: assign it to a name, or call it"},
		"(f) = 1":                       {"unexpected symbol", "=", ""},
		"a:b":                           {"the script ends too early", "<eof>", "call it with parentheses: a:b(...)"},
		"x, y":                          {"'=' expected", "<eof>", ""},
		"x = a b":                       {"'=' expected", "<eof>", ""},
		"x--":                           {"'=' expected", "<eof>", "write x = x - 1; two dashes start a comment"},
		"t.n--;\nf()":                   {"'=' expected", "f", "write t.n = t.n - 1; two dashes start a comment"},
		"x -- a note":                   {"'=' expected", "<eof>", "this line is not a statement: assign to x, or call it with x()"},
		"x:y z":                         {"function arguments expected", "z", ""},
		"local x, 1":                    {"name expected", "1", ""},
		"return 1\nlocal x = 2":         {"unexpected symbol", "local", "nothing can follow return 1 in its block: remove it, or write do return 1 end"},
		"while a do break f() end":      {"'end' expected to close 'while' at line 1", "f", "nothing can follow break in its block: remove it, or write do break end"},
		"f(function() return 1 end) )":  {"')' without a matching block", ")", ""},
		"do return 1 end f() =":         {"unexpected symbol", "=", ""},
		"x y":                           {"'=' expected", "y", ""},
		"x = 1e":                        {"malformed number", "1e", ""},
		"x = 1e+":                       {"malformed number", "1e+", ""},
		"x = 0x":                        {"malformed number", "0x", ""},
		"x = 1.2.3":                     {"malformed number", "1.2.3", ""},
		"2nd = 1":                       {"malformed number", "2nd", "a name cannot start with a digit"},
		"x = y?.z":                      {"unexpected symbol", "?", "write (y or {}).z"},
		"x = y.a?.b or 1":               {"unexpected symbol", "?", "write (y.a or {}).b"},
		"x = y?.f()":                    {"unexpected symbol", "?", ""},
		"x = y ?? z":                    {"unexpected symbol", "?", "write or instead of ??, which also replaces false"},
		"x = y ? 1 : 2":                 {"unexpected symbol", "?", "a choice is written if condition then x = a else x = b end"},
		"x = {1 2}":                     {"',' or '}' expected in the table that '{' at line 1 opens", "2", "separate the items of a table with commas"},
		"x = { 'a' 'b' }":               {"',' or '}' expected in the table that '{' at line 1 opens", "'b'", "separate the items of a table with commas"},
		"x = { a = 1 b = 2 }":           {"',' or '}' expected in the table that '{' at line 1 opens", "b", "write the fields of a table as name = value, separated by commas"},
		"f = 1 [[\nx]]":                 {"unexpected symbol", "[[", ""},
		"f[[\nx":                        {"unfinished long string", "[[", "a long string ends with ]], with as many = between the brackets as at its start"},
		"x = 1 /* c */":                 {"unexpected symbol", "/*", "a comment starts with --; one over several lines is between --[[ and ]]"},
		"= 5":                           {"unexpected symbol", "=", ""},
	} {
		t.Run(src, func(t *testing.T) {
			err := broken(t, src)
			assert.Equal(t, want.message, err.Message)
			assert.Equal(t, want.near, err.Near)
			assert.Equal(t, want.hint, err.Hint)
		})
	}
}

// TestLaterLua: what only later versions of Lua have is reported at its place, and
// its words are names here.
func TestLaterLua(t *testing.T) {
	const leave, resume = "leave a loop with break, and a function, with all its loops, with return", "put the rest of the loop's body into an if ... end"
	for src, want := range map[string]struct {
		line, column int
		message      string
		hint         string
	}{
		"for i = 1, 3 do\n  if i == 2 then goto continue end\n  ::continue::\nend": {2, 18, "goto is not part of Lua 5.1", resume},
		"goto\nout":                        {1, 1, "goto is not part of Lua 5.1", leave},
		"f() goto out":                     {1, 5, "goto is not part of Lua 5.1", leave},
		"for i = 1, 3 do\n  ::top::\nend":  {2, 3, "labels are not part of Lua 5.1", leave},
		"do return 1 ::next_row:: end":     {1, 13, "labels are not part of Lua 5.1", resume},
		"local limit <const> = 5":          {1, 13, "attributes of variables are not part of Lua 5.1", "remove it: local limit = ..."},
		"local a, b <close> = 5":           {1, 12, "attributes of variables are not part of Lua 5.1", "remove it: local b = ..."},
		"local t = {}\nt.goto x":           {2, 8, "'=' expected", "write a field with a space in its name as t[\"goto x\"]"},
		"local function goto() end goto <": {1, 32, "'=' expected", ""},
	} {
		_, err := Compile([]byte(src), "later.lua")
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, src)
		assert.Equal(t, []any{want.line, want.column, want.message, want.hint}, []any{syntax.Line, syntax.Column, syntax.Message, syntax.Hint}, src)
	}
	for _, src := range []string{"local goto = 1\ngoto = goto + 1", "function goto(x) return x.goto end goto(1)", "x = { goto = 1, continue = 2 }", "goto = 1"} {
		_, err := Compile([]byte(src), "names.lua")
		require.NoError(t, err, src)
	}
}
