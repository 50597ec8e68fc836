package compile

import (
	"testing"

	"github.com/stretchr/testify/assert"
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
