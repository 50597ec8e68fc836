package compile

import (
	"bytes"
	"cmp"
	"slices"
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
	// open is set for a string or a comment that does not end.
	open bool
}

// isWord reports whether a token is a name or a keyword.
func (t Token) isWord() bool { return t.Kind == Name || t.Kind == Keyword }

// Tokens splits a source into tokens, in order. It takes any text: anything but
// Lua becomes symbols, an unterminated string or comment extends as far as
// possible, and after an invalid numeral the rest is one symbol.
func Tokens(src []byte) []Token {
	s := newSource(src, "", nil)
	tokens := slices.Concat(s.tokens, s.comments)
	slices.SortFunc(tokens, func(a, b Token) int { return cmp.Compare(a.Start, b.Start) })
	if s.lexical == nil {
		return tokens
	}
	// The scanner stopped at a mistake.
	start := s.skipped
	if len(tokens) > 0 {
		start = tokens[len(tokens)-1].End
	}
	start = len(src) - len(bytes.TrimLeft(s.text[start-s.skipped:], " \t\r\n\v\f"))
	return append(tokens, Token{
		Kind: Symbol, Text: string(src[start:]), Start: start, End: len(src),
		Line: 1 + bytes.Count(src[:start], []byte("\n")), Column: start - bytes.LastIndexByte(src[:start], '\n'),
		EndLine: 1 + bytes.Count(src, []byte("\n")), EndColumn: len(src) - 1 - bytes.LastIndexByte(src, '\n'),
	})
}

// Brackets returns, for each token, the index of the bracket that closes or opens
// it, or -1.
func Brackets(tokens []Token) []int {
	partner := make([]int, len(tokens))
	var open []int
	for i, t := range tokens {
		partner[i] = -1
		if t.Kind != Symbol {
			continue
		}
		switch t.Text {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			if n := len(open); n > 0 {
				partner[i], partner[open[n-1]] = open[n-1], i
				open = open[:n-1]
			}
		}
	}
	return partner
}
