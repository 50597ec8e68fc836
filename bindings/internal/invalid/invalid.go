// Package invalid holds the error about data that a script passed or read: a
// date, a number, a line of a file.
package invalid

import "fmt"

// Error says what is wrong with the data and what to do about it. Its kind for
// scripts is "validation".
type Error struct {
	Message, Hint string
}

// Errorf makes an *Error with a hint, which may be empty.
func Errorf(hint, format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), Hint: hint}
}

func (e *Error) Error() string { return e.Message }

// ErrorKind returns "validation".
func (e *Error) ErrorKind() string { return "validation" }

// ErrorHint returns the hint.
func (e *Error) ErrorHint() string { return e.Hint }

// Cut returns at most n bytes of a text for a message.
func Cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return text[:n] + "..."
}
