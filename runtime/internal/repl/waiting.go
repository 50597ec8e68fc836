package repl

import (
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// waiting decides without the parser whether an input continues. Parsing
// everything again for each line would take minutes for a table of a thousand
// rows.
type waiting struct {
	// blocks counts the open brackets and blocks.
	blocks int
	// within is set inside a string or comment of several lines; a line that
	// contains it may end it.
	within *string
	// parsed is the size of the input when it was last parsed.
	parsed int
}

// foresees reports whether an input, to which a line was added, waits for more.
// If blocks are open, it parses the input whenever its size has doubled, to
// find an early mistake before the rest is read as part of it.
func (w *waiting) foresees(line, input string) bool {
	switch {
	case w.within == nil:
		w.follow(line)
	case strings.Contains(line, *w.within):
		w.blocks, w.within = 0, nil
		w.follow(input)
	}
	if w.within != nil || w.blocks > 0 && len(input) < 2*w.parsed {
		return true
	}
	w.parsed = len(input)
	return false
}

// follow counts what a text opens and closes.
func (w *waiting) follow(text string) {
	tokens := compile.Tokens([]byte(" " + text)) // a # at the very beginning would hide the line
	for _, t := range tokens {
		switch t.Text {
		case "function", "do", "if", "repeat", "(", "{", "[":
			w.blocks++
		case "end", "until", ")", "}", "]":
			w.blocks--
		}
	}
	if len(tokens) > 0 {
		w.within = goesOn(tokens[len(tokens)-1].Text)
	}
}

// goesOn returns the end of a string or comment that continues on the next
// line, and nil for other tokens.
func goesOn(token string) *string {
	bracket, anything := "]", ""
	long := strings.TrimPrefix(token, "--")
	if equals := strings.TrimLeft(strings.TrimPrefix(long, "["), "="); strings.HasPrefix(long, "[") && strings.HasPrefix(equals, "[") {
		if end := "]" + strings.Repeat("=", len(long)-len(equals)-1) + "]"; !strings.HasSuffix(token, end) {
			return &bracket
		}
		return nil
	}
	if quoted := token[0] == '"' || token[0] == '\''; quoted && strings.HasSuffix(strings.TrimRight(token, "\r\n"), "\\") {
		return &anything
	}
	return nil
}
