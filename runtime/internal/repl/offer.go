package repl

import (
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
func offer(completer func(text string, cursor int) complete.Result, line []rune, cursor, rows int) readline.Completions {
	before := string(line[:cursor])
	result := completer(string(line), len(before))
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
