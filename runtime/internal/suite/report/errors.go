package report

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// Expectation is an expectation that failed.
type Expectation struct {
	// Message says in one line what is wrong.
	Message string
	// Expected and Got are the two values as inspect shows them, if there are
	// two to compare.
	Expected, Got string
	// GotLabel names the second one in a report (default "got").
	GotLabel string
}

func (e *Expectation) Error() string { return e.Message }

// ErrorKind is the kind of the error for scripts.
func (e *Expectation) ErrorKind() string { return "expectation" }

// Tidy drops one of two values that look the same.
func (e *Expectation) Tidy(never bool) {
	switch {
	case e.Expected == "" || e.Expected != e.Got:
	case never:
		e.Expected = ""
	default:
		e.Message += "; they look the same but are different values"
	}
}

// Assertion is what LuaUnit says about an assertion that failed.
type Assertion string

func (a Assertion) Error() string { return strings.TrimSpace(string(a)) }

// diffLine is a line of a comparison: sign is '-' for an expected line, '+' for
// an actual one and ' ' for one in both.
type diffLine struct {
	sign byte
	text string
}

// diffContext is how many equal lines a comparison shows around each
// difference, shortGap the most that it never leaves out.
const (
	diffContext = 3
	shortGap    = 2
)

// diff compares the two values line by line. It returns nil if each has one
// line.
func (e *Expectation) diff() []diffLine {
	if !strings.Contains(e.Expected, "\n") && !strings.Contains(e.Got, "\n") {
		return nil
	}
	a, b := strings.Split(e.Expected, "\n"), strings.Split(e.Got, "\n")
	var lines []diffLine
	add := func(sign byte, texts ...string) {
		for _, t := range texts {
			lines = append(lines, diffLine{sign, t})
		}
	}
	// Leave out equal lines far from a difference.
	at := 0
	passOver := func(to int) {
		if to-at <= shortGap {
			add(' ', a[at:to]...)
		} else {
			add(' ', "…")
		}
	}
	for _, group := range difflib.NewMatcher(a, b).GetGroupedOpCodes(diffContext) {
		passOver(group[0].I1)
		for _, op := range group {
			if op.Tag == 'e' {
				add(' ', a[op.I1:op.I2]...)
				continue
			}
			add('-', a[op.I1:op.I2]...)
			add('+', b[op.J1:op.J2]...)
		}
		at = group[len(group)-1].I2
	}
	passOver(len(a))
	return lines
}

// expectation returns the failed expectation in err's chain, or nil.
func expectation(err error) *Expectation {
	e, _ := errors.AsType[*Expectation](err)
	return e
}

func scriptError(err error) *fault.ScriptError {
	e, _ := errors.AsType[*fault.ScriptError](err)
	return e
}

func messageText(err error) string {
	if e := expectation(err); e != nil {
		return e.Message
	}
	if e := scriptError(err); e != nil {
		return e.Message
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// place is where a test failed, or where it is defined.
func place(f *File, t *Test) string {
	if e := scriptError(t.Err); e != nil && e.Line > 0 {
		return fmt.Sprintf("%s:%d", e.Script, e.Line)
	}
	if t.Line > 0 {
		return fmt.Sprintf("%s:%d", f.Name, t.Line)
	}
	return f.Name
}

// details are what the text report shows of a failure, without color.
func details(t *Test) string {
	return strings.TrimRight((&Text{}).explainAll(failure{err: t.Err, also: t.Also, note: t.Note}), "\n")
}
