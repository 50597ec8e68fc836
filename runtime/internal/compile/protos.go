package compile

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// limitError reports that a chunk exceeds what the compiler can represent.
type limitError struct {
	line    int
	message string
	hint    string
}

// Error is the message alone; the caller adds the position.
func (e *limitError) Error() string { return e.message }

// stringsOffset is where a prototype keeps the text of each constant that is a
// string. gopher-lua fills that unexported field in its own compiler.
var stringsOffset = func() uintptr {
	field, ok := reflect.TypeFor[lua.FunctionProto]().FieldByName("stringConstants")
	if !ok || field.Type != reflect.TypeFor[[]string]() {
		panic("gopher-lua's function prototypes have changed")
	}
	return field.Offset
}()

// finish completes a generated prototype and its nested ones: it adds the table
// of names as a last constant that no instruction uses, and the texts of the
// constants.
func finish(proto *lua.FunctionProto, names *Names) {
	if names.carrier == nil {
		names.carrier = &lua.LUserData{Value: names, Metatable: lua.LNil}
	}
	texts := make([]string, len(proto.Constants))
	for i, constant := range proto.Constants {
		if text, ok := constant.(lua.LString); ok {
			texts[i] = string(text)
		}
	}
	*(*[]string)(unsafe.Add(unsafe.Pointer(proto), stringsOffset)) = texts
	proto.Constants = append(proto.Constants, names.carrier)
	for _, inner := range proto.FunctionPrototypes {
		finish(inner, names)
	}
}
