package compile

import (
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// FaultsKey is the registry key of a state's *fault.Log. A state without one
// logs no errors.
const FaultsKey = "phscript.faults"

// Faults returns a state's log of errors, or a fresh one.
func Faults(L *lua.LState) *fault.Log {
	if registry, ok := L.Get(lua.RegistryIndex).(*lua.LTable); ok {
		if holder, ok := registry.RawGetString(FaultsKey).(*lua.LUserData); ok {
			if log, ok := holder.Value.(*fault.Log); ok {
				return log
			}
		}
	}
	return &fault.Log{}
}

// Blame finds what the source calls a value of the wrong type, for an error. It
// looks at the operations on the failing line, so it has no answer if several
// are possible and the instruction is not known.
type Blame struct {
	L       *lua.LState
	frame   *lua.Debug
	fn      *lua.LFunction
	line    int
	culprit lua.LValue
	// at is what At set, or nil.
	at *int
}

// NewBlame returns the blame for a value that the Lua function at a level of
// the stack cannot use. Level 1 called the running Go function.
func NewBlame(L *lua.LState, level int, culprit lua.LValue) Blame {
	frame, ok := L.GetStack(level)
	if !ok {
		return Blame{L: L, culprit: culprit}
	}
	value, err := L.GetInfo("lf", frame, lua.LNil)
	if err != nil {
		return Blame{L: L, culprit: culprit}
	}
	fn, _ := value.(*lua.LFunction)
	return Blame{L: L, frame: frame, fn: fn, line: frame.CurrentLine, culprit: culprit}
}

// At returns the blame for the instruction that failed, of all those on the line.
func (b Blame) At(pc int) Blame {
	b.at = &pc
	return b
}

// Source is the function's chunk, "" for a Go function.
func (b Blame) Source() string {
	if b.fn == nil || b.fn.IsG {
		return ""
	}
	return b.fn.Proto.SourceName
}

// Indexed is the fault of reading or writing a field of the culprit.
func (b Blame) Indexed(key lua.LValue, access fault.Access) *fault.Fault {
	text := fault.Computed
	switch key := key.(type) {
	case lua.LString:
		text = string(key)
	case lua.LNumber:
		text = number.Format(float64(key))
	}
	methods, others := 0, 0
	f := b.fault(fault.Index, 0, func(s site) bool {
		if s.key == text && s.method {
			methods++
		} else if s.key == text {
			others++
		}
		return s.key == text
	})
	if f.Operand.String() == "" {
		f = b.fault(fault.Index, 0, func(s site) bool { return s.key == text || s.key == fault.Computed })
	}
	f.Access = access
	if methods > 0 {
		f.Access = fault.ToCall
	}
	if name, ok := key.(lua.LString); ok && (methods == 0) != (others == 0) && (methods > 0 || !b.calls(text)) {
		f.Key = keyAfter(string(name), methods > 0)
	}
	return f
}

// keyAfter is a field as the script writes it after a value.
func keyAfter(name string, method bool) string {
	switch {
	case method:
		return ":" + name
	case spec.IsName(name):
		return "." + name
	}
	return "[" + strconv.Quote(name) + "]"
}

// calls reports whether the line calls something of that name.
func (b Blame) calls(name string) bool {
	names := namesOf(b.fn)
	return names != nil && slices.ContainsFunc(names.lines[b.line], func(s site) bool { return s.op == fault.Call && s.key == name })
}

// Called is the fault of calling the culprit under a short name, or under any
// name if short is empty.
func (b Blame) Called(short string) *fault.Fault {
	f := b.fault(fault.Call, 0, func(s site) bool { return short == "" || s.key == short })
	f.Loop = b.Loop()
	return f
}

// Arithmetic is the fault of calculating with an operand: 0 is the left one and
// the only one of a unary minus, 1 the right one.
func (b Blame) Arithmetic(operand int) *fault.Fault { return b.fault(fault.Arithmetic, operand, nil) }

// Concatenated is the fault of joining one of that many operands.
func (b Blame) Concatenated(operand, operands int) *fault.Fault {
	return b.fault(fault.Concat, operand, func(s site) bool { return len(s.operands) == operands })
}

// Measured is the fault of taking the culprit's length.
func (b Blame) Measured() *fault.Fault { return b.fault(fault.Length, 0, nil) }

// Compared adds the names of the values compared on the line.
func (b Blame) Compared(f *fault.Fault) *fault.Fault {
	if names := namesOf(b.fn); names != nil {
		for _, s := range names.lines[b.line] {
			if s.op == fault.Compare {
				f.Near = append(f.Near, s.operands...)
			}
		}
	}
	return f
}

// Loop returns the only loop over something whose head is on the line, or nil.
func (b Blame) Loop() *fault.Loop {
	if names := namesOf(b.fn); names != nil && len(names.loops[b.line]) == 1 {
		return names.loops[b.line][0]
	}
	return nil
}

// fault makes the fault of an operation on the culprit. It names the culprit if
// all matching operations on the line agree.
func (b Blame) fault(op fault.Operation, operand int, match func(site) bool) *fault.Fault {
	f := &fault.Fault{Operation: op, Type: b.culprit.Type().String()}
	names := namesOf(b.fn)
	if names == nil {
		return f
	}
	var sites []site
	for _, s := range names.lines[b.line] {
		if s.op == op && operand < len(s.operands) && (match == nil || match(s)) {
			if b.at != nil && s.proto == b.fn.Proto && s.pc == *b.at {
				sites = []site{s}
				break
			}
			sites = append(sites, s)
		}
	}
	found := false
	for _, s := range sites {
		f.Near = append(f.Near, s.operands...)
		o := s.operands[operand]
		switch {
		case b.innocent(o):
			continue
		case o.Scope == fault.NoName, found && (f.Operand.Scope != o.Scope || f.Operand.Name != o.Name):
			f.Operand = fault.Operand{}
			if len(sites) == 1 {
				f.Operand.Text = o.Text
			}
			return f
		case !found:
			found, f.Operand = true, o
			continue
		}
		// It is the same name, written in more than one way.
		if f.Operand.Text != o.Text {
			f.Operand.Text = ""
		}
		if !slices.Equal(f.Operand.Owner, o.Owner) {
			f.Operand.Owner = nil
		}
		if f.Operand.Loop != o.Loop {
			f.Operand.Loop = nil
		}
		if f.Operand.Made != o.Made {
			f.Operand.Made = nil
		}
	}
	if b.culprit == lua.LNil && (f.Operand.Scope == fault.Field || f.Operand.Scope == fault.Method) {
		f.Owner = b.owner(f.Operand)
	}
	return f
}

// innocent reports whether a name cannot be the culprit: a literal is not nil,
// and a global must have the culprit's value.
func (b Blame) innocent(o fault.Operand) bool {
	if o.Scope == fault.Literal {
		return b.culprit == lua.LNil
	}
	if o.Scope != fault.Global || b.fn.Env == nil {
		return false
	}
	value := b.fn.Env.RawGetString(o.Name)
	return value != lua.LNil && value.Type() != b.culprit.Type()
}

// owner returns the table or string that lacks the field, or nil.
func (b Blame) owner(o fault.Operand) any {
	switch owner := b.Value(o.Owner).(type) {
	case *lua.LTable:
		if Member(owner, lua.LString(o.Name)) == lua.LNil {
			return owner
		}
	case lua.LString:
		return owner
	}
	return nil
}

// Value returns what names lead to on the line, without running code of the
// script; nil for no names.
func (b Blame) Value(names []string) lua.LValue {
	if len(names) == 0 || b.fn == nil || b.fn.IsG {
		return lua.LNil
	}
	value := b.variable(names[0])
	for _, name := range names[1:] {
		value = Member(value, lua.LString(name))
	}
	return value
}

// variable returns the value of a name: a local of the function, one of an
// enclosing function, or a global.
func (b Blame) variable(name string) lua.LValue {
	var found lua.LValue
	for i := 1; ; i++ {
		local, value := b.L.GetLocal(b.frame, i)
		if local == "" {
			break
		}
		if local == name {
			found = value
		}
	}
	for i := 1; found == nil && i <= len(b.fn.Upvalues); i++ {
		if upvalue, value := b.L.GetUpvalue(b.fn, i); upvalue == name {
			found = value
		}
	}
	if found != nil {
		return found
	}
	return Member(b.fn.Env, lua.LString(name))
}

// deepest bounds how many metatables a lookup follows.
const deepest = 20

// Member reads a field of a table, or of the tables in its metatables' __index,
// without running code of the script.
func Member(v, key lua.LValue) lua.LValue {
	for range deepest {
		t, ok := v.(*lua.LTable)
		if !ok {
			return lua.LNil
		}
		Fill(t)
		if found := t.RawGet(key); found != lua.LNil {
			return found
		}
		meta, ok := t.Metatable.(*lua.LTable)
		if !ok {
			return lua.LNil
		}
		v = meta.RawGetString("__index")
	}
	return lua.LNil
}

// Fail raises one of Lua's own errors, and logs it.
func Fail(L *lua.LState, f *fault.Fault) {
	Faults(L).Note(f.Error(), f)
	L.RaiseError("%s", f.Error())
}
