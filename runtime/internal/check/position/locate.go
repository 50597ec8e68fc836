// Package position finds the tokens of each part of a syntax tree.
package position

import (
	"errors"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// Span is the run of tokens that an expression or a statement takes. At is the
// one that a finding points to: a name, a key, an operator, the bracket of a
// call.
type Span struct{ From, To, At int }

// Places knows where the parts of a syntax tree are in the source. The
// parser notes lines only; tokens are met in the tree's own order.
type Places struct {
	Tokens []compile.Token
	// Partner is what compile.Brackets returns.
	Partner []int
	Expr    map[ast.Expr]Span
	Stmt    map[ast.Stmt]Span
	// Names are the tokens of the names that a statement or a list of
	// parameters declares, in order.
	Names map[any][]int
}

// errLost means that tree and tokens do not belong together.
var errLost = errors.New("the tokens of the source do not fit its syntax tree")

// locator walks the tree beside the tokens.
type locator struct {
	*Places
	at int
}

// Locate finds all parts of a chunk. The tokens are those of its source,
// without the comments.
func Locate(chunk []ast.Stmt, tokens []compile.Token) (p *Places, err error) {
	p = &Places{
		Tokens: tokens, Partner: compile.Brackets(tokens),
		Expr: make(map[ast.Expr]Span, len(tokens)), Stmt: make(map[ast.Stmt]Span, len(tokens)/4), Names: map[any][]int{},
	}
	defer func() {
		if caught := recover(); caught != nil {
			if caught != errLost { //nolint:errorlint // the very value is thrown
				panic(caught)
			}
			err = errLost
		}
	}()
	l := &locator{Places: p}
	l.block(chunk)
	return p, nil
}

// seek goes past the next token that fits, and returns its index.
func (l *locator) seek(fits func(compile.Token) bool) int {
	for l.at < len(l.Tokens) {
		l.at++
		if fits(l.Tokens[l.at-1]) {
			return l.at - 1
		}
	}
	panic(errLost)
}

// text goes past the next token with that text.
func (l *locator) text(text string) int {
	return l.seek(func(t compile.Token) bool { return t.Text == text && t.Kind != compile.String })
}

// kind goes past the next token of that kind.
func (l *locator) kind(kind compile.TokenKind) int {
	return l.seek(func(t compile.Token) bool { return t.Kind == kind })
}

func (l *locator) block(stmts []ast.Stmt) {
	for _, s := range stmts {
		for l.at < len(l.Tokens) && l.Tokens[l.at].Text == ";" {
			l.at++
		}
		from := l.at
		l.statement(s)
		l.Stmt[s] = Span{From: from, To: l.at - 1, At: from}
	}
}

// body reads a block between do and end.
func (l *locator) body(stmts []ast.Stmt) {
	l.text("do")
	l.block(stmts)
	l.text("end")
}

func (l *locator) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		l.list(s.Lhs)
		l.text("=")
		l.list(s.Rhs)
	case *ast.LocalAssignStmt:
		l.local(s)
	case *ast.FuncCallStmt:
		l.expression(s.Expr)
	case *ast.DoBlockStmt:
		l.body(s.Stmts)
	case *ast.WhileStmt:
		l.text("while")
		l.expression(s.Condition)
		l.body(s.Stmts)
	case *ast.RepeatStmt:
		l.text("repeat")
		l.block(s.Stmts)
		l.text("until")
		l.expression(s.Condition)
	case *ast.IfStmt:
		l.conditional(s)
		l.text("end")
	case *ast.NumberForStmt:
		l.text("for")
		l.Names[s] = []int{l.kind(compile.Name)}
		l.text("=")
		l.expression(s.Init)
		l.text(",")
		l.expression(s.Limit)
		if s.Step != nil {
			l.text(",")
			l.expression(s.Step)
		}
		l.body(s.Stmts)
	case *ast.GenericForStmt:
		l.text("for")
		l.declare(s, len(s.Names))
		l.text("in")
		l.list(s.Exprs)
		l.body(s.Stmts)
	case *ast.FuncDefStmt:
		l.text("function")
		if s.Name.Func != nil {
			l.expression(s.Name.Func)
		} else {
			l.expression(s.Name.Receiver)
			l.Names[s.Name] = []int{l.kind(compile.Name)}
		}
		l.function(s.Func, l.at)
	case *ast.ReturnStmt:
		l.text("return")
		l.list(s.Exprs)
	case *ast.BreakStmt:
		l.text("break")
	default:
		panic(errLost)
	}
}

// conditional reads an if or elseif with all that follows it, but not the end.
func (l *locator) conditional(s *ast.IfStmt) {
	l.at++ // if or elseif
	l.expression(s.Condition)
	l.text("then")
	l.block(s.Then)
	if l.at >= len(l.Tokens) {
		panic(errLost)
	}
	for l.Tokens[l.at].Text == ";" {
		l.at++
	}
	switch l.Tokens[l.at].Text {
	case "elseif":
		next, ok := s.Else[0].(*ast.IfStmt)
		if !ok {
			panic(errLost)
		}
		from := l.at
		l.conditional(next)
		l.Stmt[next] = Span{From: from, To: l.at - 1, At: from}
	case "else":
		l.at++
		l.block(s.Else)
	}
}

func (l *locator) local(s *ast.LocalAssignStmt) {
	l.text("local")
	if l.Tokens[l.at].Text == "function" {
		l.at++
		l.declare(s, 1)
		l.function(s.Exprs[0].(*ast.FunctionExpr), l.at)
		return
	}
	l.declare(s, len(s.Names))
	if len(s.Exprs) > 0 {
		l.text("=")
		l.list(s.Exprs)
	}
}

// IsFunction tells a "local function" from other declarations.
func (p *Places) IsFunction(s *ast.LocalAssignStmt) bool {
	from := p.Stmt[s].From
	return from+1 < len(p.Tokens) && p.Tokens[from+1].Text == "function"
}

// IsElseif reports whether a statement is the elseif of another.
func (p *Places) IsElseif(s ast.Stmt) bool { return p.Tokens[p.Stmt[s].From].Text == "elseif" }

func (l *locator) declare(owner any, count int) {
	found := make([]int, count)
	for i := range found {
		found[i] = l.kind(compile.Name)
	}
	l.Names[owner] = found
}
