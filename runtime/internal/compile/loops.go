package compile

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// loop rewrites the body of a loop, with the loop's variables declared inside
// it and the condition of a repeat loop evaluated at its end. over is the head
// of a loop over something, or nil.
//
// gopher-lua's break closes only the captured locals of the loop's own body. A
// break out of an inner block leaves that block's captured locals open on
// registers that are then reused. In that case the body begins with an unused
// captured local, in code that is jumped over.
func (r *rewriter) loop(at ast.Stmt, body []ast.Stmt, names []string, over *fault.Loop, condition func()) []ast.Stmt {
	scope := &loopScope{}
	r.fn.open(scope)
	defer r.fn.close()
	for _, name := range names {
		r.fn.declare(name).loop = over
	}
	body = r.statements(body)
	if condition != nil {
		condition()
	}
	switch {
	case scope.losesCaptured():
		body = append(r.capturedLocal(at), body...)
	case mayStartWithJump(body):
		body = append([]ast.Stmt{localOf(at, []string{r.freshName()}, nil)}, body...)
	}
	return body
}

// mayStartWithJump reports whether the first instruction of a loop's body may
// be a jump. gopher-lua shortens jumps to jumps, and takes the distance of an
// already shortened jump for a label: the jump back to such a body leads
// anywhere, often into an earlier loop. A local before the body prevents this.
func mayStartWithJump(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	switch first := body[0].(type) {
	case *ast.FuncCallStmt, *ast.FuncDefStmt, *ast.ReturnStmt, *ast.NumberForStmt, *ast.GenericForStmt:
		return false
	case *ast.LocalAssignStmt:
		return len(first.Exprs) > 0 && startsConstant(first.Exprs[0])
	case *ast.AssignStmt:
		return startsConstant(first.Rhs[0])
	case *ast.IfStmt:
		return startsConstant(first.Condition)
	}
	return true
}

// startsConstant reports whether a condition may begin with a constant, for
// which a jump, or nothing, is generated.
func startsConstant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		return constant(e.Lhs) || startsConstant(e.Lhs)
	case *ast.UnaryNotOpExpr:
		return constant(e.Expr) || startsConstant(e.Expr)
	}
	return constant(e)
}

// capturedLocal makes "local x; if false then local _ = function() return x end
// end".
func (r *rewriter) capturedLocal(at ast.Stmt) []ast.Stmt {
	name := r.freshName()
	result := lined(at, &ast.ReturnStmt{Exprs: []ast.Expr{identOf(at, name)}})
	fn := lined(at, &ast.FunctionExpr{ParList: &ast.ParList{}, Stmts: []ast.Stmt{result}})
	fn.SetLastLine(at.Line())
	never := lined(at, &ast.FalseExpr{})
	skipped := lined(at, &ast.IfStmt{Condition: never, Then: []ast.Stmt{localOf(at, []string{r.freshName()}, []ast.Expr{fn})}})
	skipped.SetLastLine(at.Line())
	return []ast.Stmt{localOf(at, []string{name}, nil), skipped}
}

// numberFor rewrites a numeric for loop. Its bounds may be numeric strings,
// which gopher-lua refuses, so an intrinsic converts what is not plainly a
// number.
func (r *rewriter) numberFor(s *ast.NumberForStmt) ast.Stmt {
	s.Init = r.bound(s.Init, intrinsicForInitial)
	s.Limit = r.bound(s.Limit, intrinsicForLimit)
	if s.Step != nil {
		s.Step = r.bound(s.Step, intrinsicForStep)
	}
	s.Stmts = r.loop(s, s.Stmts, []string{s.Name}, nil, nil)
	return s
}

// bound rewrites one of the expressions that control a numeric for loop.
func (r *rewriter) bound(e ast.Expr, intrinsic string) ast.Expr {
	e = r.expression(e)
	switch e := e.(type) {
	case *ast.NumberExpr:
		return e
	case *ast.UnaryMinusOpExpr:
		if _, ok := e.Expr.(*ast.NumberExpr); ok {
			return e
		}
	}
	return intrinsicCall(e, intrinsic, e)
}

// genericFor rewrites a generic for loop so that its list is a single call or
// exactly three single values. With fewer, the code generator leaves old
// registers as the loop's state.
func (r *rewriter) genericFor(s *ast.GenericForStmt) ast.Stmt {
	over := r.noteLoop(s)
	r.expressions(s.Exprs)
	s.Stmts = r.loop(s, s.Stmts, s.Names, over, nil)
	if len(s.Exprs) == 1 && syntax.Unpacks(s.Exprs[0]) {
		return s
	}
	if len(s.Exprs) <= 3 && !call(s.Exprs[len(s.Exprs)-1]) {
		for len(s.Exprs) < 3 {
			none := lined(s, &ast.NilExpr{})
			s.Exprs = append(s.Exprs, none)
		}
		return s
	}
	held := []string{r.freshName(), r.freshName(), r.freshName()}
	declare := localOf(s, held, s.Exprs)
	s.Exprs = []ast.Expr{identOf(s, held[0]), identOf(s, held[1]), identOf(s, held[2])}
	return blockOf(s, []ast.Stmt{declare, s})
}

// call reports whether an expression is a call or "...", in parentheses or not.
func call(e ast.Expr) bool {
	switch e.(type) {
	case *ast.FuncCallExpr, *ast.Comma3Expr:
		return true
	}
	return false
}
