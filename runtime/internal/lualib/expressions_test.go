package lualib_test

import (
	"fmt"
	"strings"
)

// list writes several expressions.
func (g *generator) list(n, depth int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = g.expr(depth)
	}
	return strings.Join(parts, ", ")
}

// solid writes an expression that is never nil.
func (g *generator) solid(depth int) string {
	return fmt.Sprintf("(%s or %s)", g.expr(depth-1), g.pick("1", `"s"`, "true"))
}

// number writes an expression that is always a number. It adds 0 where a zero
// could have a sign: gopher-lua does not keep that through arithmetic, and Lua
// itself loses it between constants.
func (g *generator) number(depth int) string {
	if depth <= 0 || g.Intn(3) == 0 {
		return g.pick("1", "2", "0", "-3", "0.5", "10", "1e3", "0x1f", "007", "#T", "(1 / 3)", "123456.789")
	}
	a, b := g.number(depth-1), g.number(depth-1)
	switch g.Intn(7) {
	case 0:
		return "(tonumber(" + g.expr(depth-1) + ") or " + b + ")"
	case 1:
		return "(-(" + a + ") + 0)"
	case 2:
		return "#tostring(not (" + g.expr(depth-1) + "))"
	case 3:
		return "(" + a + " % " + g.pick("3", "0.7", "-4", "2.5") + " + 0)"
	}
	return "(" + a + " " + g.pick("+", "-", "*") + " " + b + " + 0)"
}

// text writes an expression that is always a string.
func (g *generator) text(depth int) string {
	if depth <= 0 {
		return g.pick(`"a"`, `""`, `"10"`, `"x y"`, `"0x10"`, `[[l]]`)
	}
	switch g.Intn(7) {
	case 0:
		return g.text(depth-1) + " .. " + g.number(depth-1)
	case 1:
		return "tostring(" + g.number(depth) + ")"
	case 2:
		return "(" + g.text(depth-1) + "):" + g.pick("upper()", "rep(2)", "sub(2)", "reverse()", "gsub('a', '%%0b')", "sub(-1, 1)")
	case 3:
		return "string.format(" + g.pick(`"%5s|"`, `"%-3s|"`, `"%q"`) + ", " + g.text(depth-1) + ")"
	case 4:
		return "string.format(" + g.pick(`"%d"`, `"%5.2f"`, `"%g"`, `"%e"`, `"%05d"`) + ", " + g.number(depth-1) + ")"
	case 5:
		return "type(" + g.expr(depth-1) + ")"
	}
	return g.text(depth-1) + " .. " + g.text(depth-1) + " .. " + g.text(depth-1)
}

// expr writes any expression; some of them raise errors when evaluated.
func (g *generator) expr(depth int) string {
	if depth <= 0 {
		switch g.Intn(6) {
		case 0:
			return g.pick("nil", "true", "false", "1", `"s"`, "0", "T.a", "T[1]", "G1")
		case 1:
			if g.vararg {
				return g.pick("...", "(...)", "select('#', ...)")
			}
		case 2:
			return g.number(0)
		}
		return g.local()
	}
	a, b := g.expr(depth-1), g.expr(depth-1)
	switch g.Intn(16) {
	case 0, 1:
		return fmt.Sprintf("(%s and %s)", a, b)
	case 2, 3:
		return fmt.Sprintf("(%s or %s)", a, b)
	case 4:
		return fmt.Sprintf("%s and %s or %s", a, b, g.expr(0))
	case 5, 6:
		return "not " + g.pick(a, "("+a+" == "+b+")")
	case 7:
		return fmt.Sprintf("(%s %s %s)", a, g.pick("==", "~="), b)
	case 8:
		return fmt.Sprintf("(%s %s %s)", g.number(depth-1), g.pick("<", "<=", ">", ">="), g.number(depth-1))
	case 9:
		return fmt.Sprintf("(%s %s %s)", g.text(depth-1), g.pick("<", "<=", ">", ">=", "=="), g.text(depth-1))
	case 10:
		return g.number(depth)
	case 11:
		return g.text(depth)
	case 12:
		return g.pick("id("+a+", "+b+")", "two()", "(two())", "(id("+a+"))", "select(2, "+a+", "+b+")")
	case 13:
		return g.pick("T.a", "T.b", "T[2]", "T.zz", "object() + 1", "object() .. 'x'", "object() == object()", "object() < object()", "object()("+a+")", "object().k", "-object()", "rawget(T, 'a')")
	case 14:
		return fmt.Sprintf("(function(...) return %s end)(%s)", g.pick("...", "select('#', ...)", "(...)"), g.pick(a, b, a+", "+b))
	}
	return g.local()
}
