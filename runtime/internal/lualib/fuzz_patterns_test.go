package lualib_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/machine"
)

// matches calls all functions that take a pattern, and returns what they return. It
// raises an error if they contradict each other.
const matches = `
local function list(ok, ...)
  local out = { tostring(ok), select("#", ...) }
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    out[#out + 1] = type(v) .. ":" .. tostring(v)
  end
  return table.concat(out, " ")
end
return function(text, pattern, replacement, at)
  at = tonumber(at)
  local out = {
    list(pcall(string.find, text, pattern, at)), list(pcall(string.find, text, pattern, at, true)),
    list(pcall(string.match, text, pattern, at)), list(pcall(string.gsub, text, pattern, replacement)),
    list(pcall(string.gsub, text, pattern, "<%0>", at)), list(pcall(string.gsub, text, pattern, { [text] = at, a = "b" })),
  }
  local calls, found = 0, {}
  local counted, replaced, total = pcall(string.gsub, text, pattern, function(...)
    calls = calls + 1
    found[calls] = list(true, ...)
    if calls % 3 == 0 then return calls elseif calls % 3 == 1 then return "=" end
  end)
  out[#out + 1] = list(counted, replaced, total)
  local n = 0
  out[#out + 1] = list(pcall(function()
    for a, b, c in string.gmatch(text, pattern) do
      n = n + 1
      out[#out + 1] = list(true, a, b, c)
      assert(n <= #text + 1, "gmatch does not end")
    end
  end))
  out[#out + 1] = table.concat(found, ",")
  if pattern:find("%z") then return table.concat(out, "\n") end -- find takes it for plain text
  -- find, match and gsub agree on the first match.
  local ok, from, to, capture = pcall(string.find, text, pattern, at)
  if ok and from then
    assert(1 <= from and from <= #text + 1 and from - 1 <= to and to <= #text, "a match out of the text")
    local matched, first = pcall(string.match, text, pattern, at) -- find takes ")" for plain text
    assert(not matched or (capture or text:sub(from, to)) == first, "match finds something else")
  end
  local ok, changed, count = pcall(string.gsub, text, pattern, "%0")
  if ok and counted then
    assert(changed == text, "a replacement by itself changes the text")
    assert(count == calls and count <= #text + 1, "gsub counts something else")
    assert((count > 0) == (string.find(text, pattern) ~= nil), "gsub finds something else")
  end
  return table.concat(out, "\n")
end`

// FuzzPatterns matches any pattern against any text: the functions agree with each
// other, and with those of the real Lua.
func FuzzPatterns(f *testing.F) {
	for _, seed := range patternSeeds {
		f.Add(seed[0], seed[1], seed[2], 1)
	}
	f.Add("hello world", "o", "%0%0", -3)
	f.Add("hello", "", "x", 99)
	f.Add("", ".*", "x", 0)
	real := startPeer(f, matches, 4)
	L := lua.NewState(lualib.StateOptions())
	defer L.Close()
	machine.SetContext(L, f.Context())
	lualib.Open(L, &memoryHost{}, lualib.Limits{})
	proto, err := compile.Compile([]byte(matches), chunkName)
	require.NoError(f, err)
	results, err := lualib.Call(L, L.NewFunctionFromProto(proto))
	require.NoError(f, err)
	here := results[0].(*lua.LFunction)
	f.Fuzz(func(t *testing.T, text, pattern, replacement string, at int) {
		if tooMuchWork(text, pattern, replacement) || at < -1000 || at > 1000 {
			return
		}
		results, err := lualib.Call(L, here, lua.LString(text), lua.LString(pattern), lua.LString(replacement), lua.LNumber(at))
		require.NoError(t, err)
		if real != nil {
			require.Equal(t, real.ask(t, text, pattern, replacement, lua.LNumber(at).String()), results[0].String())
		}
	})
}

// tooMuchWork reports whether a match may take seconds: each repetition of the pattern
// multiplies the work by the length of the text.
func tooMuchWork(text, pattern, replacement string) bool {
	return len(text) > 60 || len(pattern) > 60 || len(replacement) > 30 || strings.Count(pattern, "*")+strings.Count(pattern, "+")+strings.Count(pattern, "-")+strings.Count(pattern, "?") > 4
}

// patternSeeds are texts, patterns and replacements.
var patternSeeds = [][3]string{
	{"hello world", "(%w+) (%w+)", "%2 %1"}, {"a,b,,c", "([^,]*)", "<%1>"}, {"key = value", "^(%w+)%s*=%s*(%w+)$", "%2=%1"}, {"THE (quick) fox", "%((%a+)%)", "%0"}, {"THE (quick) fox", "%f[%a]%a+%f[%A]", "x"},
	{"f(a(b)c)d", "%b()", ""}, {"aXXbXXc", "(X)%1", "%1"}, {"  trim  ", "^%s*(.-)%s*$", "%1"}, {"abc", "()b()", "%1%2"}, {"abc", "$", "x"}, {"a$b", "$b", "x"}, {"abc", "^", "x"}, {"a^b", "a^b", "x"},
	{"abc", "", "-"}, {"", "", "-"}, {"abc", "%", "x"}, {"abc", "[", "x"}, {"abc", "[a", "x"}, {"abc", "[]", "x"}, {"a]c", "[]]", "x"}, {"a-c", "[a-]", "x"}, {"a-c", "[%a-z]", "x"}, {"abc", "[^%s]", "x"}, {"abc", "[z-a]", "x"},
	{"abc", "(", "x"}, {"abc", ")", "x"}, {"abc", "(()", "x"}, {"abc", "%1", "x"}, {"abc", "(a)%2", "x"}, {"abc", "(a%1)", "x"}, {"abc", "%b", "x"}, {"abc", "%bx", "x"}, {"abc", "%f", "x"}, {"abc", "%fa", "x"}, {"abc", "b", "%"}, {"abc", "b", "%2"}, {"abc", "b", "%9"}, {"abc", "b", "%%"},
	{"a\x00b", "%z", "0"}, {"a\x00b", "\x00", "0"}, {"a\x00b", "a\x00c", "0"}, {"a\x00b", "[\x00]", "0"}, {"\xff\xc3\xa9", "[\x80-\xff]+", "x"}, {"\xc3\xa9", "%w", "x"}, {"aaa", "a-", "x"}, {"aaa", "a-b", "x"}, {"aaab", "a?a?a?b", "x"}, {"x1y22", "%d+", "%0%0"},
	{"abc", "((((((((((a))))))))))", "%1"}, {"abc", "(a)(b)(c)", "%3%2%1"}, {"a.b", ".", "%0"}, {"a.b", "%.", "x"}, {"*", "*", "x"}, {"a*", "a**", "x"}, {"+-", "+-", "x"}, {"abc", "a$b", "x"}, {"tést", "t.-s", "x"}, {"0x1F", "%x+", "y"}, {"AbC", "%u%l%u", "%L"}, {"\t\n", "%c", "."}, {"a,b", "%p", "."},
	{"x", "[%]", "y"}, {"x", "[^", "y"}, {"x", "[^]", "y"}, {"]", "[^]]", "y"}, {"x", "[a-%d]", "y"}, {"x", "%f[", "y"}, {"aa", "^a", "b"}, {"^a", "^^a", "b"}, {"a", "(a*(.)%w(%s*))", "y"}, {"first second", "(%a+)", "%1%1"}, {"x", "[[:alpha:]]", "y"},
}
