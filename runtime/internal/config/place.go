package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// mistakeKind says what a file's mistake is about. The zero value is a setting that is
// unknown, or has a value that it cannot have.
type mistakeKind int

const (
	// unreadable is text that is not TOML. It has its place already.
	unreadable mistakeKind = iota + 1
	// mistyped is a value of another type. Of several, the decoder reports any.
	mistyped
)

// mostLines bounds the files in which the line of a mistake is searched for.
const mostLines = 1000

// located adds the line of a mistake to the error about it: the last line of the
// shortest start of the file that has the mistake, as all longer ones do. The decoder
// knows the lines of settings that occur once, and not those in lists of tables.
func located(name string, text []byte, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.kind == unreadable {
		return err
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	end, line := len(text), len(lines)
	for k := len(lines) - 1; k > 0 && len(lines) <= mostLines; k-- {
		end -= len(lines[k])
		_, err := parse(name, text[:end])
		shorter, ok := errors.AsType[*Error](err)
		switch {
		case ok && shorter.kind == unreadable:
			continue // it ends in the middle of a value
		case !ok, shorter.Message != e.Message && (shorter.kind != mistyped || e.kind != mistyped):
			k = 0
		default:
			e, line = shorter, k
		}
	}
	if len(lines) <= mostLines {
		e.Where = fmt.Sprintf("%s:%d", name, line)
	}
	e.Message, e.Hint = withoutTokens(e.Message), withoutTokens(e.Hint)
	return e
}

// lastKey matches how the decoder names a setting.
var lastKey = pattern.Lazy(`^toml: (?:line \d+ )?\(last key "([^"]*)"\): `)

// wrongType is the error about a value of another type.
func wrongType(name string, err error) *Error {
	message := lastKey().ReplaceAllString(err.Error(), "$1: ")
	return &Error{
		Where: name, Message: strings.TrimPrefix(message, "toml: "), kind: mistyped,
		Hint: "write numbers, true and false without quotes: calls_per_min = 100; text in quotes, lists in [ ]",
	}
}

// longWord matches what may be a token.
var longWord = pattern.Lazy(`[\pL\pN_+/=-]{13,}`)

// withoutTokens leaves out what may be a token that is in the wrong place: errors go to
// logs and pages. The place of the mistake tells what is meant.
func withoutTokens(message string) string {
	return longWord().ReplaceAllStringFunc(message, func(word string) string {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsUpper(r) }) {
			return "…"
		}
		return word
	})
}
