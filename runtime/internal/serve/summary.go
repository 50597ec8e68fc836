package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// LongestSummary is how much of a run's summary is stored, in bytes. If it
// is longer, its rejected rows and its other fields get a share each.
const (
	LongestSummary = 4 << 20
	rowsShare      = LongestSummary / 4 * 3
	fieldsShare    = LongestSummary / 4
)

// anyText accepts everything that encoding/json does.
var anyText = jsontext.AllowInvalidUTF8(true)

// errNoSummary is the error for a file that is not a JSON object.
var errNoSummary = errors.New("not a summary")

// readSummary returns what is stored of a summary, or nil. Besides that, it only holds
// one value in memory: a summary may have a million rejected rows.
func readSummary(file string) []byte {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() <= LongestSummary {
		text, err := io.ReadAll(f)
		if err != nil || !json.Valid(text) {
			return nil
		}
		return bytes.TrimSpace(text)
	}
	text, err := boundSummary(f)
	if err != nil {
		return nil
	}
	return text
}

// boundSummary shortens a summary. It leaves out planned writes, fields that are too
// long, and the last rejected rows, whose number it adds.
func boundSummary(from io.Reader) ([]byte, error) {
	in := jsontext.NewDecoder(from, anyText)
	fields := map[string]json.RawMessage{}
	rest := fieldsShare
	if start, err := in.ReadToken(); err != nil || start.Kind() != jsontext.KindBeginObject {
		return nil, errNoSummary
	}
	for in.PeekKind() == jsontext.KindString {
		key, err := in.ReadToken()
		if err != nil {
			return nil, err
		}
		name := key.String()
		if name == "planned_writes" || name == "planned_records" {
			if err := in.SkipValue(); err != nil {
				return nil, err
			}
			continue
		}
		if name == "rejected_rows" {
			rows, leftOut, err := boundRows(in)
			if err != nil {
				return nil, err
			}
			fields[name], fields["rejected_rows_left_out"] = rows, []byte(strconv.Itoa(leftOut))
			continue
		}
		value, err := in.ReadValue()
		if err != nil {
			return nil, err
		}
		compact, err := jsontext.AppendFormat(nil, value, anyText)
		if err != nil {
			return nil, err
		}
		if size := len(name) + len(compact); size <= rest {
			rest -= size
			fields[name] = compact
		}
	}
	if _, err := in.ReadToken(); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// boundRows returns the first rows of an array, and how many it left out.
func boundRows(in *jsontext.Decoder) (text json.RawMessage, leftOut int, err error) {
	if start, err := in.ReadToken(); err != nil || start.Kind() != jsontext.KindBeginArray {
		return nil, 0, errNoSummary
	}
	text = json.RawMessage{'['}
	for in.PeekKind() != jsontext.KindEndArray {
		row, err := in.ReadValue()
		if err != nil {
			return nil, 0, err
		}
		if leftOut > 0 {
			leftOut++ // only the first rows are kept, without gaps
			continue
		}
		before := len(text)
		if before > 1 {
			text = append(text, ',')
		}
		if text, err = jsontext.AppendFormat(text, row, anyText); err != nil {
			return nil, 0, err
		}
		if len(text) >= rowsShare {
			text, leftOut = text[:before], 1
		}
	}
	_, err = in.ReadToken()
	return append(text, ']'), leftOut, err
}
