package check

import "github.com/yuin/gopher-lua/ast"

// each calls visit for every statement, those in functions included.
func each(stmts []ast.Stmt, visit func(ast.Stmt)) {
	inspect(stmts, visit, func(ast.Expr) {})
}

// inspect calls the functions for every statement and every expression, outer
// ones first.
func inspect(stmts []ast.Stmt, stmt func(ast.Stmt), expr func(ast.Expr)) {
	v := visitor{stmt, expr}
	v.block(stmts)
}

type visitor struct {
	stmt func(ast.Stmt)
	expr func(ast.Expr)
}

func (v visitor) block(stmts []ast.Stmt) {
	for _, s := range stmts {
		v.statement(s)
	}
}

func (v visitor) statement(s ast.Stmt) {
	v.stmt(s)
	switch s := s.(type) {
	case *ast.AssignStmt:
		v.list(s.Lhs)
		v.list(s.Rhs)
	case *ast.LocalAssignStmt:
		v.list(s.Exprs)
	case *ast.FuncCallStmt:
		v.expression(s.Expr)
	case *ast.DoBlockStmt:
		v.block(s.Stmts)
	case *ast.WhileStmt:
		v.expression(s.Condition)
		v.block(s.Stmts)
	case *ast.RepeatStmt:
		v.block(s.Stmts)
		v.expression(s.Condition)
	case *ast.IfStmt:
		v.expression(s.Condition)
		v.block(s.Then)
		v.block(s.Else)
	case *ast.NumberForStmt:
		v.expression(s.Init)
		v.expression(s.Limit)
		if s.Step != nil {
			v.expression(s.Step)
		}
		v.block(s.Stmts)
	case *ast.GenericForStmt:
		v.list(s.Exprs)
		v.block(s.Stmts)
	case *ast.FuncDefStmt:
		if s.Name.Func != nil {
			v.expression(s.Name.Func)
		} else {
			v.expression(s.Name.Receiver)
		}
		v.expression(s.Func)
	case *ast.ReturnStmt:
		v.list(s.Exprs)
	}
}

func (v visitor) list(exprs []ast.Expr) {
	for _, e := range exprs {
		v.expression(e)
	}
}

func (v visitor) expression(e ast.Expr) {
	v.expr(e)
	switch e := e.(type) {
	case *ast.FunctionExpr:
		v.block(e.Stmts)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if f.Key != nil {
				v.expression(f.Key)
			}
			v.expression(f.Value)
		}
	case *ast.FuncCallExpr:
		if e.Func != nil {
			v.expression(e.Func)
		} else {
			v.expression(e.Receiver)
		}
		v.list(e.Args)
	default:
		v.list(operands(e))
	}
}
