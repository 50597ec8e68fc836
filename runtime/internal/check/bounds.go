package check

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"

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
