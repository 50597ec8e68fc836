package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// uses looks at calls of functions that are easily taken for those of other languages.
func (c *script) uses(e *ast.FuncCallExpr, callee infer.Value, args arguments) {
	c.formats(e, callee, args)
	switch {
	case callee.Is("table.sort") && len(args.given) == 2:
		c.comparator(args.given[1])
	case callee.Is("tables.sort_by") && len(args.given) > 1:
		if fn := c.function(args.given[1]); fn != nil && len(fn.ParList.Names) == 2 {
			c.on(args.given[1], "sort-order", "tables.sort_by passes one item at a time, not two to compare").Hint = "return what to sort by, or write table.sort(list, function(a, b) return a < b end)"
		}
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
		f.Hint, f.Subject = fmt.Sprintf("write local %s, err = %s", names[1], c.code(call)), names[0]
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

// changesWhileLooping reports a loop over a list that removes its items by their
// position, or adds an item in each iteration.
func (c *script) changesWhileLooping(s ast.Stmt) {
	var list ast.Expr
	var position string
	var body []ast.Stmt
	switch s := s.(type) {
	case *ast.GenericForStmt:
		call, ok := s.Exprs[0].(*ast.FuncCallExpr)
		if !ok || len(call.Args) != 1 {
			return
		}
		if callee := c.Callee(call); !callee.Is("ipairs") && !callee.Is("pairs") {
			return
		}
		list, position, body = call.Args[0], s.Names[0], s.Stmts
	case *ast.NumberForStmt:
		length, ok := s.Limit.(*ast.UnaryLenOpExpr)
		if !ok || s.Step != nil {
			return
		}
		list, position, body = length.Expr, s.Name, s.Stmts
	default:
		return
	}
	switch list.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr:
		c.removesItem(s, body, c.text(list), position)
		if loop, ok := s.(*ast.GenericForStmt); ok {
			c.addsForever(loop, list)
		}
	}
}

// removesItem looks for table.remove of the item at the loop's own position. A block
// that leaves the loop may do that.
func (c *script) removesItem(loop ast.Stmt, stmts []ast.Stmt, list, position string) {
	if n := len(stmts); n > 0 {
		switch stmts[n-1].(type) {
		case *ast.BreakStmt, *ast.ReturnStmt:
			return
		}
	}
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.IfStmt:
			if !isThatItem(loop, s.Condition) {
				c.removesItem(loop, s.Then, list, position)
			}
			c.removesItem(loop, s.Else, list, position)
		case *ast.DoBlockStmt:
			c.removesItem(loop, s.Stmts, list, position)
		case *ast.FuncCallStmt:
			call := s.Expr.(*ast.FuncCallExpr)
			if callee := c.Callee(call); !callee.Is("table.remove") || len(call.Args) != 2 || c.text(call.Args[0]) != list {
				continue
			}
			if at, ok := call.Args[1].(*ast.IdentExpr); ok && at.Value == position {
				f := c.at(c.nameToken(call), "changed-while-looping", "this moves the later items forward, so the loop skips the item after the removed one")
				f.Hint, f.Subject = fmt.Sprintf("loop backwards: for %s = #%s, 1, -1 do", position, list), list
			}
		}
	}
}

// isThatItem reports whether a condition looks for one item that the script holds in
// another variable, which a list mostly has once.
func isThatItem(loop ast.Stmt, condition ast.Expr) bool {
	over, ok := loop.(*ast.GenericForStmt)
	compared, equal := condition.(*ast.RelationalOpExpr)
	if !ok || !equal || compared.Operator != "==" || len(over.Names) < 2 {
		return false
	}
	left, ok := compared.Lhs.(*ast.IdentExpr)
	right, also := compared.Rhs.(*ast.IdentExpr)
	return ok && also && (left.Value == over.Names[1] || right.Value == over.Names[1])
}

// addsForever looks for an item that each iteration of an ipairs loop adds to its list.
func (c *script) addsForever(loop *ast.GenericForStmt, list ast.Expr) {
	name, ok := list.(*ast.IdentExpr)
	call := loop.Exprs[0].(*ast.FuncCallExpr)
	if callee := c.Callee(call); !ok || !callee.Is("ipairs") || ends(loop.Stmts) {
		return
	}
	v := c.flow.VariableOf(name)
	for _, s := range loop.Stmts {
		var at ast.Expr
		switch s := s.(type) {
		case *ast.AssignStmt:
			if index, ok := s.Lhs[0].(*ast.AttrGetExpr); ok && len(s.Lhs) == 1 && c.names(index.Object, v) && c.addsItem(index.Key, v) {
				at = index
			}
		case *ast.FuncCallStmt:
			call := s.Expr.(*ast.FuncCallExpr)
			if callee := c.Callee(call); callee.Is("table.insert") && len(call.Args) == 2 && c.names(call.Args[0], v) {
				at = call.Args[0]
			}
		}
		if at != nil {
			f := c.on(at, "changed-while-looping", fmt.Sprintf("each iteration adds an item to '%s', so the loop never ends", name.Value))
			f.Hint, f.Subject = "add the items to another list", name.Value
		}
	}
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
