package spec

import "slices"

// keywords are Lua's reserved words, in order.
var keywords = []string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local",
	"nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
}

// longestKeyword is the length of function.
const longestKeyword = 8

// Keywords returns Lua's reserved words in alphabetical order.
func Keywords() []string { return slices.Clone(keywords) }

// IsKeyword reports whether Lua reserves a word, so that it cannot be a name.
func IsKeyword(word string) bool {
	return len(word) <= longestKeyword && slices.Contains(keywords, word)
}

// IsName reports whether a text can be the name of a variable, and that of a
// field after a dot.
func IsName(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != "" && !IsKeyword(text)
}
