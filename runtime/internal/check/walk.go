package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/syntax"
)

// each calls visit for every statement, those in functions included.
func each(stmts []ast.Stmt, visit func(ast.Stmt)) { inspect(stmts, visit, nil) }

// inspect calls the functions for every statement and every expression, outer
// ones first.
func inspect(stmts []ast.Stmt, stmt func(ast.Stmt), expr func(ast.Expr)) {
	v := syntax.Visitor{Stmt: stmt, Expr: expr}
	v.Statements(stmts)
}
