package compile

import (
	"github.com/yuin/gopher-lua/ast"
)

// parser reads a chunk by Lua 5.1's own grammar: one token of lookahead, one
// method for each rule. Lines of nodes are those of gopher-lua's parser. On top
// of that, the last line of every expression is the line of its last token.
type parser struct {
	source *sourceText
	at     int
	// ahead is the name for which the token after it was read before it was used.
	ahead  int
	depth  int
	places places
}

// places holds the lines of tokens inside nodes: of an operator, of the
// arguments of a call, of the "do" of a numeric loop. A node without one has
// that token on its own line.
type places map[ast.PositionHolder]int

// maxDepth bounds how deep statements and expressions nest, so neither
// parsing nor code generation overflows the stack. Lua itself stops at 200
// levels; here, chains such as a + b + c + ... count too.
const maxDepth = 4000

// parse reads the whole source. Its errors are *SyntaxError.
func parse(source *sourceText) (chunk []ast.Stmt, lines places, err error) {
	p := &parser{source: source, places: places{}, ahead: -1}
	defer func() {
		if caught := recover(); caught != nil {
			syntax, ok := caught.(*SyntaxError)
			if !ok {
				panic(caught)
			}
			chunk, lines, err = nil, nil, syntax
		}
	}()
	p.check()
	chunk = p.block()
	if !p.end() {
		p.unexpected(aStatement)
	}
	return chunk, p.places, nil
}

func (p *parser) end() bool { return p.at >= len(p.source.tokens) }

// token is the next token, one without text at the end.
func (p *parser) token() Token {
	if p.end() {
		return Token{Kind: Symbol, Line: p.source.lastLine()}
	}
	return p.source.tokens[p.at]
}

// next skips a token and checks that the one after it is complete.
func (p *parser) next() Token {
	t := p.token()
	p.source.work()
	p.at++
	p.check()
	return t
}

// check raises an error if the next token is a string or a comment without end.
func (p *parser) check() {
	if p.end() {
		if p.source.openComment() {
			panic(p.source.unfinishedComment())
		}
		return
	}
	if t := p.token(); t.Kind == String && t.open {
		panic(p.source.unfinished(p.at))
	}
}

// last is the line on which the token before the next one ends. As in Lua, it is
// that of the next one after a name that begins a field of a table.
func (p *parser) last() int {
	if p.at == 0 {
		return 1
	}
	if p.at-1 == p.ahead && !p.end() {
		return p.token().EndLine
	}
	return p.source.tokens[p.at-1].EndLine
}

// is reports whether the next token is a symbol or a keyword.
func (p *parser) is(text string) bool {
	t := p.token()
	return t.Text == text && (t.Kind == Symbol || t.Kind == Keyword)
}

// accept skips a symbol or a keyword if it is next.
func (p *parser) accept(text string) bool {
	if !p.is(text) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(text string) Token {
	if !p.is(text) {
		p.unexpected("'" + text + "'")
	}
	return p.next()
}

func (p *parser) name() string { return p.nameFor(aName) }

// nameFor reads a name in a place that takes what wanted says.
func (p *parser) nameFor(wanted string) string {
	if p.token().Kind != Name {
		p.unexpected(wanted)
	}
	return p.next().Text
}

// What the grammar takes in a place. A symbol or a keyword is in quotes.
const (
	aStatement = "statement"
	aValue     = "value"
	aTarget    = "target" // of an assignment
	aName      = "name"
	aParameter = "name or '...'"
)

// unexpected raises an error about the next token, which is not what is wanted.
func (p *parser) unexpected(wanted string) { panic(p.source.unexpected(p.at, wanted)) }

func (p *parser) enter() {
	p.depth++
	if p.depth > maxDepth {
		panic(p.source.errorAt(p.token().Line, 0, tooDeep, "", tooDeepHint))
	}
}

const (
	tooDeep     = "the code is nested too deep"
	tooDeepHint = "split it into several statements or functions"
)

func (p *parser) leave() { p.depth-- }

// block reads statements up to a word that ends the block.
func (p *parser) block() []ast.Stmt {
	p.enter()
	defer p.leave()
	list := []ast.Stmt{}
	for !p.blockEnd() {
		stmt, last := p.statement()
		list = append(list, stmt)
		p.accept(";")
		if last {
			break
		}
	}
	return list
}

func (p *parser) blockEnd() bool {
	return p.end() || p.is("end") || p.is("else") || p.is("elseif") || p.is("until")
}

// statement reads one statement. The last result is set for return and break,
// after which a block must end.
func (p *parser) statement() (stmt ast.Stmt, last bool) {
	t := p.token()
	if t.Kind != Keyword {
		return p.expressionStatement(), false
	}
	switch t.Text {
	case "if":
		return p.ifStatement(), false
	case "while":
		p.next()
		s := &ast.WhileStmt{Condition: p.expression()}
		p.expect("do")
		s.Stmts = p.block()
		return p.finish(s, t.Line), false
	case "do":
		p.next()
		s := &ast.DoBlockStmt{Stmts: p.block()}
		return p.finish(s, t.Line), false
	case "for":
		return p.forStatement(), false
	case "repeat":
		p.next()
		s := &ast.RepeatStmt{Stmts: p.block()}
		p.expect("until")
		s.Condition = p.expression()
		s.SetLine(t.Line)
		s.SetLastLine(s.Condition.Line())
		return s, false
	case "function":
		return p.functionStatement(), false
	case "local":
		return p.localStatement(), false
	case "return":
		p.next()
		s := &ast.ReturnStmt{}
		s.SetLine(t.Line)
		if !p.blockEnd() && !p.is(";") {
			s.Exprs = p.expressions()
		}
		return s, true
	case "break":
		p.next()
		s := &ast.BreakStmt{}
		s.SetLine(t.Line)
		return s, true
	}
	return p.expressionStatement(), false
}

// finish reads the "end" of a statement that began on a line.
func (p *parser) finish(s ast.Stmt, line int) ast.Stmt {
	s.SetLine(line)
	s.SetLastLine(p.expect("end").Line)
	return s
}

// ifStatement reads an if with all its parts. Each elseif is an if that is the
// only statement of the else before it.
func (p *parser) ifStatement() ast.Stmt {
	whole := &ast.IfStmt{}
	whole.SetLine(p.next().Line)
	for part := whole; ; {
		part.Condition = p.expression()
		p.expect("then")
		part.Then = p.block()
		if p.is("elseif") {
			next := &ast.IfStmt{}
			next.SetLine(p.next().Line)
			part.Else = []ast.Stmt{next}
			part = next
			continue
		}
		if p.accept("else") {
			part.Else = p.block()
		}
		return p.finish(whole, whole.Line())
	}
}

func (p *parser) forStatement() ast.Stmt {
	line := p.next().Line
	names := []string{p.name()}
	if p.accept("=") {
		s := &ast.NumberForStmt{Name: names[0], Init: p.expression()}
		p.expect(",")
		s.Limit = p.expression()
		if p.accept(",") {
			s.Step = p.expression()
		}
		p.place(s, line, p.expect("do").Line)
		s.Stmts = p.block()
		return p.finish(s, line)
	}
	for p.accept(",") {
		names = append(names, p.name())
	}
	if len(names) == 1 && !p.is("in") {
		p.unexpected("'=' or 'in'")
	}
	p.expect("in")
	s := &ast.GenericForStmt{Names: names, Exprs: p.expressions()}
	p.expect("do")
	s.Stmts = p.block()
	return p.finish(s, line)
}

// place notes the line of a token inside a node that has another line.
func (p *parser) place(node ast.PositionHolder, line, inner int) {
	if inner != line {
		p.places[node] = inner
	}
}

func (p *parser) functionStatement() ast.Stmt {
	line := p.next().Line
	first := p.token()
	var name ast.Expr = &ast.IdentExpr{Value: p.name()}
	lineUp(name, first.Line, first.Line)
	for p.accept(".") {
		key := p.token()
		name = p.field(name, p.name(), key.Line)
		name.SetLine(key.Line)
	}
	s := &ast.FuncDefStmt{Name: &ast.FuncName{Func: name}}
	if p.accept(":") {
		s.Name = &ast.FuncName{Receiver: name, Method: p.name()}
	}
	s.Func = p.function(line)
	s.SetLine(line)
	s.SetLastLine(s.Func.LastLine())
	return s
}

func (p *parser) localStatement() ast.Stmt {
	s := &ast.LocalAssignStmt{}
	s.SetLine(p.next().Line)
	if p.is("function") {
		line := p.next().Line
		s.Names = []string{p.name()}
		f := p.function(line)
		s.Exprs = []ast.Expr{f}
		s.SetLastLine(f.LastLine())
		return s
	}
	s.Names = []string{p.name()}
	for p.accept(",") {
		s.Names = append(s.Names, p.name())
	}
	s.Exprs = []ast.Expr{}
	if p.accept("=") {
		s.Exprs = p.expressions()
	}
	return s
}

// expressionStatement reads an assignment or a call.
func (p *parser) expressionStatement() ast.Stmt {
	if p.token().Kind != Name && !p.is("(") {
		p.unexpected(aStatement)
	}
	first := p.suffixed()
	if call, ok := first.(*ast.FuncCallExpr); ok && !call.AdjustRet {
		s := &ast.FuncCallStmt{Expr: call}
		s.SetLine(call.Line())
		return s
	}
	s := &ast.AssignStmt{Lhs: []ast.Expr{p.target(first)}}
	s.SetLine(first.Line())
	for p.accept(",") {
		s.Lhs = append(s.Lhs, p.target(p.suffixed()))
	}
	p.expect("=")
	s.Rhs = p.expressions()
	return s
}

// target checks that an expression can be assigned to.
func (p *parser) target(e ast.Expr) ast.Expr {
	switch e.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr:
		if p.source.tokens[p.at-1].Text != ")" {
			return e
		}
	}
	p.unexpected(aTarget)
	return nil
}
