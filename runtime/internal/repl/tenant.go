package repl

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// ofAccount lists the custom fields that a model has in the account, "" if none are known.
func (p *Prompt) ofAccount(m *catalog.Model) string {
	fields := p.o.Schema.Custom(m)
	if len(fields) == 0 {
		return ""
	}
	width := 0
	for _, f := range fields {
		width = max(width, utf8.RuneCountInString(display.OneLine(schema.Access(f.Name))))
	}
	var b strings.Builder
	b.WriteString("\nCustom fields of your account\n")
	for _, f := range fields {
		name := display.OneLine(schema.Access(f.Name))
		about := append([]string{f.Type}, f.Marks()...)
		if len(f.Values) > 0 {
			about = append(about, strings.Join(f.Values, " | "))
		}
		fmt.Fprintf(&b, "  %s%s  %s\n", name, strings.Repeat(" ", width-utf8.RuneCountInString(name)), display.OneLine(strings.Join(about, ", ")))
	}
	return b.String()
}
