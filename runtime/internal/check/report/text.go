package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/display"
)

// Report is what a check of several files found.
type Report struct {
	// Files is how many were checked.
	Files    int
	Findings []Finding
}

// Count tells how many findings there are of a severity.
func (r *Report) Count(s Severity) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Severity == s {
			n++
		}
	}
	return n
}

// WriteText writes the report for people: each finding with its line of the
// script, and in the end how many there are.
// A file shows at most a few dozen findings of one rule, with how many more there are.
func (r *Report) WriteText(w io.Writer, color bool) error {
	out := &strings.Builder{}
	type kind struct{ file, rule string }
	count := map[kind]int{}
	for i := range r.Findings {
		count[kind{r.Findings[i].File, r.Findings[i].Rule}]++
	}
	shown := map[kind]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		k := kind{f.File, f.Rule}
		if shown[k]++; shown[k] > mostAlike {
			continue
		}
		if out.Len() > 0 {
			out.WriteString("\n")
		}
		f.render(out, color)
		if more := count[k] - mostAlike; shown[k] == mostAlike && more > 0 {
			fmt.Fprintf(out, "%s\n", display.Paint(display.Dim, fmt.Sprintf("and %s more [%s] in %s", humanize.Comma(int64(more)), f.Rule, display.OneLine(f.File)), color))
		}
	}
	if out.Len() > 0 {
		out.WriteString("\n")
	}
	out.WriteString(r.summary(color) + "\n")
	_, err := io.WriteString(w, out.String())
	return err
}

func (f *Finding) render(out *strings.Builder, color bool) {
	style := display.Red
	if f.Severity == Warning {
		style = display.Yellow
	}
	position := f.File
	if f.Line > 0 {
		position += ":" + strconv.Itoa(f.Line)
		if f.Column > 0 {
			column, _ := f.Characters()
			position += ":" + strconv.Itoa(column)
		}
	}
	fmt.Fprintf(out, "%s%s%s %s\n", display.Paint(style, string(f.Severity)+": ", color), display.Paint(display.Bold, display.OneLine(position)+": ", color),
		display.Text(f.Message), display.Paint(display.Dim, "["+f.Rule+"]", color))
	if f.Line > 0 && f.SourceLine != "" {
		end := f.EndColumn
		if f.EndLine != f.Line {
			end = len(strings.TrimRight(f.SourceLine, " \t\r"))
		}
		display.Source(out, display.Line{Number: f.Line, Text: f.SourceLine, Column: f.Column, EndColumn: end, Mark: style}, color)
	}
	if f.Hint != "" {
		fmt.Fprintf(out, "%s%s\n", display.Paint(display.Cyan, "hint: ", color), display.Text(f.Hint))
	}
	if again := f.OtherLines(); len(again) > 0 {
		fmt.Fprintf(out, "%s\n", display.Paint(display.Dim, "also on "+english.PluralWord(len(again), "line", "")+" "+enumerate(again), color))
	}
}

// mostAlike is how many findings of one rule are shown for a file.
const mostAlike = 30

// mostLines is how many lines of a repeated finding are listed.
const mostLines = 8

func enumerate(numbers []int) string {
	lines := make([]string, len(numbers))
	for i, n := range numbers {
		lines[i] = strconv.Itoa(n)
	}
	if n := len(lines); n > mostLines {
		return strings.Join(lines[:mostLines], ", ") + fmt.Sprintf(" and %d more", n-mostLines)
	}
	return english.WordSeries(lines, "and")
}

// summary is the closing line, such as "3 errors, 2 warnings in 12 files".
func (r *Report) summary(color bool) string {
	in := " in " + english.Plural(r.Files, "file", "")
	errs, warnings := r.Count(Error), r.Count(Warning)
	if errs+warnings == 0 {
		return "no problems" + in
	}
	var parts []string
	if errs > 0 {
		parts = append(parts, display.Paint(display.Red, english.Plural(errs, "error", ""), color))
	}
	if warnings > 0 {
		parts = append(parts, display.Paint(display.Yellow, english.Plural(warnings, "warning", ""), color))
	}
	return strings.Join(parts, ", ") + in
}
