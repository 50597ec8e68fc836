package view

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

// shownProperties is how many properties of a new record a plan shows, and planWidth the width
// of the lines that they fill.
const (
	shownProperties = 20
	planWidth       = 110
)

// values shows the properties of a record that has no value before, except for those that name it.
func (p *planText) values(r *planfile.Record) {
	var parts []string
	more := 0
	for _, one := range r.Values {
		var text string
		_ = json.Unmarshal(one.Value, &text)
		if r.Key != nil && one.Path == r.Key.Name && text == r.Key.Value || one.Path == "name" && text != "" && text == r.Name {
			continue
		}
		if len(parts) == shownProperties {
			more++
			continue
		}
		parts = append(parts, display.OneLine(one.Path)+": "+p.value(one.Value)+date(plan.Change{Day: one.Day}, one.Value))
	}
	if more > 0 {
		parts = append(parts, "and "+english.Plural(more, "more property", "more properties"))
	}
	const indent = "        "
	line := ""
	for i, part := range parts {
		if i < len(parts)-1 {
			part += ","
		}
		if line != "" && len(indent)+utf8.RuneCountInString(line)+1+utf8.RuneCountInString(part) > planWidth {
			fmt.Fprintln(p, indent+line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+part, " ")
	}
	if line != "" {
		fmt.Fprintln(p, indent+line)
	}
}
