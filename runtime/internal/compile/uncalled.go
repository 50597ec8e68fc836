package compile

import (
	"fmt"

	"github.com/phscript/phscript/bindings/spec"
)

// uncalled explains a statement that only names a function, as in
// expect(5).to_equal. at is the token after it.
func (s *sourceText) uncalled(at int) string {
	name := at - 1
	if name < 2 || name >= len(s.tokens) || !s.isField(name) {
		return ""
	}
	if given := s.tokens[min(at, len(s.tokens)-1)]; at < len(s.tokens) && !s.startsLine(at) && given.Kind != Number && !spec.IsKeyword(given.Text) {
		return ""
	}
	first := s.chainStart(name)
	if first < 0 || !s.startsStatement(first) || s.tokens[first].Line != s.tokens[name].Line {
		return ""
	}
	if hint := s.decrementHint(first, at); hint != "" {
		return hint
	}
	arguments := "..."
	if at < len(s.tokens) && !s.startsLine(at) && s.tokens[at].Kind == Number {
		arguments = s.tokens[at].Text
	}
	return fmt.Sprintf("call it with parentheses: %s(%s)", s.words(first, at), arguments)
}

// chainStart returns the first token of names, dots and calls that end at a
// token, or -1 if no name comes first.
func (s *sourceText) chainStart(i int) int {
	opening := Brackets(s.tokens)
	for i >= 0 {
		switch text := s.tokens[i].Text; {
		case text == ")" || text == "]":
			if i = opening[i] - 1; i < 0 {
				return -1
			}
			continue
		case !s.isName(i):
			return -1
		}
		if !s.isField(i) {
			return i
		}
		i -= 2
	}
	return -1
}

// startsStatement reports whether a statement may begin with a token.
func (s *sourceText) startsStatement(i int) bool {
	if s.startsLine(i) {
		return true
	}
	switch s.tokens[i-1].Text {
	case "then", "do", "else", "repeat", ";":
		return true
	}
	return false
}
