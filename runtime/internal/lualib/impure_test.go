package lualib_test

import (
	"fmt"
	"math/rand"
	"strings"
)

// impure writes programs in which nearly every key, prefix and operand has a
// side effect: it says that it is evaluated, changes locals that the same
// statement uses, or raises an error. Statements break over several lines.
type impure struct {
	*rand.Rand
	out strings.Builder
	// loop is set where break may stand.
	loop bool
}

// impurePrelude defines what the programs use. All metamethods say that they
// are called. Nothing takes the length of a table, which Lua leaves open if it has gaps.
const impurePrelude = `
local function name(v)
  local t = type(v)
  if t == "table" or t == "function" or t == "thread" then return t end
  return tostring(v)
end
local function show(...)
  local line = {}
  for i = 1, select("#", ...) do line[i] = name((select(i, ...))) end
  print(table.concat(line, " "))
end
local M = {}
for _, event in ipairs{ "add", "sub", "mul", "div", "mod", "pow", "unm", "concat", "call" } do
  M["__" .. event] = function(a, b, ...) show(event, a, b, ...) return 7, 8 end
end
for _, event in ipairs{ "eq", "lt", "le" } do
  M["__" .. event] = function(a, b, ...) show(event, a, b, ...) return #event == 2 end
end
M.__index = function(t, k) show("index", k) return k end
M.__newindex = function(t, k, v) show("newindex", k, v) end
M.__tostring = function() show("tostring") return "text" end
local function object() return setmetatable({}, M) end
local function some(...)
  local m = {}
  for _, event in ipairs{ ... } do m["__" .. event] = M["__" .. event] end
  return setmetatable({}, m)
end
local failing = {}
for event in pairs(M) do failing[event] = function() error("in " .. event, 1) end end
failing = setmetatable({}, failing)
local base = setmetatable({ k = "base" }, { __index = function(t, k) show("base", k) return k == "y" and t or nil end, __metatable = "kept", __newindex = M.__newindex })
local child = setmetatable({}, { __index = base, __newindex = base, __call = M.__call, __lt = M.__lt, __concat = M.__concat })
local function say(n, ...) show("say", n) return n, ... end
local steps = 0
local function tick() steps = steps + 1; if steps > 500 then error("too long", 0) end end
`

// impureHead begins each part, on one line: its locals are changed by the
// functions.
var impureHead = strings.ReplaceAll(`
	local a, b, c, s = 1, 2, 3, "k"
	local t, o = { 10, 20, 30, k = "v", x = { 5, y = 6 } }, object()
	t.t = t
	function t:m(...) show("m", ...) return self, ... end
	local function fa(...) a = a + 1 show("fa", a, ...) return a, ... end
	local function fb(...) b, s = b * 2, s .. "k" show("fb", b) return b, ... end
	local function ft() t = { 1, 2, x = { 7 }, t = { x = t }, m = t.m } show("ft") return t end
	local function fail() error("failed", 1 + a % 2) end
	G = 1
	local function fg() G = G + 1 return G end`, "\n", " ")

// generateImpure writes the program of a seed as a list of parts.
func generateImpure(seed int64) []string {
	g := &impure{Rand: rand.New(rand.NewSource(seed))}
	var parts []string
	for range 2 + g.Intn(4) {
		g.out.Reset()
		g.out.WriteString("show(pcall(function(...)" + impureHead + "\n")
		for range 1 + g.Intn(4) {
			g.statement(2)
		}
		g.line("  show(a, b, c, s, G, t[1], t[2], t.k)")
		g.out.WriteString("end, 4, 5))\n")
		parts = append(parts, g.out.String())
	}
	return parts
}

func (g *impure) pick(options ...string) string { return options[g.Intn(len(options))] }

func (g *impure) line(format string, args ...any) { fmt.Fprintf(&g.out, format+"\n", args...) }

// gap is white space, sometimes the end of a line.
func (g *impure) gap() string { return g.pick(" ", " ", " ", " ", "\n", "--\n") }

func (g *impure) list(n, depth int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = g.expr(depth)
	}
	return strings.Join(parts, ","+g.gap())
}

// target is something to assign to.
func (g *impure) target(depth int) string {
	switch g.Intn(8) {
	case 0, 1:
		return g.pick("a", "b", "c", "s", "t")
	case 2:
		return "G"
	case 3:
		return g.prefix(depth) + "." + g.pick("k", "x", "z")
	default:
		return g.prefix(depth) + "[" + g.expr(depth) + "]"
	}
}

// some is an object that has some events.
func (g *impure) some() string {
	event := func() string {
		return g.pick("add", "sub", "mul", "div", "mod", "pow", "unm", "concat", "call", "eq", "lt", "le", "index", "newindex", "tostring")
	}
	return fmt.Sprintf("some(%q, %q, %q)", event(), event(), event())
}

// prefix is something that can be indexed or called.
func (g *impure) prefix(depth int) string {
	if depth <= 0 {
		return g.pick("t", "t", "t", "t", "t.t", "o", "(ft())", "ft()", "t.x", "child", "child.y", "failing", g.some())
	}
	switch g.Intn(10) {
	case 0:
		return "t[" + g.expr(depth-1) + "]"
	case 1:
		return g.prefix(depth-1) + "." + g.pick("x", "t", "k")
	case 2:
		return "(" + g.expr(depth-1) + ")"
	case 3:
		return g.prefix(depth-1) + ":m(" + g.list(g.Intn(3), depth-1) + ")"
	case 4:
		return "(" + g.pick("t", "o", "nil") + g.gap() + g.pick("or", "and") + g.gap() + g.prefix(0) + ")"
	}
	return g.prefix(0)
}

// atom is an expression without operators.
func (g *impure) atom() string {
	return g.pick("a", "b", "c", "s", "G", "1", "2", "-1", "0", `"k"`, `"3"`, "nil", "true", "false", "t", "o",
		"...", "(...)", "fa()", "fa()", "fb()", "(fa())", "fg()", "fb(a)", "fa(a, b)", "ft()", "say(a)", "say(1, 2)", "t[1]", "t.k", "#type(s)", "-0", "0.5", "object()",
		"child", "child.k", "failing", g.some())
}

func (g *impure) expr(depth int) string {
	if depth <= 0 {
		return g.atom()
	}
	part := func() string { return g.expr(depth - 1) }
	switch g.Intn(26) {
	case 24:
		return g.pick("rawget(o, ", "rawequal(o, ", "getmetatable(child) == (", "tostring(", "pcall(setmetatable, child, ", "pcall(o, ", "pcall(failing, ") + part() + ")"
	case 25:
		return g.pick("child", "o", "failing", g.some()) + g.gap() + g.pick("+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=") + g.gap() + g.pick(g.atom(), "child", "o", "failing", g.some())
	case 0, 1, 2:
		return part() + g.gap() + g.pick("+", "-", "*", "/", "%", "^") + g.gap() + part()
	case 3, 4:
		return part() + g.gap() + ".." + g.gap() + part() + g.pick("", g.gap()+".. "+g.atom())
	case 5, 6:
		return "(" + part() + g.gap() + g.pick("and", "or") + g.gap() + part() + ")"
	case 7:
		return part() + g.gap() + g.pick("and", "or") + g.gap() + part()
	case 8:
		return part() + g.gap() + g.pick("==", "~=", "==", "~=", "<", "<=", ">", ">=") + g.gap() + part()
	case 9:
		return g.pick("not ", "-", "#type", "not not ", "- -") + "(" + part() + ")"
	case 10:
		return g.pick("not ", "-", "#type") + "(" + g.atom() + ")"
	case 11:
		return g.prefix(depth-1) + "[" + part() + "]"
	case 12:
		return g.prefix(depth-1) + "." + g.pick("x", "k")
	case 13:
		return g.prefix(depth-1) + ":m(" + g.list(g.Intn(3), depth-1) + ")"
	case 14:
		return g.pick("fa", "fb", "say", "o", "select") + "(" + g.list(1+g.Intn(3), depth-1) + ")"
	case 15:
		return "{" + g.fields(depth-1) + "}"
	case 16:
		return "(function(...) " + g.pick("a = a + 1", "t = {}", "local a = ...", "") + " return " + g.list(1+g.Intn(2), depth-1) + " end)(" + g.list(g.Intn(3), 0) + ")"
	case 17:
		return g.pick("tonumber", "type", "fail") + "(" + part() + ")"
	case 18:
		return "select('#'," + g.gap() + g.list(1+g.Intn(3), depth-1) + ")"
	case 19:
		return g.pick("#nil", "#fail", "-o", "nil + a", "a .. t", "t < a", "nil .. s", "G.x", "s.x.y", "a.b", "nosuch()", "a()", "s:nosuch()")
	}
	return g.atom()
}

func (g *impure) fields(depth int) string {
	parts := make([]string, g.Intn(4))
	for i := range parts {
		switch g.Intn(4) {
		case 0:
			parts[i] = "k" + g.gap() + "=" + g.gap() + g.expr(depth)
		case 1:
			parts[i] = "[" + g.expr(depth) + "] =" + g.gap() + g.expr(depth)
		default:
			parts[i] = g.expr(depth)
		}
	}
	return strings.Join(parts, ","+g.gap())
}

func (g *impure) block(depth int) {
	for range 1 + g.Intn(2) {
		g.statement(depth - 1)
	}
}

func (g *impure) statement(depth int) {
	if depth < 0 {
		g.line("  %s = %s;", g.target(1), g.expr(1))
		return
	}
	switch g.Intn(21) {
	case 20:
		g.threads(depth)
	case 0, 1, 2, 3:
		g.line("  %s =%s%s;", g.target(1), g.gap(), g.expr(3))
	case 4, 5, 6:
		targets := make([]string, 2+g.Intn(2))
		for i := range targets {
			targets[i] = g.target(1)
		}
		g.line("  %s =%s%s;", strings.Join(targets, ","+g.gap()), g.gap(), g.list(1+g.Intn(4), 2))
	case 7:
		g.line("  local %s = %s;", g.pick("a", "b", "c", "a, b", "a, b, c", "t, a"), g.list(1+g.Intn(3), 2))
	case 8, 9:
		g.line("  show(%s);", g.list(1+g.Intn(3), 3))
	case 10:
		g.line("  %s(%s);", g.pick("fa", "say", "t:m", "o", "ft():m", "t.t:m"), g.list(g.Intn(4), 2))
	case 11:
		g.line("  if %s then", g.expr(3))
		g.block(depth)
		if g.Intn(2) == 0 {
			g.line("  elseif %s then", g.expr(2))
			g.block(depth)
		}
		g.line("  else")
		g.block(depth)
		g.line("  end")
	case 12:
		g.looping(depth, fmt.Sprintf("for i = %s, %s, %s do", g.expr(1), g.expr(1), g.pick("1", "fa()", "b", `"2"`, "-1")), "end")
	case 13:
		g.looping(depth, "while "+g.expr(2)+" do", "end")
	case 14:
		g.looping(depth, "repeat", "until "+g.expr(2)+";")
	case 15:
		g.line("  local list = {}")
		g.looping(depth, g.pick("for i = 1, 3 do local v = i * 2", "for i, v in ipairs(t) do", "for _, i in ipairs{ 3, fa() } do local v = i"),
			"list[#list + 1] = function() i = i + 1 v = v + "+g.expr(1)+" return i, v end end")
		g.line("  for _, f in ipairs(list) do show(f()) show(f()) end")
	case 16:
		g.line("  do local co = coroutine.create(function(a, ...)")
		g.line("    local x = pcall(function(...) %s end, coroutine.yield(%s))", g.pick("fail()", "show(...)", "a = "+g.expr(1)), g.list(1, 1))
		g.line("    show(x, a) return %s", g.list(1, 2))
		g.line("  end)")
		g.line("  for _ = 1, 4 do show(coroutine.resume(co, fa())) show(coroutine.status(co)) end end")
	case 17:
		g.line("  %s", g.pick("function t.m(...) a = ... return ... end", "function t.t:n(x) self.k = x end t.t:n(fa())", "local function fa(...) return fb(...) end"))
	case 18:
		g.line("  if %s then return %s end", g.expr(1), g.list(1+g.Intn(3), 2))
	default:
		if g.loop {
			g.line("  if %s then break end", g.expr(2))
			return
		}
		g.line("  show(%s);", g.list(2, 2))
	}
}

func (g *impure) looping(depth int, head, tail string) {
	outer := g.loop
	g.loop = true
	g.line("  %s", head)
	g.line("  tick()")
	g.block(depth)
	g.line("  %s", tail)
	g.loop = outer
}

// threads writes coroutines that fail, call each other, and are resumed when they
// cannot be, around and inside protected calls.
func (g *impure) threads(depth int) {
	switch g.Intn(5) {
	case 0:
		g.line("  show(pcall(coroutine.wrap(function(...) %s return %s end), %s));", g.pick("fail()", "error({})", "error('x', 0)", "error()", "a = a + 1", "local z = nil .. s"), g.list(1, 1), g.list(1, 1))
	case 1:
		g.line("  do local each = coroutine.wrap(function(...) for i = 1, 3 do coroutine.yield(i, ...) %s end end)", g.pick("fa()", "if i == 2 then fail() end", "t[i] = i"))
		g.line("  show(pcall(function() for i, v in each, %s do show(i, v) %s end end)) show(pcall(each)) end", g.expr(0), g.pick("fb()", "if i == 2 then break end"))
	case 2:
		g.line("  do local co co = coroutine.create(function(...)")
		g.line("    show(pcall(function(...) show(coroutine.resume(co), %s) %s end, ...))", g.expr(0), g.pick("fail()", "return ...", ""))
		g.line("    local inner = coroutine.wrap(function(...) show(coroutine.status(co)) coroutine.yield(%s) %s end)", g.list(2, 1), g.pick("fail()", "return a", "coroutine.yield()"))
		g.line("    show(pcall(inner, ...)) show(pcall(inner)) show(pcall(inner)) show(pcall(inner))")
		g.line("    return coroutine.yield(%s)", g.list(1, 2))
		g.line("  end)")
		g.line("  show(coroutine.resume(co, %s)) show(coroutine.status(co)) show(coroutine.resume(co, fa())) show(coroutine.resume(co)) show(coroutine.status(co)) end", g.expr(1))
	case 3:
		g.line("  do local co = coroutine.create(function() %s end)", g.pick("error(o)", "error(setmetatable({}, { __tostring = fb }))", "error(fa())", "return pcall(error, t)", "return pcall(fail)"))
		g.line("  local ok, e = coroutine.resume(co) show(ok, e == o, e == t, type(e)) show(coroutine.status(co)) end")
	default:
		g.line("  show(xpcall(function() local v = coroutine.wrap(function() %s return coroutine.running() ~= nil end)() %s return v end, function(e) show(type(e)) return e end));", g.pick("fa()", "fail()"), g.pick("fail()", "fb()", ""))
	}
}
