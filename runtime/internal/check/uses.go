package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// uses looks at calls of functions that are easily taken for those of other languages.
func (c *script) uses(e *ast.FuncCallExpr, callee infer.Value, args arguments) {
	c.formats(e, callee, args)
	c.smallPages(e, callee, args)
	switch {
	case callee.Is("table.sort") && len(args.given) == 2:
		c.comparator(args.given[1])
	case callee.Is("tables.sort_by") && len(args.given) > 1:
		if fn := c.function(args.given[1]); fn != nil && len(fn.ParList.Names) == 2 {
			c.on(args.given[1], "sort-order", "tables.sort_by passes one item at a time, not two to compare").Hint = "return what to sort by, or write table.sort(list, function(a, b) return a < b end)"
		}
	case (callee.Is("pcall") || callee.Is("planhat.try")) && len(e.Args) > 0:
		c.calledFirst(callee, e.Args[0])
	case callee.Is("print"):
		c.printsTables(args.given)
	case callee.Is("table.insert") && len(args.given) == 3:
		c.insertSwapped(args.given)
	}
}

// function returns a function that the script writes out, or nil.
func (c *script) function(e ast.Expr) *ast.FunctionExpr {
	fn, _ := c.Value(e).Literal.(*ast.FunctionExpr)
	return fn
}

// returned are the expressions that a function returns, and whether it returns any.
func returned(fn *ast.FunctionExpr) (exprs []ast.Expr) {
	v := syntax.Visitor{Shallow: true, Stmt: func(s ast.Stmt) {
		if r, ok := s.(*ast.ReturnStmt); ok {
			exprs = append(exprs, r.Exprs...)
		}
	}}
	v.Statements(fn.Stmts)
	return exprs
}

// comparator reports a function for table.sort that is no order.
func (c *script) comparator(arg ast.Expr) {
	fn := c.function(arg)
	if fn == nil || fn.ParList.HasVargs {
		return
	}
	if len(fn.ParList.Names) == 1 {
		f := c.on(arg, "sort-order", "table.sort passes two items, to compare them")
		f.Hint = `write function(a, b) return a.field < b.field end, or use tables.sort_by`
		return
	}
	results := returned(fn)
	if len(results) == 0 {
		if !raises(fn) {
			c.on(arg, "sort-order", "the function returns nothing, so the list is not sorted").Hint = "return whether the first item comes before the second: return a < b"
		}
		return
	}
	for _, result := range results {
		if c.compares(fn, result) {
			return
		}
	}
	if compared, ok := results[0].(*ast.RelationalOpExpr); ok && len(results) == 1 && (compared.Operator == "==" || compared.Operator == "~=") && c.ofBoth(fn, compared) {
		f := c.on(compared, "sort-order", fmt.Sprintf("'%s' does not say which item comes first", compared.Operator))
		f.Hint = fmt.Sprintf("write %s < %s", c.code(compared.Lhs), c.code(compared.Rhs))
	}
}

// raises reports whether a function ends with error(...).
func raises(fn *ast.FunctionExpr) bool {
	if len(fn.Stmts) == 0 {
		return false
	}
	last, ok := fn.Stmts[len(fn.Stmts)-1].(*ast.FuncCallStmt)
	if !ok {
		return false
	}
	name, ok := last.Expr.(*ast.FuncCallExpr).Func.(*ast.IdentExpr)
	return ok && name.Value == "error"
}

// compares checks what a comparator returns, and reports whether it is wrong.
func (c *script) compares(fn *ast.FunctionExpr, result ast.Expr) bool {
	switch e := result.(type) {
	case *ast.RelationalOpExpr:
		if !c.ofBoth(fn, e) {
			return false
		}
		switch e.Operator {
		case "<=", ">=":
			f := c.at(c.flow.Expr[e].At, "sort-order", fmt.Sprintf("'%s' is also true for equal items, so sorting can fail or give a wrong order", e.Operator))
			f.Hint = fmt.Sprintf("write %s %s %s", c.code(e.Lhs), e.Operator[:1], c.code(e.Rhs))
			return true
		}
	case *ast.UnaryNotOpExpr:
		compared, ok := e.Expr.(*ast.RelationalOpExpr)
		if !ok || !c.ofBoth(fn, compared) || compared.Operator != "<" && compared.Operator != ">" {
			return false
		}
		opposite := map[string]string{"<": ">", ">": "<"}[compared.Operator]
		f := c.on(e, "sort-order", "this is also true for equal items, so sorting can fail or give a wrong order")
		f.Hint = fmt.Sprintf("write %s %s %s", c.code(compared.Lhs), opposite, c.code(compared.Rhs))
		return true
	case *ast.ArithmeticOpExpr, *ast.NumberExpr, *ast.UnaryMinusOpExpr:
		f := c.on(e, "sort-order", "a number counts as true, even 0, so each item comes before the other")
		f.Hint = "return true or false"
		if difference, ok := e.(*ast.ArithmeticOpExpr); ok && difference.Operator == "-" {
			f.Hint = fmt.Sprintf("write %s < %s", c.code(difference.Lhs), c.code(difference.Rhs))
		}
		return true
	case *ast.LogicalOpExpr:
		return e.Operator == "or" && c.compares(fn, e.Lhs) || c.compares(fn, e.Rhs)
	}
	return false
}

// ofBoth reports whether a comparison is one of the two items.
func (c *script) ofBoth(fn *ast.FunctionExpr, e *ast.RelationalOpExpr) bool {
	uses := func(e ast.Expr, name string) bool {
		found := false
		v := syntax.Visitor{Expr: func(e ast.Expr) {
			id, ok := e.(*ast.IdentExpr)
			found = found || ok && id.Value == name
		}}
		v.Expression(e)
		return found
	}
	names := fn.ParList.Names
	if len(names) != 2 {
		return false
	}
	a, b := names[0], names[1]
	return uses(e.Lhs, a) && uses(e.Rhs, b) && !uses(e.Lhs, b) && !uses(e.Rhs, a) || uses(e.Lhs, b) && uses(e.Rhs, a) && !uses(e.Lhs, a) && !uses(e.Rhs, b)
}

// printsTables reports lists and tables that print shows as an address.
func (c *script) printsTables(args []ast.Expr) {
	for _, arg := range args {
		k := c.Value(arg)
		if _, ok := arg.(*ast.TableExpr); ok || k.Maybe || k.Topic != nil && k.Topic.Value == nil {
			continue
		}
		what := "a list"
		if !k.IsList() {
			if what = "a table"; k.Topic != nil || !c.isPlainTable(arg, k) {
				continue
			}
		}
		f := c.on(arg, "prints-address", fmt.Sprintf("print shows %s as an address, such as table: 0x1400012e3c0", what))
		f.Hint = fmt.Sprintf("write print(inspect(%s))", c.code(arg))
	}
}

// isPlainTable reports whether a value is a table of the script without a metatable.
func (c *script) isPlainTable(e ast.Expr, k infer.Value) bool {
	_, literal := k.Literal.(*ast.TableExpr)
	return literal && c.isTable(e, k)
}

// insertSwapped reports table.insert(list, item, position).
func (c *script) insertSwapped(args []ast.Expr) {
	position, ok := args[2].(*ast.NumberExpr)
	if !ok {
		return
	}
	value, _, known := c.sample(args[1])
	if number := c.Value(args[1]).IsNumber(); number || !known || value == 0 {
		return
	}
	f := c.on(args[1], "wrong-arguments", "table.insert: the position comes before the item")
	f.Hint = fmt.Sprintf("write table.insert(%s, %s, %s)", c.code(args[0]), position.Value, c.code(args[1]))
	f.Subject = "table.insert"
}

// trials are names of a first result that says whether a call has worked, and of a
// second that is the error.
var (
	worked = []string{"ok", "okay", "success", "succeeded", "worked", "good", "status", "done", "passed", "is_ok", "isok"}
	failed = []string{"err", "e", "error", "why", "reason", "msg", "message", "problem", "failure", "errmsg", "_", "issue", "what"}
)

// triedResults reports what planhat.try returns, taken for what pcall does, and the
// other way round.
func (c *script) triedResults(names []string, tokens []int, exprs []ast.Expr) {
	if len(exprs) != 1 || len(names) < 1 {
		return
	}
	call, ok := exprs[0].(*ast.FuncCallExpr)
	if !ok || len(call.Args) == 0 {
		return
	}
	callee := c.Callee(call)
	if !callee.Is("planhat.try") {
		return
	}
	first := strings.ToLower(names[0])
	if len(names) == 2 && slices.Contains(worked, first) && !slices.ContainsFunc(failed, func(name string) bool {
		return strings.Contains(strings.ToLower(names[1]), name) && (len(name) > 1 || len(names[1]) == 1)
	}) {
		f := c.at(tokens[0], "try-results", fmt.Sprintf("planhat.try returns the result first, then the error: '%s' is the result, and '%s' the error", names[0], names[1]))
		f.Hint, f.Subject = fmt.Sprintf("write local %s, err = %s", names[1], c.fullText(call)), names[0]
		return
	}
	if names[0] == "_" || !c.returnsNothing(call.Args[0]) {
		return
	}
	f := c.at(tokens[0], "try-results", fmt.Sprintf("the function returns nothing, so '%s' is nil even if it works", names[0]))
	f.Hint, f.Subject = "check the error, which is nil if it works: local _, err = planhat.try(...)", names[0]
}

// returnsNothing reports whether a function is known to return nothing.
func (c *script) returnsNothing(e ast.Expr) bool {
	k := c.Value(e)
	if f := k.Function(); f != nil {
		return len(f.Returns) == 0
	}
	fn := c.function(e)
	return fn != nil && len(returned(fn)) == 0
}

// joinsTables reports table.concat of a list whose items are no strings.
func (c *script) joinsTables(e *ast.FuncCallExpr) {
	if callee := c.Callee(e); !callee.Is("table.concat") || len(e.Args) == 0 {
		return
	}
	item := c.Element(c.Value(e.Args[0]))
	made := item.Type != "" && (c.manual.Record(item.Type) != nil || c.manual.Fields(item.Type) != nil)
	if name, ok := e.Args[0].(*ast.IdentExpr); ok && !made {
		made = c.holdsTables(c.flow.VariableOf(name), c.Value(name))
	}
	if !made {
		return
	}
	f := c.on(e.Args[0], "wrong-arguments", "table.concat joins strings and numbers, and these items are tables")
	f.Hint = fmt.Sprintf(`join a field of each: table.concat(tables.map(%s, function(item) return item.name end), ", ")`, c.code(e.Args[0]))
}

// holdsTables reports whether all that the script puts into a list are tables that it
// writes out.
func (c *script) holdsTables(v *flow.Variable, k infer.Value) bool {
	if _, ok := k.Literal.(*ast.TableExpr); !ok || v == nil || len(v.Items) == 0 || len(v.Values) != 1 || c.escapes(v) {
		return false
	}
	return !slices.ContainsFunc(v.Items, func(item flow.Entry) bool {
		_, ok := item.Field.Value.(*ast.TableExpr)
		return !ok
	})
}

// methodOfError reports a string's method on the error of a call, which is an object.
func (c *script) methodOfError(e *ast.FuncCallExpr) {
	if e.Func != nil || !c.isCaught(e.Receiver) || c.manual.Topic("string."+e.Method) == nil {
		return
	}
	f := c.at(c.nameToken(e), "try-results", fmt.Sprintf("the error of a call is an object without '%s'", e.Method))
	f.Hint = fmt.Sprintf("ask for its kind, such as %s.kind == \"not_found\", or write tostring(%s):%s(...)", c.code(e.Receiver), c.code(e.Receiver), e.Method)
}

// comparesError reports the error of a call that is compared with a string.
func (c *script) comparesError(e *ast.RelationalOpExpr) bool {
	text, ok := e.Rhs.(*ast.StringExpr)
	if !ok || e.Operator != "==" && e.Operator != "~=" || !c.isCaught(e.Lhs) {
		return false
	}
	f := c.on(e, "try-results", "the error of a call is an object, so this is "+outcome(e.Operator))
	f.Hint = fmt.Sprintf("compare its kind or its message: %s.kind %s %s", c.code(e.Lhs), e.Operator, c.code(text))
	return true
}

// comparesBoolean reports true or false compared with what is neither.
func (c *script) comparesBoolean(e *ast.RelationalOpExpr) bool {
	switch e.Rhs.(type) {
	case *ast.TrueExpr, *ast.FalseExpr:
	default:
		return false
	}
	if e.Operator != "==" {
		return false
	}
	k := c.Value(e.Lhs)
	if !k.Maybe || k.Topic != nil || k.Property != nil || !k.IsText() && !k.IsNumber() && !k.IsList() {
		return false
	}
	f := c.constant(e, fmt.Sprintf("'%s' is never %s, so this is %s", c.text(e.Lhs), c.text(e.Rhs), outcome(e.Operator)))
	if _, yes := e.Rhs.(*ast.TrueExpr); yes {
		f.Hint = fmt.Sprintf("write %s ~= nil", c.code(e.Lhs))
	} else {
		f.Hint = fmt.Sprintf("write %s == nil", c.code(e.Lhs))
	}
	return true
}

// calledFirst reports pcall(f(x)), which calls f before pcall.
func (c *script) calledFirst(callee infer.Value, arg ast.Expr) {
	call, ok := arg.(*ast.FuncCallExpr)
	if !ok {
		return
	}
	if _, _, known := c.sample(arg); known {
		return // wrong-arguments reports that
	}
	inner := c.Callee(call)
	if inner.Topic == nil || inner.Topic.Func == nil || len(inner.Topic.Func.Returns) > 0 && inner.Topic.Func.Returns[0].Type.Accepts(spec.Function) {
		return
	}
	given := c.code(call.Func)
	for _, arg := range call.Args {
		given += ", " + c.code(arg)
	}
	f := c.on(arg, "wrong-arguments", fmt.Sprintf("this calls %s first, and then %s its result", inner.Topic.Name, callee.Topic.Name))
	f.Hint, f.Subject = fmt.Sprintf("pass the function and its arguments: %s(%s)", callee.Topic.Name, given), callee.Topic.Name
}
