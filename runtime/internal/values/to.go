package values

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// exact is the largest number up to which every whole number is exact in Lua.
const exact = 1 << 53

// Decode stores a value that Of returned in target, a non-nil pointer. A struct
// takes fields by their json names; it ignores others.
func Decode(from, target any) error {
	to := reflect.ValueOf(target)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return fmt.Errorf("the value must be stored in a pointer, not %T", target)
	}
	v, err := converter{}.to(from, to.Type().Elem())
	if err == nil {
		to.Elem().Set(v)
	}
	return err
}

// converter makes Go values of a type from Lua values and from what Of returns.
type converter struct {
	// known refuses fields that a struct does not have.
	known bool
	// function makes a Go function that calls one of Lua; nil refuses them.
	function func(fn *lua.LFunction, t reflect.Type) reflect.Value
	depth    int
}

var (
	typeAny         = reflect.TypeFor[any]()
	typeLua         = reflect.TypeFor[lua.LValue]()
	typeNumber      = reflect.TypeFor[json.Number]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

var errTooDeep = errors.New("tables are nested too deeply, or contain themselves")

// to converts a value to a type. The error says what does not fit.
func (c converter) to(v any, t reflect.Type) (reflect.Value, error) {
	if c.depth++; c.depth > deepest {
		return reflect.Value{}, errTooDeep
	}
	if l, ok := v.(lua.LValue); ok {
		bindings.Whole(l)
		if t == typeLua || t != typeAny && reflect.TypeOf(l).AssignableTo(t) {
			return reflect.ValueOf(l), nil
		}
		v = plain(l)
	}
	if t == typeAny {
		if table, ok := v.(lua.LValue); ok {
			v = Of(table)
		}
	}
	if v == nil {
		return zero(t)
	}
	if from := reflect.ValueOf(v); from.Type().AssignableTo(t) {
		return from, nil
	}
	if into := reflect.New(t); t.Kind() != reflect.Pointer && (into.Type().Implements(textUnmarshaler) || into.Type().Implements(jsonUnmarshaler)) {
		return into.Elem(), unmarshal(v, into.Interface())
	}
	switch t.Kind() {
	case reflect.Pointer:
		elem, err := c.to(v, t.Elem())
		if err != nil {
			return elem, err
		}
		p := reflect.New(t.Elem())
		p.Elem().Set(elem)
		return p, nil
	case reflect.Slice, reflect.Array:
		return c.list(v, t)
	case reflect.Map:
		return c.mapping(v, t)
	case reflect.Struct:
		return c.structure(v, t)
	case reflect.Func:
		if fn, ok := v.(*lua.LFunction); ok && c.function != nil {
			return c.function(fn, t), nil
		}
	}
	switch v := v.(type) {
	case bool:
		if t.Kind() == reflect.Bool {
			return reflect.ValueOf(v).Convert(t), nil
		}
	case string:
		if t.Kind() == reflect.String {
			return reflect.ValueOf(v).Convert(t), nil
		}
	case float64:
		return number(v, t)
	}
	return reflect.Value{}, unfit(v, t)
}

// plain returns numbers, texts, booleans and the values of Go objects as Go
// values, and other values as they are. Nil and JSON's null are nil.
func plain(v lua.LValue) any {
	switch v := v.(type) {
	case *lua.LTable, *lua.LFunction, *lua.LState:
		return v
	}
	return Of(v)
}

func zero(t reflect.Type) (reflect.Value, error) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return reflect.Zero(t), nil
	}
	return reflect.Value{}, fmt.Errorf("nil is not %s", named(t))
}

// named returns what a type takes, in words.
func named(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a table"
	case reflect.Func:
		return "a function"
	}
	return "a Go value of the type " + t.String()
}

// unfit is the error of a value of another type than wanted.
func unfit(v any, t reflect.Type) error {
	switch v := v.(type) {
	case string:
		return fmt.Errorf("%q is not %s", v, named(t))
	case bool, float64:
		return fmt.Errorf("%v is not %s", v, named(t))
	case *lua.LTable, []any, map[string]any:
		return fmt.Errorf("a table is not %s", named(t))
	case lua.LValue:
		return fmt.Errorf("a %s is not %s", v.Type(), named(t))
	}
	return fmt.Errorf("a Go value of the type %T is not %s", v, named(t))
}

func number(n float64, t reflect.Type) (reflect.Value, error) {
	v := reflect.New(t).Elem()
	switch {
	case v.CanFloat() && !(v.OverflowFloat(n) && !math.IsInf(n, 0)):
		v.SetFloat(n)
		return v, nil
	case v.CanInt() || v.CanUint():
		if n != math.Trunc(n) {
			return v, unfit(n, t)
		}
		if math.Abs(n) > exact {
			return v, fmt.Errorf("%.0f is beyond 2^53, where whole numbers of Lua are not exact, so it is not taken for the Go type %s", n, t)
		}
		if v.CanInt() && !v.OverflowInt(int64(n)) {
			v.SetInt(int64(n))
			return v, nil
		}
		if v.CanUint() && n >= 0 && !v.OverflowUint(uint64(n)) {
			v.SetUint(uint64(n))
			return v, nil
		}
	case t == typeNumber:
		v.SetString(strconv.FormatFloat(n, 'g', -1, 64))
		return v, nil
	case !v.CanFloat():
		return v, unfit(n, t)
	}
	return v, fmt.Errorf("%v does not fit the Go type %s", n, t)
}

// unmarshal stores a text, or any value as JSON, in a type that reads it itself.
func unmarshal(v, into any) error {
	if text, ok := v.(string); ok {
		if u, ok := into.(encoding.TextUnmarshaler); ok {
			return u.UnmarshalText([]byte(text))
		}
	}
	if table, ok := v.(lua.LValue); ok {
		v = Of(table)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// items returns a list.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *lua.LTable:
		bindings.Fill(v)
		n := v.Len()
		if n != length(v) {
			return nil, false
		}
		list := make([]any, n)
		for i := range list {
			list[i] = v.RawGetInt(i + 1)
		}
		return list, true
	}
	return nil, false
}

// entry is one of a table's.
type entry struct{ key, value any }

// entries returns a table that is not only a list; an empty one may be.
func entries(v any) ([]entry, bool) {
	var all []entry
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			all = append(all, entry{key, value})
		}
	case []any:
		for i, value := range v {
			all = append(all, entry{float64(i + 1), value})
		}
	case *lua.LTable:
		bindings.Fill(v)
		v.ForEach(func(key, value lua.LValue) { all = append(all, entry{key, value}) })
	default:
		return nil, false
	}
	return all, true
}

func (c converter) list(v any, t reflect.Type) (reflect.Value, error) {
	if text, ok := v.(string); ok && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return reflect.ValueOf([]byte(text)).Convert(t), nil
	}
	list, ok := items(v)
	if !ok {
		return reflect.Value{}, unfit(v, t)
	}
	into := reflect.New(t).Elem()
	if t.Kind() == reflect.Slice {
		into.Set(reflect.MakeSlice(t, len(list), len(list)))
	} else if len(list) != t.Len() {
		return into, fmt.Errorf("the list has %d items, not %d", len(list), t.Len())
	}
	for i, item := range list {
		elem, err := c.to(item, t.Elem())
		if err != nil {
			return into, fmt.Errorf("item %d: %w", i+1, err)
		}
		into.Index(i).Set(elem)
	}
	return into, nil
}

func (c converter) mapping(v any, t reflect.Type) (reflect.Value, error) {
	all, ok := entries(v)
	if !ok {
		return reflect.Value{}, unfit(v, t)
	}
	into := reflect.MakeMapWithSize(t, len(all))
	for _, e := range all {
		key, err := c.key(e.key, t.Key())
		if err != nil {
			return into, fmt.Errorf("the key %v: %w", e.key, err)
		}
		value, err := c.to(e.value, t.Elem())
		if err != nil {
			return into, fmt.Errorf("%v: %w", e.key, err)
		}
		into.SetMapIndex(key, value)
	}
	return into, nil
}

// key converts a key. Of makes text of numbers.
func (c converter) key(v any, t reflect.Type) (reflect.Value, error) {
	if text, ok := v.(string); ok {
		if n, err := strconv.ParseFloat(text, 64); err == nil && t.Kind() != reflect.String && t != typeAny {
			v = n
		}
	}
	return c.to(v, t)
}

func (c converter) structure(v any, t reflect.Type) (reflect.Value, error) {
	into := reflect.New(t).Elem()
	all, ok := entries(v)
	if !ok {
		return into, unfit(v, t)
	}
	fields := fieldsOf(t)
	for _, e := range all {
		name := fmt.Sprint(e.key)
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			i = slices.IndexFunc(fields, func(f field) bool { return strings.EqualFold(f.name, name) })
		}
		if i < 0 {
			if c.known {
				return into, fmt.Errorf("the Go type %s has no field %s", t, name)
			}
			continue
		}
		if null, ok := e.value.(lua.LValue); e.value == nil || ok && plain(null) == nil {
			continue // as encoding/json does
		}
		value, err := c.to(e.value, fields[i].Type)
		if err != nil {
			return into, fmt.Errorf("%s: %w", name, err)
		}
		at, ok := reach(into, fields[i].Index)
		if !ok {
			return into, fmt.Errorf("the field %s of the Go type %s cannot be set", name, t)
		}
		at.Set(value)
	}
	return into, nil
}

// reach returns a field of a struct, also one of a struct inside of it.
func reach(v reflect.Value, index []int) (reflect.Value, bool) {
	for n, i := range index {
		if n > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, false
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, v.CanSet()
}

type field struct {
	reflect.StructField
	name string
}

// fieldsOf lists the fields of a struct with the names that scripts use: that of
// the tag json or luar, or the Go name.
func fieldsOf(t reflect.Type) []field {
	var list []field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag := f.Tag.Get("luar"); name == "" && tag != "" {
			name = tag
		}
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		list = append(list, field{f, name})
	}
	return list
}
