package compile

import (
	"bytes"

	"github.com/phscript/phscript/bindings/spec"
)

// TokenKind tells the pieces of a source apart.
type TokenKind int

// The kinds of tokens.
const (
	Name TokenKind = iota
	Keyword
	Number
	String
	Symbol
	Comment
)

// Token is a piece of a source: anything except white space, including
// comments.
type Token struct {
	Kind TokenKind
	// Text is the piece as written, with the quotes of a string.
	Text string
	// Line and Column are where it starts, EndLine and EndColumn its last byte.
	// They count from 1, columns in bytes.
	Line, Column, EndLine, EndColumn int
	// Start is the offset of its first byte, End the offset after its last.
	Start, End int
}

// Tokens splits a source into tokens, in order. It takes any text: anything but
// Lua becomes symbols, an unterminated string or comment extends as far as
// possible, and after an invalid numeral the rest is one symbol.
func Tokens(src []byte) []Token { return newSource(src, "").export(src) }

// export returns the tokens of a source. src is all of it, with the byte order
// mark that the scanner skips.
func (s *sourceText) export(src []byte) []Token {
	skipped := len(src) - len(s.text)
	tokens := make([]Token, 0, len(s.tokens)+len(s.comments))
	add := func(kind TokenKind, t token) {
		tokens = append(tokens, Token{
			Kind: kind, Text: string(src[skipped+t.from : skipped+t.to]),
			Line: t.line, Column: t.column, EndLine: t.endLine, EndColumn: t.endCol,
			Start: skipped + t.from, End: skipped + t.to,
		})
	}
	comments := s.comments
	for _, t := range s.tokens {
		for len(comments) > 0 && comments[0].from < t.from {
			add(Comment, comments[0])
			comments = comments[1:]
		}
		add(exportedKind(t), t)
	}
	for _, t := range comments {
		add(Comment, t)
	}
	return append(tokens, s.unread(src, skipped, tokens)...)
}

// unread is the text after the mistake at which the scanner stopped. skipped is
// the size of the byte order mark.
func (s *sourceText) unread(src []byte, skipped int, tokens []Token) []Token {
	if s.lexical == nil {
		return nil
	}
	start := skipped
	if len(tokens) > 0 {
		start = tokens[len(tokens)-1].End
	}
	start = len(src) - len(bytes.TrimLeft(s.text[start-skipped:], " \t\r\n\v\f"))
	before, rest := src[:start], src[start:]
	return []Token{{
		Kind: Symbol, Text: string(rest), Start: start, End: len(src),
		Line: 1 + bytes.Count(before, []byte("\n")), Column: start - bytes.LastIndexByte(before, '\n'),
		EndLine: 1 + bytes.Count(src, []byte("\n")), EndColumn: len(src) - 1 - bytes.LastIndexByte(src, '\n'),
	}}
}

func exportedKind(t token) TokenKind {
	switch t.kind {
	case tokenNumber:
		return Number
	case tokenString:
		return String
	case tokenSymbol:
		return Symbol
	}
	if spec.IsKeyword(t.text) {
		return Keyword
	}
	return Name
}
