package position

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// function reads parameters and body; from is where the expression starts.
func (l *locator) function(f *ast.FunctionExpr, from int) {
	l.text("(")
	found := make([]int, 0, len(f.ParList.Names)+1)
	for range f.ParList.Names {
		found = append(found, l.kind(compile.Name))
	}
	if f.ParList.HasVargs {
		found = append(found, l.text("..."))
	}
	l.Names[f.ParList] = found
	l.text(")")
	l.block(f.Stmts)
	end := l.text("end")
	l.Expr[f] = Span{From: from, To: end, At: from}
}

func (l *locator) list(exprs []ast.Expr) {
	for i, e := range exprs {
		if i > 0 {
			l.text(",")
		}
		l.expression(e)
	}
}

// expression reads an expression with the parentheses around it, which the
// tree does not keep.
func (l *locator) expression(e ast.Expr) {
	from := l.at
	at := l.part(e)
	for l.at < len(l.Tokens) && l.Tokens[l.at].Text == ")" && l.Partner[l.at] >= from {
		l.at++
	}
	l.Expr[e] = Span{From: from, To: l.at - 1, At: at}
}

// part reads an expression and returns the token that a finding points to.
func (l *locator) part(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.NilExpr:
		return l.text("nil")
	case *ast.TrueExpr:
		return l.text("true")
	case *ast.FalseExpr:
		return l.text("false")
	case *ast.NumberExpr:
		return l.kind(compile.Number)
	case *ast.StringExpr:
		return l.seek(func(t compile.Token) bool { return t.Kind == compile.String || t.Kind == compile.Name })
	case *ast.Comma3Expr:
		return l.text("...")
	case *ast.IdentExpr:
		return l.kind(compile.Name)
	case *ast.FunctionExpr:
		at := l.text("function")
		l.function(e, at)
		return at
	case *ast.TableExpr:
		return l.table(e)
	case *ast.AttrGetExpr:
		return l.index(e)
	case *ast.FuncCallExpr:
		return l.call(e)
	case *ast.LogicalOpExpr:
		return l.binary(e.Lhs, e.Operator, e.Rhs)
	case *ast.RelationalOpExpr:
		return l.binary(e.Lhs, e.Operator, e.Rhs)
	case *ast.ArithmeticOpExpr:
		return l.binary(e.Lhs, e.Operator, e.Rhs)
	case *ast.StringConcatOpExpr:
		return l.binary(e.Lhs, "..", e.Rhs)
	case *ast.UnaryMinusOpExpr:
		return l.unary("-", e.Expr)
	case *ast.UnaryNotOpExpr:
		return l.unary("not", e.Expr)
	case *ast.UnaryLenOpExpr:
		return l.unary("#", e.Expr)
	}
	panic(errLost)
}

func (l *locator) binary(left ast.Expr, operator string, right ast.Expr) int {
	l.expression(left)
	at := l.text(operator)
	l.expression(right)
	return at
}

func (l *locator) unary(operator string, operand ast.Expr) int {
	at := l.text(operator)
	l.expression(operand)
	return at
}

func (l *locator) table(e *ast.TableExpr) int {
	at := l.text("{")
	for _, f := range e.Fields {
		for l.Tokens[l.at].Text == "," || l.Tokens[l.at].Text == ";" {
			l.at++
		}
		if f.Key != nil {
			if l.Tokens[l.at].Text == "[" {
				l.at++
			}
			l.expression(f.Key)
			l.text("=")
		}
		l.expression(f.Value)
	}
	l.at = l.Partner[at] + 1
	return at
}

func (l *locator) index(e *ast.AttrGetExpr) int {
	l.expression(e.Object)
	bracket := l.seek(func(t compile.Token) bool { return t.Text == "." || t.Text == "[" })
	l.expression(e.Key)
	if l.Tokens[bracket].Text == "[" {
		l.at = l.Partner[bracket] + 1
	}
	return l.Expr[e.Key].At
}

func (l *locator) call(e *ast.FuncCallExpr) int {
	if e.Func != nil {
		l.expression(e.Func)
	} else {
		l.expression(e.Receiver)
		l.text(":")
		l.Names[e] = []int{l.kind(compile.Name)}
	}
	if l.at >= len(l.Tokens) {
		panic(errLost)
	}
	open := l.at
	if l.Tokens[open].Text != "(" {
		l.list(e.Args)
		return open
	}
	l.at++
	l.list(e.Args)
	l.at = l.Partner[open] + 1
	return open
}
