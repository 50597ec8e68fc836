package plan

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
)

// field is one property of a record and its value as JSON text.
type field struct {
	name  string
	value jsontext.Value
}

// object is a record in the order of its text. Functions that change one return it, and
// leave the values alone: they may be parts of a larger text.
type object []field

// lenient reads what other JSON writers let through.
var lenient = jsontext.AllowDuplicateNames(true)

var errNoObject = errors.New("it is not a JSON object")

// parse reads an object. Its values are parts of the text.
func parse(text []byte) (object, error) {
	v := jsontext.Value(text)
	if v.Kind() != '{' || !v.IsValid(lenient) {
		return nil, errNoObject
	}
	r := planhat.Record(text)
	members := r.AppendMembers(nil)
	out := make(object, 0, len(members))
	for i := range members {
		m := &members[i]
		name := string(r[m.Name:m.NameEnd])
		if m.Escaped(r) {
			name = unquote(jsontext.Value(r[m.Name-1 : m.NameEnd+1]))
		}
		out = append(out, field{name, jsontext.Value(r[m.From:m.To])})
	}
	return out, nil
}

// unquote returns the text of a JSON string.
func unquote(v jsontext.Value) string {
	b, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(b)
}

func (o object) get(name string) jsontext.Value {
	for i := range o {
		if o[i].name == name {
			return o[i].value
		}
	}
	return nil
}

// text returns a text or a number as text, "" for everything else.
func (o object) text(name string) string { return textOf(o.get(name)) }

// has reports whether a property has a value that is not empty.
func (o object) has(name string) bool {
	v := o.get(name)
	return present(v) && string(v) != `""` && string(v) != "[]"
}

// with returns the object with another value of a property.
func (o object) with(name string, value jsontext.Value) object {
	for i := range o {
		if o[i].name == name {
			o[i].value = value
			return o
		}
	}
	return append(o, field{name, value})
}

// encode writes the object as JSON.
func (o object) encode() jsontext.Value {
	size := 2
	for i := range o {
		size += len(o[i].name) + len(o[i].value) + 4
	}
	b := append(make([]byte, 0, size), '{')
	for i := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, quote(o[i].name)...), ':'), o[i].value...)
	}
	return append(b, '}')
}

// quote returns s as a JSON string.
func quote(s string) jsontext.Value {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		b, _ = jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "\uFFFD"))
	}
	return b
}

func number(n int) jsontext.Value { return jsontext.Value(strconv.Itoa(n)) }

// list joins values to a JSON list.
func list(values []jsontext.Value) jsontext.Value {
	size := 2
	for _, v := range values {
		size += len(v) + 1
	}
	b := append(make([]byte, 0, size), '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, v...)
	}
	return append(b, ']')
}

// present reports whether a value is there and not null.
func present(v jsontext.Value) bool { return len(v) > 0 && v.Kind() != 'n' }

// textOf returns a text or a number as text, "" for everything else.
func textOf(v jsontext.Value) string {
	switch v.Kind() {
	case '"':
		return unquote(v)
	case '0':
		return string(v)
	}
	return ""
}

// items returns the parts of a JSON list, nil for everything else.
func items(v jsontext.Value) []jsontext.Value {
	if v.Kind() != '[' {
		return nil
	}
	dec := jsontext.NewDecoder(strings.NewReader(string(v)), lenient)
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	var out []jsontext.Value
	for dec.PeekKind() != ']' {
		item, err := dec.ReadValue()
		if err != nil {
			return out
		}
		out = append(out, item.Clone())
	}
	return out
}

// idIn returns an id, or the id of the object that takes its place in lists.
func idIn(v jsontext.Value) string {
	if v.Kind() != '{' {
		return textOf(v)
	}
	o, err := parse(v)
	if err != nil {
		return ""
	}
	if id := o.text("_id"); id != "" {
		return id
	}
	return o.text("id")
}

// Members returns the properties of an object. Their values are parts of it.
func Members(object []byte) map[string]jsontext.Value {
	out := map[string]jsontext.Value{}
	if jsontext.Value(object).Kind() != '{' {
		return out
	}
	r := planhat.Record(object)
	for _, m := range r.AppendMembers(nil) {
		name := string(r[m.Name:m.NameEnd])
		if m.Escaped(r) {
			text, err := jsontext.AppendUnquote(nil, r[m.Name-1:m.NameEnd+1])
			if err != nil {
				continue
			}
			name = string(text)
		}
		out[name] = jsontext.Value(r[m.From:m.To])
	}
	return out
}
