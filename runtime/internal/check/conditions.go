package check

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
)

// constant reports a condition that always comes out the same way.
func (c *script) constant(e ast.Expr, message string) *finding {
	return c.on(e, "constant-condition", message)
}

func (c *script) isNil(e ast.Expr) bool { _, ok := e.(*ast.NilExpr); return ok }

// inParentheses reports whether an expression has parentheses around it.
func (c *script) inParentheses(e ast.Expr) bool {
	return c.flow.Tokens[c.flow.Expr[e].From].Text == "("
}

// text is an expression as it is written, shortened if it is long.
func (c *script) text(e ast.Expr) string {
	text := c.fullText(e)
	if len(text) > 40 {
		return text[:37] + "..."
	}
	return text
}

// fullText is an expression as it is written, in one line.
func (c *script) fullText(e ast.Expr) string {
	span := c.flow.Expr[e]
	return strings.Join(strings.Fields(string(c.shown[c.flow.Tokens[span.From].Start:c.flow.Tokens[span.To].End])), " ")
}

// code is an expression for a line of code in a hint, or dots if it is long.
func (c *script) code(e ast.Expr) string {
	if text := c.text(e); !strings.HasSuffix(text, "...") {
		return text
	}
	return "..."
}

// logical reports "and" and "or" that do not do what was meant.
func (c *script) logical(e *ast.LogicalOpExpr) {
	c.pairOfComparisons(e)
	if e.Operator != "or" {
		return
	}
	if sameKindOr(e) {
		c.orConstant(e)
	}
	if and, ok := e.Lhs.(*ast.LogicalOpExpr); ok && and.Operator == "and" && !c.inParentheses(e.Lhs) {
		if flow.Truth(and.Rhs) == flow.Never {
			f := c.constant(e, fmt.Sprintf("'%s' after 'and' has no effect: the result is always '%s'", c.text(and.Rhs), c.text(e.Rhs)))
			f.Hint = "use an if statement, or negate the condition with not"
		}
	}
}

// pairOfComparisons reports a ~= 1 or a ~= 2, and a == 1 and a == 2.
func (c *script) pairOfComparisons(e *ast.LogicalOpExpr) {
	left, ok := e.Lhs.(*ast.RelationalOpExpr)
	right, also := e.Rhs.(*ast.RelationalOpExpr)
	if !ok || !also || left.Operator != right.Operator {
		return
	}
	always := e.Operator == "or" && left.Operator == "~="
	nothing := e.Operator == "and" && left.Operator == "=="
	if !always && !nothing || !isConstant(left.Rhs) || !isConstant(right.Rhs) || flow.Calls(left.Lhs) {
		return
	}
	if c.text(left.Lhs) != c.text(right.Lhs) || c.text(left.Rhs) == c.text(right.Rhs) {
		return
	}
	if always {
		c.constant(e, fmt.Sprintf("this is always true: '%s' always differs from at least one of the two values", c.text(left.Lhs))).Hint = "write 'and' between the two comparisons"
		return
	}
	c.constant(e, fmt.Sprintf("this is never true: '%s' cannot equal both values", c.text(left.Lhs))).Hint = "write 'or' between the two comparisons"
}

func isConstant(e ast.Expr) bool {
	switch e.(type) {
	case *ast.StringExpr, *ast.NumberExpr, *ast.NilExpr, *ast.TrueExpr, *ast.FalseExpr:
		return true
	}
	return false
}

// condition checks what an if, while or until asks.
func (c *script) condition(e ast.Expr) {
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		c.condition(e.Lhs)
		if isConstant(e.Rhs) && e.Operator == "or" && flow.Truth(e.Rhs) == flow.Always {
			if !sameKindOr(e) && !c.meantTrue(e) {
				c.orConstant(e)
			}
			return
		}
		c.condition(e.Rhs)
	case *ast.UnaryNotOpExpr:
		c.condition(e.Expr)
	case *ast.NumberExpr:
		if number := e.Value; number == "0" {
			c.constant(e, "0 counts as true in Lua").Hint = "only false and nil count as false"
		}
	case *ast.StringExpr:
		if e.Value == "" {
			c.constant(e, "an empty string counts as true in Lua").Hint = "only false and nil count as false"
		}
	case *ast.IdentExpr, *ast.AttrGetExpr:
		if k := c.Value(e); k.IsFunction() && !standard(k) {
			f := c.constant(e, fmt.Sprintf("'%s' is a function and counts as true; it is not called here", k.Topic.Name))
			f.Hint = "call it with parentheses: " + k.Topic.Signature()
		}
	}
}

// meantTrue matches (call() or true), which is true whatever the call returns.
func (c *script) meantTrue(e *ast.LogicalOpExpr) bool {
	_, isTrue := e.Rhs.(*ast.TrueExpr)
	return isTrue && c.inParentheses(e)
}

// sameKindOr matches x == "a" or "b", in which the second constant is of the kind
// of the first: also outside of a condition that does not choose a value.
func sameKindOr(e *ast.LogicalOpExpr) bool {
	left := e.Lhs
	if or, ok := left.(*ast.LogicalOpExpr); ok && or.Operator == "or" {
		left = or.Rhs
	}
	compared, ok := left.(*ast.RelationalOpExpr)
	if !ok || compared.Operator != "==" {
		return false
	}
	switch e.Rhs.(type) {
	case *ast.StringExpr:
		_, ok = compared.Rhs.(*ast.StringExpr)
		return ok
	case *ast.NumberExpr:
		_, ok = compared.Rhs.(*ast.NumberExpr)
		return ok
	}
	return false
}

// orConstant reports x == "a" or "b".
func (c *script) orConstant(e *ast.LogicalOpExpr) {
	f := c.constant(e, fmt.Sprintf("'or %s' makes this always true", c.text(e.Rhs)))
	left := e.Lhs
	if or, ok := left.(*ast.LogicalOpExpr); ok && or.Operator == "or" {
		left = or.Rhs
	}
	if compared, ok := left.(*ast.RelationalOpExpr); ok && compared.Operator == "==" {
		f.Hint = fmt.Sprintf("compare each value separately: ... or %s == %s", c.text(compared.Lhs), c.text(e.Rhs))
	}
}
