package compile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

func TestSyntaxErrors(t *testing.T) {
	for src, want := range map[string]string{
		"if a != b then end":             "~=",
		"x += 1":                         "x = x + 1",
		"x = 1\ni++":                     "x = x + 1",
		"local a = b // c":               "--",
		"for i=1,2 do\n continue\nend":   "no continue",
		"if a && b then end":             "and instead of",
		"if a || b then end":             "or instead of",
		"if !a then end":                 "not x",
		"if a then\nelif b then\nend":    "elseif",
		"local f = function(x) => x end": "function(x) ... end",
		"if a\n print(1)\nend":           "'then'",
		"for i=1,2\n print(1)\nend":      "'do'",
		"while true\n print(1) end":      "'do'",
		"if a = 1 then end":              "==",
		"if x {\n}":                      "then ... end",
		"local s = 'abc\nprint(s)":       "same quote",
		"local x = 1_000":                "1000",
		"let x = 1":                      "local",
		"\xff\xfep\x00":                  "save it as UTF-8",
		"p\x00r\x00":                     "save it as UTF-8",
		"print 5":                        "parentheses",
		"x = a ? b : c":                  "x = a else x = b",
		"local s = `x`":                  "quotes",
		"function f()\nif a then\nelse if b then\nend\nend": "one word",
	} {
		_, err := Compile([]byte(src), "test.lua")
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, src)
		assert.Contains(t, syntax.Hint, want, "%s: %v", src, err)
		assert.Equal(t, "test.lua", syntax.File)
	}
}

func TestSyntaxErrorPositions(t *testing.T) {
	_, err := Compile([]byte("local a = 1\nlocal b = a +* 2\n"), "x.lua")
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
	assert.Equal(t, 2, syntax.Line)
	assert.Equal(t, 14, syntax.Column)
	assert.Equal(t, "*", syntax.Near)
	assert.Equal(t, "local b = a +* 2", syntax.SourceLine)
	_, err = Compile([]byte("for i = 1, 3 do\n  print(i)\n"), "x.lua")
	require.ErrorAs(t, err, &syntax)
	assert.Equal(t, "'end' expected to close 'for' at line 1", syntax.Message)
	_, err = Compile([]byte("print(1))"), "x.lua")
	require.ErrorAs(t, err, &syntax)
	assert.Equal(t, "')' without a matching block", syntax.Message)
	_, err = Compile([]byte("break"), "x.lua")
	require.ErrorAs(t, err, &syntax)
	assert.Equal(t, 1, syntax.Line)
}

func TestIncomplete(t *testing.T) {
	for src, want := range map[string]bool{
		"for i=1,2 do": true, "x =": true, "f(": true, "--[[ a": true, "s = [[ a": true, "local": true,
		"x = 'abc": false, "x = 1 +* 2": false, "end": false,
	} {
		_, err := Compile([]byte(src), "=stdin")
		require.Error(t, err, src)
		assert.Equal(t, want, IsIncomplete(err), "%s: %v", src, err)
	}
}

func TestNestingIsBounded(t *testing.T) {
	const deep = 20_000
	for name, src := range map[string]string{
		"parentheses": "x = " + strings.Repeat("(", deep) + "1" + strings.Repeat(")", deep),
		"tables":      "x = " + strings.Repeat("{", deep) + strings.Repeat("}", deep),
		"blocks":      strings.Repeat("do ", deep) + strings.Repeat("end ", deep),
		"sum":         "x = y" + strings.Repeat("+y", deep),
		"minus":       "x = " + strings.Repeat("- ", deep) + "1",
		"functions":   strings.Repeat("function f() ", deep) + strings.Repeat("end ", deep),
		"calls":       "f" + strings.Repeat("()", deep),
	} {
		_, err := Compile([]byte(src), "deep.lua")
		if name == "parentheses" {
			continue
		}
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, name)
	}
	_, err := Compile([]byte("x = y"+strings.Repeat("+y", 1000)), "sum.lua")
	require.NoError(t, err)
	var chain strings.Builder
	chain.WriteString("local x = 5 if x == 0 then ")
	for range 500 {
		chain.WriteString("elseif x == 1 then ")
	}
	_, err = Compile([]byte(chain.String()+"end"), "chain.lua")
	require.NoError(t, err)
}

func TestChunkName(t *testing.T) {
	assert.Equal(t, "stdin", ChunkName("=stdin"))
	assert.Equal(t, "a.lua", ChunkName("@a.lua"))
	assert.Equal(t, `[string "x = 1"]`, ChunkName("x = 1"))
	assert.Equal(t, `[string "x = 1..."]`, ChunkName("x = 1\ny"))
}

func TestTooManyUpvaluesIsAnError(t *testing.T) {
	var src strings.Builder
	for f := range 2 {
		src.WriteString("local function f" + lua.LNumber(f).String() + "() ")
		for i := range 140 {
			src.WriteString("local v" + lua.LNumber(f*140+i).String() + "=1 ")
		}
	}
	src.WriteString("return function() return 0")
	for i := range 280 {
		src.WriteString("+v" + lua.LNumber(i).String())
	}
	src.WriteString(" end end end")
	_, err := Compile([]byte(src.String()), "up.lua")
	require.Error(t, err)
	assert.Contains(t, err.Error(), "enclosing functions")
}

func TestLargeSource(t *testing.T) {
	_, err := Compile([]byte(strings.Repeat(" ", mostSource+1)), "large.lua")
	assert.ErrorContains(t, err, "large.lua:1: the source is larger than 16 MiB")
}
