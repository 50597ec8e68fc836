package flow

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/syntax"
)

// circular reports whether the step only puts something made of a table back into
// that table, as in t.n = t.n + 1: that alone is no use of it. A call might do
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

// Calls reports whether a call is part of an expression.
func Calls(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return true
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if f.Key != nil && Calls(f.Key) || Calls(f.Value) {
				return true
			}
		}
		return false
	}
	for _, part := range syntax.Operands(e) {
		if Calls(part) {
			return true
		}
	}
	return false
}
