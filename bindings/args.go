package bindings

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

// Args are the arguments of one call, checked against the function's spec
// before Func.Call sees them: types fit, and option names are known.
type Args struct {
	L      *lua.LState
	Host   *Host
	fn     *Func
	module string
	// skip is 1 if the function was called with a colon.
	skip int
}

// Context returns the run's context.
func (a *Args) Context() context.Context {
	ctx := a.L.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	if a.Host != nil && a.Host.Calling != nil {
		return a.Host.Calling(ctx, a.L)
	}
	return ctx
}

// Len returns the number of arguments.
func (a *Args) Len() int { return a.L.GetTop() - a.skip }

// Get returns argument i, counted from 0, or nil if it is left out.
func (a *Args) Get(i int) lua.LValue { return a.L.Get(i + 1 + a.skip) }

// Given reports whether argument i is there and not nil.
func (a *Args) Given(i int) bool { return a.Get(i) != lua.LNil }

// String returns argument i as text. Numbers are converted as in Lua.
func (a *Args) String(i int) string { return lua.LVAsString(a.Get(i)) }

// Int returns argument i as a whole number.
func (a *Args) Int(i int) int { return int(lua.LVAsNumber(a.Get(i))) }

// Number returns argument i as a number.
func (a *Args) Number(i int) float64 { return float64(lua.LVAsNumber(a.Get(i))) }

// Table returns argument i as a table, or nil if it is not one.
func (a *Args) Table(i int) *lua.LTable {
	t, _ := a.Get(i).(*lua.LTable)
	return t
}

// Function returns argument i as a function, or nil if it is not one.
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

// give pushes a value, unless err says why there is none.
func (a *Args) give(v lua.LValue, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return a.Push(v)
}

// Errorf makes an error about the use of this function, to be returned. It
// understands %w as fmt.Errorf does.
func (a *Args) Errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &UsageError{Func: a.qualified(), Message: err.Error(), cause: errors.Unwrap(err)}
}

func (a *Args) fault(message string) error {
	return &UsageError{Func: a.qualified(), Message: message}
}

func (a *Args) qualified() string { return spec.Qualify(a.module, a.fn.Name) }

// UsageError is a mistake in the script itself, such as a wrong type or an
// unknown option. It is raised as text that starts with the script's line, like
// Lua's own errors.
type UsageError struct {
	Func, Message string
	cause         error
}

func (e *UsageError) Error() string { return e.Func + ": " + e.Message }

// Unwrap returns the error that the format of Errorf wrapped with %w, or nil.
func (e *UsageError) Unwrap() error { return e.cause }

// check checks the arguments against the spec.
func (a *Args) check() error {
	for i := range a.fn.Params {
		p := &a.fn.Params[i]
		v := a.Get(i)
		if v == lua.LNil {
			if p.Omissible() {
				continue
			}
			return a.fault(p.Missing(i))
		}
		if !accepts(p.Type, v) {
			return a.fault(p.Mismatch(i, describeValue(v)))
		}
		if why := notText(p.Type, v); why != "" {
			return a.fault(p.Mismatch(i, describeValue(v)) + why)
		}
		if t, ok := v.(*lua.LTable); ok && len(p.Fields) > 0 {
			if err := a.checkFields(p, t); err != nil {
				return err
			}
		}
	}
	if n := len(a.fn.Params); !a.fn.Variadic && a.Len() > n {
		return a.fault(a.fn.TooMany(a.Len()))
	}
	return nil
}

func (a *Args) checkFields(p *Param, t *lua.LTable) error {
	Fill(t)
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return a.fault(p.Unnamed(k.String()))
		}
		f := p.Field(string(name))
		if f == nil {
			return a.fault(p.Unknown(string(name), catalog.DidYouMean))
		}
		if !accepts(f.Type, v) {
			return a.fault(f.Mismatch(describeValue(v)))
		}
		if why := notText(f.Type, v); why != "" {
			return a.fault(f.Mismatch(describeValue(v)) + why)
		}
	}
	for i := range p.Fields {
		if f := &p.Fields[i]; f.Required && t.RawGetString(f.Name) == lua.LNil {
			return a.fault(f.Missing())
		}
	}
	return nil
}

// accepts reports whether a value fits a type.
func accepts(t spec.Type, v lua.LValue) bool {
	return t.Accepts(luaKinds[v.Type()]) || t.Accepts(spec.Number|spec.Integer) && t.Accepts(numberKinds(v))
}

// notText says why a number cannot stand for the text that is expected: it is not
// finite, or it may stand for several whole ones. It returns "" if it can.
func notText(t spec.Type, v lua.LValue) string {
	n, ok := v.(lua.LNumber)
	f := math.Abs(float64(n))
	switch {
	case !ok || t.Accepts(spec.Number|spec.Integer):
		return ""
	case math.IsNaN(f) || math.IsInf(f, 0):
		return ": look for a division by zero"
	case f >= luatext.LargestWhole:
		return ": numbers from 2^53 on lose digits; read or write such ids as text"
	}
	return ""
}

// luaKinds are the kinds of values by Lua's own types. Lua takes a number where a
// string is expected.
var luaKinds = [...]spec.Kind{
	lua.LTNil: spec.Nil, lua.LTBool: spec.Boolean, lua.LTNumber: spec.Number | spec.String, lua.LTString: spec.String, lua.LTTable: spec.Table,
	lua.LTFunction: spec.Function, lua.LTUserData: spec.Userdata, lua.LTThread: spec.Thread,
}

// numberKinds are the kinds of a number, or of a text that Lua turns into one.
func numberKinds(v lua.LValue) spec.Kind {
	n, ok := v.(lua.LNumber)
	if s, isText := v.(lua.LString); isText {
		f, err := strconv.ParseFloat(strings.TrimSpace(string(s)), 64)
		n, ok = lua.LNumber(f), err == nil
	}
	switch {
	case !ok:
		return 0
	case math.Trunc(float64(n)) == float64(n):
		return spec.Number | spec.Integer
	}
	return spec.Number
}

func describeValue(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return spec.Quote(string(v))
	case lua.LNumber:
		return "the number " + v.String()
	case *lua.LNilType:
		return "nil"
	}
	return "a " + v.Type().String()
}

// Options reads an options table whose fields were checked.
type Options struct{ t *lua.LTable }

// Get returns the value of a field, or nil.
func (o Options) Get(name string) lua.LValue {
	if o.t == nil {
		return lua.LNil
	}
	return o.t.RawGetString(name)
}

// Has reports whether a field is set.
func (o Options) Has(name string) bool { return o.Get(name) != lua.LNil }

// String returns a field as text, or "".
func (o Options) String(name string) string { return lua.LVAsString(o.Get(name)) }

// Int returns a field as a whole number, or 0.
func (o Options) Int(name string) int { return int(lua.LVAsNumber(o.Get(name))) }

// Bool returns a field as a boolean, or false.
func (o Options) Bool(name string) bool { return lua.LVAsBool(o.Get(name)) }

// Strings returns a field that is one text or a list of texts.
func (o Options) Strings(name string) []string { return texts(o.Get(name)) }

// texts returns a value that is one text or a list of texts.
func texts(v lua.LValue) []string {
	switch v := v.(type) {
	case *lua.LTable:
		Fill(v)
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
