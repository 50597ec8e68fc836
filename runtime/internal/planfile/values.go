package planfile

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// Property is a property that a row sets.
type Property struct {
	Path  string         `json:"path" doc:"the property; custom.NAME for a custom one"`
	Value jsontext.Value `json:"value" doc:"its value"`
	// Day says that the value is days since 1970-01-01.
	Day bool `json:"day,omitempty" doc:"the value is days since 1970-01-01"`
}

// valuesOf returns the properties of a row, with custom ones one by one.
func valuesOf(model string, body jsontext.Value) (list []Property) {
	m := catalog.Load().Model(model)
	for name, value := range members(body) {
		if name == "custom" && value.Kind() == '{' {
			for name, value := range members(value) {
				list = append(list, Property{Path: "custom." + name, Value: value.Clone()})
			}
			continue
		}
		one := Property{Path: name, Value: value.Clone()}
		if m != nil {
			p := m.Property(name)
			one.Day = p != nil && p.Type == catalog.Days
		}
		list = append(list, one)
	}
	return list
}

// members passes the members of an object.
func members(object jsontext.Value) func(func(string, jsontext.Value) bool) {
	return func(yield func(string, jsontext.Value) bool) {
		if object.Kind() != '{' {
			return
		}
		dec := jsontext.NewDecoder(strings.NewReader(string(object)), jsontext.AllowDuplicateNames(true))
		if _, err := dec.ReadToken(); err != nil {
			return
		}
		for dec.PeekKind() == '"' {
			token, err := dec.ReadToken()
			if err != nil {
				return
			}
			name := token.String()
			value, err := dec.ReadValue()
			if err != nil || !yield(name, value) {
				return
			}
		}
	}
}
