package compile

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxUpvalues bounds the variables of enclosing functions that a function can
// use. gopher-lua counts them in a byte and silently wraps around.
const maxUpvalues = 255

// limitError reports that a chunk exceeds what the compiler can represent.
type limitError struct {
	line    int
	message string
	hint    string
}

// Error is the message alone; the caller adds the position.
func (e *limitError) Error() string { return e.message }

// finish completes a generated prototype and its nested ones: it replaces the
// names of intrinsics among the constants with the functions, and adds the
// table of names as a last constant that no instruction uses.
func finish(proto *lua.FunctionProto, names *Names, cover *Lines, main bool) error {
	if used := len(proto.DbgUpvalues); used > maxUpvalues {
		return &limitError{
			line:    proto.LineDefined,
			message: fmt.Sprintf("function uses %d variables of enclosing functions, more than %d", used, maxUpvalues),
			hint:    "keep related values in one table",
		}
	}
	for i, constant := range proto.Constants {
		text, ok := constant.(lua.LString)
		if !ok || !strings.HasPrefix(string(text), intrinsicPrefix) {
			continue
		}
		if text == intrinsicCover && cover != nil {
			proto.Constants[i] = cover.counter()
		} else if fn := intrinsics[string(text)]; fn != nil {
			proto.Constants[i] = fn
		}
	}
	if main {
		names.carrier = &lua.LUserData{Value: names, Metatable: lua.LNil}
	}
	proto.Constants = append(proto.Constants, names.carrier)
	for _, inner := range proto.FunctionPrototypes {
		if err := finish(inner, names, cover, false); err != nil {
			return err
		}
	}
	return nil
}
