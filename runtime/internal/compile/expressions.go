package compile

import (
	"math"
	"slices"
	"strconv"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// concatArguments bounds the operands of ".." in one call of the intrinsic.
// Longer chains nest, which limits the registers in use.
const concatArguments = 40

// numberLiteral rewrites a numeral so that gopher-lua reads it as Lua does: it
// takes leading zeros for octal, and overflow for NaN.
func numberLiteral(e *ast.NumberExpr) ast.Expr {
	n, ok := number.Parse(e.Value)
	if !ok {
		return e
	}
	if math.IsInf(n, 0) {
		return lined(e, &ast.ArithmeticOpExpr{Operator: "/", Lhs: numeral(e, "1"), Rhs: numeral(e, "0")})
	}
	if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		e.Value = strconv.FormatInt(int64(n), 10)
	} else {
		e.Value = strconv.FormatFloat(n, 'e', -1, 64)
	}
	return e
}

func numeral(at ast.PositionHolder, digits string) *ast.NumberExpr {
	return lined(at, &ast.NumberExpr{Value: digits})
}

// concat rewrites a chain of ".." to one call of the concat intrinsic, which
// formats numbers as Lua does and limits the length of the result.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	var operands []ast.Expr
	var rest ast.Expr = e
	for {
		chain, ok := rest.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		operands = append(operands, chain.Lhs)
		rest = chain.Rhs
	}
	operands = append(operands, rest)
	r.note(e.Line(), fault.Concat, "", operands...)
	r.expressions(operands)
	return r.concatCall(e, operands)
}

func (r *rewriter) concatCall(at ast.PositionHolder, operands []ast.Expr) ast.Expr {
	if len(operands) > concatArguments {
		rest := r.concatCall(at, operands[concatArguments-1:])
		operands = append(slices.Clone(operands[:concatArguments-1]), rest)
	}
	return intrinsicCall(at, intrinsicConcat, operands...)
}

// arithmetic rewrites "%", which gopher-lua computes exactly where Lua computes
// a - floor(a/b)*b: 1 % 0.1 is 0 in Lua. With a whole literal divisor both give
// the same, so it keeps the fast instruction, except for a folded -3 % 3, which
// would be -0.
func (r *rewriter) arithmetic(e *ast.ArithmeticOpExpr) ast.Expr {
	r.note(e.Lhs.Line(), fault.Arithmetic, "", e.Lhs, e.Rhs)
	e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	_, negative := e.Lhs.(*ast.UnaryMinusOpExpr)
	if e.Operator != "%" || wholeLiteral(e.Rhs) && !negative {
		return e
	}
	return intrinsicCall(e, intrinsicModulo, e.Lhs, e.Rhs)
}

// wholeLiteral reports whether an expression is a whole number other than zero.
func wholeLiteral(e ast.Expr) bool {
	literal, ok := e.(*ast.NumberExpr)
	if !ok {
		return false
	}
	n, err := strconv.ParseInt(literal.Value, 10, 64)
	return err == nil && n != 0
}

// single makes an expression stand for exactly one value, which the last one of
// a list otherwise may not.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}
