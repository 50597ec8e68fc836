package compile

import (
	"errors"
	"fmt"
	"strings"
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

// unexpected reports the token that the parser could not use, where it wanted
// something else.
func (s *sourceText) unexpected(at int, wanted string) *SyntaxError {
	if at >= len(s.tokens) {
		return s.atEnd(wanted)
	}
	if err := s.laterLua(at); err != nil {
		return err
	}
	tok := s.tokens[at]
	message, hint := s.diagnose(at, wanted)
	return s.errorAt(tok.Line, tok.Column, message, near(tok), hint)
}

// near is a token as an error quotes it: the beginning of its first line.
func near(tok Token) string {
	text := tok.Text[:min(len(tok.Text), 40)]
	if end := strings.IndexAny(text, "\r\n"); end >= 0 {
		return text[:end]
	}
	return text
}

// unfinished reports a string token without end.
func (s *sourceText) unfinished(at int) *SyntaxError {
	tok := s.tokens[at]
	if tok.Text[0] != '[' {
		return s.errorAt(tok.Line, tok.Column, "unfinished string", near(tok), "end it with the same quote on the same line; put text over several lines between [[ and ]]")
	}
	err := s.errorAt(tok.Line, tok.Column, "unfinished long string", near(tok), "a long string ends with ]], with as many = between the brackets as at its start")
	err.incomplete = true
	return err
}

// openComment reports whether the source ends in a long comment without end.
func (s *sourceText) openComment() bool {
	return len(s.comments) > 0 && s.comments[len(s.comments)-1].open
}

// unfinishedComment reports a long comment that never ends.
func (s *sourceText) unfinishedComment() *SyntaxError {
	line := s.comments[len(s.comments)-1].Line
	err := s.errorAt(line, 0, "unfinished long comment", "", "a long comment ends with ]], with as many = between the brackets as at its start")
	err.incomplete = true
	return err
}

// atEnd reports that the source ends where something else was wanted.
func (s *sourceText) atEnd(wanted string) *SyntaxError {
	message, hint := "the script ends too early", ""
	if wanted == anAssignment {
		message = anAssignment + " expected"
	} else if open := s.openBlocks(len(s.tokens)); len(open) > 0 {
		last := open[len(open)-1]
		message = fmt.Sprintf("'%s' expected to close '%s' at line %d", last.closer, last.text, last.line)
		hint = s.endHint(open)
		if last.waits != "" {
			message = fmt.Sprintf("'%s' expected after '%s' at line %d", last.waits, last.text, last.line)
			hint = fmt.Sprintf("blocks are written %s ... %s ... end", last.text, last.waits)
		}
	}
	if misplaced := s.misplacedHint(len(s.tokens), openBlock{}, wanted); misplaced != "" {
		hint = misplaced
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
