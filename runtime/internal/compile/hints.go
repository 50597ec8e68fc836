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
		if tok.kind != tokenName && tok.kind != tokenSymbol || s.isField(i) {
			continue
		}
		top := len(open) - 1
		switch tok.text {
		case "if":
			open = append(open, openBlock{tok.text, tok.line, "end", "then", i})
		case "while", "for":
			open = append(open, openBlock{tok.text, tok.line, "end", "do", i})
		case "function":
			open = append(open, openBlock{tok.text, tok.line, "end", "", i})
		case "repeat":
			open = append(open, openBlock{tok.text, tok.line, "until", "", i})
		case "(", "[", "{":
			open = append(open, openBlock{tok.text, tok.line, map[string]string{"(": ")", "[": "]", "{": "}"}[tok.text], "", i})
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
				open = append(open, openBlock{tok.text, tok.line, "end", "", i})
			}
		case "end", "until", ")", "]", "}":
			if top < 0 || open[top].closer != tok.text {
				continue
			}
			if block := open[top]; suspect == nil && tok.text == "end" && s.startsLine(i) && tok.column < s.indent(block.at) {
				suspect = &block
			}
			open = open[:top]
		}
	}
	return open, suspect
}

// startsLine reports whether a token is the first one on its line.
func (s *sourceText) startsLine(i int) bool {
	return i == 0 || s.tokens[i-1].endLine < s.tokens[i].line
}

// indent is the column in which the line of a token begins.
func (s *sourceText) indent(i int) int {
	for !s.startsLine(i) {
		i--
	}
	return s.tokens[i].column
}

// isField reports whether a token is a name after a dot, so not a keyword.
func (s *sourceText) isField(i int) bool {
	return i > 0 && (s.tokens[i-1].text == "." || s.tokens[i-1].text == ":") && s.tokens[i].kind == tokenName
}

// endHint explains a missing end.
func (s *sourceText) endHint(open []openBlock) string {
	for i := 1; i < len(s.tokens); i++ {
		if s.tokens[i].text == "if" && s.tokens[i-1].text == "else" && s.tokens[i].line == s.tokens[i-1].line {
			return fmt.Sprintf("line %d says 'else if', which opens a second if that needs another end; 'elseif' is one word", s.tokens[i].line)
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

// diagnose explains the parser's complaint about a token: what was expected,
// and a hint. Either may be empty.
func (s *sourceText) diagnose(at int) (expected, hint string) {
	tok := s.tokens[at]
	before := token{}
	if at > 0 {
		before = s.tokens[at-1]
	}
	open := s.openBlocks(at)
	var top openBlock
	if len(open) > 0 {
		top = open[len(open)-1]
	}
	if hint = s.habit(at, top); hint != "" {
		return s.expected(tok, open), hint
	}
	if hint = s.foreignHint(before, tok, top); hint != "" {
		return "", hint
	}
	if top.waits != "" && !continues(tok) {
		hint = fmt.Sprintf("the condition of '%s' is followed by '%s'", top.text, top.waits)
		if tok.text == "{" || tok.text == ":" {
			hint += fmt.Sprintf("; write the block as %s ... end, without %s", top.waits, tok.text)
		}
		return fmt.Sprintf("'%s' expected", top.waits), hint
	}
	return s.expected(tok, open), ""
}

// expected says what should be in place of a token, given what is open there,
// or "".
func (s *sourceText) expected(tok token, open []openBlock) string {
	var top openBlock
	if len(open) > 0 {
		top = open[len(open)-1]
	}
	switch tok.text {
	case ")", "]", "}":
		if !slices.ContainsFunc(open, func(b openBlock) bool { return b.closer == tok.text }) {
			return "'" + tok.text + "' without a matching block"
		}
		if top.closer != tok.text {
			return fmt.Sprintf("'%s' expected to close '%s' at line %d", top.closer, top.text, top.line)
		}
	case "end", "else", "elseif", "until":
		if top.closer == "" {
			return "'" + tok.text + "' without a matching block"
		}
		if top.closer != tok.text && (top.closer != "end" || tok.text == "until") {
			return fmt.Sprintf("'%s' expected to close '%s' at line %d", top.closer, top.text, top.line)
		}
	}
	switch top.closer {
	case "}":
		return fmt.Sprintf("',' or '}' expected in the table that '{' at line %d opens", top.line)
	case ")", "]":
		return fmt.Sprintf("'%s' expected to close '%s' at line %d", top.closer, top.text, top.line)
	}
	return ""
}

// foreignHint recognizes habits of other languages around a mistake.
func (s *sourceText) foreignHint(before, tok token, top openBlock) string {
	if tok.kind == tokenSymbol {
		if hint := explain.Symbol(tok.text); hint != "" {
			return hint
		}
	}
	if before.kind == tokenSymbol && tok.line == before.line {
		switch before.text {
		case "!=", "!", "&&", "||", "+=", "-=", "*=", "/=", "++", "//", "=>", "->":
			return explain.Symbol(before.text)
		}
	}
	if tok.text == "=" && (top.waits == "then" || top.waits == "do" && top.text == "while") {
		return "to compare, use =="
	}
	if hint := explain.Word(before.text); hint != "" && before.kind == tokenName {
		return hint
	}
	if tok.kind == tokenName && tok.text == "goto" {
		return explain.Word(tok.text)
	}
	return ""
}

// continues reports whether a token can continue an expression.
func continues(tok token) bool {
	switch tok.text {
	case "and", "or", "not", "==", "~=", "..", "(", "[", ".", "+", "*", "%", "^", "<", ">", "<=", ">=":
		return true
	}
	return false
}
