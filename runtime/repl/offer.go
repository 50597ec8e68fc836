package repl

import (
	"github.com/reeflective/readline"
)

// Completion is what may stand at the cursor.
type Completion struct {
	// Start is where the word begins that the candidates replace.
	Start      int
	Candidates []Candidate
	// More counts the candidates that were left out.
	More int
}

// Candidate is one word that may stand at the cursor.
type Candidate struct {
	// Text is what is inserted, Label what the menu shows, Text where empty.
	Text, Label string
	Doc         string
}

// offer hands a completion to the editor.
func offer(complete func(string, int) Completion, line []rune, cursor int) readline.Completions {
	return readline.Completions{}
}
