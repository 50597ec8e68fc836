package compile

import (
	"fmt"
	"strings"

	"github.com/phscript/phscript/runtime/internal/lualib/number"
	lua "github.com/yuin/gopher-lua"
)

// Blame finds what a value of the wrong type is called in the source, for an
// error message. It looks at the operations on the line that failed, so it has
// no answer where several could be meant.
type Blame struct {
	fn      *lua.LFunction
	line    int
	culprit lua.LValue
}

// NewBlame returns the blame for a value that the Lua function at a level of
// the stack cannot use. Level 1 is the one that called the running Go function.
func NewBlame(L *lua.LState, level int, culprit lua.LValue) Blame {
	frame, ok := L.GetStack(level)
	if !ok {
		return Blame{culprit: culprit}
	}
	value, err := L.GetInfo("lf", frame, lua.LNil)
	if err != nil {
		return Blame{culprit: culprit}
	}
	fn, _ := value.(*lua.LFunction)
	return Blame{fn: fn, line: frame.CurrentLine, culprit: culprit}
}

// Source is the chunk that the function belongs to, "" for a Go function.
func (b Blame) Source() string {
	if b.fn == nil || b.fn.IsG {
		return ""
	}
	return b.fn.Proto.SourceName
}

// Indexed names the value whose field is read or written.
func (b Blame) Indexed(key lua.LValue) string {
	text := "?"
	switch key := key.(type) {
	case lua.LString:
		text = string(key)
	case lua.LNumber:
		text = number.Format(float64(key))
	}
	if name := b.find(func(s site) (string, bool) { return s.operands[0], s.op == opIndex && s.key == text }); name != "" {
		return name
	}
	return b.find(func(s site) (string, bool) {
		return s.operands[0], s.op == opIndex && (s.key == text || s.key == "?")
	})
}

// Called names the function that is called under a short name, or under any
// name when the short name is empty.
func (b Blame) Called(short string) string {
	return b.find(func(s site) (string, bool) {
		return s.operands[0], s.op == opCall && (short == "" || s.key == short)
	})
}

// Arithmetic names one operand of an arithmetic operation: 0 is the left one
// and the only one of a unary minus, 1 the right one.
func (b Blame) Arithmetic(operand int) string { return b.operand(opArithmetic, operand) }

// Concatenated names one operand of the concatenation with that many operands.
func (b Blame) Concatenated(operand, operands int) string {
	return b.find(func(s site) (string, bool) {
		if s.op != opConcat || len(s.operands) != operands {
			return "", false
		}
		return s.operands[operand], true
	})
}

// Measured names the operand of "#".
func (b Blame) Measured() string { return b.operand(opLength, 0) }

// operand names one operand of the operations of a kind.
func (b Blame) operand(op operation, operand int) string {
	return b.find(func(s site) (string, bool) {
		if s.op != op || operand >= len(s.operands) {
			return "", false
		}
		return s.operands[operand], true
	})
}

// find returns the name on which all operations of the line agree that match
// and can be about the culprit, or "".
func (b Blame) find(match func(site) (string, bool)) string {
	names := namesOf(b.fn)
	if names == nil {
		return ""
	}
	found := ""
	for _, s := range names.lines[b.line] {
		name, ok := match(s)
		if !ok || b.innocent(name) {
			continue
		}
		if name == "" || found != "" && found != name {
			return ""
		}
		found = name
	}
	if found == literalName {
		return ""
	}
	return found
}

// innocent tells whether what goes by a name cannot be the culprit: a literal
// is not nil, and a global variable has to have the culprit's value.
func (b Blame) innocent(name string) bool {
	if name == literalName {
		return b.culprit == lua.LNil
	}
	global, ok := strings.CutPrefix(name, "global '")
	if !ok || b.fn.Env == nil {
		return false
	}
	value := b.fn.Env.RawGetString(strings.TrimSuffix(global, "'"))
	return value != lua.LNil && value.Type() != b.culprit.Type()
}

// Fail raises Lua's error for an act on the culprit, under its name if it has one.
func (b Blame) Fail(L *lua.LState, act, name string) { L.RaiseError("%s", b.message(act, name)) }

// message words the error.
func (b Blame) message(act, name string) string {
	if name == "" {
		return fmt.Sprintf("attempt to %s a %s value", act, b.culprit.Type())
	}
	return fmt.Sprintf("attempt to %s %s (a %s value)", act, name, b.culprit.Type())
}
