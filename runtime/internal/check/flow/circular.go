package flow

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/syntax"
)

// circular reports whether the step only puts something computed from a table back
// into that table, as in t.n = t.n + 1: that alone does not use it. A call might do
// more, so it counts.
func (s *Step) circular(v *Variable) bool {
	var left, right ast.Expr
	switch st := s.stmt.(type) {
	case *ast.AssignStmt:
		left, right = st.Lhs[0], st.Rhs[0]
	case *ast.FuncDefStmt:
		left, right = st.Name.Func, st.Func
		if left == nil {
			return s.holder(st.Name.Receiver, v)
		}
	default:
		return false
	}
	index, ok := left.(*ast.AttrGetExpr)
	return ok && !Calls(right) && !Calls(index.Key) && s.holder(index.Object, v)
}

// holder reports whether an expression is the name of a variable that the step
// changes.
func (s *Step) holder(e ast.Expr, v *Variable) bool {
	name, ok := e.(*ast.IdentExpr)
	return ok && name.Value == v.Name && touches(s.Changes, v)
}

// Calls reports whether an expression calls something.
func Calls(e ast.Expr) bool {
	found := false
	v := syntax.Visitor{Shallow: true, Expr: func(e ast.Expr) {
		_, isCall := e.(*ast.FuncCallExpr)
		found = found || isCall
	}}
	v.Expression(e)
	return found
}
