package compile

import (
	"bytes"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// scanner reads tokens.
type scanner struct {
	source *sourceText
	src    []byte
	// text is src, of which tokens are parts.
	text  string
	pos   int
	line  int
	start int
	// ended is where the last end of a line ended, if it may be the first half of one.
	ended int
}

// scan splits a source into tokens. It reports numerals and escapes that Lua
// refuses.
func scan(source *sourceText) error {
	s := &scanner{source: source, src: source.text, text: string(source.text), line: 1}
	for s.pos < len(s.src) {
		source.work()
		if err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) next() (err error) {
	t := Token{Line: s.line, Column: s.pos - s.start + 1, Start: s.source.skipped + s.pos}
	begin := s.pos
	switch c := s.src[s.pos]; {
	case strings.IndexByte(" \t\r\v\f\n", c) >= 0:
		s.skip(1)
		return nil
	case bytes.HasPrefix(s.src[s.pos:], []byte("--")):
		t.Kind = Comment
		t.open = s.comment()
	case c == '"' || c == '\'':
		t.Kind = String
		t.open, err = s.quoted(c)
	case c == '[' && s.longLevel(s.pos) >= 0:
		t.Kind = String
		t.open = s.long()
	case isDigit(c) || c == '.' && s.pos+1 < len(s.src) && isDigit(s.src[s.pos+1]):
		t.Kind = Number
		err = s.number()
	case isLetter(c):
		s.pos += s.span(func(c byte) bool { return isLetter(c) || isDigit(c) })
		if spec.IsKeyword(s.text[begin:s.pos]) {
			t.Kind = Keyword
		}
	default:
		t.Kind = Symbol
		s.pos += s.symbol()
	}
	if err != nil {
		return err
	}
	t.Text, t.EndLine, t.EndColumn, t.End = s.text[begin:s.pos], s.line, s.pos-s.start, s.source.skipped+s.pos
	if t.Kind != Comment {
		s.source.tokens = append(s.source.tokens, t)
		return nil
	}
	s.source.comments = append(s.source.comments, t)
	return nil
}

// skip moves on by some bytes and counts lines, which end with "\n", "\r" or both.
func (s *scanner) skip(size int) {
	for range size {
		s.pos++
		c := s.src[s.pos-1]
		if c != '\n' && c != '\r' {
			continue
		}
		if s.ended == s.pos-1 && s.ended > 0 && s.src[s.pos-2] != c {
			s.ended = 0 // the second half of an end
		} else {
			s.ended = s.pos
			s.line++
		}
		s.start = s.pos
	}
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
	for _, text := range []string{"...", "..", "==", "~=", "<=", ">=", "!=", "&&", "||", "+=", "-=", "*=", "/=", "=>", "->", "++", "//", "/*", "::"} {
		if bytes.HasPrefix(s.src[s.pos:], []byte(text)) {
			return len(text)
		}
	}
	if s.src[s.pos] < 0x80 {
		return 1
	}
	return s.span(func(c byte) bool { return c >= 0x80 })
}

// comment reads a comment without the end of its line, or a long one. It
// reports whether a long one does not end.
func (s *scanner) comment() (open bool) {
	s.pos += 2
	if s.pos < len(s.src) && s.src[s.pos] == '[' && s.longLevel(s.pos) >= 0 {
		return s.long()
	}
	s.pos += s.span(func(c byte) bool { return c != '\n' && c != '\r' })
	return false
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

// long reads the text between long brackets and reports whether it does not
// end.
func (s *scanner) long() (open bool) {
	closing := "]" + strings.Repeat("=", s.longLevel(s.pos)) + "]"
	size := bytes.Index(s.src[s.pos:], []byte(closing))
	if size < 0 {
		s.skip(len(s.src) - s.pos)
		return true
	}
	s.skip(size + len(closing))
	return false
}

// quoted reads a quoted string, up to the end of the line if it is
// unterminated.
func (s *scanner) quoted(quote byte) (open bool, err error) {
	for s.pos++; s.pos < len(s.src) && s.src[s.pos] != quote && s.src[s.pos] != '\n' && s.src[s.pos] != '\r'; s.skip(1) {
		if s.src[s.pos] != '\\' || s.pos+1 == len(s.src) {
			continue
		}
		s.pos++
		if s.pos+1 < len(s.src) && (s.src[s.pos] == '\r' && s.src[s.pos+1] == '\n' || s.src[s.pos] == '\n' && s.src[s.pos+1] == '\r') {
			s.pos++
		}
		if escapeTooLarge(s.src[s.pos:]) {
			return false, s.source.errorAt(s.line, s.pos-s.start, "escape sequence too large", string(s.src[s.pos-1:s.pos+3]), "a decimal escape ranges from \\0 to \\255")
		}
	}
	if s.pos < len(s.src) && s.src[s.pos] == quote {
		s.pos++
		return false, nil
	}
	return true, nil
}

// escapeTooLarge reports whether three digits exceed a byte.
func escapeTooLarge(digits []byte) bool {
	return len(digits) >= 3 && isDigit(digits[0]) && isDigit(digits[1]) && isDigit(digits[2]) && string(digits[:3]) > "255"
}

// number reads a numeral: as in Lua, digits and dots, an exponent's sign, and all
// letters and digits that follow.
func (s *scanner) number() error {
	end := s.pos
	while := func(accept func(c byte) bool) {
		for end < len(s.src) && accept(s.src[end]) {
			end++
		}
	}
	while(func(c byte) bool { return isDigit(c) || c == '.' })
	if end+1 < len(s.src) && (s.src[end] == 'e' || s.src[end] == 'E') && (s.src[end+1] == '+' || s.src[end+1] == '-') {
		end += 2
	}
	while(func(c byte) bool { return isDigit(c) || isLetter(c) })
	text := string(s.src[s.pos:end])
	if _, ok := number.Parse(text); !ok {
		return s.source.errorAt(s.line, s.pos-s.start+1, "malformed number", text, malformedHint(text))
	}
	s.pos = end
	return nil
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
	switch rest := strings.ToLower(strings.TrimLeft(text, "0123456789")); {
	case rest == "", rest == "e", rest[0] == '.', strings.HasPrefix(rest, "e+"), strings.HasPrefix(rest, "e-"), text[0] == '0' && rest[0] == 'x':
		return ""
	}
	return "a name cannot start with a digit"
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isLetter reports whether a byte can start a name.
func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
