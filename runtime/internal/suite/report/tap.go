package report

import (
	"encoding/json"
	"fmt"
	"strings"
)

// TAP returns a report in the Test Anything Protocol, version 13.
func TAP(r *Report) string {
	var b strings.Builder
	b.WriteString("TAP version 13\n")
	n := 0
	for _, f := range r.Files {
		for _, t := range f.all() {
			n++
			tapTest(&b, n, f, t)
		}
	}
	fmt.Fprintf(&b, "1..%d\n", n)
	return b.String()
}

// tapEscape keeps a name from being read as a directive or as a second line.
var tapEscape = strings.NewReplacer("\\", "\\\\", "#", "\\#", "\n", " ", "\r", " ")

func tapTest(b *strings.Builder, n int, f *File, t *Test) {
	if t.Status == Failed {
		b.WriteString("not ")
	}
	fmt.Fprintf(b, "ok %d - %s", n, tapEscape.Replace(f.Name+Separator+t.FullName()))
	if t.Status == Skipped {
		b.WriteString(strings.TrimRight(" # SKIP "+strings.ReplaceAll(t.Reason, "\n", " "), " "))
	}
	b.WriteByte('\n')
	if t.Status != Failed {
		return
	}
	b.WriteString("  ---\n")
	yaml := func(name, text string) {
		// A JSON string is also a YAML string.
		if quoted, err := json.Marshal(text); err == nil && text != "" {
			fmt.Fprintf(b, "  %s: %s\n", name, quoted)
		}
	}
	yaml("message", messageText(t.Err))
	yaml("at", place(f, t))
	yaml("details", details(t))
	yaml("output", t.Output)
	b.WriteString("  ...\n")
}
