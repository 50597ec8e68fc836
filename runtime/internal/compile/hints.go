package compile

import (
	"fmt"
	"slices"

	"github.com/phscript/phscript/runtime/internal/explain"
)

// openBlock is something that the source opened and has not closed yet.
type openBlock struct {
	text   string
	line   int
	closer string
	// waits is the word that must come before the block's statements.
	waits string
	// at is the token that opened it.
	at int
}

// openBlocks lists what is open before a token, innermost last.
func (s *sourceText) openBlocks(before int) []openBlock {
	open, _ := s.blocks(before)
	return open
}

// blocks lists what is open before a token, innermost last, and the first block
// whose "end" is indented less than the line that opened it. That end was
// probably meant for an enclosing block.
func (s *sourceText) blocks(before int) (open []openBlock, suspect *openBlock) {
	for i, tok := range s.tokens[:before] {
		if !tok.isWord() && tok.Kind != Symbol || s.isField(i) {
			continue
		}
		top := len(open) - 1
		switch tok.Text {
		case "if":
			open = append(open, openBlock{tok.Text, tok.Line, "end", "then", i})
		case "while", "for":
			open = append(open, openBlock{tok.Text, tok.Line, "end", "do", i})
		case "function":
			open = append(open, openBlock{tok.Text, tok.Line, "end", "", i})
		case "repeat":
			open = append(open, openBlock{tok.Text, tok.Line, "until", "", i})
		case "(", "[", "{":
			open = append(open, openBlock{tok.Text, tok.Line, map[string]string{"(": ")", "[": "]", "{": "}"}[tok.Text], "", i})
		case "elseif":
			if top >= 0 && open[top].text == "if" {
				open[top].waits = "then"
			}
		case "then":
			if top >= 0 && open[top].waits == "then" {
				open[top].waits = ""
			}
		case "do":
			if top >= 0 && open[top].waits == "do" {
				open[top].waits = ""
			} else {
				open = append(open, openBlock{tok.Text, tok.Line, "end", "", i})
			}
		case "end", "until", ")", "]", "}":
			if top < 0 || open[top].closer != tok.Text {
				continue
			}
			if block := open[top]; suspect == nil && tok.Text == "end" && s.startsLine(i) && tok.Column < s.indent(block.at) {
				suspect = &block
			}
			open = open[:top]
		}
	}
	return open, suspect
}

// startsLine reports whether a token is the first one on its line.
func (s *sourceText) startsLine(i int) bool {
	return i == 0 || s.tokens[i-1].EndLine < s.tokens[i].Line
}

// indent is the column in which the line of a token begins.
func (s *sourceText) indent(i int) int {
	for !s.startsLine(i) {
		i--
	}
	return s.tokens[i].Column
}

// isField reports whether a token is a name after a dot, so not a keyword.
func (s *sourceText) isField(i int) bool {
	return i > 0 && (s.tokens[i-1].Text == "." || s.tokens[i-1].Text == ":") && s.tokens[i].isWord()
}

// isName reports whether a token is a name; after a dot, that may be a keyword.
func (s *sourceText) isName(i int) bool { return s.tokens[i].Kind == Name || s.isField(i) }

// endHint explains a missing end.
func (s *sourceText) endHint(open []openBlock) string {
	for i := 1; i < len(s.tokens); i++ {
		if s.tokens[i].Text == "if" && s.tokens[i-1].Text == "else" && s.tokens[i].Line == s.tokens[i-1].Line {
			return fmt.Sprintf("line %d says 'else if', which opens a second if that needs another end; 'elseif' is one word", s.tokens[i].Line)
		}
	}
	last := open[len(open)-1]
	if last.closer != "end" {
		return ""
	}
	if _, suspect := s.blocks(len(s.tokens)); suspect != nil && suspect.line != last.line {
		return fmt.Sprintf("judging by the indentation, the '%s' at line %d has no end", suspect.text, suspect.line)
	}
	return "every if, for, while, do and function needs its own end"
}

// diagnose explains the parser's complaint about a token, where it wanted something
// else: what was expected, and a hint, which may be empty.
func (s *sourceText) diagnose(at int, wanted string) (expected, hint string) {
	tok := s.tokens[at]
	before := Token{}
	if at > 0 {
		before = s.tokens[at-1]
	}
	open := s.openBlocks(at)
	var top openBlock
	if len(open) > 0 {
		top = open[len(open)-1]
	}
	expected = s.expected(tok, open, wanted)
	if hint = s.habit(at, top, wanted); hint != "" {
		return expected, hint
	}
	if hint = s.foreignHint(before, tok, top); hint != "" {
		return expected, hint
	}
	return expected, s.misplacedHint(at, top, wanted)
}

// expected says what should be in place of a token, given what is open there and
// what the parser wanted.
func (s *sourceText) expected(tok Token, open []openBlock, wanted string) string {
	var top openBlock
	if len(open) > 0 {
		top = open[len(open)-1]
	}
	unmatched := !slices.ContainsFunc(open, func(b openBlock) bool { return b.closer == tok.Text })
	switch {
	case explain.Symbol(tok.Text) != "", wanted == aValue, wanted == aTarget:
		return unexpectedSymbol
	case wanted == aName, wanted == aParameter:
		return wanted + " expected"
	case unmatched && slices.Contains([]string{")", "]", "}"}, tok.Text):
		return "'" + tok.Text + "' without a matching block"
	case wanted == "'"+top.closer+"'" && top.text == "{":
		return fmt.Sprintf("',' or '}' expected in the table that '{' at line %d opens", top.line)
	case wanted == "'"+top.closer+"'":
		return fmt.Sprintf("%s expected to close '%s' at line %d", wanted, top.text, top.line)
	case wanted != aStatement:
		return wanted + " expected"
	}
	switch tok.Text {
	case "end", "else", "elseif", "until", ")", "]", "}":
		if top.closer != "" {
			return fmt.Sprintf("'%s' expected to close '%s' at line %d", top.closer, top.text, top.line)
		}
		return "'" + tok.Text + "' without a matching block"
	}
	return unexpectedSymbol
}

const unexpectedSymbol = "unexpected symbol"

// foreignHint recognizes habits of other languages around a mistake.
func (s *sourceText) foreignHint(before, tok Token, top openBlock) string {
	if tok.Kind == Symbol && tok.Text != "?" {
		if hint := explain.Symbol(tok.Text); hint != "" {
			return hint
		}
	}
	if before.Kind == Symbol && tok.Line == before.Line {
		switch before.Text {
		case "!=", "!", "&&", "||", "+=", "-=", "*=", "/=", "++", "//", "=>", "->":
			return explain.Symbol(before.Text)
		}
	}
	if tok.Text == "=" && (top.waits == "then" || top.waits == "do" && top.text == "while") {
		return "to compare, use =="
	}
	if hint := explain.Word(before.Text); hint != "" && before.isWord() {
		return hint
	}
	return ""
}
