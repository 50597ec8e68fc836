package compile

import (
	"fmt"
	"slices"
	"strings"
)

// loopHabit explains loops as other languages write them: for i = 1 to 10, for
// (...), for each, for k, v = pairs(t).
func (s *sourceText) loopHabit(at int, top openBlock, wanted string) string {
	if top.text != "for" || top.waits != "do" {
		return ""
	}
	tok := s.tokens[at]
	switch {
	case tok.Text == "(" && at == top.at+1:
		return "write the head of a loop without parentheses: for i = 1, 10 do, or for _, item in ipairs(list) do"
	case at == top.at+2 && tok.isWord() && tok.Text != "in" && s.tokens[at-1].Text == "each":
		return fmt.Sprintf("loop over a list with for _, %s in ipairs(%s) do", tok.Text, s.listAfter(at))
	case wanted == "'in'" && tok.Text == "=":
		return s.iterating(top.at, at)
	case at < top.at+4 || s.tokens[top.at+2].Text != "=" && s.tokens[top.at+2].Text != "in":
		return ""
	case tok.Text == "to" || tok.Text == ":":
		return s.counting(top.at, at, at)
	case tok.Text == "do":
		for i := top.at + 4; i < at; i++ {
			if s.tokens[i].Text == ".." {
				return s.counting(top.at, i, at)
			}
		}
		if first := s.tokens[top.at+3]; wanted == "','" && (first.Text == "pairs" || first.Text == "ipairs") {
			return s.iterating(top.at, top.at+2)
		}
		if wanted == "','" {
			return fmt.Sprintf("write a first and a last value: for %s = 1, 10 do", s.tokens[top.at+1].Text)
		}
	}
	return ""
}

// iterating says how to write a loop with "=" in the place of "in".
func (s *sourceText) iterating(begin, equals int) string {
	end := equals + 1
	for end < len(s.tokens) && s.tokens[end].Line == s.tokens[begin].Line && s.tokens[end].Text != "do" {
		end++
	}
	if over := s.words(equals+1, end); s.tokens[end-1].Text == ")" {
		return fmt.Sprintf("write in instead of =: for %s in %s do", s.words(begin+1, equals), over)
	}
	return "a loop that counts has one variable, and a loop over a table has in instead of ="
}

// listAfter is what follows the word "in" after a token, up to the loop's body, or
// "list" if that is not one list.
func (s *sourceText) listAfter(at int) string {
	if at+2 < len(s.tokens) && s.tokens[at+1].Text == "in" && s.tokens[at+2].Kind == Name &&
		(at+3 == len(s.tokens) || s.startsLine(at+3) || slices.Contains([]string{"do", "{", ":"}, s.tokens[at+3].Text)) {
		return s.tokens[at+2].Text
	}
	return "list"
}

// counting says how to write a counting loop. The word between its bounds is at
// between; end is a token after it.
func (s *sourceText) counting(begin, between, end int) string {
	for end = max(end, between+1); end < len(s.tokens) && s.tokens[end].Line == s.tokens[begin].Line && s.tokens[end].Text != "do"; end++ {
		continue
	}
	first, last := s.words(begin+3, between), s.words(between+1, end)
	if first == "" || last == "" || strings.Contains(last, " ") {
		first, last = "first", "last"
	}
	return fmt.Sprintf("write a comma in place of '%s': for %s = %s, %s do", s.tokens[between].Text, s.tokens[begin+1].Text, first, last)
}

// words is the source from one token up to another.
func (s *sourceText) words(from, to int) string {
	if from >= to || to > len(s.tokens) {
		return ""
	}
	return string(s.text[s.tokens[from].Start-s.skipped : s.tokens[to-1].End-s.skipped])
}
