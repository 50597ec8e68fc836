package compile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/parse"
)

// SyntaxError says what is wrong with a source, and where.
type SyntaxError struct {
	// File is the chunk name that was given to Compile.
	File string
	// Line and Column count from 1. If Column is 0, only the line is known; if
	// Line is 0, the error concerns the whole chunk.
	Line, Column int
	// Message is the mistake, Near the source text at which it was noticed.
	Message, Near string
	// Hint says how to write it in Lua, or is "".
	Hint string
	// SourceLine is the text of the line.
	SourceLine string
	// incomplete is set if more source could complete the chunk.
	incomplete bool
}

// Error is the message with its position, in Lua's form.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": " + e.Message)
	if e.Near != "" {
		b.WriteString(" near '" + e.Near + "'")
	}
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// IsIncomplete reports whether a compile error means that the source ends in
// the middle of something, so a prompt should ask for another line.
func IsIncomplete(err error) bool {
	var syntax *SyntaxError
	return errors.As(err, &syntax) && syntax.incomplete
}

func (s *sourceText) errorAt(line, column int, message, near, hint string) *SyntaxError {
	return &SyntaxError{
		File: s.name, Line: line, Column: column,
		Message: message, Near: near, Hint: hint, SourceLine: s.line(line),
	}
}

// syntaxError translates an error of the parser.
func (s *sourceText) syntaxError(err error) error {
	var parsed *parse.Error
	if !errors.As(err, &parsed) {
		return s.errorAt(0, 0, "cannot read the script: "+err.Error(), "", "")
	}
	switch parsed.Message {
	case "unterminated string":
		return s.unfinished("unfinished string", "end it with the same quote on the same line; put text over several lines between [[ and ]]", false)
	case "unterminated multiline string":
		return s.unfinished("unfinished long string", "a long string ends with ]], with as many = between the brackets as at its start", true)
	case "invalid multiline comment":
		return s.unfinishedComment()
	}
	if parsed.Pos.Line == parse.EOF {
		return s.atEnd()
	}
	at := s.tokenAt(parsed.Pos.Line, parsed.Pos.Column)
	if at < 0 {
		return s.errorAt(parsed.Pos.Line, parsed.Pos.Column, "unexpected symbol", parsed.Token, "")
	}
	tok := s.tokens[at]
	message := "unexpected symbol"
	if strings.HasPrefix(parsed.Message, "ambiguous") {
		message = "ambiguous: this line could continue the call above"
	}
	expected, hint := s.diagnose(at)
	if expected != "" {
		message = expected
	}
	return s.errorAt(tok.Line, tok.Column, message, near(tok), hint)
}

// near is a token as an error quotes it.
func near(tok Token) string { return tok.Text[:min(len(tok.Text), 40)] }

// tokenAt finds the first token that ends at or after a position.
func (s *sourceText) tokenAt(line, column int) int {
	for i, tok := range s.tokens {
		if tok.EndLine > line || tok.EndLine == line && tok.EndColumn >= column {
			return i
		}
	}
	return -1
}

// unfinished reports an unterminated string, at its start.
func (s *sourceText) unfinished(message, hint string, incomplete bool) error {
	for i := len(s.tokens) - 1; i >= 0; i-- {
		tok := s.tokens[i]
		if tok.Kind != String || closed(tok.Text) && !incomplete {
			continue
		}
		err := s.errorAt(tok.Line, tok.Column, message, near(tok), hint)
		err.incomplete = incomplete
		if !incomplete {
			err = s.firstUnfinished(err)
		}
		return err
	}
	return s.errorAt(s.lastLine(), 0, message, "", hint)
}

// firstUnfinished moves an error to the first unterminated string, since text
// after one is misread.
func (s *sourceText) firstUnfinished(err *SyntaxError) *SyntaxError {
	for _, tok := range s.tokens {
		if tok.Kind == String && !closed(tok.Text) {
			return s.errorAt(tok.Line, tok.Column, err.Message, near(tok), err.Hint)
		}
	}
	return err
}

// closed reports whether a string token ends with the quote that it starts
// with.
func closed(text string) bool {
	return text[0] == '[' || len(text) > 1 && text[len(text)-1] == text[0]
}

// unfinishedComment reports a long comment that never ends.
func (s *sourceText) unfinishedComment() error {
	at := strings.LastIndex(string(s.text), "--[")
	line := 1 + strings.Count(string(s.text[:max(at, 0)]), "\n")
	err := s.errorAt(line, 0, "unfinished long comment", "", "a long comment ends with ]], with as many = between the brackets as at its start")
	err.incomplete = true
	return err
}

// atEnd reports that the source ends inside an open block.
func (s *sourceText) atEnd() error {
	message, hint := "the script ends too early", ""
	if open := s.openBlocks(len(s.tokens)); len(open) > 0 {
		last := open[len(open)-1]
		message = fmt.Sprintf("'%s' expected to close '%s' at line %d", last.closer, last.text, last.line)
		hint = s.endHint(open)
		if last.waits != "" {
			message = fmt.Sprintf("'%s' expected after '%s' at line %d", last.waits, last.text, last.line)
			hint = fmt.Sprintf("blocks are written %s ... %s ... end", last.text, last.waits)
		}
	}
	if spaced := s.spacedName(len(s.tokens)-1, openBlock{}); spaced != "" {
		hint = spaced
	}
	if uncalled := s.uncalled(len(s.tokens)); uncalled != "" {
		hint = uncalled
	}
	err := s.errorAt(s.lastLine(), 0, message, "<eof>", hint)
	err.incomplete = true
	return err
}
