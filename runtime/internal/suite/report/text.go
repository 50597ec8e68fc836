package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/display"
)

// Bounds of what is shown.
const (
	// mostDiff bounds the lines of a comparison, mostOutput those of a test's
	// output.
	mostDiff   = 80
	mostOutput = 100
	// mostValue bounds a value on one line. A longer one is cut to the bytes
	// around the difference: lead before it, tail after it.
	mostValue = 400
	lead      = 60
	tail      = 240
)

// Text writes results for people: a line per file as it is done, then each
// failure, then the counts. It is not safe for concurrent use.
type Text struct {
	W io.Writer
	// Color colors the report; Verbose names every test and shows its output.
	Color, Verbose bool

	failures []failure
}

// failure is a failed test, or a file that could not be loaded.
type failure struct {
	title, output, note string
	err                 error
	also                []error
}

func (t *Text) paint(style display.Style, text string) string {
	return display.Paint(style, text, t.Color)
}

// File writes the result of a file.
func (t *Text) File(f *File) {
	var b strings.Builder
	sign, style := "✓", display.Green
	var parts []string
	passed, failed, skipped := f.Count(Passed), f.Count(Failed), f.Count(Skipped)
	switch {
	case f.Failed():
		sign, style = "✗", display.Red
	case passed == 0:
		sign, style = "-", display.Yellow
	}
	if f.Err != nil {
		parts = append(parts, t.paint(display.Red, f.problem()))
		t.failures = append(t.failures, failure{title: display.OneLine(f.Name) + " " + f.problem(), output: f.Output, err: f.Err})
	}
	if passed > 0 {
		parts = append(parts, fmt.Sprintf("%d passed", passed))
	}
	parts = append(parts, t.others(failed, skipped)...)
	if len(parts) == 0 {
		parts = append(parts, "no tests")
	}
	fmt.Fprintf(&b, "%s %s  %s %s\n", t.paint(style, sign), display.OneLine(f.Name), strings.Join(parts, ", "), t.paint(display.Dim, "("+took(f.Duration)+")"))
	if t.Verbose {
		t.tests(&b, f)
	}
	for _, test := range f.Tests {
		if test.Status == Failed {
			t.failures = append(t.failures, failure{
				title: display.OneLine(f.Name) + Separator + test.FullName(), output: test.Output, note: test.Note, err: test.Err, also: test.Also,
			})
		}
	}
	fmt.Fprint(t.W, b.String())
}

// others counts the tests that did not pass.
func (t *Text) others(failed, skipped int) []string {
	var parts []string
	if failed > 0 {
		parts = append(parts, t.paint(display.Red, fmt.Sprintf("%d failed", failed)))
	}
	if skipped > 0 {
		parts = append(parts, t.paint(display.Yellow, fmt.Sprintf("%d skipped", skipped)))
	}
	return parts
}

// tests lists every test of a file under its groups.
func (t *Text) tests(b *strings.Builder, f *File) {
	var above []string
	for _, test := range f.Tests {
		shared := 0
		for shared < len(above) && shared < len(test.Groups) && above[shared] == test.Groups[shared] {
			shared++
		}
		for i := shared; i < len(test.Groups); i++ {
			fmt.Fprintf(b, "%s%s\n", strings.Repeat("  ", i+1), t.paint(display.Bold, test.Groups[i]))
		}
		above = test.Groups
		indent := strings.Repeat("  ", len(test.Groups)+1)
		switch test.Status {
		case Passed:
			fmt.Fprintf(b, "%s%s %s %s\n", indent, t.paint(display.Green, "✓"), test.Name, t.paint(display.Dim, "("+took(test.Duration)+")"))
		case Failed:
			fmt.Fprintf(b, "%s%s %s\n", indent, t.paint(display.Red, "✗"), test.Name)
		default:
			reason := strings.TrimSuffix(" (skipped: "+test.Reason, ": ") + ")"
			fmt.Fprintf(b, "%s%s %s%s\n", indent, t.paint(display.Yellow, "-"), test.Name, t.paint(display.Dim, reason))
		}
		if test.Status != Failed {
			b.WriteString(indented(test.Output, indent+"    "))
		}
	}
}

// Failures writes the details of every failure.
func (t *Text) Failures() {
	var b strings.Builder
	for _, f := range t.failures {
		t.failure(&b, f)
	}
	t.failures = nil
	fmt.Fprint(t.W, b.String())
}

// Close writes the counts.
func (t *Text) Close(r *Report) {
	passed, failed, skipped := r.Counts()
	line := fmt.Sprintf("%d passed", passed)
	if passed > 0 {
		line = t.paint(display.Green, line)
	}
	line = strings.Join(append([]string{line}, t.others(failed, skipped)...), ", ") + " in " + took(r.Duration)
	if r.Interrupted {
		line += ", interrupted"
	}
	if r.Seed != 0 {
		line += fmt.Sprintf(" (--seed %d)", r.Seed)
	}
	fmt.Fprintf(t.W, "\n%s\n", line)
}

func (t *Text) failure(b *strings.Builder, f failure) {
	fmt.Fprintf(b, "\n%s %s\n", t.paint(display.Red, "✗"), t.paint(display.Bold, f.title))
	b.WriteString(indented(t.explainAll(f), "  "))
	if output := strings.TrimRight(f.output, "\n"); output != "" {
		if !t.Verbose {
			output = lastLines(output)
		}
		fmt.Fprintf(b, "  %s\n%s", t.paint(display.Dim, "output:"), indented(output, "    "))
	}
}

// explainAll writes the error that a test failed with, those of the hooks after it, and the
// note.
func (t *Text) explainAll(f failure) string {
	text := t.explain(f.err)
	for _, err := range f.also {
		text += "after it, a hook failed as well:\n" + indented(t.explain(err), "  ")
	}
	if f.note != "" {
		text += t.paint(display.Yellow, "note:") + " " + f.note + "\n"
	}
	return text
}

// explain writes an error: its position and line, what happened, and the two
// values of an expectation.
func (t *Text) explain(err error) string {
	var b strings.Builder
	script, failed := scriptError(err), expectation(err)
	if script == nil {
		return err.Error() + "\n"
	}
	if failed == nil {
		_ = script.Render(&b, t.Color)
		return b.String()
	}
	at := script.Script
	if script.Line > 0 {
		at = fmt.Sprintf("%s:%d", script.Script, script.Line)
	}
	fmt.Fprintf(&b, "%s: %s\n", t.paint(display.Bold, at), failed.Message)
	if script.SourceLine != "" {
		display.Source(&b, display.Line{Number: script.Line, Text: script.SourceLine}, t.Color)
	}
	t.compare(&b, failed)
	// The lines that led to the one shown, unless that is the test's own.
	var callers []string
	for _, f := range script.Trace[min(1, len(script.Trace)):] {
		callers = append(callers, fmt.Sprintf("%s:%d", f.Script, f.Line))
	}
	if len(callers) > 0 {
		fmt.Fprintf(&b, "%s\n", t.paint(display.Dim, "called from "+strings.Join(callers, ", ")))
	}
	return b.String()
}

func (t *Text) compare(b *strings.Builder, e *Expectation) {
	got := cmp.Or(e.GotLabel, "got")
	diff := e.diff()
	if diff == nil || e.Expected == "" {
		width := len(got)
		if e.Expected != "" {
			width = max(width, len("expected"))
		}
		value := func(label string, style display.Style, text string) {
			if text != "" {
				lines := strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", width+4))
				fmt.Fprintf(b, "  %-*s  %s\n", width, label, t.paint(style, lines))
			}
		}
		first, second := window(e.Expected, e.Got)
		value("expected", display.Green, first)
		value(got, display.Red, second)
		return
	}
	fmt.Fprintf(b, "  %s, %s\n", t.paint(display.Green, "- expected"), t.paint(display.Red, "+ "+got))
	styles := map[byte]display.Style{'-': display.Green, '+': display.Red}
	for _, line := range diff[:min(len(diff), mostDiff)] {
		text := strings.TrimRight("  "+string(line.sign)+" "+line.text, " ")
		if style, ok := styles[line.sign]; ok {
			text = t.paint(style, text)
		}
		fmt.Fprintln(b, text)
	}
	if len(diff) > mostDiff {
		fmt.Fprintf(b, "    … and %d more lines\n", len(diff)-mostDiff)
	}
}

func indented(text, indent string) string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return ""
	}
	return indent + strings.ReplaceAll(text, "\n", "\n"+indent) + "\n"
}

func took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func lastLines(text string) string {
	lines := strings.Split(text, "\n")
	if len(lines) <= mostOutput {
		return text
	}
	left := len(lines) - mostOutput
	return fmt.Sprintf("… %d earlier lines; use -v or --format json to see them all\n%s", left, strings.Join(lines[left:], "\n"))
}

// window cuts two long values to where they first differ.
func window(a, b string) (string, string) {
	if len(a) <= mostValue && len(b) <= mostValue {
		return a, b
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return around(a, at), around(b, at)
}

func around(text string, at int) string {
	from, to := max(0, at-lead), min(len(text), at+tail)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	if from > to {
		from = to
	}
	cut := text[from:to]
	if from > 0 {
		cut = "…" + cut
	}
	if to < len(text) {
		cut += fmt.Sprintf("… (%d bytes)", len(text))
	}
	return cut
}
