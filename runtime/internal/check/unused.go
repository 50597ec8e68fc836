package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// kindNames are the words for what declares a variable.
var kindNames = map[flow.VarKind]string{flow.LocalVar: "local", flow.Argument: "argument", flow.LoopVar: "loop variable"}

// unused reports values and variables that nobody reads.
func (c *script) unused() {
	for _, v := range c.flow.Vars {
		if v.Name != "_" {
			c.unusedVariable(v)
		} else if len(v.Values) == 1 && v.Values[0].Empty && !v.Values[0].Used && !v.Values[0].Changed {
			f := c.at(v.Token, "unused-local", "'_' is declared but never assigned")
			f.Subject, f.minor = v.Name, true
		}
	}
	c.unusedRecursion()
}

func (c *script) unusedVariable(v *flow.Variable) {
	only := v.Values[0]
	switch {
	case v.HoldsFunction():
		last := v.Values[len(v.Values)-1]
		switch {
		case last.Used:
		case !v.Read && !v.Changed && !slices.Contains(v.Fn.Steps, last.Step) && !last.First:
			// Set in another function: the variable itself is useless.
			c.neverRead(v, false)
		default:
			c.neverUsed(last)
		}
	case len(v.Values) == 1:
		switch {
		case meantUnused(v):
		case !only.Used && only.Changed && only.Empty:
			f := c.at(v.Token, "never-set", fmt.Sprintf("'%s' is given fields but never assigned, so it is nil and the run fails there", v.Name))
			f.Hint, f.Subject = fmt.Sprintf("write %s = {} before its first field is set", v.Name), v.Name
		case !only.Used && only.Changed:
			if !only.Shows() {
				c.neverRead(v, true)
			}
		case !only.Used:
			c.neverUsed(only)
		case only.Used && only.Empty:
			c.at(v.Token, "never-set", fmt.Sprintf("'%s' is read but never assigned, so it is always nil", v.Name)).Subject = v.Name
		}
	case !v.Read && !v.Changed:
		c.neverRead(v, false)
	default:
		c.unusedValues(v)
	}
}

// meantUnused reports whether the name of an argument, such as _row, says that
// nobody needs it.
func meantUnused(v *flow.Variable) bool {
	return v.Kind == flow.Argument && silent().MatchString(v.Name)
}

var silent = pattern.Lazy(`^_[A-Za-z]`)

// neverUsed reports a variable whose only value is not used.
func (c *script) neverUsed(val *flow.Value) {
	v := val.V
	name, message, hint := "unused-local", fmt.Sprintf("'%s' is never used", v.Name), "remove it, or use it"
	switch {
	case v.Name == "...":
		name, message, hint = "unused-argument", "the variable arguments '...' are never used", "remove ... from the parameters"
	case v.Implicit:
		name, message = "unused-argument", "the method does not use 'self'"
		hint = "define and call it with a dot instead of the colon: function object.name() ... end"
	case v.Kind == flow.Argument:
		name, message = "unused-argument", fmt.Sprintf("the argument '%s' is never used", v.Name)
		hint = fmt.Sprintf("remove it, or rename it to '_%s' if this is intended", v.Name)
	case v.Kind == flow.LoopVar:
		name, message = "unused-loop-variable", fmt.Sprintf("the loop variable '%s' is never used", v.Name)
		hint = "rename it to '_' if this is intended"
	case val.Many:
		hint = "rename it to '_' if this is intended"
	case val.IsFunction():
		name, message, hint = "unused-function", fmt.Sprintf("the function '%s' is never used", v.Name), "remove it, or call it"
	}
	f := c.at(val.Token, name, message)
	f.Hint, f.Subject = hint, v.Name
	f.minor = v.Kind != flow.LocalVar && !c.wholeLoopUnused(v) || v.Kind == flow.LocalVar && c.harmless(val)
}

// harmless reports whether an unused local has a reason to exist: others of its statement
// are used, it is a short name of something that everybody has, or a call that may act
// gives it.
func (c *script) harmless(val *flow.Value) bool {
	if val.Accompanied() || strings.HasPrefix(val.V.Name, "_") {
		return true
	}
	for _, other := range val.Partners() {
		if other.Token < val.Token && other.V.Kind == flow.LocalVar {
			return true // told with the first one
		}
	}
	if val.Expr != nil && refersTo(val.Expr, val.V.Name) {
		return true // local unpack = table.unpack or unpack
	}
	switch e := val.Expr.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr:
		return c.Value(e).Topic != nil || c.isKnownName(e)
	case *ast.FuncCallExpr:
		if e.Func == nil {
			return c.Callee(e).Topic == nil
		}
		name, ok := e.Func.(*ast.IdentExpr)
		if callee := c.Callee(e); callee.Topic != nil {
			return callee.Is("assert") || callee.Is("pcall") || callee.Is("xpcall")
		}
		if !ok || c.flow.VariableOf(name) == nil {
			return true
		}
		_, own := c.Callee(e).Literal.(*ast.FunctionExpr)
		return !own
	case *ast.TableExpr:
		return slices.ContainsFunc(e.Fields, func(f *ast.Field) bool { return c.mayAct(f.Value) })
	}
	return false
}

// isKnownName reports whether an expression is a global, or a field of one, that scripts
// do not have to define.
func (c *script) isKnownName(e ast.Expr) bool {
	root, _, _ := strings.Cut(flow.Dotted(e), ".")
	return root != "" && c.known[root] && !c.setGlobals[root]
}

// wholeLoopUnused reports whether a loop over something calls functions, counts nothing, and
// reads none of its variables, so it does the same again and again. Only the last variable is told.
func (c *script) wholeLoopUnused(v *flow.Variable) bool {
	loop, ok := v.Loop.(*ast.GenericForStmt)
	if !ok || v.Place != len(loop.Names)-1 {
		return false
	}
	for _, other := range v.Values[0].Partners() {
		if other.Used || other.Changed || other.V.Read {
			return false
		}
	}
	calls, counts := false, false
	visit := syntax.Visitor{Shallow: true, Stmt: func(s ast.Stmt) {
		switch s := s.(type) {
		case *ast.FuncCallStmt:
			calls = calls || len(s.Expr.(*ast.FuncCallExpr).Args) > 0
		case *ast.AssignStmt:
			counts = true
		}
	}}
	visit.Statements(loop.Stmts)
	return calls && !counts && !leaves(loop.Stmts)
}

// leaves reports whether statements end with a return or a break, so a loop over something
// only looks at its first item.
func leaves(stmts []ast.Stmt) bool {
	if len(stmts) == 0 {
		return false
	}
	switch stmts[len(stmts)-1].(type) {
	case *ast.ReturnStmt, *ast.BreakStmt:
		return true
	}
	return false
}

// neverRead reports a variable that gets values, or fields, and is not read.
func (c *script) neverRead(v *flow.Variable, changed bool) {
	name := map[flow.VarKind]string{flow.LocalVar: "unused-local", flow.Argument: "unused-argument", flow.LoopVar: "unused-loop-variable"}[v.Kind]
	message := fmt.Sprintf("the %s '%s' is assigned but never read", kindNames[v.Kind], v.Name)
	if changed {
		message = fmt.Sprintf("the table in '%s' is filled but never read", v.Name)
	}
	f := c.at(v.Token, name, message)
	f.Hint, f.Subject = "remove it, or use it", v.Name
	f.minor = v.Kind != flow.LocalVar || strings.HasPrefix(v.Name, "_")
	for _, val := range v.Values {
		f.minor = f.minor || val.Accompanied()
	}
}

// unusedValues reports the values of a variable that are not read, though
// others are.
func (c *script) unusedValues(v *flow.Variable) {
	hidden := true
	for _, val := range v.Values {
		hidden = hidden && !val.Shows()
	}
	if !v.Read && hidden {
		c.neverRead(v, true)
	}
	for _, val := range v.Values {
		if val.Empty || val.Used || val.Changed && (val.Shows() || !v.Read && hidden) {
			continue
		}
		message := fmt.Sprintf("the value of '%s' is never read", v.Name)
		if !val.First || v.Kind == flow.LocalVar {
			message = fmt.Sprintf("the value stored in '%s' is never read", v.Name)
		}
		if val.Over != nil && val.Over != val.Step && !val.Changed {
			if next := val.Over.Setting(v); next != nil {
				message += fmt.Sprintf(": line %d overwrites it", c.flow.Tokens[next.Token].Line)
			}
		}
		f := c.at(val.Token, "unused-assignment", message)
		f.Subject = v.Name
		f.minor = (v.Kind != flow.Argument || !val.First) && flow.Initial(val.Expr) || v.Kind == flow.LoopVar || val.Accompanied() || val.Expr != nil && refersTo(val.Expr, v.Name) || c.advances(val) || c.mayAct(val.Expr)
	}
}

// mayAct reports whether an expression is a call of something unknown.
func (c *script) mayAct(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCallExpr)
	return ok && c.Callee(call).Topic == nil
}

// advances reports whether a value is made of the one before it, as the last step of what
// adds up or moves along.
func (c *script) advances(val *flow.Value) bool {
	if val.Expr == nil {
		return false
	}
	found := false
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		if name, ok := e.(*ast.IdentExpr); ok && c.flow.Resolved[name] == val.V {
			found = true
		}
	}}
	v.Expression(val.Expr)
	return found
}

// unusedRecursion reports functions that only they themselves, or functions
// nobody calls either, use.
func (c *script) unusedRecursion() {
	live := map[*flow.Function]bool{}
	users := map[*flow.Function][]*flow.Function{}
	for _, fn := range c.flow.Functions {
		switch {
		case fn.Value != nil:
			for user := range fn.Value.UsedIn {
				users[user] = append(users[user], fn)
			}
		case fn.Parent != nil:
			users[fn.Parent] = append(users[fn.Parent], fn)
		}
	}
	var mark func(fn *flow.Function)
	mark = func(fn *flow.Function) {
		if !live[fn] {
			live[fn] = true
			for _, used := range users[fn] {
				mark(used)
			}
		}
	}
	mark(c.flow.Functions[0])
	for _, fn := range c.flow.Functions {
		// What an unused function uses is reported with it.
		if fn.Value != nil && !fn.Value.Used {
			mark(fn)
		}
	}
	for _, fn := range c.flow.Functions {
		if fn.Value == nil || live[fn] || !fn.Value.Used || !inCircle(fn, users) {
			continue
		}
		name := "unused-function"
		if !fn.Value.V.HoldsFunction() {
			name = "unused-assignment"
		}
		f := c.at(fn.Value.Token, name, fmt.Sprintf("the function '%s' is called only by itself or by functions that are never called", fn.Value.V.Name))
		f.Hint, f.Subject = "remove it, or call it", fn.Value.V.Name
	}
}

// inCircle reports whether a function can reach itself over the functions that it
// uses.
func inCircle(fn *flow.Function, users map[*flow.Function][]*flow.Function) bool {
	seen := map[*flow.Function]bool{}
	var reach func(from *flow.Function) bool
	reach = func(from *flow.Function) bool {
		for _, next := range users[from] {
			if next == fn {
				return true
			}
			if !seen[next] {
				seen[next] = true
				if reach(next) {
					return true
				}
			}
		}
		return false
	}
	return reach(fn)
}
