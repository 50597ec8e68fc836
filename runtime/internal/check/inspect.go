package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// inspect applies the rules that look at single statements and expressions.
func (c *script) inspect() {
	// loops are those that repeat what is visited, innermost last. A function in
	// a loop runs when it is called, and a return ends the loop: a nil is added
	// for both.
	loops := []ast.PositionHolder{nil}
	v := syntax.Visitor{
		Stmt: func(s ast.Stmt) {
			c.visitStatement(s)
			if _, ok := s.(*ast.ReturnStmt); ok {
				loops = append(loops, nil)
			}
		},
		Left: func(s ast.Stmt) {
			if _, ok := s.(*ast.ReturnStmt); ok {
				loops = loops[:len(loops)-1]
			}
		},
		Expr: func(e ast.Expr) {
			c.visitExpression(e)
			loop, repeated := loops[len(loops)-1].(*ast.GenericForStmt)
			if call, ok := e.(*ast.FuncCallExpr); ok && repeated {
				c.inLoop(call, loop)
			}
		},
		Open: func(of ast.PositionHolder) {
			switch of.(type) {
			case *ast.DoBlockStmt, *ast.IfStmt:
				of = loops[len(loops)-1]
			case *ast.FunctionExpr:
				of = nil
			}
			loops = append(loops, of)
		},
		Close: func() { loops = loops[:len(loops)-1] },
	}
	v.Statements(c.chunk)
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
		c.assignsCustom(s)
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
		c.undeclared(e)
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
