// Package luatext writes values as Lua source.
package luatext

import (
	"fmt"
	"strings"
)

// Quoted returns a text as a Lua string. Lua 5.1 reads fewer escapes than Go writes.
func Quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, "\\%03d", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}
