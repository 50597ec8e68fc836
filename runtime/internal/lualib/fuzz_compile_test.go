package lualib_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// loads answers whether the real Lua takes a source.
const loads = `
return function(source)
  local fn, problem = loadstring(source, "=p")
  return fn and "" or problem
end`

// FuzzCompile compiles any text. An error has a line of the text. What the real Lua
// takes is taken, what it refuses is refused, and the code of what is taken refers to
// nothing that is not there, with the lines counted or not.
func FuzzCompile(f *testing.F) {
	for _, pattern := range []string{"testdata/*.lua", "../check/testdata/*.lua"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(string(source))
		}
	}
	for _, source := range compileSeeds {
		f.Add(source)
	}
	for seed := range int64(20) {
		f.Add(prelude + strings.Join(generate(seed), ""))
		f.Add(impurePrelude + strings.Join(generateImpure(seed), ""))
	}
	real := startPeer(f, loads, 1)
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 1<<14 {
			return
		}
		lines := strings.Count(strings.NewReplacer("\r\n", "\n", "\n\r", "\n", "\r", "\n").Replace(source), "\n") + 1
		proto, err := compile.Compile([]byte(source), chunkName)
		if err != nil {
			var syntax *compile.SyntaxError
			require.True(t, errors.As(err, &syntax), "%v", err)
			require.NotContains(t, syntax.Message, "cannot compile the script", "the compiler failed")
			require.Positive(t, syntax.Line, "%v", err)
			require.LessOrEqual(t, syntax.Line, lines, "%v", err)
			require.LessOrEqual(t, syntax.Column, len(syntax.SourceLine)+1, "%v", err)
		} else {
			checkCode(t, proto, lines)
		}
		counted := &compile.Lines{}
		covered, coverErr := compile.Options{Cover: counted}.Compile([]byte(source), chunkName)
		if err != nil || coverErr == nil || !isLimit(coverErr) {
			require.Equal(t, err, coverErr, "with lines counted")
		}
		if coverErr == nil {
			checkCode(t, covered, lines)
			counted.Each(func(line, n int) {
				require.LessOrEqual(t, line, lines)
				require.Zero(t, n)
			})
		}
		if real == nil || onlyHere(source, err) {
			return
		}
		problem := real.ask(t, source)
		if problem == "" {
			assert.NoError(t, err, "lua5.1 takes it")
		} else if !onlyThere(problem) {
			assert.Error(t, err, "lua5.1 refuses it: %s", problem)
		}
	})
}

// isLimit reports whether a source is refused because it is too large for the machine.
// Code that counts lines reaches these limits sooner.
func isLimit(err error) bool {
	for _, message := range []string{"constant table overflow", "function or expression too complex", "control structure too long"} {
		if strings.Contains(err.Error(), message) {
			return true
		}
	}
	return false
}

// numeralZero matches a zero byte after a numeral, which the real Lua overlooks.
var numeralZero = regexp.MustCompile(`[\d.]\x00`)

// onlyHere reports whether a source is left out of the comparison: it begins with what
// only files begin with or with the mark of compiled code, or is too large for us.
func onlyHere(source string, err error) bool {
	return numeralZero.MatchString(source) || strings.HasPrefix(source, "#") || strings.HasPrefix(source, "\xef\xbb\xbf") || strings.HasPrefix(source, "\x1b") || err != nil && isLimit(err)
}

// onlyThere reports whether the real Lua refuses what architecture.md lists as taken.
func onlyThere(problem string) bool {
	return strings.Contains(problem, "nesting of [[...]] is deprecated") || strings.Contains(problem, "more than 60 upvalues") ||
		strings.Contains(problem, "chunk has too many syntax levels")
}

// checkCode checks that a prototype's code is whole.
func checkCode(t *testing.T, p *lua.FunctionProto, lines int) {
	t.Helper()
	require.Len(t, p.DbgSourcePositions, len(p.Code))
	require.NotEmpty(t, p.Code)
	last := -1
	register := func(n int) { require.Less(t, n, max(int(p.NumUsedRegisters), 2), "a register of %v", p.Code) }
	for at, instruction := range p.Code {
		require.LessOrEqual(t, p.DbgSourcePositions[at], lines)
		require.GreaterOrEqual(t, p.DbgSourcePositions[at], 0)
		op, a, b, c := int(instruction>>26), int(instruction>>18)&0xff, int(instruction)&0x1ff, int(instruction>>9)&0x1ff
		wide := int(instruction) & 0x3ffff
		operand := func(n int) {
			if n >= 256 {
				require.Less(t, n-256, len(p.Constants))
			} else {
				register(n)
			}
		}
		switch op {
		case lua.OP_JMP, lua.OP_FORLOOP, lua.OP_FORPREP:
			to := at + 1 + wide - 131071
			require.GreaterOrEqual(t, to, 0)
			require.Less(t, to, len(p.Code))
		case lua.OP_LOADK, lua.OP_GETGLOBAL, lua.OP_SETGLOBAL:
			register(a)
			require.Less(t, wide, len(p.Constants))
		case lua.OP_CLOSURE:
			register(a)
			require.Less(t, wide, len(p.FunctionPrototypes))
		case lua.OP_GETUPVAL, lua.OP_SETUPVAL:
			register(a)
			require.Less(t, b, int(p.NumUpvalues))
		case lua.OP_ADD, lua.OP_SUB, lua.OP_MUL, lua.OP_DIV, lua.OP_MOD, lua.OP_POW, lua.OP_SETTABLE, lua.OP_SETTABLEKS:
			register(a)
			operand(b)
			operand(c)
		case lua.OP_GETTABLE, lua.OP_GETTABLEKS, lua.OP_SELF:
			register(a)
			register(b)
			operand(c)
		case lua.OP_EQ, lua.OP_LT, lua.OP_LE:
			operand(b)
			operand(c)
		}
		last = op
	}
	require.Equal(t, lua.OP_RETURN, last, "the code ends with a return")
	for _, inner := range p.FunctionPrototypes {
		checkCode(t, inner, lines)
	}
}

// compileSeeds are short sources with what parsers get wrong.
var compileSeeds = []string{
	"", ";", "x = 1;;", "return", "return;", "return return", "\x00", "\"\x00", "local self; function a:b() end", "for", "((((", "--[[", "--[==[ ]=] ]==]", "[[", "x = [[\n\n]]", "x = [==[\n]]]==]",
	"x = '\\\n'", "x = '\\300'", "x = '\\x41'", "x = \"\\065\\z\"", "x = 0x", "x = 0x1p4", "x = 3e", "x = 3..2", "x = 3 ..2", "x = .5", "x = 1e+5", "x = 08", "x = 0xffffffffffffffffff", "x = 1_000", "x = 5x",
	"a.b:c'd'.e = f{...}", "f\n(g)", "f 'x' [[y]] {z}", "local function f(...) return ... end", "function f() return ... end", "goto x", "::x::", "x = ~1", "x ~= 1", "x = a ~= b",
	"while true do break end", "break", "while true do break x = 1 end", "do return end", "repeat local x until x", "if a then elseif b then else end", "for i = 1, 2, 3 do end", "for i in a, b, c do end",
	"a, b.c, d[e] = f()", "a + 1 = 2", "f() = 1", "(a) = 1", "(a).b = 1", "local a.b = 1", "local a <const> = 1", "a = function() end ()", "a = -2 ^ -3 ^ 4 .. 5 .. 6 < 7 and not #8 or 9",
	"\xef\xbb\xbf#!x\nprnt()", "#!lua\nx = 1", "x = 'a\rb'", "x = 1\r\ny = 2\n\rz", "x = {1, 2; 3, [4] = 5, a = 6,}", "x = {,}", "x = {;}", "a.b.c:d.e()", "a:b", "x = a:b", "\xff", "x = \xc3\xa9",
	strings.Repeat("(", 210) + "1" + strings.Repeat(")", 210), strings.Repeat("do ", 210) + strings.Repeat("end ", 210), "x = " + strings.Repeat("-", 1) + strings.Repeat("not ", 190) + "1",
	"local " + strings.Repeat("a, ", 199) + "a", "local " + strings.Repeat("a, ", 200) + "a", "return f(" + strings.Repeat("1, ", 252) + "1)", strings.Repeat("a, ", 190) + "a = 1", "x = " + strings.Repeat("1 .. ", 190) + "1",
}
