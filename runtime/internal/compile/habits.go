package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/explain"
)

// habit recognizes, around the token at which the parser stopped, what people
// write who know other languages or spreadsheets, and says how Lua writes it.
// It returns "" for anything else.
func (s *sourceText) habit(at int, top openBlock, wanted string) string {
	tok, before := s.tokens[at], Token{}
	if at > 0 {
		before = s.tokens[at-1]
	}
	if hint := typographic(tok.Text); hint != "" {
		return hint
	}
	if before.Kind == String && before.Text[len(before.Text)-1] == '\'' && tok.Kind == Name && tok.Start == before.End {
		return `the apostrophe ends the text: write it as \', or put the text in double quotes`
	}
	if hint := s.loopHabit(at, top, wanted); hint != "" {
		return hint
	}
	if hint := s.spacedName(at, top); hint != "" {
		return hint
	}
	if hint := s.spacedName(at-1, top); hint != "" {
		return hint
	}
	if hint := s.uncalled(at); hint != "" {
		return hint
	}
	if top.text == "{" {
		if hint := explain.Word(s.headOf(top.at)); hint != "" {
			return hint
		}
	}
	switch tok.Text {
	case "[":
		if wanted == aValue {
			return "write a list with braces: { 1, 2, 3 }"
		}
	case ",":
		if top.text == "[" && !s.isIndex(top.at) {
			return "write a list with braces: { 1, 2, 3 }"
		}
	case "{":
		if top.text == "function" && before.Text == ")" {
			return "write a function as function name(x) ... end, without braces"
		}
		if hint := bracedBlock(before.Text); hint != "" {
			return hint
		}
	case "}":
		if top.closer == "end" {
			return "end a block with end, not with }"
		}
	case "=":
		if top.text == "{" && before.Kind == String {
			return s.quotedField(at)
		}
		if top.text == "(" && top.at > 0 && s.isName(top.at-1) {
			return "put options in braces: f{ name = value }; to compare, use =="
		}
		if top.text == "(" {
			return "to compare, use =="
		}
	case "?":
		return s.questionHint(at)
	case ":":
		if top.text == "{" {
			return fieldsHint
		}
	}
	if top.text == "{" && wanted == aName && before.Text == ":" { // { name: "value" }
		return fieldsHint
	}
	if hint := s.bareCall(at, tok, before); hint != "" {
		return hint
	}
	if top.text == "{" && wanted == "'}'" && !slices.Contains([]string{")", "]", "="}, tok.Text) && !spec.IsKeyword(tok.Text) {
		if at+1 < len(s.tokens) && s.tokens[at+1].Text == "=" {
			return "write the fields of a table as name = value, separated by commas"
		}
		return "separate the items of a table with commas"
	}
	return ""
}

const fieldsHint = `write the fields of a table as name = value, or ["any text"] = value`

// headOf returns the word before a brace, as in try {, or before its condition, as in
// switch (x) {.
func (s *sourceText) headOf(brace int) string {
	head := brace - 1
	if head > 0 && s.tokens[head].Text == ")" {
		head = Brackets(s.tokens)[head] - 1
	}
	if head < 0 || !s.startsStatement(head) {
		return ""
	}
	return s.tokens[head].Text
}

// bracedBlock explains a brace after a word that begins a block.
func bracedBlock(word string) string {
	switch word {
	case "do", "then", "else":
		return "write a block as " + word + " ... end, without braces"
	case "repeat":
		return "write this block as repeat ... until, without braces"
	}
	return ""
}

// quotedField explains a quoted field name: { "limit" = 5 }.
func (s *sourceText) quotedField(at int) string {
	quoted, value := s.tokens[at-1].Text, "value"
	if at+2 < len(s.tokens) && slices.Contains([]string{",", "}", ";"}, s.tokens[at+2].Text) {
		value = s.tokens[at+1].Text
	}
	written := fmt.Sprintf("[%s] = %s", quoted, value)
	if name := strings.Trim(quoted, `"'`); spec.IsName(name) {
		return fmt.Sprintf("write a field as %s = %s or %s", name, value, written)
	}
	return "write a field whose name is not a single word as " + written
}

// typographic explains characters that word processors and web pages put in
// place of plain ones.
func typographic(text string) string {
	switch {
	case strings.ContainsAny(text, "“”„‟‘’‚«»"):
		return `curly quotes do not work in Lua: write "text" or 'text' with straight quotes`
	case strings.ContainsAny(text, "–—−"):
		return "this dash is not a minus sign: write -"
	case strings.ContainsAny(text, "\u00a0\u2007\u202f\u200b\ufeff"):
		return "there is an invisible character here, perhaps copied from a web page: replace it with a plain space"
	}
	return ""
}

// spacedName explains a name with a space in it, whose second word is a token.
func (s *sourceText) spacedName(i int, top openBlock) string {
	if i < 1 || i >= len(s.tokens) {
		return ""
	}
	first, second := s.tokens[i-1], s.tokens[i]
	if !first.isWord() || second.Kind != Name || first.Line != second.Line || i > 1 && s.tokens[i-2].Text == ":" {
		return ""
	}
	name := fmt.Sprintf("[%q]", first.Text+" "+second.Text)
	switch {
	case s.isField(i-1) && i > 2 && s.tokens[i-3].isWord():
		return "write a field with a space in its name as " + s.tokens[i-3].Text + name
	case s.isField(i - 1):
		return "write a field with a space in its name as record" + name
	case top.text == "{" && !spec.IsKeyword(first.Text) && i+1 < len(s.tokens) && s.tokens[i+1].Text == "=":
		return "write a field with a space in its name as " + name + " = value"
	}
	return ""
}

// isIndex reports whether a bracket follows the value that it indexes.
func (s *sourceText) isIndex(at int) bool {
	if at == 0 {
		return false
	}
	before := s.tokens[at-1]
	return before.Text == ")" || before.Text == "]" || before.Kind == Name
}

// bareCall explains a call without parentheses that should continue after its
// text, as in print "a" .. b.
func (s *sourceText) bareCall(at int, tok, before Token) string {
	if at < 2 || before.Kind != String || s.tokens[at-2].Kind != Name {
		return ""
	}
	switch tok.Text {
	case "..", ",", "+", "-", "*", "/", "%", "==", "and", "or":
		return fmt.Sprintf("put the arguments of a call between parentheses: %s(%s %s ...)", s.tokens[at-2].Text, before.Text, tok.Text)
	}
	return ""
}

// questionHint explains a question mark: a ? b : c, a?.b or a ?? b.
func (s *sourceText) questionHint(at int) string {
	for i := at + 1; i < len(s.tokens) && s.tokens[i].Line == s.tokens[at].Line; i++ {
		if s.tokens[i].Text == ":" {
			return explain.Symbol("?")
		}
	}
	first := s.chainStart(at - 1)
	if first < 0 || at+2 >= len(s.tokens) {
		return ""
	}
	value := s.words(first, at)
	switch s.tokens[at+1].Text {
	case "?":
		return "write or instead of ??, which also replaces false"
	case ".":
		if s.isName(at+2) && (at+3 == len(s.tokens) || s.tokens[at+3].Text != "(") {
			return fmt.Sprintf("write (%s or {}).%s", value, s.tokens[at+2].Text)
		}
	}
	return ""
}
