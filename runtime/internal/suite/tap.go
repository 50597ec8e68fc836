package suite

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// TAP writes a report in the Test Anything Protocol, version 13.
func TAP(w io.Writer, r *Report) error {
	var b strings.Builder
	b.WriteString("TAP version 13\n")
	n := 0
	for _, f := range r.Files {
		for _, t := range f.Tests {
			n++
			tapTest(&b, n, f, t)
		}
		if f.Err != nil {
			n++
			tapTest(&b, n, f, &Test{Name: f.problem(), Status: Failed, Err: f.Err, Output: f.Output})
		}
	}
	fmt.Fprintf(&b, "1..%d\n", n)
	_, err := io.WriteString(w, b.String())
	return err
}

// tapEscape keeps a name from being read as a directive or as a second line.
var tapEscape = strings.NewReplacer("\\", "\\\\", "#", "\\#", "\n", " ", "\r", " ")

func tapTest(b *strings.Builder, n int, f *File, t *Test) {
	if t.Status == Failed {
		b.WriteString("not ")
	}
	fmt.Fprintf(b, "ok %d - %s", n, tapEscape.Replace(f.Name+separator+t.FullName()))
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
	yaml("details", details(t.Err))
	yaml("output", t.Output)
	b.WriteString("  ...\n")
}

func messageText(err error) string {
	if e, ok := asType[*Expectation](err); ok {
		return e.Message
	}
	if e := scriptError(err); e != nil {
		return e.Message
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// place is where a test failed, or where it is defined.
func place(f *File, t *Test) string {
	if e := scriptError(t.Err); e != nil && e.Line > 0 {
		return fmt.Sprintf("%s:%d", e.Script, e.Line)
	}
	if t.Line > 0 {
		return fmt.Sprintf("%s:%d", f.Name, t.Line)
	}
	return f.Name
}

// details are what the text report shows of an error, without color.
func details(err error) string { return strings.TrimRight((&Text{}).explain(err), "\n") }
