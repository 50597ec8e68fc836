package undo

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object that is being written.
type object struct {
	names  []string
	values []jsontext.Value
}

func (o object) with(name string, value jsontext.Value) object {
	if len(value) == 0 {
		value = jsontext.Value("null")
	}
	o.names, o.values = append(o.names, name), append(o.values, value)
	return o
}

func (o object) text() jsontext.Value {
	b := []byte{'{'}
	for i, name := range o.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, quoted(name)...), ':'), o.values[i]...)
	}
	return append(b, '}')
}

func quoted(s string) jsontext.Value {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return jsontext.Value(`""`)
	}
	return b
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
