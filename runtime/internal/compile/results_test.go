package compile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/machine"
)

// run compiles and runs a chunk and returns what it returns, as text.
func run(t *testing.T, src string) string {
	t.Helper()
	proto, err := compile.Compile([]byte(src), "test.lua")
	require.NoError(t, err)
	L := lua.NewState()
	defer L.Close()
	machine.Attach(L)
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
