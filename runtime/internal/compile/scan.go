package compile

import (
	"bytes"
	"strings"

	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// tokenKind tells tokens apart as far as messages and hints need.
type tokenKind int

const (
	tokenName tokenKind = iota
	tokenNumber
	tokenString
	tokenSymbol
)

// token is a piece of source with its start and end, from 1.
type token struct {
	kind            tokenKind
	text            string
	line, column    int
	endLine, endCol int
	// from and to are its range of bytes in the source.
	from, to int
}

// scanner reads tokens for messages. The parser has its own.
type scanner struct {
	source *sourceText
	src    []byte
	pos    int
	line   int
	start  int
	tokens []token
	// comments are kept apart: the parser's errors concern tokens.
	comments []token
}

// scan splits a source into tokens. It blanks the bracket of a comment like
// "--[== title", which the parser would take for a long comment, and reports
// numerals that Lua refuses and the parser splits.
func scan(source *sourceText) (*scanner, error) {
	s := &scanner{source: source, src: source.text, line: 1}
	for s.pos < len(s.src) {
		if err := s.next(); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *scanner) next() error {
	c := s.src[s.pos]
	switch {
	case c == '\n':
		s.pos++
		s.newLine()
	case c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f':
		s.pos++
	case bytes.HasPrefix(s.src[s.pos:], []byte("--")):
		s.comment()
	case c == '"' || c == '\'':
		return s.quoted(c)
	case c == '[' && s.longLevel(s.pos) >= 0:
		s.long(tokenString)
	case isDigit(c) || c == '.' && s.pos+1 < len(s.src) && isDigit(s.src[s.pos+1]):
		return s.number()
	case isLetter(c):
		s.take(tokenName, s.span(func(c byte) bool { return isLetter(c) || isDigit(c) }))
	default:
		s.take(tokenSymbol, s.symbol())
	}
	return nil
}

// newLine counts a line; the position is after its end.
func (s *scanner) newLine() {
	s.line++
	s.start = s.pos
}

func (s *scanner) take(kind tokenKind, size int) {
	column := s.pos - s.start + 1
	s.tokens = append(s.tokens, token{
		kind: kind, text: string(s.src[s.pos : s.pos+size]),
		line: s.line, column: column, endLine: s.line, endCol: column + size - 1,
		from: s.pos, to: s.pos + size,
	})
	s.pos += size
}

// span counts the bytes at the position that belong to a class.
func (s *scanner) span(belongs func(byte) bool) int {
	end := s.pos
	for end < len(s.src) && belongs(s.src[end]) {
		end++
	}
	return end - s.pos
}

// symbol is the length of the symbol at the position, including those of other
// languages.
func (s *scanner) symbol() int {
	for _, text := range []string{"...", "..", "==", "~=", "<=", ">=", "!=", "&&", "||", "+=", "-=", "*=", "/=", "=>", "->", "++", "//", "::"} {
		if bytes.HasPrefix(s.src[s.pos:], []byte(text)) {
			return len(text)
		}
	}
	if s.src[s.pos] < 0x80 {
		return 1
	}
	return s.span(func(c byte) bool { return c >= 0x80 })
}

func (s *scanner) comment() {
	first := token{line: s.line, column: s.pos - s.start + 1, from: s.pos}
	defer func() {
		first.endLine, first.endCol, first.to = s.line, s.pos-s.start, s.pos
		s.comments = append(s.comments, first)
	}()
	bracket := s.pos + 2
	if bracket < len(s.src) && s.src[bracket] == '[' {
		if s.longLevel(bracket) >= 0 {
			s.pos = bracket
			s.long(-1)
			return
		}
		s.src[bracket] = ' '
	}
	for s.pos < len(s.src) && s.src[s.pos] != '\n' {
		s.pos++
	}
}

// longLevel is how many "=" the long bracket at a position has, or -1.
func (s *scanner) longLevel(at int) int {
	end := at + 1
	for end < len(s.src) && s.src[end] == '=' {
		end++
	}
	if end < len(s.src) && s.src[end] == '[' {
		return end - at - 1
	}
	return -1
}

// long reads a long string, or a long comment, which adds no token.
func (s *scanner) long(kind tokenKind) {
	closing := "]" + strings.Repeat("=", s.longLevel(s.pos)) + "]"
	first := token{kind: kind, line: s.line, column: s.pos - s.start + 1, from: s.pos}
	size := bytes.Index(s.src[s.pos:], []byte(closing))
	end := len(s.src)
	if size >= 0 {
		end = s.pos + size + len(closing)
	}
	first.text = string(s.src[s.pos:min(end, s.pos+40)])
	for s.pos < end {
		s.pos++
		if s.src[s.pos-1] == '\n' {
			s.newLine()
		}
	}
	first.endLine, first.endCol, first.to = s.line, s.pos-s.start, s.pos
	if kind >= 0 {
		s.tokens = append(s.tokens, first)
	}
}

// quoted reads a quoted string, up to the end of the line if it is
// unterminated.
func (s *scanner) quoted(quote byte) error {
	first := token{kind: tokenString, line: s.line, column: s.pos - s.start + 1}
	begin := s.pos
	first.from = begin
	for s.pos++; s.pos < len(s.src) && s.src[s.pos] != quote && s.src[s.pos] != '\n'; s.pos++ {
		if s.src[s.pos] != '\\' || s.pos+1 == len(s.src) {
			continue
		}
		s.pos++
		if s.src[s.pos] == '\r' && s.pos+1 < len(s.src) && s.src[s.pos+1] == '\n' {
			s.pos++
		}
		if s.src[s.pos] == '\n' {
			s.line++
			s.start = s.pos + 1
		}
		if escapeTooLarge(s.src[s.pos:]) {
			return s.source.errorAt(s.line, s.pos-s.start, "escape sequence too large", string(s.src[s.pos-1:s.pos+3]), "a decimal escape ranges from \\0 to \\255")
		}
	}
	if s.pos < len(s.src) && s.src[s.pos] == quote {
		s.pos++
	}
	first.text = string(s.src[begin:min(s.pos, begin+40)])
	first.endLine, first.endCol, first.to = s.line, s.pos-s.start, s.pos
	s.tokens = append(s.tokens, first)
	return nil
}

// escapeTooLarge reports whether three digits exceed a byte.
func escapeTooLarge(digits []byte) bool {
	return len(digits) >= 3 && isDigit(digits[0]) && isDigit(digits[1]) && isDigit(digits[2]) && string(digits[:3]) > "255"
}

func (s *scanner) number() error {
	end := s.pos
	for end < len(s.src) {
		c := s.src[end]
		exponent := (c == '+' || c == '-') && (s.src[end-1] == 'e' || s.src[end-1] == 'E') && end > s.pos && !s.hexadecimal()
		if !exponent && !isDigit(c) && !isLetter(c) && c != '.' {
			break
		}
		end++
	}
	text := string(s.src[s.pos:end])
	if _, ok := number.Parse(text); !ok || strings.ContainsAny(text, "pP") {
		return s.source.errorAt(s.line, s.pos-s.start+1, "malformed number", text, malformedHint(text))
	}
	s.take(tokenNumber, len(text))
	return nil
}

// hexadecimal reports whether the numeral at the position starts with "0x".
func (s *scanner) hexadecimal() bool {
	return s.pos+1 < len(s.src) && s.src[s.pos] == '0' && (s.src[s.pos+1] == 'x' || s.src[s.pos+1] == 'X')
}

// malformedHint explains numerals of other languages.
func malformedHint(text string) string {
	switch {
	case strings.Contains(text, "_"):
		return "write digits without separators: " + strings.ReplaceAll(text, "_", "")
	case strings.Contains(text, ".."):
		return "to join a number and a text, put spaces around the dots: 1 .. \" item\""
	case strings.HasPrefix(text, "0b"), strings.HasPrefix(text, "0B"):
		return `write a binary number as tonumber("1010", 2)`
	}
	return "a name cannot start with a digit"
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isLetter reports whether a byte can start a name.
func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
