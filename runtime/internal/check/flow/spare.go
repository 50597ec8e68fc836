package flow

import (
	"github.com/yuin/gopher-lua/ast"
)

// Partners returns the values that the same statement stores in other variables.
func (val *Value) Partners() []*Value {
	var others []*Value
	for _, other := range val.Step.sets {
		if other != val {
			others = append(others, other)
		}
	}
	return others
}

// Accompanied reports whether the statement of a value also stores one that is used,
// so the statement has a purpose without it.
func (val *Value) Accompanied() bool {
	if s, ok := val.Step.stmt.(*ast.AssignStmt); ok && len(s.Lhs) > len(val.Step.sets) {
		return true
	}
	for _, other := range val.Partners() {
		if other.Used || other.Changed || other.V.Read {
			return true
		}
	}
	return false
}

// Initial reports whether an expression is what variables have before they get their
// values: a constant, a table without fields, or nothing.
func Initial(e ast.Expr) bool {
	switch e := e.(type) {
	case nil, *ast.NilExpr, *ast.FalseExpr, *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr:
		return true
	case *ast.TableExpr:
		return len(e.Fields) == 0
	case *ast.UnaryMinusOpExpr:
		return Initial(e.Expr)
	}
	return false
}
