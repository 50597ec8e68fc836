package repl

import (
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// waiting tells without the parser that an input goes on. To parse all of it with
// each further line would take minutes for a table of a thousand rows.
type waiting struct {
	// blocks counts the brackets and blocks that are open.
	blocks int
	// within is set inside of a string or comment that goes over several lines;
	// where a line contains it, that may have come to its end.
	within *string
	// parsed is the size of the input when the parser last looked at it.
	parsed int
}

// foresees tells whether an input, which a line was added to, waits for more. Where
// blocks are open, it leaves that to the parser each time that the input has
// doubled, so that a mistake at its beginning is found before all the rest was
// taken for a part of it.
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

// goesOn returns what the end of a string or comment holds that the next line
// belongs to as well, and nil for all others.
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
