package repl

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"github.com/reeflective/readline"

	"github.com/phscript/phscript/runtime/internal/repl/complete"
)

// offer passes candidates to the editor. The editor replaces the word that it
// finds, unless told another; an empty word is told by the character before it.
// At most rows are offered, since the editor does not know the terminal's
// height.
func offer(result complete.Result, line []rune, cursor, rows int) readline.Completions {
	before := string(line[:cursor])
	start := result.Start
	if start > 0 {
		_, size := utf8.DecodeLastRuneInString(before[:start])
		start -= size
	}
	word, lead := before[start:], before[start:result.Start]
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			return readline.Completions{} // the editor counts bytes and characters alike
		}
	}
	typed := before[result.Start:]
	var values []readline.Completion
	for _, c := range result.Candidates {
		if c.Back > 0 {
			// The editor cannot replace what comes before the word. If it is the only
			// one, replaced has.
			values = append(values, readline.Completion{Value: word, Display: c.Text, Description: c.Doc})
			continue
		}
		// The editor only accepts what continues the typed text in the same
		// case.
		if strings.HasPrefix(c.Text, typed) {
			values = append(values, readline.Completion{Value: lead + c.Text, Display: c.Label, Description: c.Doc})
		}
	}
	if rows = max(rows, 3); len(values) > rows {
		// Keep the last one, so the common prefix of the shown ones is that of
		// all.
		more := len(values) - rows + result.More + 1
		last := values[len(values)-1]
		values = append(values[:rows-2], readline.Completion{
			Value: word + " ", Display: "… " + humanize.Comma(int64(more)) + " more", Description: "keep typing to narrow the list",
		}, last)
	}
	if len(values) == 0 && len(result.Candidates) == 1 {
		return readline.CompleteMessage("did you mean %s?", result.Candidates[0].Label)
	}
	completions := readline.CompleteRaw(values).NoSort().NoSpace().DisplayList()
	completions.PREFIX = word
	return completions
}

// replaced returns the line with the only candidate in it, and the cursor after it, if the
// candidate also replaces what comes before the word: c.custom.Ne becomes
// c.custom["Next Review"].
func replaced(result complete.Result, line []rune, cursor int) (with []rune, at int, ok bool) {
	if len(result.Candidates) != 1 || result.Candidates[0].Back == 0 {
		return nil, 0, false
	}
	only := result.Candidates[0]
	start := utf8.RuneCountInString(string(line[:cursor])[:result.Start-only.Back])
	text := []rune(only.Text)
	return slices.Concat(line[:start], text, line[cursor:]), start + len(text), true
}
