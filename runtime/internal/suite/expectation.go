package suite

import (
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// Expectation is an expectation that failed.
type Expectation struct {
	// Message says in one line what is wrong.
	Message string
	// Expected and Got are the two values as inspect shows them, if there are
	// two to compare.
	Expected, Got string
	// ExpectedLabel and GotLabel name them in a report (default "expected" and
	// "got").
	ExpectedLabel, GotLabel string
}

// tidy drops one of two values that look the same.
func (e *Expectation) tidy(never bool) {
	switch {
	case e.Expected == "" || e.Expected != e.Got:
	case never:
		e.Expected = ""
	default:
		e.Message += "; they look the same but are different values"
	}
}

func (e *Expectation) hide(secrets func(string) string) {
	e.Message, e.Expected, e.Got = secrets(e.Message), secrets(e.Expected), secrets(e.Got)
}

func (e *Expectation) Error() string { return e.Message }

// ErrorKind is the kind of the error for scripts.
func (e *Expectation) ErrorKind() string { return "expectation" }

// DiffLine is a line of a comparison: Sign is '-' for an expected line, '+' for
// an actual one and ' ' for one in both.
type DiffLine struct {
	Sign byte
	Text string
}

// diffContext is how many equal lines a comparison shows around each
// difference, shortGap the most that it never leaves out.
const (
	diffContext = 3
	shortGap    = 2
)

// Diff compares the two values line by line. It returns nil if each has one
// line.
func (e *Expectation) Diff() []DiffLine {
	if !strings.Contains(e.Expected, "\n") && !strings.Contains(e.Got, "\n") {
		return nil
	}
	a, b := strings.Split(e.Expected, "\n"), strings.Split(e.Got, "\n")
	var lines []DiffLine
	add := func(sign byte, texts []string) {
		for _, t := range texts {
			lines = append(lines, DiffLine{sign, t})
		}
	}
	// Leave out equal lines far from a difference.
	at := 0
	passOver := func(to int) {
		if to-at <= shortGap {
			add(' ', a[at:to])
		} else {
			add(' ', []string{"…"})
		}
	}
	for _, group := range difflib.NewMatcher(a, b).GetGroupedOpCodes(diffContext) {
		passOver(group[0].I1)
		for _, op := range group {
			if op.Tag == 'e' {
				add(' ', a[op.I1:op.I2])
				continue
			}
			add('-', a[op.I1:op.I2])
			add('+', b[op.J1:op.J2])
		}
		at = group[len(group)-1].I2
	}
	passOver(len(a))
	return lines
}

// skipError ends a test and marks it as skipped.
type skipError struct{ reason string }

func (e *skipError) Error() string { return "skipped: " + e.reason }
