package check

import (
	"fmt"
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// escapesInTexts reports backslashes that do not begin an escape: Lua drops them
// silently.
func (c *script) escapesInTexts() {
	for i, t := range c.flow.Tokens {
		if t.Kind != compile.String || t.Text[0] == '[' || !strings.Contains(t.Text, `\`) {
			continue
		}
		if escaped := unknownEscape(t.Text); escaped != "" {
			f := c.at(i, "escape", fmt.Sprintf(`Lua drops the backslash of '\%s', which is not an escape sequence`, escaped))
			f.Hint, f.Subject = escapeHint(t.Text, escaped), escaped
		}
	}
}

// unknownEscape returns the first character that a backslash does not
// escape in Lua 5.1, or "".
func unknownEscape(text string) string {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if strings.IndexByte("abfnrtv\\\"'\r\n0123456789", text[i]) >= 0 {
			continue
		}
		for _, r := range text[i:] {
			return string(r)
		}
	}
	return ""
}

// escapeHint says what to write in the place of a backslash.
func escapeHint(text, escaped string) string {
	body := text[1:]
	switch {
	case len(body) > 2 && body[1] == ':' && body[2] == '\\', strings.HasPrefix(body, `\\`):
		return `use / in paths, or double each backslash: \\`
	case escaped == "x" || escaped == "u" || escaped == "z":
		return fmt.Sprintf(`this version of Lua does not support '\%s'; write the character itself, or its decimal byte value as in \65`, escaped)
	case strings.ContainsAny(escaped, "dswDSW.[](){}+*?^$|-/"):
		return `in patterns, escape with % instead: "%` + escaped + `"; write a backslash itself as \\`
	}
	return `write a backslash itself as \\; in paths, you can use / instead`
}
