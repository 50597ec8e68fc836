package check

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// itemZero reports item 0 of what is known to be a list.
func (c *script) itemZero(e *ast.AttrGetExpr) {
	key, ok := e.Key.(*ast.NumberExpr)
	if !ok || key.Value != "0" || c.targets[e] || !c.isListOfItems(e.Object) {
		return
	}
	f := c.at(c.flow.Expr[e].At, "loop-bounds", "lists start at 1 in Lua, so there is no item 0")
	f.Hint = fmt.Sprintf("the first item is %s[1]", c.code(e.Object))
}

// isListOfItems reports whether a value is known to be a list that has nothing at
// other places than 1, 2, 3.
func (c *script) isListOfItems(e ast.Expr) bool {
	if c.shapeOf(e) != listShape {
		return false
	}
	if table, ok := c.Value(e).Literal.(*ast.TableExpr); ok {
		for _, f := range table.Fields {
			if f.Key != nil {
				return false
			}
		}
	}
	name, ok := e.(*ast.IdentExpr)
	if !ok {
		return true
	}
	v := c.flow.VariableOf(name)
	if v == nil || c.escapes(v) {
		return false
	}
	for _, item := range v.Items {
		if n, ok := item.Key.(*ast.NumberExpr); item.Key != nil && (!ok || n.Value == "0") {
			return false
		}
	}
	return true
}

// pastTheEnds reports a loop over the positions of a list that begins before
// the first item or ends after the last.
func (c *script) pastTheEnds(s *ast.NumberForStmt) bool {
	if s.Step != nil {
		return false
	}
	first, ok := constantNumber(s.Init)
	if !ok {
		return false
	}
	limit, isSum := s.Limit.(*ast.ArithmeticOpExpr)
	var length *ast.UnaryLenOpExpr
	by := 0.0
	if isSum {
		length, _ = limit.Lhs.(*ast.UnaryLenOpExpr)
		by, _ = constantNumber(limit.Rhs)
	}
	switch {
	case first == 0 && length != nil && limit.Operator == "-" && by == 1:
		if !c.takesItems(s, c.text(length.Expr), false) {
			return false
		}
		f := c.at(c.flow.Expr[s.Init].At, "loop-bounds", "lists start at 1 in Lua: this loop reads item 0, which is nil, and misses the last item")
		f.Hint = fmt.Sprintf("for %s = 1, %s do", s.Name, c.code(length))
	case first == 1 && length != nil && limit.Operator == "+" && by >= 1:
		if !c.takesItems(s, c.text(length.Expr), true) {
			return false
		}
		f := c.at(c.flow.Expr[s.Limit].From, "loop-bounds", "the last iteration goes past the end of the list, where the item is nil")
		f.Hint = fmt.Sprintf("for %s = 1, %s do", s.Name, c.code(length))
	case first == 0 && length == nil:
		if _, constant := constantNumber(s.Limit); !constant {
			return false
		}
		list := itemsIn(s, c.isListOfItems)
		if list == nil || !c.takesItems(s, c.text(list), false) {
			return false
		}
		f := c.at(c.flow.Expr[s.Init].At, "loop-bounds", "lists start at 1 in Lua: the first iteration reads item 0, which is nil")
		f.Hint = fmt.Sprintf("for %s = 1, ... do", s.Name)
	default:
		return false
	}
	return true
}

// takesItems reports whether the body of a loop takes the item at the loop's own
// variable, or a field of it if only those count, and never asks whether
// there is such an item.
func (c *script) takesItems(s *ast.NumberForStmt, list string, fields bool) bool {
	isItem := func(e ast.Expr) bool {
		of := itemOf(e, s)
		return of != nil && c.text(of) == list
	}
	taken, asked := false, false
	v := syntax.Visitor{Stmt: func(st ast.Stmt) {
		switch st := st.(type) {
		case *ast.IfStmt:
			asked = asked || isItem(st.Condition)
		case *ast.AssignStmt:
			for _, e := range st.Lhs {
				asked = asked || isItem(e)
			}
		case *ast.LocalAssignStmt:
			// The local may be asked about.
			for _, e := range st.Exprs {
				asked = asked || isItem(e) && fields
			}
		}
	}, Expr: func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.AttrGetExpr:
			taken = taken || isItem(e.Object) || !fields && isItem(e)
		case *ast.LogicalOpExpr:
			asked = asked || isItem(e.Lhs) || isItem(e.Rhs)
		case *ast.RelationalOpExpr:
			asked = asked || isItem(e.Lhs) || isItem(e.Rhs)
		case *ast.UnaryNotOpExpr:
			asked = asked || isItem(e.Expr)
		}
	}}
	v.Statements(s.Stmts)
	return taken && !asked
}

// countsWithIn reports a loop over a number: for i in 1, 10 do.
func (c *script) countsWithIn(s *ast.GenericForStmt) bool {
	first := c.Value(s.Exprs[0])
	if !first.IsNumber() || first.Maybe {
		return false
	}
	from, to := "1", c.code(s.Exprs[0])
	if len(s.Exprs) > 1 {
		from, to = to, c.code(s.Exprs[1])
	}
	f := c.between(c.flow.Expr[s.Exprs[0]].From, c.flow.Expr[s.Exprs[len(s.Exprs)-1]].To, "loop-over-table", "'in' cannot loop over a number")
	f.Hint = fmt.Sprintf("to count, write for %s = %s, %s do", s.Names[0], from, to)
	return true
}

// changesWhileLooping reports a loop over a list that removes its items by their
// position, or adds an item in each iteration.
func (c *script) changesWhileLooping(s ast.Stmt) {
	c.limitIsList(s)
	c.replacesLast(s)
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
			c.addsKeys(loop)
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

// limitIsList reports a counting loop up to a list.
func (c *script) limitIsList(s ast.Stmt) {
	loop, ok := s.(*ast.NumberForStmt)
	if !ok {
		return
	}
	if k := c.Value(loop.Limit); !k.Maybe && (k.IsList() || c.isOwnList(loop.Limit, k)) {
		f := c.on(loop.Limit, "loop-bounds", "the limit of a loop is a number, not a list")
		f.Severity, f.Hint = report.Error, fmt.Sprintf("for %s = %s, #%s do", loop.Name, c.code(loop.Init), c.code(loop.Limit))
	}
}

// replacesLast reports list[#list] = item in a loop for a list that is empty before:
// each item is put at the place 0.
func (c *script) replacesLast(s ast.Stmt) {
	set, ok := s.(*ast.AssignStmt)
	if !ok || len(set.Lhs) != 1 || len(set.Rhs) != 1 {
		return
	}
	index, ok := set.Lhs[0].(*ast.AttrGetExpr)
	if !ok {
		return
	}
	name, named := index.Object.(*ast.IdentExpr)
	length, isLength := index.Key.(*ast.UnaryLenOpExpr)
	if !named || !isLength {
		return
	}
	v := c.flow.VariableOf(name)
	if !c.names(length.Expr, v) || v == nil || len(v.Values) != 1 || len(v.Items) != 1 || c.escapes(v) {
		return
	}
	if table, ok := v.Values[0].Expr.(*ast.TableExpr); !ok || len(table.Fields) > 0 {
		return
	}
	f := c.on(index, "loop-bounds", fmt.Sprintf("'%s' stays empty: this sets item 0 and replaces it each time", name.Value))
	f.Severity, f.Hint = report.Error, fmt.Sprintf("write %s[#%s + 1] = ...", name.Value, name.Value)
}

// addsKeys reports new keys in the table that pairs goes through.
func (c *script) addsKeys(loop *ast.GenericForStmt) {
	call, ok := loop.Exprs[0].(*ast.FuncCallExpr)
	if !ok || len(call.Args) != 1 {
		return
	}
	callee := c.Callee(call)
	name, named := call.Args[0].(*ast.IdentExpr)
	if !named || !callee.Is("pairs") {
		return
	}
	v := c.flow.VariableOf(name)
	for _, s := range loop.Stmts {
		set, ok := s.(*ast.AssignStmt)
		if !ok {
			continue
		}
		for _, e := range set.Lhs {
			index, ok := e.(*ast.AttrGetExpr)
			if !ok || !c.names(index.Object, v) {
				continue
			}
			if _, joined := index.Key.(*ast.StringConcatOpExpr); joined {
				f := c.on(index, "changed-while-looping", fmt.Sprintf("new keys in '%s' while pairs goes through it: some are visited and some are not, or the loop fails", name.Value))
				f.Hint, f.Subject = "put them into another table", name.Value
			}
		}
	}
}
