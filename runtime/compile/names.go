package compile

import (
	"github.com/yuin/gopher-lua/ast"

	lua "github.com/yuin/gopher-lua"
)

// operation is a kind of act on a value that fails when the value is nil.
type operation int

const (
	opIndex operation = iota
	opCall
	opArithmetic
	opConcat
	opCompare
	opLength
)

// site is one operation in the source with what its operands are called, such
// as "local 'x'" or "field 'owner'", "" where an operand has no name.
type site struct {
	op       operation
	key      string
	operands []string
}

// Names knows, for one chunk, what the operands on each line are called. It is
// built while a chunk is compiled and immutable afterwards.
type Names struct {
	lines   map[int][]site
	carrier *lua.LUserData
}

// newNames returns an empty table of names.
func newNames() *Names { return &Names{lines: map[int][]site{}} }

// NamesOf returns the names of the chunk that a function was compiled from, or
// nil for a Go function and for code that this package did not compile.
func NamesOf(fn *lua.LFunction) *Names {
	if fn == nil || fn.IsG || len(fn.Proto.Constants) == 0 {
		return nil
	}
	carrier, ok := fn.Proto.Constants[len(fn.Proto.Constants)-1].(*lua.LUserData)
	if !ok {
		return nil
	}
	names, _ := carrier.Value.(*Names)
	return names
}

// Indexed names the value whose field key is read or written on a line.
func (n *Names) Indexed(line int, key string) string {
	return n.find(line, func(s site) (string, bool) { return s.operands[0], s.op == opIndex && s.key == key })
}

// Called names the function that is called on a line under a short name, or
// under any name when the short name is empty.
func (n *Names) Called(line int, short string) string {
	return n.find(line, func(s site) (string, bool) {
		return s.operands[0], s.op == opCall && (short == "" || s.key == short)
	})
}

// Arithmetic names one operand of the arithmetic on a line: 0 is the left one
// and the only one of a unary minus, 1 the right one.
func (n *Names) Arithmetic(line, operand int) string { return n.operand(opArithmetic, line, operand) }

// Concatenated names one operand of the concatenation with that many operands.
func (n *Names) Concatenated(line, operand, operands int) string {
	return n.find(line, func(s site) (string, bool) {
		if s.op != opConcat || len(s.operands) != operands {
			return "", false
		}
		return s.operands[operand], true
	})
}

// Measured names the operand of "#" on a line.
func (n *Names) Measured(line int) string { return n.operand(opLength, line, 0) }

// operand names one operand of the operations of a kind on a line.
func (n *Names) operand(op operation, line, operand int) string {
	return n.find(line, func(s site) (string, bool) {
		if s.op != op || operand >= len(s.operands) {
			return "", false
		}
		return s.operands[operand], true
	})
}

// find returns the name on which all sites of a line agree that match, or "".
func (n *Names) find(line int, match func(site) (string, bool)) string {
	if n == nil {
		return ""
	}
	found := ""
	for _, s := range n.lines[line] {
		name, ok := match(s)
		if !ok {
			continue
		}
		if name == "" || found != "" && found != name {
			return ""
		}
		found = name
	}
	return found
}

// note records one operation.
func (r *rewriter) note(line int, s site) {
	r.names.lines[line] = append(r.names.lines[line], s)
}

// noteIndex records that a field is read or written.
func (r *rewriter) noteIndex(e *ast.AttrGetExpr) {
	r.note(e.Line(), site{op: opIndex, key: keyText(e.Key), operands: []string{r.describe(e.Object)}})
}

// noteCall records a call; a method call indexes its receiver as well.
func (r *rewriter) noteCall(e *ast.FuncCallExpr) {
	if e.Func == nil {
		r.note(e.Line(), site{op: opIndex, key: e.Method, operands: []string{r.describe(e.Receiver)}})
		r.note(e.Line(), site{op: opCall, key: e.Method, operands: []string{"method '" + e.Method + "'"}})
		return
	}
	short := "?"
	switch f := e.Func.(type) {
	case *ast.IdentExpr:
		short = f.Value
	case *ast.AttrGetExpr:
		short = keyText(f.Key)
	}
	r.note(e.Line(), site{op: opCall, key: short, operands: []string{r.describe(e.Func)}})
}

// noteBinary records an operation on two values.
func (r *rewriter) noteBinary(op operation, lhs, rhs ast.Expr) {
	r.note(lhs.Line(), site{op: op, operands: []string{r.describe(lhs), r.describe(rhs)}})
}

// noteUnary records an operation on one value.
func (r *rewriter) noteUnary(op operation, operand ast.Expr) {
	r.note(operand.Line(), site{op: op, operands: []string{r.describe(operand)}})
}

// noteConcat records a chain of concatenations.
func (r *rewriter) noteConcat(line int, operands []ast.Expr) {
	described := make([]string, len(operands))
	for i, operand := range operands {
		described[i] = r.describe(operand)
	}
	r.note(line, site{op: opConcat, operands: described})
}

// keyText is the text of a key that is a plain string, and "?" for others.
func keyText(key ast.Expr) string {
	if text, ok := key.(*ast.StringExpr); ok {
		return text.Value
	}
	return "?"
}

// describe says what an expression is called in the words of Lua's messages.
func (r *rewriter) describe(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return r.fn.resolve(e.Value) + " '" + e.Value + "'"
	case *ast.AttrGetExpr:
		return "field '" + keyText(e.Key) + "'"
	}
	return ""
}
