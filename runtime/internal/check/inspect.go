package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// inspect applies the rules that look at single statements and expressions.
func (c *script) inspect() {
	inspect(c.chunk, c.visitStatement, c.visitExpression)
	c.visitLoops(c.chunk, nil)
	c.escapesInTexts()
}

func (c *script) visitStatement(s ast.Stmt) {
	span := c.flow.Stmt[s]
	switch s := s.(type) {
	case *ast.IfStmt:
		c.condition(s.Condition)
		c.branches(s)
	case *ast.WhileStmt:
		c.condition(s.Condition)
		c.emptyBlock(s.Stmts, span.From, span.To, "loop")
	case *ast.RepeatStmt:
		c.condition(s.Condition)
	case *ast.NumberForStmt:
		c.counting(s)
		c.emptyBlock(s.Stmts, span.From, span.To, "loop")
	case *ast.GenericForStmt:
		c.loopOver(s)
		c.emptyBlock(s.Stmts, span.From, span.To, "loop")
	case *ast.FuncCallStmt:
		c.ignored(s.Expr.(*ast.FuncCallExpr))
	case *ast.LocalAssignStmt:
		c.usesNothing(s.Exprs)
	case *ast.AssignStmt:
		c.usesNothing(s.Rhs)
	}
}

// branches reports the empty branches of an if.
func (c *script) branches(s *ast.IfStmt) {
	span := c.flow.Stmt[s]
	to := span.To
	if next := flow.Elseif(c.flow.Places, s); next != nil {
		to = c.flow.Stmt[next].From
	} else if len(s.Else) > 0 {
		to = c.flow.Stmt[s.Else[0]].From
	}
	c.emptyBlock(s.Then, span.From, to, "branch")
}

func (c *script) visitExpression(e ast.Expr) {
	switch e := e.(type) {
	case *ast.TableExpr:
		c.duplicates(e)
	case *ast.AttrGetExpr:
		c.members(e)
		c.fraction(e)
		c.itemZero(e)
	case *ast.FuncCallExpr:
		c.call(e)
		c.furtherResults(e)
		c.dots(e)
	case *ast.RelationalOpExpr:
		c.comparison(e)
		c.dateComparison(e)
	case *ast.LogicalOpExpr:
		c.logical(e)
	case *ast.UnaryLenOpExpr:
		c.length(e)
	case *ast.ArithmeticOpExpr:
		c.arithmetic(e)
		c.dateArithmetic(e)
	case *ast.StringConcatOpExpr:
		c.concatenation(e)
	}
}

// visitLoops looks at the calls in loops; a function in a loop runs when it is
// called, which need not be in each round.
func (c *script) visitLoops(stmts []ast.Stmt, loops []ast.Stmt) {
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.GenericForStmt:
			c.callsIn(s.Exprs, loops)
			c.visitLoops(s.Stmts, append(loops[:len(loops):len(loops)], s))
		case *ast.NumberForStmt:
			c.visitLoops(s.Stmts, append(loops[:len(loops):len(loops)], s))
		case *ast.WhileStmt:
			c.visitLoops(s.Stmts, append(loops[:len(loops):len(loops)], s))
		case *ast.RepeatStmt:
			c.visitLoops(s.Stmts, append(loops[:len(loops):len(loops)], s))
		case *ast.DoBlockStmt:
			c.visitLoops(s.Stmts, loops)
		case *ast.IfStmt:
			c.callsIn([]ast.Expr{s.Condition}, loops)
			c.visitLoops(s.Then, loops)
			c.visitLoops(s.Else, loops)
		case *ast.LocalAssignStmt:
			c.callsIn(s.Exprs, loops)
		case *ast.AssignStmt:
			c.callsIn(s.Rhs, loops)
		case *ast.FuncCallStmt:
			c.callsIn([]ast.Expr{s.Expr}, loops)
		case *ast.FuncDefStmt:
			c.visitLoops(s.Func.Stmts, nil)
		}
	}
}

func (c *script) callsIn(exprs []ast.Expr, loops []ast.Stmt) {
	for _, e := range exprs {
		switch e := e.(type) {
		case *ast.FunctionExpr:
			c.visitLoops(e.Stmts, nil)
		case *ast.FuncCallExpr:
			c.inLoop(e, loops)
			c.callsIn(e.Args, loops)
		case *ast.TableExpr:
			for _, f := range e.Fields {
				c.callsIn([]ast.Expr{f.Value}, loops)
			}
		default:
			c.callsIn(syntax.Operands(e), loops)
		}
	}
}
