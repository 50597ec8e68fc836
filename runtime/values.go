package runtime

import (
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/values"
)

// ValueOf converts a Lua value to Go: nil, bool, float64, string, []any for a
// list, map[string]any for any other table (an empty one is a list). Go values
// are returned as they are. Functions, coroutines, tables that contain
// themselves and JSON's null become nil.
func ValueOf(v lua.LValue) any { return values.Of(v) }

// Decode stores the script's first returned value in target, a non-nil pointer:
// a struct takes fields by their json names, a list becomes a slice, and nil
// changes nothing. It fails if the script returned nothing, or a value that does
// not fit, such as 1.5 for an int.
func (r *Result) Decode(target any) error {
	if len(r.Values) == 0 {
		return errors.New("the script returned nothing")
	}
	if r.Values[0] == nil {
		return nil
	}
	if err := values.Decode(r.Values[0], target); err != nil {
		return fmt.Errorf("the script's value does not fit %T: %w", target, err)
	}
	return nil
}
