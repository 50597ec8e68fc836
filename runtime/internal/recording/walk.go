package recording

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/runtime/internal/redact"
)

// eachText replaces the texts in a JSON value. They get the name of the member that they are
// the value of, or that has the list which they are in.
func eachText(v jsontext.Value, name string, replace func(name, text string) string) (jsontext.Value, error) {
	switch v.Kind() {
	case '"':
		var s string
		if err := json.Unmarshal(v, &s); err != nil {
			return nil, err
		}
		return jsontext.AppendQuote(nil, replace(name, s))
	case '[':
		var list []jsontext.Value
		if err := json.Unmarshal(v, &list); err != nil {
			return nil, err
		}
		for i := range list {
			var err error
			if list[i], err = eachText(list[i], name, replace); err != nil {
				return nil, err
			}
		}
		return json.Marshal(list)
	case '{':
		return members(v, func(inner string, value jsontext.Value) (jsontext.Value, error) {
			return eachText(value, inner, replace)
		})
	}
	if redact.SecretName(name) && v.Kind() == '0' {
		return jsontext.AppendQuote(nil, replace(name, string(v)))
	}
	return v, nil
}

// members replaces the members of an object, in their order.
func members(v jsontext.Value, replace func(name string, value jsontext.Value) (jsontext.Value, error)) (jsontext.Value, error) {
	d := jsontext.NewDecoder(strings.NewReader(string(v)), jsontext.AllowDuplicateNames(true))
	out := []byte{'{'}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		text := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		if value, err = replace(text, value); err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if out, err = jsontext.AppendQuote(out, text); err != nil {
			return nil, err
		}
		out = append(append(out, ':'), value...)
	}
	return append(out, '}'), nil
}
