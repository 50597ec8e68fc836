package compile

import (
	"strconv"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// priority is how strongly a binary operator binds on its left and right side.
type priority struct{ left, right int }

// unaryPriority is how strongly unary operators bind.
const unaryPriority = 8

var priorities = map[string]priority{
	"+": {6, 6}, "-": {6, 6}, "*": {7, 7}, "/": {7, 7}, "%": {7, 7},
	"^": {10, 9}, "..": {5, 4},
	"~=": {3, 3}, "==": {3, 3}, "<": {3, 3}, "<=": {3, 3}, ">": {3, 3}, ">=": {3, 3},
	"and": {2, 2}, "or": {1, 1},
}

// lineUp sets both lines of a node.
func lineUp(node ast.PositionHolder, line, last int) {
	node.SetLine(line)
	node.SetLastLine(last)
}

func (p *parser) expressions() []ast.Expr {
	list := []ast.Expr{p.expression()}
	for p.accept(",") {
		list = append(list, p.expression())
	}
	return list
}

func (p *parser) expression() ast.Expr { return p.operation(0) }

// operation reads an expression whose operators bind more strongly than a
// limit.
func (p *parser) operation(limit int) ast.Expr {
	p.enter()
	defer p.leave()
	left := p.unary()
	depth := p.depth
	for {
		t := p.token()
		if t.Kind != Symbol && t.Kind != Keyword {
			break
		}
		op, ok := priorities[t.Text]
		if !ok || op.left <= limit {
			break
		}
		p.enter() // the tree gets deeper to the left
		p.next()
		right := p.operation(op.right)
		whole := binary(t.Text, left, right)
		lineUp(whole, left.Line(), p.last())
		p.place(whole, whole.Line(), t.Line)
		left = whole
	}
	p.depth = depth
	return left
}

func (p *parser) unary() ast.Expr {
	t := p.token()
	if !p.is("-") && !p.is("not") && !p.is("#") {
		return p.simple(t)
	}
	p.next()
	var e ast.Expr
	operand := p.operation(unaryPriority)
	switch t.Text {
	case "-":
		e = &ast.UnaryMinusOpExpr{Expr: operand}
	case "not":
		e = &ast.UnaryNotOpExpr{Expr: operand}
	default:
		e = &ast.UnaryLenOpExpr{Expr: operand}
	}
	lineUp(e, operand.Line(), p.last())
	return e
}

func binary(operator string, left, right ast.Expr) ast.Expr {
	switch operator {
	case "and", "or":
		return &ast.LogicalOpExpr{Operator: operator, Lhs: left, Rhs: right}
	case "..":
		return &ast.StringConcatOpExpr{Lhs: left, Rhs: right}
	case "==", "~=", "<", "<=", ">", ">=":
		return &ast.RelationalOpExpr{Operator: operator, Lhs: left, Rhs: right}
	}
	return &ast.ArithmeticOpExpr{Operator: operator, Lhs: left, Rhs: right}
}

// simple reads an expression without operators that begins with a token.
func (p *parser) simple(t Token) ast.Expr {
	var e ast.Expr
	switch {
	case t.Kind == Number:
		e = &ast.NumberExpr{Value: t.Text}
	case t.Kind == String:
		e = &ast.StringExpr{Value: stringValue(t.Text)}
	case p.is("nil"):
		e = &ast.NilExpr{}
	case p.is("true"):
		e = &ast.TrueExpr{}
	case p.is("false"):
		e = &ast.FalseExpr{}
	case p.is("..."):
		e = &ast.Comma3Expr{}
	case p.is("{"):
		return p.table()
	case p.is("function"):
		p.next()
		return p.function(t.Line)
	default:
		return p.suffixed()
	}
	p.next()
	lineUp(e, t.Line, t.EndLine)
	return e
}

// suffixed reads a name or an expression in parentheses, with the fields, keys
// and calls after it.
func (p *parser) suffixed() ast.Expr {
	e := p.primary()
	depth := p.depth
	defer func() { p.depth = depth }()
	for {
		t := p.token()
		switch {
		case p.is("."):
			p.next()
			key := p.token()
			e = p.field(e, p.name(), key.Line)
		case p.is("["):
			p.next()
			index := &ast.AttrGetExpr{Object: e, Key: p.expression()}
			p.expect("]")
			lineUp(index, e.Line(), p.last())
			e = index
		case p.is(":"):
			p.next()
			method := p.name()
			e = p.call(&ast.FuncCallExpr{Receiver: e, Method: method}, e.Line())
		case p.is("("), p.is("{"), t.Kind == String:
			e = p.call(&ast.FuncCallExpr{Func: e}, e.Line())
		default:
			return e
		}
		p.enter()
	}
}

func (p *parser) primary() ast.Expr {
	t := p.token()
	if t.Kind == Name {
		p.next()
		e := &ast.IdentExpr{Value: t.Text}
		lineUp(e, t.Line, p.last())
		return e
	}
	if !p.accept("(") {
		p.unexpected(aValue)
	}
	e := single(p.expression())
	p.expect(")")
	lineUp(e, t.Line, p.last())
	return e
}

// single makes a parenthesized expression stand for exactly one value.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

func (p *parser) field(object ast.Expr, name string, line int) ast.Expr {
	key := &ast.StringExpr{Value: name}
	lineUp(key, line, line)
	e := &ast.AttrGetExpr{Object: object, Key: key}
	lineUp(e, object.Line(), line)
	return e
}

// call reads the arguments of a call.
func (p *parser) call(e *ast.FuncCallExpr, line int) ast.Expr {
	t := p.token()
	e.Args = []ast.Expr{}
	switch {
	case p.is("("):
		if t.Line != p.last() {
			panic(p.source.errorAt(t.Line, t.Column, "ambiguous syntax (function call x new statement)", "(",
				"to call the value at the end of the line before, move the parenthesis to its line; to start a new statement, put a semicolon before the parenthesis"))
		}
		p.next()
		if !p.is(")") {
			e.Args = p.expressions()
		}
		p.expect(")")
	case p.is("{"):
		e.Args = []ast.Expr{p.table()}
	case t.Kind == String:
		e.Args = []ast.Expr{p.simple(t)}
	default:
		p.unexpected("function arguments")
	}
	lineUp(e, line, p.last())
	p.place(e, line, t.EndLine)
	return e
}

func (p *parser) table() ast.Expr {
	p.enter()
	defer p.leave()
	line := p.expect("{").Line
	e := &ast.TableExpr{Fields: []*ast.Field{}}
	for !p.is("}") {
		e.Fields = append(e.Fields, p.tableField())
		if !p.accept(",") && !p.accept(";") {
			break
		}
	}
	p.expect("}")
	lineUp(e, line, p.last())
	return e
}

func (p *parser) tableField() *ast.Field {
	t := p.token()
	field := &ast.Field{}
	switch {
	case t.Kind == Name && p.at+1 < len(p.source.tokens) && p.source.tokens[p.at+1].Text == "=" && p.source.tokens[p.at+1].Kind == Symbol:
		p.next()
		field.Key = &ast.StringExpr{Value: t.Text}
		lineUp(field.Key, t.Line, t.Line)
		p.expect("=")
	case p.is("["):
		p.next()
		field.Key = p.expression()
		p.expect("]")
		p.expect("=")
	case t.Kind == Name:
		p.ahead = p.at
	}
	field.Value = p.expression()
	return field
}

// function reads the parameters and the body of a function that began on a
// line.
func (p *parser) function(line int) *ast.FunctionExpr {
	p.enter()
	defer p.leave()
	f := &ast.FunctionExpr{ParList: &ast.ParList{Names: []string{}}}
	p.expect("(")
	for !p.is(")") {
		if p.accept("...") {
			f.ParList.HasVargs = true
			break
		}
		f.ParList.Names = append(f.ParList.Names, p.nameFor(aParameter))
		if !p.accept(",") {
			break
		}
		if p.is(")") {
			p.unexpected(aParameter)
		}
	}
	p.expect(")")
	f.Stmts = p.block()
	lineUp(f, line, p.expect("end").Line)
	return f
}

// stringValue is the text that a string token stands for.
func stringValue(token string) string {
	if token[0] == '[' {
		level := strings.IndexByte(token[1:], '[') + 2
		text := token[level : len(token)-level]
		text = strings.NewReplacer("\r\n", "\n", "\n\r", "\n", "\r", "\n").Replace(text)
		return strings.TrimPrefix(text, "\n")
	}
	text := token[1 : len(token)-1]
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			b.WriteByte(text[i])
			continue
		}
		i++
		c := text[i]
		if at := strings.IndexByte("abfnrtv", c); at >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v"[at])
			continue
		}
		switch {
		case c == '\r' || c == '\n':
			b.WriteByte('\n')
			if i+1 < len(text) && (text[i+1] == '\r' || text[i+1] == '\n') && text[i+1] != c {
				i++
			}
		case isDigit(c):
			digits := 1
			for digits < 3 && i+digits < len(text) && isDigit(text[i+digits]) {
				digits++
			}
			code, _ := strconv.Atoi(text[i : i+digits])
			b.WriteByte(byte(code))
			i += digits - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
