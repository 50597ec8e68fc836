package plan

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// same reports whether a property has the same value in both notations: Planhat writes
// dates, numbers, references and empty values in its own way. p is nil for a property that
// the catalog does not know.
func same(p *catalog.Property, a, b jsontext.Value) bool {
	if string(a) == string(b) {
		return true
	}
	if !present(a) || !present(b) {
		return !present(a) && !present(b)
	}
	var kind catalog.Type
	if p != nil {
		kind = p.Type
	}
	switch kind {
	case catalog.ObjectID:
		x, y := idIn(a), idIn(b)
		return x != "" && strings.EqualFold(x, y)
	case catalog.Date:
		x, known := moment(textOf(a))
		y, also := moment(textOf(b))
		if known && also {
			return x.Equal(y)
		}
	case catalog.Days:
		x, known := day(a)
		y, also := day(b)
		if known && also {
			return x == y
		}
	case catalog.Number, catalog.Integer:
		x, known := numeric(a)
		y, also := numeric(b)
		if known && also {
			return x == y
		}
	case catalog.String, catalog.Boolean:
		return plain(a) == plain(b)
	}
	return equal(a, b)
}

// equal compares two values part by part. Lists keep their order, numbers may be written
// differently, and a property that is absent equals null.
func equal(a, b jsontext.Value) bool {
	if !present(a) || !present(b) {
		return !present(a) && !present(b)
	}
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case '0':
		x, _ := numeric(a)
		y, _ := numeric(b)
		const exact = 1 << 53
		return string(a) == string(b) || x == y && x < exact && x > -exact
	case '"':
		return textOf(a) == textOf(b)
	case '[':
		x, y := items(a), items(b)
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equal(x[i], y[i]) {
				return false
			}
		}
		return true
	case '{':
		x, errX := parse(a)
		y, errY := parse(b)
		if errX != nil || errY != nil {
			return false
		}
		for _, f := range x {
			if !equal(f.value, y.get(f.name)) {
				return false
			}
		}
		for _, f := range y {
			if x.get(f.name) == nil && present(f.value) {
				return false
			}
		}
		return true
	}
	return string(a) == string(b)
}

// plain is a value as text.
func plain(v jsontext.Value) string {
	if v.Kind() == '"' {
		return textOf(v)
	}
	return string(v)
}

// numeric returns a number, also one written as text.
func numeric(v jsontext.Value) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(textOf(v)), 64)
	return n, err == nil
}

var notations = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.000Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly,
}

// moment reads a date as the API writes and takes it.
func moment(text string) (time.Time, bool) {
	for _, notation := range notations {
		if t, err := time.Parse(notation, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// day returns a number of days since 1970-01-01, also that of a date.
func day(v jsontext.Value) (int, bool) {
	if n, ok := numeric(v); ok {
		return int(n), true
	}
	t, ok := moment(textOf(v))
	if !ok {
		return 0, false
	}
	const seconds = 24 * 60 * 60
	sec := t.Unix()
	if sec < 0 {
		sec -= seconds - 1
	}
	return int(sec / seconds), true
}
