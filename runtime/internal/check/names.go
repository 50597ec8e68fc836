package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/explain"
)

// globals reports names that nothing defines, and globals that the script makes.
func (c *script) globals() {
	set := map[string]bool{}
	for _, g := range c.flow.globals {
		set[g.name] = set[g.name] || g.set
	}
	for _, g := range c.flow.globals {
		known := c.known[g.name]
		switch {
		case g.set && known:
			f := c.at(g.token, "global-overwritten", fmt.Sprintf("this replaces '%s' for the rest of the run", g.name))
			f.Hint, f.Subject = "choose another name and declare it with local", g.name
		case known:
		case g.set:
			f := c.at(g.token, "global-set", fmt.Sprintf("'%s' is a global, which every function and file can change", g.name))
			f.Hint, f.Subject = "write local before its first assignment: "+localForm(g), g.name
		case set[g.name]:
			f := c.at(g.token, "global-set", fmt.Sprintf("'%s' is a global of this script", g.name))
			f.Hint, f.Subject = "write local before its first assignment", g.name
		default:
			c.undefined(g)
		}
	}
}

func localForm(g globalUse) string {
	if _, ok := g.value.(*ast.FunctionExpr); ok {
		return "local function " + g.name + "(...)"
	}
	return "local " + g.name + " = ..."
}

func (c *script) undefined(g globalUse) {
	message := fmt.Sprintf("'%s' is not defined", g.name)
	f := c.at(g.token, "undefined-global", message)
	f.Subject = g.name
	if hint := explain.Global(g.name); hint != "" {
		f.Hint = hint
		return
	}
	switch topic := c.manual.Topic("planhat." + g.name); {
	case c.manual.MustBeRequired(g.name):
		f.Hint = fmt.Sprintf("load it first: local %s = require \"%s\"", g.name, g.name)
		return
	case c.declaredElsewhere(g.name):
		f.Hint = "a local with this name exists in another block, but it is not visible here"
		return
	case topic != nil:
		f.Hint = "write planhat." + g.name
		return
	}
	names := c.visible(g.token)
	for name := range c.known {
		names = append(names, name)
	}
	for name := range c.setGlobals {
		names = append(names, name)
	}
	slices.Sort(names)
	if phrase := catalog.DidYouMean(g.name, names); phrase != "" {
		f.Message += phrase
	} else if g.member {
		f.Hint = "create the table first: local " + g.name + " = {}"
	}
}

// visible are the locals of the functions around a token.
func (c *script) visible(token int) []string {
	var names []string
	for _, v := range c.flow.vars {
		if v.token < token && c.endOf(v) >= token && v.name != "..." && v.name != "_" {
			names = append(names, v.name)
		}
	}
	return names
}

// endOf is the last token at which a variable may be seen: that of its function.
func (c *script) endOf(v *variable) int {
	if v.fn.expr == nil {
		return len(c.flow.tokens)
	}
	return c.flow.expr[v.fn.expr].to
}

func (c *script) declaredElsewhere(name string) bool {
	return slices.ContainsFunc(c.flow.vars, func(v *variable) bool { return v.name == name })
}

// shadows reports names that hide others.
func (c *script) shadows() {
	for _, s := range c.flow.shadows {
		if s.v.name == "_" {
			continue
		}
		line := c.flow.tokens[s.hidden.token].Line
		message := fmt.Sprintf("'%s' hides the %s of the same name on line %d", s.v.name, kindNames[s.hidden.kind], line)
		hint := "choose another name"
		if s.sameScope && s.hidden.kind == localVar {
			message = fmt.Sprintf("'%s' is already declared on line %d", s.v.name, line)
			hint = "to assign a new value, remove local; otherwise choose another name"
		}
		if s.v.implicit {
			message = fmt.Sprintf("the 'self' of this method hides the one on line %d", line)
			hint = "if the function does not need its own self, define and call it with a dot instead of the colon"
		}
		f := c.at(s.v.token, "shadowed-name", message)
		f.Hint, f.Subject = hint, s.v.name
	}
	for _, v := range c.flow.vars {
		if !c.known[v.name] || slices.ContainsFunc(c.flow.shadows, func(s shadow) bool { return s.v == v }) || sameThing(v) {
			continue
		}
		if c.manual.Topic(v.name) != nil {
			f := c.at(v.token, "shadowed-name", fmt.Sprintf("'%s' hides %s", v.name, c.nameOf(v.name)))
			f.Hint, f.Subject = "choose another name", v.name
		}
	}
}

// nameOf describes what a global name stands for.
func (c *script) nameOf(name string) string {
	topic := c.manual.Topic(name)
	if topic == nil {
		return "the global with that name"
	}
	switch {
	case topic.Func != nil:
		return fmt.Sprintf("the function %s", name)
	case topic.Value != nil:
		return "the global " + name
	}
	return "the module " + name
}

// sameThing reports whether a local holds what the hidden name stands for, or a
// module of one's own: local csv = require "csv", local print = print.
func sameThing(v *variable) bool {
	if len(v.values) == 0 || v.values[0].expr == nil {
		return false
	}
	if _, ok := requireName(v.values[0].expr); ok || triesRequire(v.values[0].expr) {
		return true
	}
	return refersTo(v.values[0].expr, v.name)
}

// triesRequire matches pcall(require, name).
func triesRequire(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCallExpr)
	return ok && call.Func != nil && dotted(call.Func) == "pcall" && len(call.Args) > 0 && dotted(call.Args[0]) == "require"
}

// refersTo reports whether an expression gives the global or module of a name,
// be it as one of several choices.
func refersTo(e ast.Expr, name string) bool {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value == name
	case *ast.AttrGetExpr:
		return strings.HasSuffix(dotted(e), "."+name)
	case *ast.LogicalOpExpr:
		return refersTo(e.Lhs, name) || refersTo(e.Rhs, name)
	case *ast.FuncCallExpr:
		required, ok := requireName(e)
		return ok && (required == name || strings.HasSuffix(required, "."+name))
	}
	return false
}

// requireName returns what a call of require asks for.
func requireName(e ast.Expr) (string, bool) {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok || call.Func == nil || len(call.Args) != 1 || dotted(call.Func) != "require" {
		return "", false
	}
	name, ok := call.Args[0].(*ast.StringExpr)
	if !ok {
		return "", false
	}
	return name.Value, true
}
