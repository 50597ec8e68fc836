package suite

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime"
)

// ANSI sequences for a colored report.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	reset  = "\x1b[0m"
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
	file *File
	test *Test
}

func (t *Text) paint(style, text string) string {
	if !t.Color || style == "" || text == "" {
		return text
	}
	return style + text + reset
}

// File writes the result of a file.
func (t *Text) File(f *File) {
	var b strings.Builder
	passed, failed, skipped := f.count(Passed), f.count(Failed), f.count(Skipped)
	sign, style := "✓", green
	switch {
	case f.Failed():
		sign, style = "✗", red
	case passed == 0:
		sign, style = "-", yellow
	}
	var parts []string
	if f.Err != nil {
		parts = append(parts, t.paint(red, f.problem()))
	}
	for _, part := range []struct {
		n           int
		word, style string
	}{{passed, "passed", ""}, {failed, "failed", red}, {skipped, "skipped", yellow}} {
		if part.n > 0 {
			parts = append(parts, t.paint(part.style, fmt.Sprintf("%d %s", part.n, part.word)))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "no tests")
	}
	fmt.Fprintf(&b, "%s %s  %s %s\n", t.paint(style, sign), f.Name, strings.Join(parts, ", "), t.paint(dim, "("+took(f.Duration)+")"))
	if t.Verbose {
		t.tests(&b, f)
	}
	if f.Err != nil {
		t.failures = append(t.failures, failure{f, nil})
	}
	for _, test := range f.Tests {
		if test.Status == Failed {
			t.failures = append(t.failures, failure{f, test})
		}
	}
	fmt.Fprint(t.W, b.String())
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
			fmt.Fprintf(b, "%s%s\n", strings.Repeat("  ", i+1), t.paint(bold, test.Groups[i]))
		}
		above = test.Groups
		indent := strings.Repeat("  ", len(test.Groups)+1)
		switch test.Status {
		case Passed:
			fmt.Fprintf(b, "%s%s %s %s\n", indent, t.paint(green, "✓"), test.Name, t.paint(dim, "("+took(test.Duration)+")"))
		case Failed:
			fmt.Fprintf(b, "%s%s %s\n", indent, t.paint(red, "✗"), test.Name)
		default:
			fmt.Fprintf(b, "%s%s %s%s\n", indent, t.paint(yellow, "-"), test.Name, t.paint(dim, because(test.Reason)))
		}
		if test.Status != Failed {
			b.WriteString(indented(test.Output, indent+"    "))
		}
	}
}

func because(reason string) string {
	if reason == "" {
		return " (skipped)"
	}
	return " (skipped: " + reason + ")"
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
	style := green
	if passed == 0 {
		style = ""
	}
	parts := []string{t.paint(style, fmt.Sprintf("%d passed", passed))}
	if failed > 0 {
		parts = append(parts, t.paint(red, fmt.Sprintf("%d failed", failed)))
	}
	if skipped > 0 {
		parts = append(parts, t.paint(yellow, fmt.Sprintf("%d skipped", skipped)))
	}
	line := strings.Join(parts, ", ") + " in " + took(r.Duration)
	if r.Interrupted {
		line += ", interrupted"
	}
	if r.Seed != 0 {
		line += fmt.Sprintf(" (--seed %d)", r.Seed)
	}
	fmt.Fprintf(t.W, "\n%s\n", line)
}

func (t *Text) failure(b *strings.Builder, f failure) {
	title, err, output := f.file.Name, f.file.Err, f.file.Output
	if f.test != nil {
		title += separator + f.test.FullName()
		err, output = f.test.Err, f.test.Output
	} else {
		title += " " + f.file.problem()
	}
	fmt.Fprintf(b, "\n%s %s\n", t.paint(red, "✗"), t.paint(bold, title))
	b.WriteString(indented(t.explain(err), "  "))
	if output = strings.TrimRight(output, "\n"); output != "" {
		if !t.Verbose {
			output = lastLines(output)
		}
		fmt.Fprintf(b, "  %s\n%s", t.paint(dim, "output:"), indented(output, "    "))
	}
}

// explain writes an error: its position and line, what happened, and the two
// values of an expectation.
func (t *Text) explain(err error) string {
	script := scriptError(err)
	expectation, isExpectation := asType[*Expectation](err)
	if script == nil {
		return err.Error() + "\n"
	}
	if !isExpectation {
		var b strings.Builder
		_ = script.Render(&b, t.Color)
		return b.String()
	}
	var b strings.Builder
	at := script.Script
	if script.Line > 0 {
		at = fmt.Sprintf("%s:%d", script.Script, script.Line)
	}
	fmt.Fprintf(&b, "%s: %s\n", t.paint(bold, at), expectation.Message)
	if script.SourceLine != "" {
		fmt.Fprintf(&b, "%s%s\n", t.paint(dim, fmt.Sprintf("%5d | ", script.Line)), strings.TrimRight(script.SourceLine, " \r\n"))
	}
	t.compare(&b, expectation)
	if calls := callers(script); calls != "" {
		fmt.Fprintf(&b, "%s\n", t.paint(dim, calls))
	}
	return b.String()
}

// callers names the lines that led to the one shown, or is "" if that is the
// test's own.
func callers(e *runtime.ScriptError) string {
	var places []string
	for _, f := range e.Trace[min(1, len(e.Trace)):] {
		places = append(places, fmt.Sprintf("%s:%d", f.Script, f.Line))
	}
	if len(places) == 0 {
		return ""
	}
	return "called from " + strings.Join(places, ", ")
}

func (t *Text) compare(b *strings.Builder, e *Expectation) {
	expected, got := or(e.ExpectedLabel, "expected"), or(e.GotLabel, "got")
	diff := e.Diff()
	if diff == nil || e.Expected == "" {
		width := max(len(expected), len(got))
		if e.Expected == "" {
			width = len(got)
		}
		value := func(label, style, text string) {
			if text != "" {
				lines := strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", width+4))
				fmt.Fprintf(b, "  %-*s  %s\n", width, label, t.paint(style, lines))
			}
		}
		a, c := window(e.Expected, e.Got)
		value(expected, green, a)
		value(got, red, c)
		return
	}
	fmt.Fprintf(b, "  %s, %s\n", t.paint(green, "- "+expected), t.paint(red, "+ "+got))
	for i, line := range diff {
		if i == mostDiff {
			fmt.Fprintf(b, "    … and %d more lines\n", len(diff)-mostDiff)
			break
		}
		text := "  " + string(line.Sign) + " " + line.Text
		switch line.Sign {
		case '-':
			text = t.paint(green, text)
		case '+':
			text = t.paint(red, text)
		}
		fmt.Fprintln(b, strings.TrimRight(text, " "))
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
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
