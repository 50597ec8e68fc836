package compile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/parse"
)

// SyntaxError says what is wrong with a source and where.
type SyntaxError struct {
	// File is the chunk's name as it was given to Compile.
	File string
	// Line and Column count from 1. A column of 0 means that only the line is
	// known, a line of 0 that the error concerns the chunk as a whole.
	Line, Column int
	// Message is the mistake, Near the source text that it was noticed at.
	Message, Near string
	// Hint says how to write it in Lua, "" when there is nothing to add.
	Hint string
	// SourceLine is the text of the line.
	SourceLine string
	// incomplete is set when more source could make the chunk right.
	incomplete bool
}

// Error is the message with its position, in the form that Lua uses.
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

// IsIncomplete tells whether a compile error means that the source stops in the
// middle of something, so that a prompt should ask for another line.
func IsIncomplete(err error) bool {
	var syntax *SyntaxError
	return errors.As(err, &syntax) && syntax.incomplete
}

// errorAt makes an error at a position of the source.
func (s *sourceText) errorAt(line, column int, message, near, hint string) *SyntaxError {
	return &SyntaxError{
		File: s.name, Line: line, Column: column,
		Message: message, Near: near, Hint: hint, SourceLine: s.line(line),
	}
}

// syntaxError translates what the parser reported.
func (s *sourceText) syntaxError(err error) error {
	var parsed *parse.Error
	if !errors.As(err, &parsed) {
		return s.errorAt(0, 0, "the script cannot be read: "+err.Error(), "", "")
	}
	switch parsed.Message {
	case "unterminated string":
		return s.unfinished("unfinished string", "end it with the same quote on the same line; text over several lines goes between [[ and ]]", false)
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
		message = "it is unclear whether this line goes on with the call above"
	}
	expected, hint := s.diagnose(at)
	if expected != "" {
		message = expected
	}
	return s.errorAt(tok.line, tok.column, message, tok.text, hint)
}

// tokenAt finds the first token that ends at a position or behind it.
func (s *sourceText) tokenAt(line, column int) int {
	for i, tok := range s.tokens {
		if tok.endLine > line || tok.endLine == line && tok.endCol >= column {
			return i
		}
	}
	return -1
}

// unfinished reports a string without an end, at its start.
func (s *sourceText) unfinished(message, hint string, incomplete bool) error {
	for i := len(s.tokens) - 1; i >= 0; i-- {
		tok := s.tokens[i]
		if tok.kind != tokenString || closed(tok.text) && !incomplete {
			continue
		}
		err := s.errorAt(tok.line, tok.column, message, tok.text, hint)
		err.incomplete = incomplete
		if !incomplete {
			err = s.firstUnfinished(err)
		}
		return err
	}
	return s.errorAt(s.lastLine(), 0, message, "", hint)
}

// firstUnfinished moves an error to the first string without an end, as the
// text behind one is read wrong.
func (s *sourceText) firstUnfinished(err *SyntaxError) *SyntaxError {
	for _, tok := range s.tokens {
		if tok.kind == tokenString && !closed(tok.text) && len(tok.text) < 40 {
			return s.errorAt(tok.line, tok.column, err.Message, tok.text, err.Hint)
		}
	}
	return err
}

// closed tells whether a string token ends with the quote that it starts with.
func closed(text string) bool {
	return text[0] == '[' || len(text) > 1 && text[len(text)-1] == text[0]
}

// unfinishedComment reports a long comment that runs to the end of the source.
func (s *sourceText) unfinishedComment() error {
	at := strings.LastIndex(string(s.text), "--[")
	line := 1 + strings.Count(string(s.text[:max(at, 0)]), "\n")
	err := s.errorAt(line, 0, "unfinished long comment", "", "a long comment ends with ]], with as many = between the brackets as at its start")
	err.incomplete = true
	return err
}

// atEnd reports that the source stops too early, with the block that is open.
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
