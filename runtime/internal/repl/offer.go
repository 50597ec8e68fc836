package repl

import (
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"github.com/reeflective/readline"

	"github.com/phscript/phscript/runtime/internal/repl/complete"
)

// offer hands what may stand at the cursor to the editor. The editor replaces a
// word that it finds by itself, unless it is told one; an empty word is told by
// the character in front of it. At most so many rows are offered, since the editor
// does not know how many there are.
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
		// The editor only takes what goes on from what was typed, with the same
		// capitals.
		if strings.HasPrefix(c.Text, typed) {
			values = append(values, readline.Completion{Value: lead + c.Text, Display: c.Label, Description: c.Doc})
		}
	}
	if rows = max(rows, 3); len(values) > rows {
		// The last one stays, so that what the shown ones begin with is what all do.
		more := len(values) - rows + result.More + 1
		last := values[len(values)-1]
		values = append(values[:rows-2], readline.Completion{
			Value: word + " ", Display: "… " + humanize.Comma(int64(more)) + " more", Description: "type on to narrow them down",
		}, last)
	}
	if len(values) == 0 && len(result.Candidates) == 1 {
		return readline.CompleteMessage("did you mean %s?", result.Candidates[0].Label)
	}
	completions := readline.CompleteRaw(values).NoSort().NoSpace().DisplayList()
	completions.PREFIX = word
	return completions
}
