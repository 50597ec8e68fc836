package compile

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// broken compiles a source that is wrong and returns the error.
func broken(t *testing.T, src string) *SyntaxError {
	t.Helper()
	_, err := Compile([]byte(src), "test.lua")
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax, src)
	return syntax
}

func TestHabitsOfOtherLanguages(t *testing.T) {
	for src, want := range map[string]string{
		"print('It's fine')":                       `write it as \', or put the text in double quotes`,
		"local t = [1,2]":                          "write a list with braces: { 1, 2, 3 }",
		"local t = { [1,2], [3,4] }":               "write a list with braces",
		"f([1])":                                   "write a list with braces",
		"function f() { return 1 }":                "function name(x) ... end, without braces",
		"local f = function(a) { return a }":       "function name(x) ... end, without braces",
		"function f()\n return 1\n}":               "end a block with end, not with }",
		"if a then\n b()\nelse {\n c()\n}":         "else ... end, without braces",
		"print(row.Account Name)":                  `row["Account Name"]`,
		"local n = row.Account Name":               `row["Account Name"]`,
		"local n = row.Account Name\nprint(n)":     `row["Account Name"]`,
		"row.Account Name = 1":                     `row["Account Name"]`,
		"print(rows[1].Account Name)":              `record["Account Name"]`,
		"local t = { Account Name = 1 }":           `["Account Name"] = value`,
		"print(“hello”)":                           "straight quotes",
		"local s = ‘hello’":                        "straight quotes",
		"local n = 3 – 1":                          "write -",
		"local n =\u00a03":                         "invisible character",
		"print \"a\" .. b":                         `parentheses: print("a" .. ...)`,
		"print 'a', b":                             `parentheses: print('a' , ...)`,
		`local t = { "a": 1 }`:                     `["any text"] = value`,
		"local t = { a: 1 }":                       "name = value",
		"local t = { a = 1 b = 2 }":                "separated by commas",
		"planhat.company.get_list(limit = 5)":      "put options in braces",
		"if (a = 1) then b() end":                  "to compare, use ==",
		"for i = 1 to 10 do\n b()\nend":            "write a comma in place of 'to': for i = 1, 10 do",
		"for i = a to #rows do\n b()\nend":         "write a comma in place of 'to': for i = a, #rows do",
		"for i = a.b to f(2) step 2 do\n b()\nend": "for i = first, last do",
		"for i in 1 to 10 do\n b()\nend":           "for i = 1, 10 do",
		"for i = 1:10 do\n b()\nend":               "write a comma in place of ':': for i = 1, 10 do",
		"for i = 1 .. 10 do\n b()\nend":            "write a comma in place of '..': for i = 1, 10 do",
		"for (i = 1, 10) do\n b()\nend":            "without parentheses: for i = 1, 10 do",
		"for (i in f(x)) do\n b()\nend":            "without parentheses",
		"for each c in f(x) do\n b()\nend":         "for _, c in ipairs(list) do",
		"for i = 1, 10 do {\n b()\n}":              "do ... end, without braces",
		"while a do {\n b()\n}":                    "do ... end, without braces",
		"if a then { b() }":                        "then ... end, without braces",
		"repeat {\n b()\n} until a":                "repeat ... until, without braces",
		`local t = { "limit" = 5 }`:                `as limit = 5 or ["limit"] = 5`,
		`f{ a = 1, "my limit" = x }`:               `as ["my limit"] = x`,
		"expect(5).to_equal":                       "call it with parentheses: expect(5).to_equal(...)",
		"expect(5).to_equal\nprint(1)":             "call it with parentheses: expect(5).to_equal(...)",
		"expect(5).to_equal 5":                     "call it with parentheses: expect(5).to_equal(5)",
		"local a = 1\nlist.clear\nend":             "call it with parentheses: list.clear(...)",
		"if a then\n list.clear\nend":              "call it with parentheses: list.clear(...)",
		"x++":                                      "write x = x + 1",
		"local y = !x":                             "write not instead of !",
		`import csv from "csv"`:                    `local name = require "name"`,
		"if a then\nelse if b then\nend":           "one word",
		"function f()\n  if a then\n    b()\nend":  "the 'if' at line 2 has no end",
		"for i = 1, 2 do\n  b()\n":                 "needs its own end",
	} {
		t.Run(src, func(t *testing.T) { assert.Contains(t, broken(t, src).Hint, want) })
	}
}

func TestUnclosedOpenersAreNamed(t *testing.T) {
	for src, want := range map[string]string{
		"local t = { a = 1":                       "'}' expected to close '{' at line 1",
		"local t = {\n  a = 1\nlocal x = 2":       "',' or '}' expected in the table that '{' at line 1 opens",
		"local t = {\n  a = { b = 1,\n}\nf()":     "',' or '}' expected in the table that '{' at line 1 opens",
		"f(1,\n 2\nlocal x = 3":                   "')' expected to close '(' at line 1",
		"f(1, 2":                                  "')' expected to close '(' at line 1",
		"f(t[1)":                                  "']' expected to close '[' at line 1",
		"f(function()\n print(1)\n)":              "'end' expected to close 'function' at line 1",
		"function f() print(1)) end":              "')' without a matching block",
		"function f()\n if a then\n  b()\n end\n": "'end' expected to close 'function' at line 1",
		"end": "'end' without a matching block",
	} {
		t.Run(src, func(t *testing.T) { assert.Equal(t, want, broken(t, src).Message) })
	}
}
