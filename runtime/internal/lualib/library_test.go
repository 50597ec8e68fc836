package lualib_test

import (
	"fmt"
	"math/rand"
	"strings"
)

// libraryCalls writes programs that call the functions of strings, numbers and tables
// with arguments at their edges, and with wrong ones. It leaves out arguments for which
// C defines no result (whole numbers beyond 32 bits, infinities), zero bytes in %s and %c,
// which Lua does not accept, and lists with gaps, whose length Lua leaves open.
type libraryCalls struct{ *rand.Rand }

// libraryPrelude shows values with their types, and errors.
const libraryPrelude = `
local function show(...)
  local line = {}
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    line[i] = type(v) .. ":" .. (type(v) == "table" and "" or tostring(v))
  end
  print(table.concat(line, " "))
end
local function each(...)
  local out = {}
  for a, b in ... do out[#out + 1] = tostring(a) .. "," .. tostring(b) if #out > 20 then break end end
  return table.concat(out, ";")
end
local list = { 3, 1, 2, "x", 10 }
local words = { "b", "a", "c", "B", "" }
`

// generateLibrary writes the program of a seed as a list of statements.
func generateLibrary(seed int64) []string {
	g := &libraryCalls{rand.New(rand.NewSource(seed))}
	statements := make([]string, 30)
	for i := range statements {
		statements[i] = "show(pcall(function() return " + g.call() + " end))\n"
	}
	return statements
}

func (g *libraryCalls) pick(options ...string) string { return options[g.Intn(len(options))] }

// text is a string, or now and then something else.
func (g *libraryCalls) text() string {
	if g.Intn(12) == 0 {
		return g.any()
	}
	return g.pick(`""`, `"hello world"`, `"a\0b\0"`, `"  10  "`, `"0x1F"`, `"1e2"`, `"-0"`, `"\195\165"`, `"a,b,,c"`, `"%d"`, `"key = value"`, `"tab\tline\nend\r"`, `"\127\255"`, `"aaa"`, `"10"`, `"x"`, "12", "-1.5", `"(a)[b]"`, `"\"q\"\\"`, `("ab"):rep(3)`)
}

// whole is a position or a count, or now and then something else.
func (g *libraryCalls) whole() string {
	if g.Intn(12) == 0 {
		return g.any()
	}
	return g.pick("0", "1", "-1", "2", "-2", "3", "5", "-5", "11", "12", "-12", "100", "-100", "2^31-1", "-2^31", "1.5", "2.9", "-1.5", `"2"`, `" 3 "`, "-0", "nil")
}

// number is a number, or now and then something else.
func (g *libraryCalls) number() string {
	switch g.Intn(12) {
	case 0:
		return g.any()
	case 1:
		return fmt.Sprint(g.NormFloat64() * 1000)
	case 2:
		return fmt.Sprintf("%de%d", g.Intn(2000)-1000, g.Intn(40)-20)
	}
	return g.pick("0", "-0", "1", "-1", "0.1", "1/3", "2^53", "2^53+1", "123456789012345", "1e14", "1e15", "1e16", "99999999999999.9", "1e100", "1e-5", "1e-4", "12345.678901234567", "-7.5", "0.5", "1.5", "2.5", "255", "3.14159265358979", "1e308", "5e-324", "100", "1e300*10", "123456.5", "0x10", `"0x10"`, `"1e1"`, `" 7 "`)
}

func (g *libraryCalls) any() string {
	return g.pick("nil", "true", "false", "{}", "list", "print", `"x"`, "1", `""`)
}

// pattern is a pattern, valid or not.
func (g *libraryCalls) pattern() string {
	if g.Intn(3) > 0 {
		return g.pick(`"l+"`, `"%w+"`, `"^h"`, `"d$"`, `"(%w+)%s*=%s*(%w+)"`, `"()"`, `""`, `"."`, `"%z"`, `"[^,]*"`, `"%b()"`, `"%f[%w]%w+"`, `"a-"`, `"[%a-z]"`, `"[]]"`, `"("`, `"%"`, `"[a"`, `"%1"`, `"(.)%1"`, `"[^%s]+"`, `"%d+%.?%d*"`, `"^"`, `"$"`)
	}
	var out strings.Builder
	for range 1 + g.Intn(4) {
		out.WriteString(g.pick("a", "l", ".", "%a", "%s", "%D", "[ab]", "[^o]", "[a-f]", "%.", "(", ")", "%1", "(l)", "()", "$", "^") + g.pick("", "", "", "*", "+", "-", "?"))
	}
	return fmt.Sprintf("%q", out.String())
}

// directive is a directive of string.format and a value for it, now and then a wrong one.
func (g *libraryCalls) directive() (directive, value string) {
	flags := g.pick("", "", "", "-", "+", " ", "0", "#", "-+", "+0", " 0")
	width := g.pick("", "", "", "1", "5", "12", "99", "100")
	precision := g.pick("", "", "", ".", ".0", ".1", ".3", ".14", ".20", ".99")
	switch g.Intn(10) {
	case 0:
		return "%" + g.pick("y", "", "l", "5", "-", ".", "%", "w", "--d", "0-+ #d", "111d", ".111f"), "12"
	case 1, 2:
		return "%" + flags + width + precision + "s", strings.ReplaceAll(g.text(), `\0`, "")
	case 3:
		return "%q", g.text()
	case 4:
		return "%" + g.pick("", "-", "5") + "c", g.pick("65", "10", "255", "321", `"66"`)
	case 5, 6:
		return "%" + strings.Trim(flags, "#") + width + precision + g.pick("d", "i"), g.pick("0", "1", "-1", "255", "-255", "3.7", "-3.7", "2^31", "-2^31", "123456789012", `"12"`, "nil")
	case 7:
		return "%" + strings.Trim(flags, "+ ") + width + precision + g.pick("u", "o", "x", "X"), g.pick("0", "1", "8", "255", "3.7", "2^31", "123456789012", `"12"`)
	}
	return "%" + strings.Trim(flags, "#") + width + precision + g.pick("g", "G", "f", "e", "E"), g.number()
}

func (g *libraryCalls) call() string {
	switch g.Intn(22) {
	case 0:
		return fmt.Sprintf("string.sub(%s, %s, %s)", g.text(), g.whole(), g.whole())
	case 1:
		return fmt.Sprintf("string.byte(%s, %s, %s)", g.text(), g.whole(), g.whole())
	case 2:
		return fmt.Sprintf("string.char(%s)", g.pick("", "0", "65, 66", "255", "256", "-1", "65.9", `"65"`, "nil", "72, 0, 105"))
	case 3:
		return fmt.Sprintf("string.rep(%s, %s)", g.text(), g.pick("0", "1", "3", "-1", "2.7", `"2"`, "nil", "{}"))
	case 4:
		return fmt.Sprintf("string.%s(%s)", g.pick("upper", "lower", "len", "reverse"), g.text())
	case 5, 6, 7:
		directive, value := g.directive()
		other, more := g.directive()
		return fmt.Sprintf("string.format(%q, %s%s)", g.pick("", "<", "a%%")+directive+g.pick("", ">", other), value, g.pick("", ", "+more))
	case 8:
		return fmt.Sprintf("string.find(%s, %s, %s%s)", g.text(), g.pattern(), g.whole(), g.pick("", ", true"))
	case 9:
		return fmt.Sprintf("string.match(%s, %s, %s)", g.text(), g.pattern(), g.whole())
	case 10:
		return fmt.Sprintf("string.gsub(%s, %s, %s%s)", g.text(), g.pattern(), g.pick(`"<%0>"`, `"%1"`, `""`, `"%%"`, `"%"`, `"%2"`, "{ a = 1, l = false, h = true }", "string.upper", "function() end", "function(a, b) return b end", "7", "nil"), g.pick("", "", ", 0", ", 1", ", 2", ", -1"))
	case 11:
		return fmt.Sprintf("each(string.gmatch(%s, %s))", g.text(), g.pattern())
	case 12:
		return fmt.Sprintf("tostring(%s), %s .. ''", g.number(), g.number())
	case 13:
		return fmt.Sprintf("tonumber(%s%s)", g.pick(g.text(), g.number(), `"ff"`, `"zz"`, `"7"`, `" 12 "`, `"1010"`, `"0x"`, `"1 2"`, `"1e"`, `"-12"`, `".5"`, `"5."`, `"."`, `"1e+5"`, `"0x1p4"`, `"1_0"`, `"\0"`, `"1\0"`), g.pick("", "", ", 10", ", 16", ", 36", ", 2", ", 8", ", 1", ", 37", ", nil"))
	case 14:
		return fmt.Sprintf("%s %s %s", g.number(), g.pick("+", "-", "*", "/", "%"), g.pick("3", "-3", "0.7", "0", "-0", "1e15", g.number()))
	case 15:
		return fmt.Sprintf("%s %s %s", g.text(), g.pick("<", "<=", ">", ">=", "==", "~=", ".."), g.text())
	case 16:
		return fmt.Sprintf("math.%s(%s)", g.pick("floor", "ceil", "abs", "sqrt", "modf", "frexp", "deg", "rad"), g.number())
	case 17:
		return fmt.Sprintf("math.%s(%s, %s)", g.pick("fmod", "max", "min", "pow"), g.number(), g.pick("0", "2", "-3", "0.5", "1e15", `"4"`))
	case 18:
		return fmt.Sprintf("table.concat(%s, %s%s)", g.pick("list", "words", "{ 1, 2.5, -0 }", "{}", "{ {} }", "{ true }"), g.pick(`", "`, `""`, "1", "nil"), g.pick("", ", "+g.whole(), fmt.Sprintf(", %d, %d", g.Intn(6)-1, g.Intn(7)-1)))
	case 19:
		return fmt.Sprintf("(function() local t = { 1, 2, 3 } return table.%s, table.concat(t, ',') end)()", g.pick("insert(t, 9)", "insert(t, 2, 9)", "insert(t, 4, 9)", "insert(t, 0, 9)", "insert(t)", "insert(t, 1, 2, 3)", "remove(t)", "remove(t, 1)", "remove(t, 4)", "remove(t, 0)", "remove(t, 9)", "remove({})", "maxn(t)", `insert(t, "2", 9)`, "sort(t, function(a, b) return a > b end)", "sort(t, 1)", "getn(t)"))
	case 20:
		return fmt.Sprintf("select(%s, 1, 2, 3), (unpack({ 1, 2, 3 }, %s, %s))", g.pick("1", "2", "3", "4", "-1", "-3", "-4", "0", `"#"`, `"2"`, "1.9", "nil"), g.pick("1", "2", "-1", "4", "nil", "1.5"), g.pick("3", "1", "0", "5", "nil"))
	}
	return fmt.Sprintf("(%s):%s", g.pick(`"abc"`, `""`, "('x'):rep(5)", "(5)"), g.pick("len()", "upper()", "sub(2)", "sub(-1)", "byte()", "byte(-1)", "rep(2)", "find('b', 1, true)", "gsub('', '-')", "format()", "nosuch()", "sub()"))
}
