package repl

import (
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// styles color tokens of Lua by kind; names stay plain.
var styles = map[compile.TokenKind]string{
	compile.Keyword: "\x1b[35m",
	compile.Number:  "\x1b[33m",
	compile.String:  "\x1b[32m",
	compile.Comment: "\x1b[90m",
}

// Highlight adds colors to an input, and changes nothing else.
func Highlight(text string) string {
	if isCommand(text) {
		name, rest, _ := strings.Cut(text, " ")
		return "\x1b[36m" + name + "\x1b[0m" + text[len(name):len(text)-len(rest)] + rest
	}
	var b strings.Builder
	end := 0
	for _, t := range compile.Tokens([]byte(text)) {
		style := styles[t.Kind]
		if style == "" || t.Start < end {
			continue
		}
		b.WriteString(text[end:t.Start])
		// Color each line separately: the editor puts a margin between them.
		for i, line := range strings.Split(text[t.Start:t.End], "\n") {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(style + line + "\x1b[0m")
		}
		end = t.End
	}
	return b.String() + text[end:]
}
