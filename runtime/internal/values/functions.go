package values

import (
	"context"
	"fmt"
	"reflect"

	lua "github.com/yuin/gopher-lua"
	luar "layeh.com/gopher-luar"

	"github.com/phscript/phscript/bindings"
)

// Bridge hands Go values to the scripts of one state.
type Bridge struct {
	// Host raises the errors and reports the panics of Go functions. Its Call
	// calls functions of the script that Go functions got.
	Host *bindings.Host
	// Context returns the context to pass to Go functions that take one.
	Context func(L *lua.LState) context.Context
}

var (
	typeContext = reflect.TypeFor[context.Context]()
	typeError   = reflect.TypeFor[error]()
	typeState   = reflect.TypeFor[*lua.LState]()
	typeInt     = reflect.TypeFor[int]()
)

// Value makes the Lua value of a Go value. Numbers, texts, booleans and Lua
// values are what they are, functions are called with checked arguments, and
// everything else is an object whose methods are such functions. name is what
// messages call it.
func (b *Bridge) Value(L *lua.LState, name string, v any) (lua.LValue, error) {
	if l, ok := v.(lua.LValue); ok {
		return l, nil
	}
	if err := Validate(name, v); err != nil {
		return nil, err
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Func && !r.IsNil() {
		return b.function(L, name, r, false), nil
	}
	l := luar.New(L, v)
	b.adopt(L, l)
	return l, nil
}

// Validate returns why a Go value cannot be given to scripts, or nil.
func Validate(name string, v any) error {
	r := reflect.ValueOf(v)
	if r.IsValid() && (r.CanInt() && (r.Int() > exact || r.Int() < -exact) || r.CanUint() && r.Uint() > exact) {
		return fmt.Errorf("%s: the Go integer %v does not fit a number of Lua; pass it as text", name, v)
	}
	return nil
}

// function makes a Lua function of a Go function. The first argument of a method
// is its object.
func (b *Bridge) function(L *lua.LState, name string, fn reflect.Value, method bool) *lua.LFunction {
	t := fn.Type()
	if t.NumIn() == 1 && t.In(0) == typeState && t.NumOut() == 1 && t.Out(0) == typeInt {
		return b.Host.Function(L, func(L *lua.LState) (int, error) {
			return int(fn.Call([]reflect.Value{reflect.ValueOf(L)})[0].Int()), nil
		})
	}
	return b.Host.Function(L, func(L *lua.LState) (int, error) {
		in, err := b.arguments(L, name, t, method)
		if err != nil {
			return 0, err
		}
		return b.results(L, name, fn.Call(in))
	})
}

// arguments converts the arguments of a call.
func (b *Bridge) arguments(L *lua.LState, name string, t reflect.Type, method bool) ([]reflect.Value, error) {
	wrong := func(format string, args ...any) error {
		return &bindings.UsageError{Func: name, Message: fmt.Sprintf(format, args...)}
	}
	c := converter{known: true, function: b.callback(L)}
	var in []reflect.Value
	given, taken := L.GetTop(), 0
	counted := 0
	for i := range t.NumIn() {
		of := t.In(i)
		if of == typeContext && len(in) == 0 || of == typeContext && method && len(in) == 1 {
			in = append(in, reflect.ValueOf(b.Context(L)))
			continue
		}
		last := given
		variadic := t.IsVariadic() && i == t.NumIn()-1
		if variadic {
			of = of.Elem()
		} else {
			last = taken + 1
		}
		for ; taken < last; taken++ {
			if method && taken == 0 {
				object, err := receiver(L.Get(1), of)
				if err != nil {
					return nil, wrong("call it with a colon, as in object:%s()", name)
				}
				in = append(in, object)
				continue
			}
			counted++
			v, err := c.to(L.Get(taken+1), of)
			if err != nil {
				return nil, wrong("argument %d: %v", counted, err)
			}
			in = append(in, v)
		}
	}
	if given > taken {
		return nil, wrong("takes %d arguments, not %d", counted, counted+given-taken)
	}
	return in, nil
}

// receiver returns the object of a method call. A method of a pointer gets a
// copy of an object that is none.
func receiver(v lua.LValue, t reflect.Type) (reflect.Value, error) {
	object, err := converter{}.to(v, t)
	if err != nil && t.Kind() == reflect.Pointer {
		if ud, ok := v.(*lua.LUserData); ok && reflect.TypeOf(ud.Value) == t.Elem() {
			object = reflect.New(t.Elem())
			object.Elem().Set(reflect.ValueOf(ud.Value))
			return object, nil
		}
	}
	if _, ok := v.(*lua.LUserData); err == nil && !ok {
		err = fmt.Errorf("no object")
	}
	return object, err
}

// results pushes what a Go function returned. An error in the last place is
// raised.
func (b *Bridge) results(L *lua.LState, name string, out []reflect.Value) (int, error) {
	if n := len(out); n > 0 && out[n-1].Type() == typeError {
		if err, _ := out[n-1].Interface().(error); err != nil {
			return 0, err
		}
		out = out[:n-1]
	}
	for _, v := range out {
		l, err := b.Value(L, name, v.Interface())
		if err != nil {
			return 0, err
		}
		L.Push(l)
	}
	return len(out), nil
}

// callback makes Go functions of functions of the script. They may be called
// until the function that got them returns. An error of the script is returned,
// if the Go function returns an error, and raised if not.
func (b *Bridge) callback(L *lua.LState) func(fn *lua.LFunction, t reflect.Type) reflect.Value {
	return func(fn *lua.LFunction, t reflect.Type) reflect.Value {
		return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
			out, err := b.call(L, fn, t, in)
			if n := t.NumOut(); n > 0 && t.Out(n-1) == typeError {
				failed := reflect.New(typeError).Elem()
				if err != nil {
					failed.Set(reflect.ValueOf(err))
				}
				out[n-1] = failed
			} else if err != nil {
				bindings.Raise(L, err)
			}
			return out
		})
	}
}

// call calls a function of the script with Go values.
func (b *Bridge) call(L *lua.LState, fn *lua.LFunction, t reflect.Type, in []reflect.Value) ([]reflect.Value, error) {
	out := make([]reflect.Value, t.NumOut())
	for i := range out {
		out[i] = reflect.Zero(t.Out(i))
	}
	if t.IsVariadic() {
		rest := in[len(in)-1]
		in = in[:len(in)-1]
		for i := range rest.Len() {
			in = append(in, rest.Index(i))
		}
	}
	args := make([]lua.LValue, len(in))
	for i, v := range in {
		var err error
		if args[i], err = b.Value(L, "a function of the script", v.Interface()); err != nil {
			return out, err
		}
	}
	results, err := b.Host.Call(L, fn, args...)
	if err != nil {
		return out, err
	}
	for i := range out {
		if i == len(out)-1 && t.Out(i) == typeError {
			continue
		}
		result := lua.LNil
		if i < len(results) {
			result = results[i]
		}
		v, err := converter{known: true, function: b.callback(L)}.to(result, t.Out(i))
		if err != nil {
			return out, &bindings.UsageError{Func: "a function of the script", Message: fmt.Sprintf("result %d: %v", i+1, err)}
		}
		out[i] = v
	}
	return out, nil
}
