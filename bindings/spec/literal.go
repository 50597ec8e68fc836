package spec

import (
	"fmt"
	"slices"
	"strings"
)

// Refuses returns why the function refuses a string or a float64, nil if it takes it.
func (p *Param) Refuses(value any) error {
	return refuses(value, "argument '"+p.Name+"'", p.Values, p.Text, p.Number)
}

// Refuses returns why the function refuses a string or a float64, nil if it takes it.
func (f *Field) Refuses(value any) error {
	return refuses(value, "option '"+f.Name+"'", f.Values, f.Text, f.Number)
}

func refuses(value any, what string, values []string, text func(string) error, number func(float64) error) error {
	switch v := value.(type) {
	case string:
		if len(values) > 0 && !slices.Contains(values, v) {
			return &OtherValueError{What: what, Text: v, Values: values}
		}
		if text != nil {
			return text(v)
		}
	case float64:
		if number != nil {
			return number(v)
		}
	}
	return nil
}

// OtherValueError says that a text is not one of those that a parameter takes.
type OtherValueError struct {
	What, Text string
	Values     []string
}

func (e *OtherValueError) Error() string {
	return fmt.Sprintf("%s must be %s, not %q", e.What, OneOf(e.Values), e.Text)
}

// OneOf lists texts in quotes: "a", "b" or "c".
func OneOf(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = fmt.Sprintf("%q", text)
	}
	last := len(quoted) - 1
	if last < 1 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// Arguments are what is known about the arguments of a call, in their order: strings,
// float64s, booleans, Options for tables with names, nil for what is left out, and
// Unknown.
type Arguments []any

// Unknown stands for an argument or a field that is there, but not known.
type Unknown struct{}

// Options are the fields of a table.
type Options map[string]any

// At returns the argument at a place, counted from 0, nil if it is left out.
func (a Arguments) At(i int) any {
	if i < len(a) {
		return a[i]
	}
	return nil
}

// Option returns a field of the table at a place, nil if it is left out.
func (a Arguments) Option(i int, name string) any {
	switch v := a.At(i).(type) {
	case Options:
		return v[name]
	case Unknown:
		return v
	}
	return nil
}

// Numbers returns the numbers from a place on, with zero for what is left out, and
// whether all are known.
func (a Arguments) Numbers(from, to int) ([]float64, bool) {
	list := make([]float64, to-from)
	for i := range list {
		switch v := a.At(from + i).(type) {
		case nil:
		case float64:
			list[i] = v
		default:
			return nil, false
		}
	}
	return list, true
}
