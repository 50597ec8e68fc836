package values

import (
	"fmt"
	"reflect"
	"strings"

	lua "github.com/yuin/gopher-lua"
	luar "layeh.com/gopher-luar"

	"github.com/phscript/phscript/bindings"
)

// adopted marks the metatable of a type that adopt has changed.
const adopted = "phscript"

// adopt changes the metatable that gopher-luar gave an object: its methods
// become those of function, and what is stored in the object must fit.
// gopher-luar itself cuts off fractions, wraps large numbers around and returns
// errors as objects.
func (b *Bridge) adopt(L *lua.LState, v lua.LValue) {
	object, ok := v.(*lua.LUserData)
	if !ok {
		return
	}
	meta, ok := object.Metatable.(*lua.LTable)
	if !ok || meta.RawGetString("__metatable") != lua.LString("gopher-luar") || meta.RawGetString(adopted) != lua.LNil {
		return
	}
	meta.RawSetString(adopted, lua.LTrue)
	for _, event := range []string{"__index", "__newindex", "__call", "__add", "__pow", "__unm"} {
		if fn, ok := meta.RawGetString(event).(*lua.LFunction); ok {
			meta.RawSetString(event, b.checked(L, event, fn))
		}
	}
	b.adoptMethods(L, meta)
	// A pointer's object has its own methods, which an index finds.
	if r := reflect.ValueOf(object.Value); r.Kind() == reflect.Pointer {
		if inner := luar.MT(L, r.Elem().Interface()); inner != nil {
			b.adoptMethods(L, inner.LTable)
		}
	}
}

func (b *Bridge) adoptMethods(L *lua.LState, meta *lua.LTable) {
	methods, ok := meta.RawGetString("methods").(*lua.LTable)
	if !ok {
		return
	}
	methods.ForEach(func(name, v lua.LValue) {
		fn, ok := v.(*lua.LFunction)
		if !ok || len(fn.Upvalues) == 0 {
			return // adopted already
		}
		up, ok := fn.Upvalues[0].Value().(*lua.LUserData)
		if !ok {
			return
		}
		if method, ok := up.Value.(reflect.Value); ok && !raw(method.Type()) {
			methods.RawSet(name, b.function(L, name.String(), method, true))
		}
	})
}

// raw reports whether gopher-luar calls a method with the state itself.
func raw(t reflect.Type) bool {
	return t.NumIn() == 2 && t.In(1) == reflect.TypeFor[*luar.LState]() && t.NumOut() == 1 && t.Out(0) == typeInt
}

// checked calls a function of gopher-luar's metatables with a value that fits
// the object, and adopts the objects that it returns.
func (b *Bridge) checked(L *lua.LState, event string, fn *lua.LFunction) *lua.LFunction {
	return b.Host.Function(L, func(L *lua.LState) (int, error) {
		object, ok := L.Get(1).(*lua.LUserData)
		if !ok {
			return fn.GFunction(L), nil
		}
		of := elementType(L, object, L.Get(2))
		at := map[string]int{"__newindex": 3, "__add": 2, "__pow": 2, "__call": 2}[event]
		if at > 0 && at <= L.GetTop() && of != nil {
			if err := b.fit(L, event, object, at, of); err != nil {
				return 0, &bindings.UsageError{Func: fmt.Sprintf("%T", object.Value), Message: err.Error()}
			}
		}
		n := fn.GFunction(L)
		for i := L.GetTop() - n + 1; i <= L.GetTop(); i++ {
			b.adopt(L, L.Get(i))
			if next, ok := L.Get(i).(*lua.LFunction); ok && event == "__call" {
				L.Replace(i, b.iterator(L, next))
			}
			if large, ok := L.Get(i).(lua.LNumber); ok && whole(of) && (large >= exact || large <= -exact) {
				return 0, fmt.Errorf("the Go integer does not fit a number of Lua: give scripts a text")
			}
		}
		return n, nil
	})
}

// iterator adopts the objects that an iterator returns.
func (b *Bridge) iterator(L *lua.LState, next *lua.LFunction) *lua.LFunction {
	return b.Host.Function(L, func(L *lua.LState) (int, error) {
		n := next.GFunction(L)
		for i := L.GetTop() - n + 1; i <= L.GetTop(); i++ {
			b.adopt(L, L.Get(i))
		}
		return n, nil
	})
}

// fit replaces the arguments of an assignment by Go values that fit.
func (b *Bridge) fit(L *lua.LState, event string, object *lua.LUserData, at int, of reflect.Type) error {
	c := converter{known: true}
	t := reflect.TypeOf(object.Value)
	name := L.Get(2)
	if event == "__newindex" {
		switch t.Kind() {
		case reflect.Map:
			key, err := c.to(L.Get(2), t.Key())
			if err != nil {
				return fmt.Errorf("the key: %w", err)
			}
			replace(L, 2, key)
			if L.Get(3) == lua.LNil {
				return nil // removes the key
			}
		case reflect.Slice, reflect.Array, reflect.Pointer:
			if _, isNumber := L.Get(2).(lua.LNumber); isNumber {
				if _, err := c.to(L.Get(2), typeInt); err != nil {
					return fmt.Errorf("the index: %w", err)
				}
			}
		}
	}
	if _, ok := L.Get(at).(*lua.LFunction); ok && of.Kind() == reflect.Func {
		return nil
	}
	v, err := c.to(L.Get(at), of)
	if err != nil {
		if _, ok := name.(lua.LString); ok && event == "__newindex" {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return err
	}
	replace(L, at, v)
	return nil
}

// replace puts a Go value on the stack as gopher-luar takes it, unchanged.
func replace(L *lua.LState, at int, v reflect.Value) {
	if _, ok := L.Get(at).(*lua.LUserData); ok || v.Kind() == reflect.Interface && v.IsNil() {
		return
	}
	if v.Type().Implements(typeLua) || v.Kind() == reflect.Func {
		return
	}
	L.Replace(at, &lua.LUserData{Value: v.Interface(), Metatable: lua.LNil})
}

// elementType is the type of what an object holds under a key, nil if unknown.
func elementType(L *lua.LState, object *lua.LUserData, key lua.LValue) reflect.Type {
	t := reflect.TypeOf(object.Value)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array, reflect.Chan:
		return t.Elem()
	case reflect.Struct:
		meta := luar.MT(L, reflect.Zero(t).Interface())
		fields, _ := meta.RawGetString("fields").(*lua.LTable)
		if index, ok := fields.RawGetString(strings.TrimSpace(key.String())).(*lua.LUserData); ok {
			return t.FieldByIndex(index.Value.([]int)).Type
		}
	default:
		return t
	}
	return nil
}

// whole reports whether a type is one of integers.
func whole(t reflect.Type) bool {
	return t != nil && t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
}
