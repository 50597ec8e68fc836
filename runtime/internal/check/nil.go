package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/pm"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// tested are the values that the script asks about: variables, names of fields, and
// other expressions by their text.
type tested struct {
	values map[any]bool
	// stored are those that are only put into a table.
	stored map[any]bool
	// reported are the values that were reported already.
	reported map[any]bool
}

// key is what a test of an expression is remembered by.
func (c *script) testKey(e ast.Expr) any {
	switch e := e.(type) {
	case *ast.IdentExpr:
		if v := c.flow.VariableOf(e); v != nil {
			return v
		}
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok {
			return "." + key.Value
		}
	}
	span := c.flow.Expr[e]
	return string(c.src[c.flow.Tokens[span.From].Start:c.flow.Tokens[span.To].End])
}

// tests finds the values that the script asks about.
func (c *script) tests() {
	c.tested = &tested{values: map[any]bool{}, stored: map[any]bool{}, reported: map[any]bool{}}
	note := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			switch e.(type) {
			case *ast.IdentExpr, *ast.AttrGetExpr, *ast.FuncCallExpr:
				c.tested.values[c.testKey(e)] = true
			}
		}
	}
	v := syntax.Visitor{Stmt: func(s ast.Stmt) {
		switch s := s.(type) {
		case *ast.IfStmt:
			note(s.Condition)
		case *ast.WhileStmt:
			note(s.Condition)
		case *ast.RepeatStmt:
			note(s.Condition)
		case *ast.ReturnStmt:
			// What calls the function may ask.
			note(s.Exprs...)
		}
	}, Expr: func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.LogicalOpExpr:
			note(e.Lhs, e.Rhs)
		case *ast.UnaryNotOpExpr:
			note(e.Expr)
		case *ast.RelationalOpExpr:
			if e.Operator == "==" || e.Operator == "~=" {
				note(e.Lhs, e.Rhs)
			}
		case *ast.FuncCallExpr:
			callee := c.Callee(e)
			if callee.Topic == nil || slices.Contains([]string{"assert", "type", "next", "error"}, callee.Topic.Name) {
				note(e.Args...)
			}
		case *ast.TableExpr:
			// A table may be asked later.
			for _, f := range e.Fields {
				if name, ok := f.Value.(*ast.IdentExpr); ok {
					c.tested.stored[c.testKey(name)] = true
				} else {
					note(f.Value)
				}
			}
		}
	}}
	v.Statements(c.chunk)
}

// nilUsed reports a value that can be nil and is used by an operation that then fails,
// if nothing asks about it.
func (c *script) nilUsed(e ast.Expr, calculated bool) {
	source := c.origin(e)
	name, isName := e.(*ast.IdentExpr)
	if isName {
		c.leftOut(name)
	}
	if call, ok := source.(*ast.FuncCallExpr); !ok && isName && c.flow.VariableOf(name) == nil || ok && c.caught(call) {
		return
	}
	call, _ := source.(*ast.FuncCallExpr)
	nothing := call != nil && call.Func != nil && c.Callee(call).Topic == nil && c.Value(call).Type == infer.Nothing
	why := c.whyNil(source, calculated)
	if why == "" && !nothing {
		return
	}
	key := c.testKey(e)
	if c.tested.values[key] || c.tested.stored[key] || c.tested.values[c.testKey(source)] || c.tested.reported[key] || isName && c.sharesTest(name) {
		return
	}
	c.tested.reported[key] = true
	if nothing {
		c.on(e, "no-result", fmt.Sprintf("this is nil: '%s' returns nothing", c.code(call.Func))).Hint = "add a return to the function"
		return
	}
	text := c.code(e)
	message := fmt.Sprintf("this can be nil, and then the run fails: %s", why)
	if text != "..." {
		message = fmt.Sprintf("'%s' can be nil, and then the run fails: %s", text, why)
	}
	f := c.on(e, "may-be-nil", message)
	f.Hint = "store it in a local and test it first: if value then ... end"
	if text != "..." && (isName || source == e && !isCall(e)) {
		f.Hint = fmt.Sprintf("test it first: if %s then ... end", text)
	}
}

// leftOut reports calls of a local function without an argument that the function uses and
// does not ask about.
func (c *script) leftOut(name *ast.IdentExpr) {
	v := c.flow.Resolved[name]
	if v == nil || v.Kind != flow.Argument || v.Implicit || len(v.Values) != 1 || v.Fn.Value == nil || c.made == nil || c.tested.values[v] || c.tested.stored[v] || c.tested.reported[v] {
		return
	}
	c.tested.reported[v] = true
	holder, place := v.Fn.Value.V, slices.Index(v.Fn.Expr.ParList.Names, v.Name)
	if place < 0 || !holder.HoldsFunction() || c.made.loose[holder] {
		return
	}
	for _, call := range c.made.calls[holder] {
		if n := len(call.Args); n > place || n > 0 && syntax.Unpacks(call.Args[n-1]) || c.caught(call) {
			continue
		}
		f := c.at(c.nameToken(call), "may-be-nil", fmt.Sprintf("this call leaves out the argument '%s', which '%s' uses in line %d without a test", v.Name, holder.Name, c.flow.Tokens[c.flow.Expr[name].At].Line))
		f.Hint, f.Subject = fmt.Sprintf("pass it, or begin the function with %s = %s or ...", v.Name, v.Name), v.Name
	}
}

func isCall(e ast.Expr) bool { _, ok := e.(*ast.FuncCallExpr); return ok }

// caught reports whether a call is in a function that pcall or planhat.try runs, so a
// failure does not end the script.
func (c *script) caught(e ast.Expr) bool {
	s := c.flow.StepOf[e]
	if s == nil {
		return false
	}
	for fn := s.Fn; fn != nil && fn.Expr != nil; fn = fn.Parent {
		if call := c.flow.GivenTo[fn.Expr]; call != nil {
			if callee := c.Callee(call); callee.Is("pcall") || callee.Is("xpcall") || callee.Is("planhat.try") {
				return true
			}
		}
	}
	return false
}

// sharesTest reports whether a variable got its value together with another one that is
// asked about, as in local file, err = io.open(name).
func (c *script) sharesTest(name *ast.IdentExpr) bool {
	val := c.onlyValue(name)
	if val == nil || val.Step == nil {
		return false
	}
	return slices.ContainsFunc(val.Step.Settings(), func(other *flow.Value) bool { return c.tested.values[other.V] })
}

// whyNil says why an expression can be nil, or "" if that is not known. What is used in
// a calculation, a comparison or a text counts if a record may lack it.
func (c *script) whyNil(e ast.Expr, calculated bool) string {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return c.nilResult(e)
	case *ast.AttrGetExpr:
		object := c.Value(e.Object)
		if n, ok := e.Key.(*ast.NumberExpr); ok && object.Is("args") && n.Value != "0" {
			return "the script may be started with fewer than " + n.Value + " arguments"
		}
		if key, ok := e.Key.(*ast.StringExpr); ok && object.Is("params") && c.says != nil {
			if p := c.says.Param(key.Value); p != nil && p.Optional && p.Default == nil {
				return "the parameter is optional and has no default"
			}
		}
		v := c.Value(e)
		model := c.manual.Record(object.Type)
		if !calculated || v.Property == nil || !v.Maybe || model == nil || object.Selected != nil && !object.Selected.Has(v.Property.Name) {
			return ""
		}
		if name := v.Property.Name; name == "_id" || c.setFields[name] || slices.Contains(model.RequiredOnCreate, name) ||
			slices.Contains(model.RequiredOneOf, name) || slices.Contains(model.RequiredOnBulkCreate, name) || v.Property.ReadOnly {
			return ""
		}
		return fmt.Sprintf("%s may have no %s", catalog.WithArticle(model.Noun), v.Property.Name)
	}
	return ""
}

// nilResult says why a call can return nil, or "".
func (c *script) nilResult(e *ast.FuncCallExpr) string {
	callee := c.Callee(e)
	if fn, ok := callee.Literal.(*ast.FunctionExpr); ok {
		if last := len(fn.Stmts) - 1; last >= 0 && c.made != nil {
			if _, isIf := fn.Stmts[last].(*ast.IfStmt); isIf && c.made.returnsOnSomePaths(fn) {
				return fmt.Sprintf("'%s' ends without a return on one path", c.code(e.Func))
			}
		}
		return ""
	}
	f := callee.Function()
	if f == nil || len(f.Returns) == 0 {
		return ""
	}
	switch name := callee.Topic.Name; name {
	case "string.match", "string.find":
		args := c.arguments(e, callee).given
		if len(args) < 2 || c.matchesAlways(args[0], args[1]) {
			return ""
		}
		return name + " returns nil if the pattern does not match"
	case "tonumber":
		if len(e.Args) == 0 || !c.fromOutside(c.origin(e.Args[0])) {
			return ""
		}
		return "tonumber returns nil for a text that is not a number"
	case "tables.find":
		return "tables.find returns nil if there is no such item"
	case "io.open":
		return "io.open returns nil if the file cannot be opened"
	case "env.get", "os.getenv":
		if len(e.Args) == 1 && !c.alwaysSet(e.Args[0]) {
			return name + " returns nil if the variable is not set"
		}
	case "time.try_parse":
		return "time.try_parse returns nil for a text that is not a time"
	}
	return ""
}

// alwaysSet reports whether an expression is the name of a variable that every system
// has.
func (c *script) alwaysSet(e ast.Expr) bool {
	name, ok := c.Value(e).Literal.(*ast.StringExpr)
	return !ok || slices.Contains([]string{"HOME", "USERPROFILE", "APPDATA", "PATH", "USER", "USERNAME", "TMP", "TEMP", "TMPDIR"}, name.Value)
}

// matchesAlways reports whether a pattern is known to match: it matches everything, or
// the text is written out.
func (c *script) matchesAlways(text, pattern ast.Expr) bool {
	of, ok := c.Value(pattern).Literal.(*ast.StringExpr)
	if !ok {
		return true
	}
	if _, ok := c.Value(text).Literal.(*ast.StringExpr); ok {
		return true
	}
	for _, sample := range []string{"", "a", "Z9", "7", " ", "\n", "-._/@", "\x00\xff"} {
		if found, err := pm.Find(of.Value, []byte(sample), 0, 1); err != nil || len(found) == 0 {
			return err != nil
		}
	}
	return true
}

// fromOutside reports whether a value is a text that whoever starts the script gives it, so
// it may be anything.
func (c *script) fromOutside(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		return c.Value(e.Object).Is("args")
	case *ast.FuncCallExpr:
		callee := c.Callee(e)
		return callee.Is("env.get") || callee.Is("env.require") || callee.Is("os.getenv") || callee.Is("io.read")
	}
	return false
}

// isCell reports whether an expression is a cell of a CSV file.
func (c *script) isCell(e *ast.AttrGetExpr) bool {
	row, ok := e.Object.(*ast.IdentExpr)
	if !ok {
		return false
	}
	v := c.flow.Resolved[row]
	if v == nil || v.Loop == nil {
		return false
	}
	loop, ok := v.Loop.(*ast.GenericForStmt)
	if !ok || len(loop.Exprs) != 1 {
		return false
	}
	call, ok := loop.Exprs[0].(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	if callee := c.Callee(call); callee.Is("ipairs") && len(call.Args) == 1 {
		if call, ok = c.origin(call.Args[0]).(*ast.FuncCallExpr); !ok {
			return false
		}
	}
	callee := c.Callee(call)
	return callee.Topic != nil && strings.HasPrefix(callee.Topic.Name, "csv.")
}

// nilPassed reports a local with an argument of the script that a function is given
// without a test although it needs a value. A function that is given args[1] itself says
// clearly what is missing.
func (c *script) nilPassed(callee infer.Value, e *ast.FuncCallExpr) {
	f := callee.Function()
	for i, arg := range e.Args {
		if i >= len(f.Params) || f.Params[i].Omissible() || f.Params[i].Type.Accepts(spec.Nil) {
			continue
		}
		index, ok := c.origin(arg).(*ast.AttrGetExpr)
		if ok && ast.Expr(index) != arg && (c.Value(index.Object).Is("args") || c.Value(index.Object).Is("params")) {
			c.nilUsed(arg, false)
		}
	}
}

// nilOperands looks at the operands of an expression.
func (c *script) nilOperands(e ast.Expr) {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		c.nilUsed(e.Object, false)
	case *ast.FuncCallExpr:
		if e.Receiver != nil {
			c.nilUsed(e.Receiver, false)
		}
		if callee := c.Callee(e); callee.IsFunction() && callee.Topic.Module != nil && e.Func != nil {
			c.nilPassed(callee, e)
		}
	case *ast.StringConcatOpExpr:
		c.nilUsed(e.Lhs, true)
		c.nilUsed(e.Rhs, true)
	case *ast.ArithmeticOpExpr:
		c.nilUsed(e.Lhs, true)
		c.nilUsed(e.Rhs, true)
	case *ast.RelationalOpExpr:
		if e.Operator != "==" && e.Operator != "~=" {
			c.nilUsed(e.Lhs, true)
			c.nilUsed(e.Rhs, true)
		}
	case *ast.UnaryMinusOpExpr:
		c.nilUsed(e.Expr, true)
	case *ast.UnaryLenOpExpr:
		c.nilUsed(e.Expr, false)
	}
}
