package display

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Data that people read, such as a name in a message of Planhat, may hold characters that
// a terminal obeys: they could change earlier lines, the title of the window, or the order of
// letters. Whatever puts data into a text for people passes it through Text, OneLine or Cell.
// Programs get it unchanged.

// Text returns a text with its control characters in a visible form: <U+001B> for Escape,
// <FF> for a byte that is not UTF-8. Tabs and line ends stay.
func Text(text string) string { return visible(text, "\n", nil) }

// OneLine is Text for a text that must fit on one line: a line end becomes \n.
func OneLine(text string) string { return visible(text, `\n`, nil) }

// Cell is OneLine for a cell of a table: a tab would end it.
func Cell(text string) string { return strings.ReplaceAll(OneLine(text), "\t", " ") }

// Hidden reports whether a terminal obeys a character instead of showing it, other than a tab
// and a line end.
func Hidden(r rune) bool {
	switch {
	case r < ' ':
		return r != '\n' && r != '\t'
	case r == 0x7f, r >= 0x80 && r < 0xa0:
		return true
	case r == '\u2028', r == '\u2029':
		return true // line ends for some programs
	}
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' // directions
}

// visible replaces control characters and line ends, except those that keep keeps: it
// returns how many bytes at the beginning of a text to leave as they are.
func visible(text, lineEnd string, keep func(text string) int) string {
	var out strings.Builder
	done := 0
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c < 0x7f || c == '\t' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		kept := 0
		if keep != nil {
			kept = keep(text[i:])
		}
		switch {
		case kept > 0:
			i += kept
			continue
		case r == utf8.RuneError && size == 1:
			out.WriteString(text[done:i] + fmt.Sprintf("<%02X>", text[i]))
		case r == '\n' && lineEnd != "\n":
			out.WriteString(text[done:i] + lineEnd)
		case Hidden(r):
			out.WriteString(text[done:i] + fmt.Sprintf("<U+%04X>", r))
		default:
			i += size
			continue
		}
		i += size
		done = i
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// JSON returns JSON text with characters that a terminal obeys as escapes. Programs read the
// same values from it.
func JSON(text string) string {
	var out strings.Builder
	done := 0
	for i, r := range text {
		if r < 0x7f || !Hidden(r) {
			continue
		}
		out.WriteString(text[done:i] + fmt.Sprintf(`\u%04x`, r))
		done = i + utf8.RuneLen(r)
	}
	if done == 0 {
		return text
	}
	return out.String() + text[done:]
}

// JSONWriter passes JSON to w as JSON does. Each write must hold whole characters.
func JSONWriter(w io.Writer) io.Writer { return jsonWriter{w} }

type jsonWriter struct{ w io.Writer }

func (j jsonWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(j.w, JSON(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
