package fault

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/display"
)

// shownFrames is how many calls of a traceback a report shows.
const shownFrames = 20

// Render writes the error as a report: the position and the message, the line
// of the script, the hint, what else is known, and the traceback.
func (e *ScriptError) Render(w io.Writer, color bool) error {
	out := &strings.Builder{}
	paint := func(style display.Style, text string) string { return display.Paint(style, text, color) }
	position := display.OneLine(e.Script)
	if e.Line > 0 {
		position += ":" + strconv.Itoa(e.Line)
	}
	if position != "" {
		position = paint(display.Bold, position+": ")
	}
	fmt.Fprintf(out, "%s%s%s\n", paint(display.Red, "error: "), position, strings.ReplaceAll(display.Text(e.Message), "\n", "\n  "))
	if e.SourceLine != "" && e.Line > 0 {
		display.Source(out, display.Line{Number: e.Line, Text: e.SourceLine, Column: e.Column}, color)
	}
	// A refusal names the way out in its message already.
	if e.Hint != "" && !strings.HasSuffix(e.Message, e.Hint) {
		fmt.Fprintf(out, "%s%s\n", paint(display.Cyan, "hint: "), display.Text(e.Hint))
	}
	width := 0
	for _, f := range e.Fields {
		width = max(width, len(f.Name))
	}
	for _, f := range e.Fields {
		value := strings.ReplaceAll(display.Text(f.Value), "\n", "\n  "+strings.Repeat(" ", width+2))
		fmt.Fprintf(out, "  %s  %s\n", paint(display.Dim, fmt.Sprintf("%-*s", width, f.Name)), value)
	}
	if len(e.Trace) > 1 {
		fmt.Fprintf(out, "%s\n", paint(display.Dim, "traceback:"))
		for i, f := range e.Trace {
			if i == shownFrames {
				fmt.Fprintf(out, "   … and the calls around them\n")
				break
			}
			fmt.Fprintf(out, "  %2d. %s:%d in %s\n", i+1, display.OneLine(f.Script), f.Line, display.OneLine(f.Function))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
