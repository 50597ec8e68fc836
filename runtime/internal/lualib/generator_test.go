package lualib_test

import (
	"fmt"
	"math/rand"
	"strings"
)

// generator writes random programs. They print as they go, and avoid what the
// manual leaves open: the order in which operands with side effects are
// evaluated, the order of a table's keys, and addresses.
type generator struct {
	*rand.Rand
	out    strings.Builder
	indent int
	// locals are the variables in scope, innermost last.
	locals []string
	// fixed are locals that must not be assigned to, such as loop variables.
	fixed  map[string]bool
	loops  int
	vararg bool
	count  int
	budget int
}

// generate writes the program of a seed as a list of top-level statements.
func generate(seed int64) []string {
	g := &generator{Rand: rand.New(rand.NewSource(seed)), fixed: map[string]bool{}, vararg: true}
	var statements []string
	for i, n := 0, 6+g.Intn(14); i < n; i++ {
		g.out.Reset()
		g.budget = 14
		g.statement(3)
		statements = append(statements, g.out.String())
	}
	g.out.Reset()
	g.line("show(%s)", strings.Join(append(g.locals, "G1", "G2", "T.a", "T.b", "T[1]", "T[2]", "#T"), ", "))
	return append(statements, g.out.String())
}

// prelude defines what the programs use. Functions are shown by their type.
const prelude = `
local function show(...)
  local line = {}
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    local t = type(v)
    line[i] = (t == "table" or t == "function" or t == "thread") and t or tostring(v)
  end
  print(table.concat(line, " "))
end
local T = { 1, "two", a = 1, b = "x" }
G1, G2 = 10, "g"
local M = {}
M.__add = function(a, b) return "add" end
M.__concat = function(a, b) return "cat" end
M.__eq = function() return true end
M.__lt = function() return false end
M.__le = function() return true end
M.__unm = function() return 0 end
M.__call = function(self, ...) return select("#", ...), ... end
M.__index = function(t, k) return k end
local function object() return setmetatable({}, M) end
local function id(...) return ... end
local function two() return 1, 2 end
local steps = 0
local function tick() steps = steps + 1; if steps > 3000 then error("too long", 0) end end
`

// line writes one line.
func (g *generator) line(format string, args ...any) {
	g.out.WriteString(strings.Repeat("  ", g.indent))
	fmt.Fprintf(&g.out, format, args...)
	g.out.WriteByte('\n')
}

// pick returns one of several texts.
func (g *generator) pick(options ...string) string { return options[g.Intn(len(options))] }

// declare makes a new local; names repeat so that they shadow each other.
func (g *generator) declare() string {
	g.count++
	if len(g.locals) > 0 && g.Intn(5) == 0 {
		return g.local()
	}
	return fmt.Sprintf("v%d", g.count%12)
}

// local returns a variable in scope, or a global.
func (g *generator) local() string {
	if len(g.locals) == 0 || g.Intn(10) == 0 {
		return g.pick("G1", "G2")
	}
	return g.locals[g.Intn(len(g.locals))]
}

// block writes statements in a scope of their own.
func (g *generator) block(depth int, names ...string) {
	scope := len(g.locals)
	g.locals = append(g.locals, names...)
	g.indent++
	for range 1 + g.Intn(3) {
		g.statement(depth - 1)
	}
	g.indent--
	g.locals = g.locals[:scope:scope]
}

// target returns something to assign to.
func (g *generator) target() string {
	for range 4 {
		if name := g.local(); !g.fixed[name] && g.Intn(3) > 0 {
			return name
		}
	}
	return g.pick("T.a", "T.b", "T.p", "G1", "G2", `T["k" .. 1]`)
}

// statement writes one statement.
func (g *generator) statement(depth int) {
	g.budget--
	if depth <= 0 || g.budget < 0 {
		g.simple(2)
		return
	}
	switch g.Intn(17) {
	case 0, 1, 2, 3:
		g.simple(3)
	case 4, 5:
		targets := []string{g.target(), g.target()}
		if targets[0] == targets[1] {
			targets[1] = "T.c"
		}
		if g.Intn(4) == 0 {
			targets = append(targets, "T.d")
		}
		g.line("%s = %s", strings.Join(targets, ", "), g.list(1+g.Intn(3), 2))
	case 6:
		g.line("if %s then", g.expr(3))
		g.block(depth)
		if g.Intn(2) == 0 {
			g.line("elseif %s then", g.expr(2))
			g.block(depth)
		}
		if g.Intn(2) == 0 {
			g.line("else")
			g.block(depth)
		}
		g.line("end")
	case 7, 8:
		g.loop(depth)
	case 9, 10:
		g.function(depth)
	case 11:
		g.line("do")
		g.block(depth)
		g.line("end")
	case 12:
		g.line("show(pcall(function(...)")
		g.body(depth, "...")
		g.line("end, %s))", g.list(1+g.Intn(2), 2))
	case 13:
		g.coroutine(depth)
	case 14:
		if g.loops > 0 {
			g.line("if %s then break end", g.expr(2))
			return
		}
		g.simple(2)
	case 15:
		name := g.declare()
		g.line("local %s = {%s}", name, g.fields())
		g.locals = append(g.locals, name)
		g.line("show(#%s, %s[1], %s.x, %s)", name, name, name, name)
	default:
		g.line("show(%s)", g.list(1+g.Intn(3), 3))
	}
}

// simple writes a statement without blocks.
func (g *generator) simple(depth int) {
	switch g.Intn(6) {
	case 0, 1:
		names := []string{g.declare()}
		if g.Intn(3) == 0 {
			names = append(names, fmt.Sprintf("w%d", g.Intn(4)))
		}
		g.line("local %s = %s", strings.Join(names, ", "), g.list(1+g.Intn(2), depth))
		g.locals = append(g.locals, names...)
	case 2, 3:
		g.line("%s = %s", g.target(), g.expr(depth))
	default:
		g.line("show(%s)", g.list(1+g.Intn(2), depth))
	}
}

// fields writes the fields of a table constructor.
func (g *generator) fields() string {
	var parts []string
	for range g.Intn(5) {
		switch g.Intn(4) {
		case 0:
			parts = append(parts, "x = "+g.expr(2))
		case 1:
			parts = append(parts, `["y" .. 1] = `+g.expr(1))
		default:
			parts = append(parts, g.solid(2))
		}
	}
	if g.Intn(3) == 0 {
		parts = append(parts, g.pick("two()", "id(1, 2, 3)", "(two())"))
	}
	return strings.Join(parts, g.pick(", ", "; "))
}

// loop writes a loop, always one that ends.
func (g *generator) loop(depth int) {
	g.loops++
	defer func() { g.loops-- }()
	name := fmt.Sprintf("i%d", g.count%7)
	g.count++
	switch g.Intn(5) {
	case 0:
		g.line("local %s = 0", name)
		g.locals = append(g.locals, name)
		g.fixed[name] = true
		g.line("while %s < %d and (%s or true) do", name, 1+g.Intn(4), g.expr(2))
		g.line("  %s%s = %s + 1 tick()", g.jump(), name, name)
		g.block(depth)
	case 1:
		g.line("local %s = 0", name)
		g.locals = append(g.locals, name)
		g.fixed[name] = true
		g.line("repeat")
		inner := g.declare()
		g.line("  %s%s = %s + 1 tick()", g.jump(), name, name)
		g.line("  local %s = %s", inner, g.expr(2))
		g.block(depth, inner)
		g.line("until %s >= %d or (%s and false)", name, 1+g.Intn(4), inner)
		return
	case 2:
		g.line("for k, %s in ipairs({%s}) do %stick()", name, g.list(1+g.Intn(3), 1), g.jump())
		g.block(depth, name)
	case 3:
		g.line("for %s in coroutine.wrap(function() for j = 1, %d do coroutine.yield(j) end end) do %stick()", name, 1+g.Intn(3), g.jump())
		g.block(depth, name)
	default:
		g.fixed[name] = true
		g.line("for %s = %s, %s, %s do tick()", name, g.pick("1", "0", "3", "-1.5", `"2"`), g.pick("3", "2.5", "-1", "#T"), g.pick("1", "1", "-1", "0.5"))
		g.block(depth, name)
	}
	g.line("end")
}

// jump returns code whose first instruction may be a jump, or nothing. At the
// head of a loop it is what the jump back leads to.
func (g *generator) jump() string {
	if g.Intn(2) == 0 {
		return ""
	}
	return g.pick(
		"while true do break end ",
		"while 1 do show('once') break end ",
		"repeat break until true ",
		"do while true do break end end ",
		"if true then show('always') end ",
		"if false then break end ",
		"if not true then break end ",
		"if nil or false then break elseif true then show('else') end ",
		"if true and false then break end ",
		"while false do show('never') end ",
		"local _ = true and 1 ",
		"for _ in pairs({}) do break end ",
		"do end ",
	)
}

// body writes the body of a function with its parameters in scope.
func (g *generator) body(depth int, parameters ...string) {
	loops, vararg := g.loops, g.vararg
	g.loops, g.vararg = 0, len(parameters) > 0 && parameters[len(parameters)-1] == "..."
	if g.vararg {
		parameters = parameters[:len(parameters)-1]
	}
	scope := len(g.locals)
	g.locals = append(g.locals, parameters...)
	g.indent++
	g.line("tick()")
	for range 1 + g.Intn(2) {
		g.statement(depth - 1)
	}
	if g.Intn(3) > 0 {
		g.line("return %s", g.list(1+g.Intn(2), 2))
	}
	g.indent--
	g.locals = g.locals[:scope:scope]
	g.loops, g.vararg = loops, vararg
}

// function writes a function and calls it.
func (g *generator) function(depth int) {
	g.count++
	name := fmt.Sprintf("f%d", g.count%9)
	parameters := []string{"a", "b"}[:g.Intn(3)]
	if g.Intn(3) == 0 {
		parameters = append(parameters, "...")
	}
	head := strings.Join(parameters, ", ")
	if g.Intn(2) == 0 {
		g.line("local function %s(%s)", name, head)
	} else {
		g.line("local %s = function(%s)", name, head)
	}
	g.body(depth, parameters...)
	g.line("end")
	g.line("show(pcall(%s, %s))", name, g.list(g.Intn(3)+1, 1))
	if g.Intn(2) == 0 {
		g.line("show(pcall(%s))", name)
	}
}

// coroutine writes a coroutine and resumes it until it is dead.
func (g *generator) coroutine(depth int) {
	g.line("do local co = coroutine.create(function(a, b)")
	g.indent++
	scope := len(g.locals)
	loops, vararg := g.loops, g.vararg
	g.loops, g.vararg = 0, false
	g.locals = append(g.locals, "a", "b")
	for range 1 + g.Intn(3) {
		if g.Intn(2) == 0 {
			g.line("%s = coroutine.yield(%s)", g.pick("a", "b", "a, b", "T.a"), g.list(1+g.Intn(2), 1))
		} else {
			g.statement(depth - 1)
		}
	}
	g.line("return %s", g.expr(1))
	g.loops, g.vararg = loops, vararg
	g.locals = g.locals[:scope:scope]
	g.indent--
	g.line("end)")
	g.line("for n = 1, 5 do show(coroutine.resume(co, n, %s)) show(coroutine.status(co)) end end", g.expr(1))
}
