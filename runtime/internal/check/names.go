package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/explain"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

func localForm(g flow.GlobalUse) string {
	if _, ok := g.Value.(*ast.FunctionExpr); ok {
		return "local function " + g.Name + "(...)"
	}
	return "local " + g.Name + " = ..."
}

func (c *script) undefined(g flow.GlobalUse) *finding {
	message := fmt.Sprintf("'%s' is not defined", g.Name)
	f := c.at(g.Token, "undefined-global", message)
	f.Subject = g.Name
	if hint := explain.Global(g.Name); hint != "" {
		f.Hint = hint
		return f
	}
	switch module, topic := c.manual.Topic(g.Name), c.manual.Topic("planhat."+g.Name); {
	case module != nil && module.Module.Required:
		f.Hint = fmt.Sprintf("load it first: local %s = require \"%s\"", g.Name, g.Name)
		return f
	case slices.ContainsFunc(c.flow.Vars, func(v *flow.Variable) bool { return v.Name == g.Name }):
		f.Hint = "a local with this name exists in another block, but it is not visible here"
		return f
	case topic != nil:
		f.Hint = "write planhat." + g.Name
		return f
	}
	names := c.visible(g.Token)
	for name := range c.known {
		names = append(names, name)
	}
	for name := range c.setGlobals {
		names = append(names, name)
	}
	slices.Sort(names)
	if phrase := catalog.DidYouMean(g.Name, names); phrase != "" {
		f.Message += phrase
	} else if g.Member {
		f.Hint = "create the table first: local " + g.Name + " = {}"
	}
	return f
}

// visible are the locals of the functions around a token.
func (c *script) visible(token int) []string {
	var names []string
	for _, v := range c.flow.Vars {
		if v.Token < token && c.endOf(v) >= token && v.Name != "..." && v.Name != "_" {
			names = append(names, v.Name)
		}
	}
	return names
}

// endOf is the last token at which a variable may be seen: that of its function.
func (c *script) endOf(v *flow.Variable) int {
	if v.Fn.Expr == nil {
		return len(c.flow.Tokens)
	}
	return c.flow.Expr[v.Fn.Expr].To
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
func sameThing(v *flow.Variable) bool {
	if len(v.Values) == 0 || v.Values[0].Expr == nil {
		return false
	}
	if _, ok := syntax.Required(v.Values[0].Expr); ok || triesRequire(v.Values[0].Expr) {
		return true
	}
	return refersTo(v.Values[0].Expr, v.Name)
}

// triesRequire matches pcall(require, name).
func triesRequire(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCallExpr)
	return ok && call.Func != nil && flow.Dotted(call.Func) == "pcall" && len(call.Args) > 0 && flow.Dotted(call.Args[0]) == "require"
}

// refersTo reports whether an expression gives the global or module of a name,
// be it as one of several choices.
func refersTo(e ast.Expr, name string) bool {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value == name
	case *ast.AttrGetExpr:
		return strings.HasSuffix(flow.Dotted(e), "."+name)
	case *ast.LogicalOpExpr:
		return refersTo(e.Lhs, name) || refersTo(e.Rhs, name)
	case *ast.FuncCallExpr:
		required, ok := syntax.Required(e)
		return ok && (required == name || strings.HasSuffix(required, "."+name))
	}
	return false
}
