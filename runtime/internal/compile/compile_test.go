package compile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// run compiles and runs a chunk and returns what it returns, as text.
func run(t *testing.T, src string) string {
	t.Helper()
	proto, err := Compile([]byte(src), "test.lua")
	require.NoError(t, err)
	L := lua.NewState()
	defer L.Close()
	L.Push(L.NewFunctionFromProto(proto))
	require.NoError(t, L.PCall(0, lua.MultRet, nil))
	var out []string
	for i := 1; i <= L.GetTop(); i++ {
		out = append(out, L.Get(i).String())
	}
	return strings.Join(out, " ")
}

func TestComputesWhatLuaComputes(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"swap":                 {"local a,b=1,2; a,b=b,a; return a,b", "2 1"},
		"fibonacci":            {"local a,b=0,1; for i=1,10 do a,b=b,a+b end return a", "55"},
		"logical":              {"local a,d=1,true; a = ((not true) and (a and d)) return a", "false"},
		"table targets":        {"local t,i={},1; i,t[i]=i+1,20 return i,t[1],t[2]", "2 20 nil"},
		"calls as values":      {"local function f() return 1,2,3 end local a,b,c,d=0; a,b,c,d=f() return a,b,c,d", "1 2 3 nil"},
		"local function value": {"local f = function() return f end return f()", "nil"},
		"local function":       {"local function f() return f end return f()==f", "true"},
		"octal":                {"return 0010, 08", "10 8"},
		"huge":                 {"return 1e400 == 1/0, 0xffffffffffffffff", "true 1.8446744073709552e+19"},
		"concat numbers":       {"return 1/3 .. '', 0.1 .. '|' .. 1e15", "0.33333333333333 0.1|1e+15"},
		"concat precedence":    {"return 1 .. 2 + 3 .. 4", "154"},
		"modulo":               {"local s = 0.1 return 1 % s, 1 % 0.1, -5 % 3, 5 % -3", "0 0 1 -1"},
		"generic for":          {"local n=0 for k in next,{1,2,3} do n=n+k end for k,v in next,{4} do n=n+v end return n", "10"},
		"for over strings":     {"local n=0 for i='1','3' do n=n+i end return n", "6"},
		"break closes": {`local f
			while true do do local x=1; f=function() return x end; if true then break end end end
			local y=99; return f(), y`, "1 99"},
		"shebang and mark": {"\xef\xbb\xbf#!/usr/bin/env phscript\nreturn 1", "1"},
		"comment":          {"--[== title ==\nreturn 1 --[=", "1"},
		"long comment":     {"--[==[ a\n]] ]==] return 1", "1"},
		"concat long":      {"local s='a' return #(" + strings.Repeat("s..", 150) + "s)", "151"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, run(t, c.src)) })
	}
}

func TestLargeTables(t *testing.T) {
	items := strings.Repeat("7,", 25551)
	assert.Equal(t, "25551 7 nil", run(t, "local t={"+items+"} return #t, t[25551], t[25552]"))
	assert.Equal(t, "60000 60000", run(t, `local function three() return 1,2,3 end
		local t = {`+strings.Repeat("7,", 59997)+` three()} return #t, t[60000] == 3 and 60000`))
	var fields strings.Builder
	for i := range 30000 {
		fields.WriteString("k" + strings.Repeat("x", i%7) + lua.LNumber(i).String() + "=" + lua.LNumber(i).String() + ",")
	}
	assert.Equal(t, "0 29999", run(t, "local t={"+fields.String()+"} return t.k0, t.kxxxx29999"))
	assert.Equal(t, "4001 a b", run(t, "local k='key' local t={"+strings.Repeat("1,", 3000)+"[k]='a', "+
		strings.Repeat("1,", 1001)+"other='b'} return #t, t.key, t.other"))
	assert.Equal(t, "3002 x y", run(t, "local function f(...) return {"+strings.Repeat("1,", 3000)+"...} end local t=f('x','y') return #t, t[3001], t[3002]"))
}

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
		"goto done":                      "goto is not part",
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
