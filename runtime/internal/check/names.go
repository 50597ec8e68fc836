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

// mostSuggestions is for how many undefined names of a file similar ones are looked up.
const mostSuggestions = 100

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
	if c.suggested++; c.suggested > mostSuggestions {
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

// shadows reports names that hide others. Most of them are meant: what matters is a name
// that one statement declares twice, and one that is used as what it hides.
func (c *script) shadows() {
	hiding := map[*flow.Variable]bool{}
	for _, s := range c.flow.Shadows {
		hiding[s.V] = true
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
		f.minor = s.V.Values[0].Step != s.Hidden.Values[0].Step || s.V.Implicit
	}
	for _, v := range c.flow.Vars {
		if !c.known[v.Name] || hiding[v] || sameThing(v) || c.ownRun(v.Name) {
			continue
		}
		if c.manual.Topic(v.Name) != nil {
			f := c.at(v.Token, "shadowed-name", fmt.Sprintf("'%s' hides %s", v.Name, c.nameOf(v.Name)))
			f.Hint, f.Subject = "choose another name", v.Name
			f.minor = !c.missed(v)
		}
	}
}

// ownRun reports whether a name is run in a script that does not use the module:
// tests call what run_script returns so.
func (c *script) ownRun(name string) bool {
	return name == "run" && !slices.ContainsFunc(c.flow.Globals, func(g flow.GlobalUse) bool { return g.Name == name })
}

// handed are built-in names under which people hand functions and modules of theirs to
// others, and which texts and error objects have as well.
var handed = []string{"string", "log", "next", "print", "error", "assert", "require", "load", "inspect", "text", "test", "run", "env", "args", "arg", "params"}

// missed reports whether a variable is used as the built-in that it hides, though it holds
// something else.
func (c *script) missed(v *flow.Variable) bool {
	if slices.Contains(handed, v.Name) {
		return false
	}
	if v.Kind == flow.LocalVar {
		for _, val := range v.Values {
			if !flow.Initial(val.Expr) {
				return false
			}
		}
	}
	topic := c.manual.Topic(v.Name)
	return slices.ContainsFunc(c.calledMembers()[v], func(member string) bool {
		if member == "" || topic.Func != nil {
			return member == "" && topic.Func != nil
		}
		return c.manual.Topic(v.Name+"."+member) != nil && !v.SetsField(member)
	})
}

// calledMembers are the functions of variables that the script calls with a dot, by their
// names; "" is the variable itself.
func (c *script) calledMembers() map[*flow.Variable][]string {
	if c.calls != nil {
		return c.calls
	}
	c.calls = map[*flow.Variable][]string{}
	note := func(e ast.Expr, member string) {
		if name, ok := e.(*ast.IdentExpr); ok {
			if v := c.flow.Resolved[name]; v != nil && c.known[v.Name] {
				c.calls[v] = append(c.calls[v], member)
			}
		}
	}
	visit := syntax.Visitor{Expr: func(e ast.Expr) {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok || call.Func == nil {
			return
		}
		note(call.Func, "")
		if index, ok := call.Func.(*ast.AttrGetExpr); ok {
			if key, ok := index.Key.(*ast.StringExpr); ok {
				note(index.Object, key.Value)
			}
		}
	}}
	visit.Statements(c.chunk)
	return c.calls
}

// chosen reports whether what a token names is a local that holds one of several functions:
// local load = load or compat.load.
func (c *script) chosen(token int) bool {
	return slices.ContainsFunc(c.flow.Vars, func(v *flow.Variable) bool {
		if v.Name != c.flow.Tokens[token].Text || v.Token > token || c.endOf(v) < token {
			return false
		}
		_, choice := v.Values[0].Expr.(*ast.LogicalOpExpr)
		return choice
	})
}
