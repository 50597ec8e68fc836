package compile

import (
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// operation is a kind of act on a value that fails when the value is nil.
type operation int

const (
	opIndex operation = iota
	opCall
	opArithmetic
	opConcat
	opLength
)

// literalName stands for an operand that is written out, like 1 or "a", and so
// is never the nil that an error is about.
const literalName = "literal"

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

// namesOf returns the names of the chunk that a function was compiled from, or
// nil for a Go function and for code that this package did not compile.
func namesOf(fn *lua.LFunction) *Names {
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

// note records one operation.
func (r *rewriter) note(line int, s site) {
	r.names.lines[line] = append(r.names.lines[line], s)
}

// noteIndex records that a field is read or written.
func (r *rewriter) noteIndex(e *ast.AttrGetExpr) {
	r.note(e.Line(), site{op: opIndex, key: siteKey(e.Key), operands: []string{r.describe(e.Object)}})
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

// siteKey tells the fields of a line apart: the text of a plain string or of a
// numeral, and "?" for others.
func siteKey(key ast.Expr) string {
	if numeral, ok := key.(*ast.NumberExpr); ok {
		if n, ok := number.Parse(numeral.Value); ok {
			return number.Format(n)
		}
	}
	return keyText(key)
}

// describe says what an expression is called in the words of Lua's messages.
func (r *rewriter) describe(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return r.fn.resolve(e.Value) + " '" + e.Value + "'"
	case *ast.AttrGetExpr:
		return "field '" + keyText(e.Key) + "'"
	}
	if _, none := e.(*ast.NilExpr); !none && constant(e) {
		return literalName
	}
	return ""
}
