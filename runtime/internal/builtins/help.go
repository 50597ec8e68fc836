package builtins

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/manual"
)

// Help is what the function help prints in a Lua state.
type Help struct {
	Manual  *manual.Manual
	State   *lua.LState
	Options manual.PageOptions
}

// About explains a value, or the name or words in a string. About an empty one, it
// lists everything that scripts can use.
func (h Help) About(v lua.LValue) string {
	if text, ok := v.(lua.LString); ok {
		name := strings.TrimSpace(string(text))
		if name == "" {
			return h.Manual.Overview(h.Options)
		}
		return h.Manual.Show(h.Manual.Ask(name), h.Options)
	}
	if t := TopicOf(h.Manual, h.State, v); t != nil {
		return h.Manual.Page(t, h.Options)
	}
	return h.describe(v)
}
