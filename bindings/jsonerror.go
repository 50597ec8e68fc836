package bindings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// lineCounter counts the lines of what is read through it.
type lineCounter struct {
	r    io.Reader
	read int64
	// ends are the offsets of the line ends after the last asked offset;
	// passed counts those before it.
	ends   []int64
	passed int
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, rest := 0, p[:n]; ; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			break
		}
		l.ends = append(l.ends, l.read+int64(i+end))
		i, rest = i+end+1, rest[end+1:]
	}
	l.read += int64(n)
	return n, err
}

// line returns the line of an offset, from 1. Offsets must not go back.
func (l *lineCounter) line(offset int64) int {
	n := 0
	for n < len(l.ends) && l.ends[n] < offset {
		n++
	}
	l.ends, l.passed = l.ends[n:], l.passed+n
	return l.passed + 1
}

// jsonError turns a decoding error into a readable one. name is what to call the
// file or text.
func jsonError(files Files, name string, lines *lineCounter, err error) error {
	var trailing *TrailingError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &trailing):
		return &invalid.Error{
			Message: fmt.Sprintf("%s, line %d: more text follows after the end of the JSON value", name, lines.line(trailing.Offset+1)),
			Hint:    "to read a file with one value per line, use json.rows(name, { lines = true })",
		}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &invalid.Error{Message: name + " ends in the middle of a JSON value", Hint: "the text may be incomplete; fetch it again"}
	case errors.As(err, &syntax):
		where := ""
		if syntax.JSONPointer != "" {
			where = fmt.Sprintf(" (at %s)", shortPath(string(syntax.JSONPointer)))
		}
		return &invalid.Error{
			Message: fmt.Sprintf("%s, line %d: invalid JSON: %s%s", name, lines.line(syntax.ByteOffset), syntax.Err, where),
			Hint:    jsonHint(syntax.Err.Error()),
		}
	}
	return fileError(files, "read", name, err)
}

func jsonHint(cause string) string {
	switch {
	case strings.Contains(cause, "UTF-8"):
		return "JSON is always UTF-8; convert the file first"
	case strings.Contains(cause, `'\''`), strings.Contains(cause, `"'"`):
		return "JSON strings use double quotes"
	}
	return ""
}
