package repl

import (
	"fmt"
	"unicode/utf8"

	"github.com/reeflective/readline"

	"github.com/phscript/phscript/runtime/repl/complete"
)

// offer hands what may stand at the cursor to the editor. The editor replaces a
// word that it finds by itself, unless it is told one; an empty word is told by
// the character in front of it.
func offer(completer func(text string, cursor int) complete.Result, line []rune, cursor int) readline.Completions {
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
	for i, c := range result.Candidates {
		if result.More > 0 && i == len(result.Candidates)-1 {
			values = append(values, readline.Completion{
				Value: lead + typed + " ", Display: fmt.Sprintf("… %s more", grouped(result.More)), Description: "type on to narrow them down",
			})
		}
		value := lead + c.Text
		if len(c.Text) >= len(typed) && c.Text[:len(typed)] != typed {
			// Spelt with other capitals: the editor only takes what goes on from
			// what was typed.
			continue
		}
		values = append(values, readline.Completion{Value: value, Display: c.Label, Description: c.Doc})
	}
	if len(values) == 0 && len(result.Candidates) == 1 {
		return readline.CompleteMessage("did you mean %s?", result.Candidates[0].Label)
	}
	completions := readline.CompleteRaw(values).NoSort().NoSpace().DisplayList()
	completions.PREFIX = word
	return completions
}
