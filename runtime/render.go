package runtime

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ANSI sequences of a colored report.
const (
	red   = "\x1b[31;1m"
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	cyan  = "\x1b[36m"
	reset = "\x1b[0m"
)

// shownFrames is how many calls of a traceback a report shows.
const shownFrames = 20

// Render writes the error as a report: the position and the message, the line
// of the script, the hint, what else is known, and the traceback.
func (e *ScriptError) Render(w io.Writer, color bool) error {
	out := &strings.Builder{}
	paint := func(style, text string) string {
		if !color || text == "" {
			return text
		}
		return style + text + reset
	}
	position := e.Script
	if e.Line > 0 {
		position += ":" + strconv.Itoa(e.Line)
	}
	if position != "" {
		position = paint(bold, position+": ")
	}
	fmt.Fprintf(out, "%s%s%s\n", paint(red, "error: "), position, e.Message)
	if e.SourceLine != "" && e.Line > 0 {
		e.renderSource(out, paint)
	}
	// A refusal names the way out in its message already.
	if e.Hint != "" && !strings.HasSuffix(e.Message, e.Hint) {
		fmt.Fprintf(out, "%s%s\n", paint(cyan, "hint: "), e.Hint)
	}
	width := 0
	for _, f := range e.Fields {
		width = max(width, len(f.Name))
	}
	for _, f := range e.Fields {
		value := strings.ReplaceAll(f.Value, "\n", "\n  "+strings.Repeat(" ", width+2))
		fmt.Fprintf(out, "  %s  %s\n", paint(dim, fmt.Sprintf("%-*s", width, f.Name)), value)
	}
	if len(e.Trace) > 1 {
		fmt.Fprintf(out, "%s\n", paint(dim, "traceback:"))
		for i, f := range e.Trace {
			if i == shownFrames {
				fmt.Fprintf(out, "   … and the calls around them\n")
				break
			}
			fmt.Fprintf(out, "  %2d. %s:%d in %s\n", i+1, f.Script, f.Line, f.Function)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// renderSource writes the failing line behind a gutter with its number, and a
// caret where the column is known.
func (e *ScriptError) renderSource(out *strings.Builder, paint func(style, text string) string) {
	gutter := fmt.Sprintf("%5d | ", e.Line)
	source := strings.TrimRight(strings.ReplaceAll(e.SourceLine, "\t", "    "), " \r\n")
	fmt.Fprintf(out, "%s%s\n", paint(dim, gutter), source)
	if e.Column < 1 || e.Column > len(e.SourceLine)+1 {
		return
	}
	before := strings.ReplaceAll(e.SourceLine[:e.Column-1], "\t", "    ")
	blank := strings.Repeat(" ", len([]rune(before)))
	fmt.Fprintf(out, "%s%s%s\n", paint(dim, "      | "), blank, paint(red, "^"))
}
