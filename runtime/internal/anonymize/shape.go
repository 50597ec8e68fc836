package anonymize

import (
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

var (
	email   = pattern.Lazy(`^[^\s@<>",;]+@[^\s@<>",;]+\.[^\s@<>",;]+$`)
	address = pattern.Lazy(`^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$`)
	domain  = pattern.Lazy(`^(?i)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z-]*[a-z]$`)
	id      = pattern.Lazy(`^[0-9a-fA-F]{24}$`)
	// constant matches values such as IN_PROGRESS and contact.
	constant = pattern.Lazy(`^([A-Z][A-Z_]{1,30}|[a-z][a-z_-]{1,30})$`)
	idPath   = pattern.Lazy(`^[,/.|]?([0-9a-fA-F]{24}[,/.|]?)+$`)
)

func isEmail(text string) bool  { return email().MatchString(text) }
func isURL(text string) bool    { return address().MatchString(text) }
func isDomain(text string) bool { return domain().MatchString(text) }

// isID reports whether a text is an id that Planhat made, or several of them.
func isID(text string) bool { return id().MatchString(text) || idPath().MatchString(text) }

// isCode reports whether a text is one word with a digit in it, as ids are.
func isCode(text string) bool {
	return !strings.ContainsFunc(text, unicode.IsSpace) && strings.ContainsFunc(text, unicode.IsDigit)
}

// mostLabel and mostLabelWords bound what a label is.
const mostLabel, mostLabelWords = 40, 4

// isLabel reports whether a text may be one of a few values to choose from, such as a phase.
func isLabel(text string) bool {
	return len(text) <= mostLabel && len(strings.Fields(text)) <= mostLabelWords && !strings.ContainsAny(text, "@<>\n")
}

// isNumber reports whether a text is a number, or true or false.
func isNumber(text string) bool {
	v := jsontext.Value(strings.TrimSpace(text))
	return v.IsValid() && (v.Kind() == '0' || v.Kind() == 't' || v.Kind() == 'f')
}

// isDate reports whether a text is a date or a time and nothing else.
func isDate(text string) bool {
	text = strings.TrimSpace(text)
	for _, form := range []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05.000Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05"} {
		if _, err := time.Parse(form, text); err == nil {
			return true
		}
	}
	return false
}
