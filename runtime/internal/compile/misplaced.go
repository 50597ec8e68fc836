package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/explain"
)

// laterLua reports what later versions of Lua have and 5.1 does not, if that is why the
// parser stopped at a token: at the word or symbol itself, wherever it was noticed.
func (s *sourceText) laterLua(at int) *SyntaxError {
	tok, found := s.tokens[at], at
	var what, hint string
	switch {
	case tok.Text == "::" && tok.Kind == Symbol:
		what, hint = "labels are", gotoHint(at+1 < len(s.tokens) && resumesLoop(s.tokens[at+1].Text))
	case at > 0 && tok.Kind == Name && s.tokens[at-1].Text == "goto" && !s.isField(at-1):
		found, what, hint = at-1, "goto is", gotoHint(resumesLoop(tok.Text))
	case at > 1 && tok.Text == "<" && s.tokens[at-1].Kind == Name && s.declares(at-1):
		what, hint = "attributes of variables are", "remove it: local "+s.tokens[at-1].Text+" = ..."
	default:
		return nil
	}
	return s.errorAt(s.tokens[found].Line, s.tokens[found].Column, what+" not part of Lua 5.1", near(s.tokens[found]), hint)
}

// declares reports whether a name is one that local declares.
func (s *sourceText) declares(at int) bool {
	for at >= 2 && s.tokens[at-1].Text == "," && s.tokens[at-2].Kind == Name {
		at -= 2
	}
	return at > 0 && s.tokens[at-1].Text == "local"
}

// resumesLoop reports whether a label is called as those before the end of a loop are.
func resumesLoop(label string) bool {
	label = strings.ToLower(label)
	return slices.ContainsFunc([]string{"continue", "next", "skip"}, func(word string) bool { return strings.Contains(label, word) })
}

func gotoHint(resumes bool) string {
	if resumes {
		return "put the rest of the loop's body into an if ... end"
	}
	return "leave a loop with break, and a function, with all its loops, with return"
}

// anAssignment is what a name needs after it to be a statement.
const anAssignment = "'='"

// misplacedHint says what is missing before a token, or is too much, where the parser
// wanted something else. The token may be the end of the source.
func (s *sourceText) misplacedHint(at int, top openBlock, wanted string) string {
	switch wanted {
	case anAssignment, aTarget:
		return s.statementHint(at)
	}
	if at == 0 || at == len(s.tokens) {
		return ""
	}
	tok := s.tokens[at]
	switch wanted {
	case aName, aParameter:
		return s.nameHint(at)
	case aValue:
		return s.valueHint(at, top)
	case "'" + top.waits + "'":
		switch {
		case tok.Text == "{" || tok.Text == ":":
			return fmt.Sprintf("write the block as %s ... end, without %s", top.waits, tok.Text)
		case tok.Text == ")":
			return ""
		case top.text == "for":
			return "the head of 'for' is followed by 'do'"
		}
		return fmt.Sprintf("the condition of '%s' is followed by %s", top.text, wanted)
	case aStatement, "'end'", "'until'":
		return s.afterLastHint(at, top)
	}
	return ""
}

// afterLastHint explains a statement after return or break in the block that is open
// at a token.
func (s *sourceText) afterLastHint(at int, top openBlock) string {
	if slices.Contains([]string{"end", "else", "elseif", "until", ")", "]", "}"}, s.tokens[at].Text) {
		return ""
	}
	for i := at - 1; i >= top.at; i-- {
		t := s.tokens[i]
		if t.Kind != Keyword || t.Text != "return" && t.Text != "break" {
			continue
		}
		if len(s.openBlocks(i)) == len(s.openBlocks(at)) {
			return fmt.Sprintf("nothing can follow %[1]s in its block: remove it, or write do %[1]s end", s.words(i, at))
		}
		break
	}
	return ""
}

// statementHint explains a value that is not a statement. at is the token after it.
func (s *sourceText) statementHint(at int) string {
	if at == 0 {
		return ""
	}
	last := s.tokens[at-1]
	if last.isWord() && !s.isField(at-1) {
		if hint := explain.Word(last.Text); hint != "" {
			return hint
		}
	}
	if at < len(s.tokens) && !s.startsLine(at) && s.tokens[at].Kind != Keyword {
		return ""
	}
	first := s.chainStart(at - 1)
	switch {
	case first < 0:
		return "this value is not a statement: assign it to a name, or call it"
	case !s.startsStatement(first) || s.tokens[first].Line != last.EndLine:
		return ""
	}
	if hint := s.decrementHint(first, at); hint != "" {
		return hint
	}
	name := s.words(first, at)
	return fmt.Sprintf("this line is not a statement: assign to %s, or call it with %s()", name, name)
}

// decrementHint explains x--, whose name begins with a token. at is the token after it.
func (s *sourceText) decrementHint(first, at int) string {
	end := s.tokens[at-1].End
	if !slices.ContainsFunc(s.comments, func(c Token) bool { return c.Start == end && strings.Trim(c.Text, "-; ") == "" }) {
		return ""
	}
	name := s.words(first, at)
	return fmt.Sprintf("write %s = %s - 1; two dashes start a comment", name, name)
}

// nameHint explains a token in the place of a name.
func (s *sourceText) nameHint(at int) string {
	tok, before := s.tokens[at], s.tokens[at-1]
	switch {
	case before.Text == "," && (slices.Contains([]string{")", "=", "in"}, tok.Text) || s.startsLine(at)):
		return "remove the comma"
	case before.Text == "function" && tok.Text == "(":
		local := ""
		if at > 1 && s.tokens[at-2].Text == "local" {
			local = "local "
		}
		return "give the function a name: " + local + "function name(...)"
	case tok.Kind != Keyword || tok.Line != before.Line || before.Text == "for" && slices.Contains([]string{"in", "do"}, tok.Text):
		return ""
	case before.Text == "." || before.Text == ":":
		return s.keywordHint(at)
	}
	return fmt.Sprintf("%s is a keyword of Lua and cannot be a name", tok.Text)
}

// keywordHint explains a keyword after a dot or a colon.
func (s *sourceText) keywordHint(at int) string {
	tok, object, whole := s.tokens[at], "record", false
	if first := s.chainStart(at - 2); first >= 0 && s.tokens[first].Line == tok.Line {
		object, whole = s.words(first, at-1), first > 0 && s.tokens[first-1].Text == "function"
	}
	switch method := s.tokens[at-1].Text == ":"; {
	case whole && method:
		return fmt.Sprintf(`write %s["%s"] = function(self, ...) ... end`, object, tok.Text)
	case whole:
		return fmt.Sprintf(`write %s["%s"] = function(...) ... end`, object, tok.Text)
	case method && strings.ContainsAny(object, "(["):
		return fmt.Sprintf("%s is a keyword of Lua and cannot be the name of a method", tok.Text)
	case method:
		return fmt.Sprintf(`write %s["%s"](%s, ...)`, object, tok.Text, object)
	}
	return fmt.Sprintf(`write %s["%s"]`, object, tok.Text)
}

// valueHint explains a token in the place of a value.
func (s *sourceText) valueHint(at int, top openBlock) string {
	tok, before := s.tokens[at], s.tokens[at-1]
	sameLine := !s.startsLine(at)
	switch {
	case sameLine && tok.Text == "if":
		return explain.Symbol("?")
	case top.text == "{" && tok.Kind == Keyword && at+1 < len(s.tokens) && s.tokens[at+1].Text == "=":
		return fmt.Sprintf(`write ["%s"] = value`, tok.Text)
	case sameLine && !slices.Contains([]string{")", "]", "}", ",", ";", "=", "do", "then", "end", "else", "elseif", "until", "in"}, tok.Text):
		return ""
	case !sameLine && tok.Kind != Keyword:
		return ""
	case before.Text == "," && tok.Text == ",":
		return "remove one of the commas"
	case before.Text == "," && top.text != "{":
		return "remove the comma"
	case before.Kind == Symbol && (priorities[before.Text] != priority{} || before.Text == "="),
		before.Kind == Keyword && slices.Contains([]string{"and", "or", "not", "if", "elseif", "while", "until", "in"}, before.Text):
		return fmt.Sprintf("a value is missing after '%s'", before.Text)
	case tok.Kind == Keyword && sameLine:
		return fmt.Sprintf("%s is a keyword of Lua and cannot be a name", tok.Text)
	}
	return ""
}
