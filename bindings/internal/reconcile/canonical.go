package reconcile

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// nested begins the canonical form of lists and objects. No text begins with it.
const nested = "\x00"

// appendCanonical appends a value in a form in which values that mean the same are the
// same bytes: 1 and 1.0, the text "1" and the number, and the forms of a date. What is
// null, empty or absent is nothing. p is the value's property, nil if it is unknown.
func appendCanonical(to []byte, p *catalog.Property, v []byte) []byte {
	switch jsontext.Value(v).Kind() {
	case 't', 'f':
		return append(to, v...)
	case '0':
		return appendNumber(to, string(v))
	case '"':
		return appendText(to, p, textOf(v))
	case '[':
		return appendList(to, p, v)
	case '{':
		return appendObject(to, p, v)
	default:
		return to
	}
}

// textOf returns the text of a JSON string.
func textOf(v []byte) string {
	if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return string(v)
	}
	return string(text)
}

func appendNumber(to []byte, text string) []byte {
	if !strings.ContainsAny(text, ".eE") {
		if text == "-0" {
			text = "0"
		}
		return append(to, text...)
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return append(to, text...)
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return strconv.AppendInt(to, int64(f), 10)
	}
	return strconv.AppendFloat(to, f, 'g', -1, 64)
}

// moments are the forms of dates that Planhat takes and returns.
var moments = []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05.999999999"}

func appendText(to []byte, p *catalog.Property, s string) []byte {
	if p != nil && p.Type == catalog.Days {
		if day, err := calendar.EpochDays(s); err == nil {
			return strconv.AppendInt(to, int64(day), 10)
		}
	}
	if (p == nil || p.Type == catalog.Date) && len(s) >= len(time.DateOnly) && s[4] == '-' && s[7] == '-' {
		for _, layout := range moments {
			if t, err := time.Parse(layout, s); err == nil {
				return t.UTC().Truncate(time.Millisecond).AppendFormat(to, time.RFC3339Nano)
			}
		}
	}
	return append(to, s...)
}

// appendPart appends a part of a list or an object after its length.
func appendPart(to, part []byte) []byte {
	return append(binary.AppendUvarint(to, uint64(len(part))), part...)
}

func appendList(to []byte, p *catalog.Property, v []byte) []byte {
	start := len(to)
	to = append(to, nested+"["...)
	n, part := len(to), []byte(nil)
	for _, item := range itemsOf(v) {
		part = appendCanonical(part[:0], p, item)
		to = appendPart(to, part)
	}
	if len(to) == n {
		return to[:start]
	}
	return to
}

// itemsOf returns the items of a list.
func itemsOf(v []byte) (items []jsontext.Value) {
	dec := jsontext.NewDecoder(bytes.NewReader(v), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	for dec.PeekKind() != ']' {
		item, err := dec.ReadValue()
		if err != nil {
			return items
		}
		items = append(items, item.Clone())
	}
	return items
}

func appendObject(to []byte, p *catalog.Property, v []byte) []byte {
	fields := fieldsOf(v)
	if p != nil && (p.Ref != "" || p.ObjectInLists) {
		// Lists may show the record in place of its id.
		for _, name := range []string{"_id", "id"} {
			if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
				return appendCanonical(to, nil, fields[i].value)
			}
		}
	}
	slices.SortStableFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	start := len(to)
	to = append(to, nested+"{"...)
	n, part := len(to), []byte(nil)
	for _, f := range fields {
		if part = appendCanonical(part[:0], nil, f.value); len(part) > 0 {
			to = appendPart(appendPart(to, []byte(f.name)), part)
		}
	}
	if len(to) == n {
		return to[:start]
	}
	return to
}

// field is a member of an object.
type field struct {
	name  string
	value []byte
}

// fieldsOf returns the members of an object that is valid.
func fieldsOf(v []byte) []field {
	record := planhat.Record(v)
	members := record.AppendMembers(nil)
	out := make([]field, len(members))
	for i, m := range members {
		out[i] = field{string(record[m.Name:m.NameEnd]), record[m.From:m.To]}
		if m.Escaped(record) {
			out[i].name = textOf(record[m.Name-1 : m.NameEnd+1])
		}
	}
	return out
}
