package bindings

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Args are the arguments of one call, checked against the function's spec
// before Func.Call sees them: types fit, and option names are known.
type Args struct {
	L      *lua.LState
	Host   *Host
	fn     *Func
	module string
	// skip is 1 where the function was called with a colon.
	skip int
}

// Context returns the run's context.
func (a *Args) Context() context.Context {
	if ctx := a.L.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// Len returns the number of arguments.
func (a *Args) Len() int { return a.L.GetTop() - a.skip }

// Get returns argument i, counted from 0; nil where it is left out.
func (a *Args) Get(i int) lua.LValue { return a.L.Get(i + 1 + a.skip) }

// Given reports whether argument i is there and not nil.
func (a *Args) Given(i int) bool { return a.Get(i) != lua.LNil }

// String returns argument i as text; a number is turned into text as Lua does.
func (a *Args) String(i int) string { return lua.LVAsString(a.Get(i)) }

// Int returns argument i as a whole number.
func (a *Args) Int(i int) int { return int(lua.LVAsNumber(a.Get(i))) }

// Number returns argument i as a number.
func (a *Args) Number(i int) float64 { return float64(lua.LVAsNumber(a.Get(i))) }

// Table returns argument i as a table, or nil where it is none.
func (a *Args) Table(i int) *lua.LTable {
	t, _ := a.Get(i).(*lua.LTable)
	return t
}

// Function returns argument i as a function, or nil where it is none.
func (a *Args) Function(i int) *lua.LFunction {
	f, _ := a.Get(i).(*lua.LFunction)
	return f
}

// Options returns argument i as an options table; an absent one is empty.
func (a *Args) Options(i int) Options { return Options{a.Table(i)} }

// Push pushes results and returns how many they are.
func (a *Args) Push(values ...lua.LValue) (int, error) {
	for _, v := range values {
		a.L.Push(v)
	}
	return len(values), nil
}

// Errorf makes an error about the use of this function, to be returned.
func (a *Args) Errorf(format string, args ...any) error {
	return &UsageError{Func: a.qualified(), Message: fmt.Sprintf(format, args...)}
}

func (a *Args) fault(message string) error {
	return &UsageError{Func: a.qualified(), Message: message}
}

func (a *Args) qualified() string { return qualify(a.module, a.fn.Name) }

func qualify(module, name string) string {
	if module == "" {
		return name
	}
	return module + "." + name
}

// UsageError is a mistake in the script itself: a wrong type, a misspelt
// option. It is raised as text that starts with the script's line, as Lua's
// own errors do.
type UsageError struct {
	Func, Message string
}

func (e *UsageError) Error() string { return e.Func + ": " + e.Message }

// check compares the arguments with the spec.
func (a *Args) check() error {
	for i := range a.fn.Params {
		p := &a.fn.Params[i]
		v := a.Get(i)
		if v == lua.LNil {
			if p.Optional || accepts(p.Type, v) {
				continue
			}
			return a.fault(MissingArgument(i, p))
		}
		if !accepts(p.Type, v) {
			return a.fault(WrongArgument(i, p, describeValue(v)))
		}
		if t, ok := v.(*lua.LTable); ok && len(p.Fields) > 0 {
			if err := a.checkFields(p, t); err != nil {
				return err
			}
		}
	}
	if n := len(a.fn.Params); !a.fn.Variadic && a.Len() > n {
		return a.fault(TooManyArguments(a.fn, a.Len()))
	}
	return nil
}

func (a *Args) checkFields(p *Param, t *lua.LTable) error {
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return a.fault(ItemInOptions(p, k.String()))
		}
		f := field(p.Fields, string(name))
		if f == nil {
			return a.fault(UnknownOption(p, string(name)))
		}
		if !accepts(f.Type, v) {
			return a.fault(WrongOption(f, describeValue(v)))
		}
	}
	for i := range p.Fields {
		if f := &p.Fields[i]; f.Required && t.RawGetString(f.Name) == lua.LNil {
			return a.fault(MissingOption(f))
		}
	}
	return nil
}

func field(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// accepts reports whether v fits a LuaCATS type. Names that are none of Lua's
// own types stand for tables.
func accepts(typ string, v lua.LValue) bool {
	for one := range strings.SplitSeq(typ, "|") {
		if acceptsOne(strings.TrimSpace(one), v) {
			return true
		}
	}
	return false
}

func acceptsOne(typ string, v lua.LValue) bool {
	if rest, ok := strings.CutSuffix(typ, "?"); ok {
		return v == lua.LNil || acceptsOne(rest, v)
	}
	switch {
	case typ == "any":
		return true
	case typ == "nil":
		return v == lua.LNil
	case typ == "string":
		return v.Type() == lua.LTString || v.Type() == lua.LTNumber
	case typ == "number":
		return isNumber(v)
	case typ == "integer":
		return isNumber(v) && math.Trunc(float64(lua.LVAsNumber(v))) == float64(lua.LVAsNumber(v))
	case typ == "boolean":
		return v.Type() == lua.LTBool
	case typ == "function", strings.HasPrefix(typ, "fun("):
		return v.Type() == lua.LTFunction
	case typ == "userdata":
		return v.Type() == lua.LTUserData
	}
	return v.Type() == lua.LTTable
}

// isNumber holds for numbers and for texts that Lua turns into one.
func isNumber(v lua.LValue) bool {
	if s, ok := v.(lua.LString); ok {
		_, err := strconv.ParseFloat(strings.TrimSpace(string(s)), 64)
		return err == nil
	}
	return v.Type() == lua.LTNumber
}

func describeType(typ string) string {
	var words []string
	for one := range strings.SplitSeq(typ, "|") {
		one = strings.TrimSuffix(strings.TrimSpace(one), "?")
		switch {
		case one == "any":
			return "a value"
		case one == "integer":
			words = append(words, "a whole number")
		case strings.HasPrefix(one, "fun("):
			words = append(words, "a function")
		case strings.HasSuffix(one, "[]"):
			words = append(words, "a list (table)")
		case one == "string", one == "number", one == "boolean", one == "function", one == "table", one == "userdata":
			words = append(words, "a "+one)
		case one == "nil":
		default:
			words = append(words, "a table")
		}
	}
	return strings.Join(words, " or ")
}

func describeValue(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		if len(v) <= 40 {
			return fmt.Sprintf("the string %q", string(v))
		}
	case lua.LNumber:
		return "the number " + v.String()
	case *lua.LNilType:
		return "nil"
	}
	return "a " + v.Type().String()
}

// Options reads an options table whose fields were checked.
type Options struct{ t *lua.LTable }

// Get returns the value of a field; nil where it is absent.
func (o Options) Get(name string) lua.LValue {
	if o.t == nil {
		return lua.LNil
	}
	return o.t.RawGetString(name)
}

// Has reports whether a field is given.
func (o Options) Has(name string) bool { return o.Get(name) != lua.LNil }

// String returns a field as text, "" where it is absent.
func (o Options) String(name string) string { return lua.LVAsString(o.Get(name)) }

// Int returns a field as a whole number, 0 where it is absent.
func (o Options) Int(name string) int { return int(lua.LVAsNumber(o.Get(name))) }

// Bool returns a field as a truth value, false where it is absent.
func (o Options) Bool(name string) bool { return lua.LVAsBool(o.Get(name)) }

// Strings returns a field that is one text or a list of texts.
func (o Options) Strings(name string) []string {
	switch v := o.Get(name).(type) {
	case *lua.LTable:
		out := make([]string, 0, v.Len())
		for i := 1; i <= v.Len(); i++ {
			out = append(out, lua.LVAsString(v.RawGetInt(i)))
		}
		return out
	case *lua.LNilType:
		return nil
	default:
		return []string{lua.LVAsString(v)}
	}
}
