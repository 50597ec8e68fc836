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

// globals reports names that nothing defines, and globals that the script makes.
func (c *script) globals() {
	set := map[string]bool{}
	for _, g := range c.flow.Globals {
		set[g.Name] = set[g.Name] || g.Set
	}
	for _, g := range c.flow.Globals {
		known := c.known[g.Name]
		switch {
		case g.Set && known:
			f := c.at(g.Token, "global-overwritten", fmt.Sprintf("this replaces '%s' for the rest of the run", g.Name))
			f.Hint, f.Subject = "choose another name and declare it with local", g.Name
		case known:
		case g.Set:
			f := c.at(g.Token, "global-set", fmt.Sprintf("'%s' is a global, which every function and file can change", g.Name))
			f.Hint, f.Subject = "write local before its first assignment: "+localForm(g), g.Name
		case set[g.Name]:
			f := c.at(g.Token, "global-set", fmt.Sprintf("'%s' is a global of this script", g.Name))
			f.Hint, f.Subject = "write local before its first assignment", g.Name
		default:
			c.undefined(g)
		}
	}
}

func localForm(g flow.GlobalUse) string {
	if _, ok := g.Value.(*ast.FunctionExpr); ok {
		return "local function " + g.Name + "(...)"
	}
	return "local " + g.Name + " = ..."
}

func (c *script) undefined(g flow.GlobalUse) {
	message := fmt.Sprintf("'%s' is not defined", g.Name)
	f := c.at(g.Token, "undefined-global", message)
	f.Subject = g.Name
	if hint := explain.Global(g.Name); hint != "" {
		f.Hint = hint
		return
	}
	switch module, topic := c.manual.Topic(g.Name), c.manual.Topic("planhat."+g.Name); {
	case module != nil && module.Module.Required:
		f.Hint = fmt.Sprintf("load it first: local %s = require \"%s\"", g.Name, g.Name)
		return
	case slices.ContainsFunc(c.flow.Vars, func(v *flow.Variable) bool { return v.Name == g.Name }):
		f.Hint = "a local with this name exists in another block, but it is not visible here"
		return
	case topic != nil:
		f.Hint = "write planhat." + g.Name
		return
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

// shadows reports names that hide others.
func (c *script) shadows() {
	for _, s := range c.flow.Shadows {
		if s.V.Name == "_" {
			continue
		}
		line := c.flow.Tokens[s.Hidden.Token].Line
		message := fmt.Sprintf("'%s' hides the %s of the same name on line %d", s.V.Name, kindNames[s.Hidden.Kind], line)
		hint := "choose another name"
		if s.SameScope && s.Hidden.Kind == flow.LocalVar {
			message = fmt.Sprintf("'%s' is already declared on line %d", s.V.Name, line)
			hint = "to assign a new value, remove local; otherwise choose another name"
		}
		if s.V.Implicit {
			message = fmt.Sprintf("the 'self' of this method hides the one on line %d", line)
			hint = "if the function does not need its own self, define and call it with a dot instead of the colon"
		}
		f := c.at(s.V.Token, "shadowed-name", message)
		f.Hint, f.Subject = hint, s.V.Name
	}
	for _, v := range c.flow.Vars {
		if !c.known[v.Name] || slices.ContainsFunc(c.flow.Shadows, func(s flow.Shadow) bool { return s.V == v }) || sameThing(v) || c.ownRun(v.Name) {
			continue
		}
		if c.manual.Topic(v.Name) != nil {
			f := c.at(v.Token, "shadowed-name", fmt.Sprintf("'%s' hides %s", v.Name, c.nameOf(v.Name)))
			f.Hint, f.Subject = "choose another name", v.Name
		}
	}
}

// ownRun reports whether a name is run in a script that does not use the module:
// tests call what run_script returns so.
func (c *script) ownRun(name string) bool {
	return name == "run" && !slices.ContainsFunc(c.flow.Globals, func(g flow.GlobalUse) bool { return g.Name == name })
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
