package hooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/bindings/webhook/body"
)

// place is a part of an event: a header, or a path in its body.
type place struct {
	header string
	path   []string
}

// String returns a place as the configuration writes it.
func (p place) String() string {
	if p.header != "" {
		return inHeader + p.header
	}
	return strings.Join(p.path, ".")
}

// inHeader begins the name of a header.
const inHeader = "header:"

func parsePlaces(list []string) (places []place, err error) {
	for _, text := range list {
		if name, ok := strings.CutPrefix(text, inHeader); ok {
			if !headerForm().MatchString(name) {
				return nil, fmt.Errorf("%q is not the name of a header; write it like header:X-Delivery", name)
			}
			places = append(places, place{header: name})
			continue
		}
		path := strings.Split(text, ".")
		if slices.Contains(path, "") {
			return nil, fmt.Errorf(`%q is not a part of an event; write the path of a field, such as "issue.id", or "header:X-Delivery"`, text)
		}
		places = append(places, place{path: path})
	}
	return places, nil
}

// parts reads parts of one event.
type parts struct {
	header http.Header
	body   []byte
	value  any
	read   bool
}

// all returns the values of places, and false unless each has one.
func (p *parts) all(places []place) (values []any, ok bool) {
	for _, one := range places {
		v := p.of(one)
		if v == nil {
			return nil, false
		}
		values = append(values, v)
	}
	return values, len(values) > 0
}

// missing returns the first of these places that a message does not have, or "".
func (p *parts) missing(places []place) string {
	for _, one := range places {
		if p.of(one) == nil {
			return one.String()
		}
	}
	return ""
}

// of returns the value at a place: a text, a number, a boolean, a list of them, or nil.
func (p *parts) of(at place) any {
	if at.header != "" {
		return oneOrAll(p.header.Values(at.header))
	}
	if !p.read {
		p.value, p.read = decode(p.header.Get("Content-Type"), p.body), true
	}
	return valueAt(p.value, at.path)
}

// oneOrAll returns the only one of some texts, or the list of them.
func oneOrAll(texts []string) any {
	if len(texts) == 1 {
		return valueAt(texts[0], nil)
	}
	var list []any
	for _, text := range texts {
		list = append(list, text)
	}
	return valueAt(list, nil)
}

// decode reads a body as JSON or a form, or returns nil.
func decode(kind string, text []byte) any {
	if body.IsForm(kind) {
		values := map[string]any{}
		for name, all := range body.Form(string(text)) {
			values[name] = oneOrAll(all)
		}
		return values
	}
	d := json.NewDecoder(bytes.NewReader(body.JSON(text)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil
	}
	return v
}

// valueAt is the value at a path, or nil. Of the elements of a list, it is the list of their
// values.
func valueAt(v any, path []string) any {
	if list, ok := v.([]any); ok {
		if len(path) > 0 {
			if i, err := strconv.Atoi(path[0]); err == nil {
				if i < 0 || i >= len(list) {
					return nil
				}
				return valueAt(list[i], path[1:])
			}
		}
		var values []any
		for _, one := range list {
			value := valueAt(one, path)
			if value == nil {
				return nil
			}
			values = append(values, value)
		}
		if len(values) == 0 {
			return nil
		}
		return values
	}
	if len(path) > 0 {
		fields, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		return valueAt(fields[path[0]], path[1:])
	}
	switch v := v.(type) {
	case string:
		if v != "" {
			return v
		}
	case json.Number, bool:
		return v
	}
	return nil
}

// textOf writes values for people. Different values may have the same text.
func textOf(values []any, between string) string {
	var texts []string
	for _, v := range values {
		if list, ok := v.([]any); ok {
			texts = append(texts, textOf(list, ","))
		} else {
			texts = append(texts, fmt.Sprint(v))
		}
	}
	return strings.Join(texts, between)
}
