package compile

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Input is one input of a session, such as a line typed at a prompt. Inputs
// behave like one chunk: the next one sees the top-level locals of those
// before.
type Input struct {
	// Proto is the function of the input. Upvalues names, for each of its
	// upvalues, the session's local.
	Proto    *lua.FunctionProto
	Upvalues []SessionLocal
	// Expression is set if the input, or its last line, is an expression whose
	// values the function returns.
	Expression bool
}

// SessionLocal is a variable that outlives the input that declares it.
type SessionLocal struct {
	Name string
	// Fresh is set if this input declares it, Kept if the name means it after
	// the input.
	Fresh, Kept bool
}

// NewInput compiles one input of a session. known reports whether a name is a
// local that earlier inputs declared. Its errors are those of Compile.
func NewInput(src []byte, name string, known func(name string) bool) (input *Input, err error) {
	chunk, lines, source, expression, err := parseInput(src, name)
	if err != nil {
		return nil, err
	}
	s := &sessionScope{known: known, current: map[string]*sessionVariable{}, globals: map[string]bool{}}
	chunk = s.topLevel(chunk)
	byName := s.nameAll()
	variadic := slices.ContainsFunc(source.tokens, func(t Token) bool { return t.Text == "..." })
	proto, err := compileChunk(s.wrap(chunk, variadic), lines, source, nil)
	if err != nil {
		return nil, err
	}
	input = &Input{Proto: proto.FunctionPrototypes[0], Expression: expression >= 0}
	for _, upvalue := range input.Proto.DbgUpvalues {
		v := byName[upvalue]
		input.Upvalues = append(input.Upvalues, SessionLocal{Name: v.name, Fresh: v.fresh, Kept: s.current[v.name] == v && v.name != blankName})
	}
	return input, nil
}

// blankName is the variable for unwanted values. It does not outlive the input
// that declares it.
const blankName = "_"

// ExpressionAt returns where the expression begins that an input ends with or
// consists of, or -1 if there is none or the input does not parse.
func ExpressionAt(src []byte) int {
	_, _, _, at, err := parseInput(src, "input")
	if err != nil {
		return -1
	}
	return at
}

// Expressions parses a list of expressions. It is nil for any other text.
func Expressions(text string) []ast.Expr {
	chunk, err := Parse([]byte("return "+text), "input")
	if err != nil {
		return nil
	}
	return chunk[0].(*ast.ReturnStmt).Exprs
}

// mostTrailing bounds the lines of the expression at the end of an input.
const mostTrailing = 20

// parseInput parses an input as an expression list, as statements, or as
// statements followed by an expression on its own lines. It returns where the
// expression begins, or -1.
func parseInput(src []byte, name string) (chunk []ast.Stmt, lines places, source *sourceText, expression int, err error) {
	chunk, lines, source, whole := parseChunk(slices.Concat([]byte("return "), src), name)
	if whole == nil && returnsValues(chunk) {
		return chunk, lines, source, 0, nil
	}
	if whole != nil && bytes.HasPrefix(src, []byte("#")) && !bytes.HasPrefix(src, []byte("#!")) {
		// A file would skip this line; here # takes a length.
		return nil, nil, nil, -1, withoutReturn(whole)
	}
	chunk, lines, source, err = parseChunk(src, name)
	if err == nil {
		return chunk, lines, source, -1, nil
	}
	end := len(bytes.TrimRight(src, " \t\r\n"))
	for range mostTrailing {
		if end = bytes.LastIndexByte(src[:end], '\n'); end < 0 {
			break
		}
		joined := slices.Concat(src[:end+1], []byte("return "), src[end+1:])
		if chunk, lines, source, err := parseChunk(joined, name); err == nil && returnsValues(chunk) {
			return chunk, lines, source, end + 1, nil
		}
	}
	if IsIncomplete(whole) && !IsIncomplete(err) {
		return nil, nil, nil, -1, withoutReturn(whole)
	}
	return nil, nil, nil, -1, err
}

// withoutReturn moves an error to its position in the typed text, which had no
// return before it.
func withoutReturn(err error) error {
	if syntax, ok := errors.AsType[*SyntaxError](err); ok && syntax.Line == 1 {
		syntax.Column = max(syntax.Column-len("return "), 0)
		syntax.SourceLine = strings.TrimPrefix(syntax.SourceLine, "return ")
	}
	return err
}

// returnsValues reports whether a chunk ends with the return that was put into
// it, and not with a comment or nothing after it.
func returnsValues(chunk []ast.Stmt) bool {
	if len(chunk) == 0 {
		return false
	}
	last, ok := chunk[len(chunk)-1].(*ast.ReturnStmt)
	return ok && len(last.Exprs) > 0
}
