package mapping

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/planhat/catalog"
)

// Types are the names of the types of columns.
var Types = []string{"text", "number", "integer", "money", "boolean", "date", "days", "list"}

// TypeOf returns the type of the column of a property, nil if the catalog does not have
// it, or "" if no column can be of its type.
func TypeOf(p *catalog.Property) string {
	if p == nil {
		return "text"
	}
	switch p.Type {
	case catalog.Number:
		return "number"
	case catalog.Integer:
		return "integer"
	case catalog.Boolean:
		return "boolean"
	case catalog.Date:
		return "date"
	case catalog.Days:
		return "days"
	case catalog.Array:
		return "list"
	case catalog.Object:
		return ""
	}
	return "text"
}

// Form says how the cells of a type are written.
type Form struct {
	// Decimal is the decimal sign of numbers, "" for a point without groups of digits.
	Decimal string
	Dates   calendar.Reader
	// Separator is the text between the items of a list.
	Separator string
	// Prefix is put before each text.
	Prefix string
	// Again reports whether the cells are those of a file of rejected rows, which has
	// times that Dates has no layout for as ISO 8601.
	Again bool
	// Ask, if set, reports whether to refuse numbers that could be in the thousands or have
	// a decimal sign.
	Ask func() bool
}

// unclear returns why a cell is not a certain number, or nil.
func (f Form) unclear(cell string) error {
	if f.Ask == nil || !f.Ask() {
		return nil
	}
	return csvtext.Unclear(strings.TrimSpace(cell), "columns")
}

// Converter returns the conversion of a type, or false if there is none of that name.
func (f Form) Converter(name string) (Convert, bool) {
	switch name {
	case "text":
		return f.text, true
	case "number":
		return f.number, true
	case "integer":
		return f.integer, true
	case "money":
		money := &csvtext.Money{Decimal: f.Decimal}
		return func(to []byte, cell string) ([]byte, error) {
			if err := f.unclear(cell); err != nil {
				return to, err
			}
			n, err := money.Read(strings.TrimSpace(cell))
			return appendNumber(to, n), advised(err)
		}, true
	case "boolean":
		return func(to []byte, cell string) ([]byte, error) {
			b, err := csvtext.Boolean(strings.TrimSpace(cell))
			return strconv.AppendBool(to, b), err
		}, true
	case "date":
		return f.date, true
	case "days":
		return func(to []byte, cell string) ([]byte, error) {
			t, _, err := f.read(cell)
			return strconv.AppendInt(to, int64(calendar.DayNumber(t.In(f.Dates.Zone))), 10), err
		}, true
	case "list":
		return f.list, true
	}
	return nil, false
}

func (f Form) text(to []byte, cell string) ([]byte, error) {
	if f.Prefix != "" {
		cell = f.Prefix + cell
	}
	out, err := jsontext.AppendQuote(to, cell)
	if err != nil {
		return to, invalid.Errorf("name the file's encoding with 'encoding'", "the text %q is not valid UTF-8", invalid.Cut(cell, 40))
	}
	return out, nil
}

func (f Form) number(to []byte, cell string) ([]byte, error) {
	if err := f.unclear(cell); err != nil {
		return to, err
	}
	if n := plainNumber(cell); n > 0 && f.Decimal != "," {
		return append(to, cell[:n]...), nil
	}
	n, err := csvtext.Number(strings.TrimSpace(cell), f.Decimal, "columns")
	return appendNumber(to, n), advised(err)
}

// plainNumber returns the length of the shortest form of a number that is written as JSON
// writes it, with a point and without an exponent; 0 if the cell is something else.
func plainNumber(cell string) int {
	digits := strings.TrimPrefix(cell, "-")
	point := -1
	for i := range len(digits) {
		switch c := digits[i]; {
		case c == '.' && point < 0 && i > 0:
			point = i
		case c < '0' || c > '9':
			return 0
		}
	}
	whole := len(digits)
	if point >= 0 {
		whole = point
	}
	if whole == 0 || whole > 1 && digits[0] == '0' || len(digits) > 15 || point == len(digits)-1 || cell == "-0" {
		return 0
	}
	end := len(cell)
	if point >= 0 {
		end = len(strings.TrimRight(cell, "0"))
		end = len(strings.TrimSuffix(cell[:end], "."))
		if cell[:end] == "-0" {
			return 0
		}
	}
	return end
}

func (f Form) integer(to []byte, cell string) ([]byte, error) {
	if err := f.unclear(cell); err != nil {
		return to, err
	}
	if n := plainNumber(cell); n > 0 && f.Decimal != "," && strings.IndexByte(cell[:n], '.') < 0 {
		return append(to, cell[:n]...), nil
	}
	n, err := csvtext.Number(strings.TrimSpace(cell), f.Decimal, "columns")
	if err == nil && !luatext.IsWhole(n) {
		err = invalid.Errorf("", "%q is not a whole number", invalid.Cut(cell, 40))
	}
	return appendNumber(to, n), advised(err)
}

// noNumber is the advice for a cell that is not a number. A type of text would change what
// all other cells become.
const noNumber = "correct the cell, or empty it if there is no number"

// advised gives an error of a cell the advice for an import in place of that for reading
// a file.
func advised(err error) error {
	data, ok := errors.AsType[*invalid.Error](err)
	if !ok {
		return err
	}
	hint := strings.NewReplacer(
		"correct the cell, or leave the column out of 'columns' to keep its cells as text", noNumber,
		"leave the column out of 'columns' to keep its cells as text", "correct the cell",
		"leave the column out of 'types' to keep its cells as text", "correct the cell",
		"leave the column out of 'types', and read its cells with money.parse", "read the cells in the column's 'convert' with money.parse",
	).Replace(data.Hint)
	return invalid.Errorf(hint, "%s", data.Message)
}

// read reads a date or time.
func (f Form) read(cell string) (t time.Time, dateOnly bool, err error) {
	cell = strings.TrimSpace(cell)
	t, dateOnly, err = f.Dates.Read(cell)
	if err != nil && f.Again && f.Dates.Layout != "" {
		if at, iso := time.ParseInLocation(moment, cell, f.Dates.Zone); iso == nil {
			return at, false, nil
		}
	}
	return t, dateOnly, err
}

// moment is the layout of times in workbooks.
const moment = "2006-01-02T15:04:05"

// Written returns the text of a cell that is exact, from which the form makes the same
// value of a type in a file of rejected rows, whether there is one, and whether the cell has
// a value.
func (f Form) Written(kind, cell string) (written string, same, valid bool) {
	f.Again = true
	exact := Form{Decimal: ".", Dates: calendar.Reader{Zone: f.Dates.Zone, Option: f.Dates.Option}}
	want := exact.value(kind, cell)
	texts := []string{cell}
	if f.Decimal == "," {
		texts = append([]string{strings.Replace(cell, ".", ",", 1)}, texts...)
	}
	if strings.Contains(cell, ".") {
		texts = append(texts, cell+"0") // 1.375 could be in the thousands, 1.3750 could not
	}
	for _, layout := range []string{moment, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, cell, f.Dates.Zone); err == nil && f.Dates.Layout != "" {
			if text, err := calendar.Format(t, f.Dates.Layout); err == nil {
				texts = append([]string{text}, texts...)
			}
		}
	}
	for _, text := range texts {
		if f.value(kind, text) == want {
			return text, true, want != ""
		}
	}
	return cell, false, want != ""
}

// value is what a form makes of a cell, "" if it can't be converted.
func (f Form) value(kind, cell string) string {
	convert, known := f.Converter(kind)
	if !known {
		return cell
	}
	out, err := convert(nil, cell)
	if err != nil {
		return ""
	}
	return string(out)
}

func (f Form) date(to []byte, cell string) ([]byte, error) {
	t, dateOnly, err := f.read(cell)
	to = append(to, '"')
	if dateOnly {
		to = t.AppendFormat(to, time.DateOnly)
	} else {
		to = append(to, calendar.ISO(t.UTC())...)
	}
	return append(to, '"'), err
}

func (f Form) list(to []byte, cell string) ([]byte, error) {
	to = append(to, '[')
	for item := range strings.SplitSeq(cell, f.Separator) {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		if to[len(to)-1] != '[' {
			to = append(to, ',')
		}
		var err error
		if to, err = f.text(to, item); err != nil {
			return to, err
		}
	}
	return append(to, ']'), nil
}

// Items appends a list of JSON, or returns false if it is none.
func (f Form) Items(to []byte, v jsontext.Value) ([]byte, bool) {
	if v.Kind() != '[' || f.Prefix == "" {
		return append(to, v...), v.Kind() == '['
	}
	var items []any
	if json.Unmarshal(v, &items) != nil {
		return to, false
	}
	for i, item := range items {
		if text, ok := item.(string); ok {
			items[i] = f.Prefix + text
		}
	}
	out, err := json.Marshal(items)
	return append(to, out...), err == nil
}

// Any appends a list or an object of JSON.
func Any(to []byte, v jsontext.Value) ([]byte, bool) { return append(to, v...), true }

// appendNumber writes a number as the encoder of Lua values does.
func appendNumber(to []byte, n float64) []byte {
	if luatext.IsWhole(n) {
		return strconv.AppendInt(to, int64(n), 10)
	}
	return strconv.AppendFloat(to, n, 'g', -1, 64)
}
