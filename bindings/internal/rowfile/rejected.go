package rowfile

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/planhat"
)

// added are the members of a rejected line that the line before it did not have.
var added = append(slices.Clone(csvtext.RejectedColumns), csvtext.RejectedCells, csvtext.RejectedText)

var stateName, lineName = csvtext.RejectedColumns[1], csvtext.RejectedColumns[4]

// isRejected reports whether a line is a rejected one.
func isRejected(line []byte) bool {
	value := jsontext.Value(line)
	return bytes.Contains(line, []byte(`"`+csvtext.RejectedColumns[0]+`"`)) && value.Kind() == '{' && value.IsValid()
}

// AppendRejected appends a line of a file of rejected lines: those of RejectedColumns, and
// the members of the line. A line that is not an object is the text of a member.
func AppendRejected(to []byte, r csvtext.Rejected, line []byte) []byte {
	values := []any{r.Reason, r.State, r.Call, r.File, r.Line}
	out := bytes.NewBuffer(to)
	w := jsontext.NewEncoder(out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	// Writing to memory does not fail.
	_ = w.WriteToken(jsontext.BeginObject)
	for i, name := range csvtext.RejectedColumns {
		_ = w.WriteToken(jsontext.String(name))
		switch v := values[i].(type) {
		case string:
			_ = w.WriteToken(jsontext.String(v))
		case int:
			_ = w.WriteToken(jsontext.Int(int64(v)))
		}
	}
	line, isRow := unreject(bytes.TrimSpace(line))
	switch value := jsontext.Value(line); {
	case !isRow || len(line) == 0:
	case value.Kind() == '{' && value.IsValid():
		for _, m := range planhat.Record(line).AppendMembers(nil) {
			_ = w.WriteValue(line[m.Name-1 : m.NameEnd+1])
			_ = w.WriteValue(line[m.From:m.To])
		}
	default:
		_ = w.WriteToken(jsontext.String(csvtext.RejectedText))
		_ = w.WriteToken(jsontext.String(strings.ToValidUTF8(string(line), "\uFFFD")))
	}
	_ = w.WriteToken(jsontext.EndObject)
	return out.Bytes() // with a line end
}

// unreject returns the line that a rejected line was made from. It is false if it is not
// known which line was rejected. Any other line is returned as it is.
func unreject(line []byte) (_ []byte, isRow bool) {
	if !isRejected(line) {
		return line, true
	}
	out := []byte{'{'}
	for _, m := range planhat.Record(line).AppendMembers(nil) {
		name := string(line[m.Name:m.NameEnd])
		if name == csvtext.RejectedText {
			text, _ := jsontext.AppendUnquote(nil, line[m.From:m.To])
			if text = bytes.TrimSpace(text); len(text) > 0 {
				return text, true
			}
		}
		if slices.Contains(added, name) {
			isRow = isRow || name == lineName && string(line[m.From:m.To]) != "0"
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, line[m.Name-1:m.To]...)
	}
	return append(out, '}'), isRow || len(out) > 1
}

// Unknown counts the lines of a file of rejected lines that may be stored.
func (l *Lines) Unknown() (n int, err error) {
	for {
		line, err := l.line()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if !isRejected(line) {
			return n, nil
		}
		for _, m := range planhat.Record(line).AppendMembers(nil) {
			if string(line[m.Name:m.NameEnd]) == stateName && string(line[m.From:m.To]) == `"`+csvtext.Unknown+`"` {
				n++
			}
		}
	}
}

// Each passes the lines of the file that are not empty, with their numbers.
func (l *Lines) Each(do func(line []byte, number int) error) error {
	for {
		line, err := l.line()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		l.number++
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := do(line, l.number); err != nil {
				return err
			}
		}
	}
}
