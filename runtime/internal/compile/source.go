package compile

import (
	"bytes"
	"context"
	"strings"
)

// sourceText is a chunk's source in the form that the parser takes, with what
// error messages need to refer to it.
type sourceText struct {
	name             string
	text             []byte
	tokens, comments []Token
	// skipped is the size of the byte order mark, which text leaves out and the
	// positions of tokens count.
	skipped int
	// lexical is the first mistake that the scanner found.
	lexical error
	// ctx, if set, ends the work; steps counts it.
	ctx   context.Context
	steps int
}

// mostSource is how many bytes a source may have.
const mostSource = 16 << 20

// interrupted is the panic that ends the work when the context has ended.
type interrupted struct{ err error }

// work is called for each token and each statement.
func (s *sourceText) work() {
	const patience = 1 << 10
	if s.steps++; s.steps%patience == 0 && s.ctx != nil && s.ctx.Err() != nil {
		panic(interrupted{s.ctx.Err()})
	}
}

// newSource drops a byte order mark, blanks a first line that starts with "#"
// and scans the rest.
func newSource(src []byte, name string, ctx context.Context) *sourceText {
	text := bytes.Clone(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")))
	if len(text) > 0 && text[0] == '#' {
		for i := 0; i < len(text) && text[i] != '\n' && text[i] != '\r'; i++ {
			text[i] = ' '
		}
	}
	s := &sourceText{name: name, text: text, ctx: ctx, skipped: len(src) - len(text)}
	if len(src) > mostSource {
		s.lexical = &SyntaxError{File: name, Line: 1, Message: "the source is larger than 16 MiB", Hint: "keep data in a CSV or JSON file, and read it with csv.rows or json.rows"}
		return s
	}
	if wide(src) {
		s.lexical = &SyntaxError{File: name, Line: 1, Message: "the source is in UTF-16", Hint: "save it as UTF-8"}
		return s
	}
	s.lexical = scan(s)
	return s
}

// wide reports whether source is in UTF-16, as some Windows programs save it.
func wide(src []byte) bool {
	return bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) || len(src) > 1 && (src[0] == 0) != (src[1] == 0)
}

// line returns a line of the source, counted from 1, without its end.
func (s *sourceText) line(number int) string {
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\n\r", "\n", "\r", "\n").Replace(string(s.text)), "\n")
	if number < 1 || number > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[number-1], "\r")
}

// lastLine is the number of the last line with a token.
func (s *sourceText) lastLine() int {
	if len(s.tokens) == 0 {
		return 1
	}
	return s.tokens[len(s.tokens)-1].EndLine
}
