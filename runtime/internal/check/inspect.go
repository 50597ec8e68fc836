package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// inspect applies the rules that look at single statements and expressions.
func (c *script) inspect() {
	c.tests()
	v := syntax.Visitor{Stmt: c.visitStatement, Expr: c.visitExpression}
	v.Statements(c.chunk)
	c.sentBack()
	c.quota()
	c.escapesInTexts()
}

func (c *script) visitStatement(s ast.Stmt) {
	span := c.flow.Stmt[s]
	c.asksTruth(s)
	c.changesWhileLooping(s)
	switch s := s.(type) {
	case *ast.IfStmt:
		c.condition(s.Condition)
		c.branches(s)
	case *ast.WhileStmt:
		c.condition(s.Condition)
		c.emptyBlock(s.Stmts, span.From, span.To, "loop", !flow.Calls(s.Condition))
	case *ast.RepeatStmt:
		c.condition(s.Condition)
	case *ast.NumberForStmt:
		c.counting(s)
		c.emptyBlock(s.Stmts, span.From, span.To, "loop", false)
	case *ast.GenericForStmt:
		c.loopOver(s)
		c.emptyBlock(s.Stmts, span.From, span.To, "loop", false)
	case *ast.FuncCallStmt:
		c.ignored(s.Expr.(*ast.FuncCallExpr))
	case *ast.LocalAssignStmt:
		c.usesNothing(s.Exprs)
		c.orTrue(s.Names, s.Exprs)
		c.triedResults(s.Names, c.flow.Names[s], s.Exprs)
	case *ast.AssignStmt:
		c.usesNothing(s.Rhs)
		c.orTrue(namesOf(s.Lhs), s.Rhs)
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
	c.emptyBlock(s.Then, span.From, to, "branch", len(s.Else) == 0 && !c.flow.IsElseif(s))
}

func (c *script) visitExpression(e ast.Expr) {
	c.nilOperands(e)
	c.asksInside(e)
	switch e := e.(type) {
	case *ast.TableExpr:
		c.duplicates(e)
		for _, f := range e.Fields {
			c.orTrue(namesOf([]ast.Expr{f.Key}), []ast.Expr{f.Value})
		}
	case *ast.AttrGetExpr:
		c.members(e)
		c.undeclared(e)
		c.fraction(e)
		c.itemZero(e)
	case *ast.FuncCallExpr:
		c.call(e)
		c.furtherResults(e)
		c.patterns(e)
		c.givesNoNumber(e)
	case *ast.RelationalOpExpr:
		c.comparison(e)
		c.dateComparison(e)
		c.cellComparison(e)
	case *ast.LogicalOpExpr:
		c.logical(e)
	case *ast.UnaryLenOpExpr:
		c.length(e)
	case *ast.ArithmeticOpExpr:
		c.arithmetic(e)
		c.dateArithmetic(e)
		c.cellArithmetic(e)
	case *ast.StringConcatOpExpr:
		c.concatenation(e)
	}
}

// bodyOf returns the statements of a loop.
func bodyOf(loop ast.Stmt) []ast.Stmt {
	switch s := loop.(type) {
	case *ast.GenericForStmt:
		return s.Stmts
	case *ast.NumberForStmt:
		return s.Stmts
	case *ast.WhileStmt:
		return s.Stmts
	case *ast.RepeatStmt:
		return s.Stmts
	}
	return nil
}
