package compile

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// SameTypes turns "attempt to compare table with table" into Lua's words for
// two values of one type.
func SameTypes(message string) string {
	words := strings.Fields(message)
	if len(words) != 6 || words[3] != words[5] {
		return message
	}
	return "attempt to compare two " + words[3] + " values"
}

// NameCall replaces, at the end of a message, gopher-lua's words for calling
// what is no function. The running function is the one that made the call. The
// value itself is not at hand; it is a table as a rule.
func NameCall(L *lua.LState, message, words string) string {
	blame := NewBlame(L, 0, &lua.LTable{})
	return strings.TrimSuffix(message, words) + blame.message("call", blame.Called(""))
}
