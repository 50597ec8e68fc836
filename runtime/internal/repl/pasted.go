package repl

import (
	"errors"
	"io"
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// prompts matches what prompts of phscript and of lua print before an input.
var prompts = pattern.Lazy(`^(planhat( \([a-z, ]*\))?)?>>?( |$)`)

// unprompted returns an input without the prompts that were copied with it, and without
// the = that lua takes before an expression. No Lua begins with either.
func unprompted(text string) string {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	if rest, ok := strings.CutPrefix(trimmed, "="); ok && !strings.HasPrefix(rest, "=") {
		return rest
	}
	if !prompts().MatchString(firstLine(trimmed)) {
		return text
	}
	lines := strings.Split(trimmed, "\n")
	for i, line := range lines {
		line = prompts().ReplaceAllString(strings.TrimSuffix(line, "\r"), "")
		if rest, ok := strings.CutPrefix(line, "="); ok {
			line = rest
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r")
}

// pieces splits a block of several lines that is not one piece of Lua into inputs, such as
// expressions on lines of their own. Nothing of a block with a mistake runs: it is one
// piece, and its error is shown.
func pieces(text string) []string {
	if !strings.Contains(strings.TrimSpace(text), "\n") || correct(text) {
		return []string{text}
	}
	var list []string
	for lines := NewLines(strings.NewReader(text)); ; {
		piece, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return list
		}
		if piece = unprompted(piece); err != nil || !isCommand(piece) && !correct(piece) {
			return []string{text}
		}
		list = append(list, piece)
	}
}

// correct reports whether a text is Lua.
func correct(text string) bool {
	_, err := compile.NewInput([]byte(text), "input", func(string) bool { return false })
	return err == nil
}

// pasted is a text from the clipboard as the editor takes it: without line ends after it and
// without characters that are not to be seen.
func pasted(text string) string {
	text = strings.Map(func(r rune) rune {
		if display.Hidden(r) {
			return -1
		}
		return r
	}, text)
	return strings.TrimRight(text, "\n")
}
