package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// deepestValue is how many nested tables ValueOf follows.
const deepestValue = 100

// ValueOf converts a Lua value to Go: nil, bool, float64, string, []any for a
// list, map[string]any for any other table (an empty one is a list). Go values
// are returned as they are. Functions, coroutines, tables that contain
// themselves and JSON's null become nil.
func ValueOf(v lua.LValue) any {
	return valueOf(v, nil)
}

func valueOf(v lua.LValue, above []*lua.LTable) any {
	switch v := v.(type) {
	case lua.LBool:
		return bool(v)
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		return string(v)
	case *lua.LUserData:
		if _, null := v.Value.(*bindings.Codec); !null {
			return v.Value
		}
	case *lua.LTable:
		if slices.Contains(above, v) || len(above) >= deepestValue {
			return nil
		}
		return tableOf(v, append(above, v))
	}
	return nil
}

func tableOf(t *lua.LTable, above []*lua.LTable) any {
	count := 0
	t.ForEach(func(_, _ lua.LValue) { count++ })
	if n := t.Len(); n == count {
		list := make([]any, n)
		for i := range list {
			list[i] = valueOf(t.RawGetInt(i+1), above)
		}
		return list
	}
	fields := make(map[string]any, count)
	t.ForEach(func(k, v lua.LValue) { fields[k.String()] = valueOf(v, above) })
	return fields
}

// Decode stores the script's first returned value in target, a non-nil pointer:
// a struct takes fields by their json names, a list becomes a slice. It fails
// if the script returned nothing.
func (r *Result) Decode(target any) error {
	if len(r.Values) == 0 {
		return errors.New("the script returned nothing")
	}
	to := reflect.ValueOf(target)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return fmt.Errorf("the script's value must be stored in a pointer, not %T", target)
	}
	first := r.Values[0]
	if from := reflect.ValueOf(first); from.IsValid() && from.Type().AssignableTo(to.Elem().Type()) {
		to.Elem().Set(from)
		return nil
	}
	// An empty table can be a list or a map.
	if list, ok := first.([]any); ok && len(list) == 0 {
		if kind := to.Elem().Kind(); kind == reflect.Map || kind == reflect.Struct {
			first = map[string]any{}
		}
	}
	text, err := json.Marshal(first)
	if err == nil {
		err = json.Unmarshal(text, target)
	}
	if err != nil {
		return fmt.Errorf("the script's value does not fit %T: %w", target, err)
	}
	return nil
}
