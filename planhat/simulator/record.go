package simulator

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// field is one property with its value as compact JSON text, so that numbers
// keep all their digits.
type field struct {
	name  string
	value jsontext.Value
}

// fields is the content of a record in the order in which it was written.
type fields []field

func (f fields) get(name string) jsontext.Value {
	for i := range f {
		if f[i].name == name {
			return f[i].value
		}
	}
	return nil
}

// set sets a property. Without a value, the record has it no longer.
func (f *fields) set(name string, value jsontext.Value) {
	if value == nil {
		f.remove(name)
		return
	}
	for i := range *f {
		if (*f)[i].name == name {
			(*f)[i].value = value
			return
		}
	}
	*f = append(*f, field{name, value})
}

// setText sets a property to a text.
func (f *fields) setText(name, text string) { f.set(name, quote(text)) }

// fill sets a property where it is absent or null.
func (f *fields) fill(name string, value jsontext.Value) {
	if !present(f.get(name)) {
		f.set(name, value)
	}
}

func (f *fields) remove(name string) {
	for i := range *f {
		if (*f)[i].name == name {
			*f = append((*f)[:i:i], (*f)[i+1:]...)
			return
		}
	}
}

// has reports whether a property carries something: null, "" and [] do not.
func (f fields) has(name string) bool {
	v := f.get(name)
	return present(v) && string(v) != `""` && string(v) != `[]`
}

// text returns a text or a number as text, "" for everything else.
func (f fields) text(name string) string { return textOf(f.get(name)) }

// number returns a number, also one written as text, and whether it is one.
func (f fields) number(name string) (float64, bool) { return numberOf(f.get(name)) }

func (f fields) isTrue(name string) bool { return string(f.get(name)) == "true" }

func present(v jsontext.Value) bool { return len(v) > 0 && v[0] != 'n' }

func textOf(v jsontext.Value) string {
	switch v.Kind() {
	case '"':
		if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 {
			return string(inner)
		}
		b, err := jsontext.AppendUnquote(nil, v)
		if err != nil {
			return ""
		}
		return string(b)
	case '0':
		return string(v)
	}
	return ""
}

func numberOf(v jsontext.Value) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(textOf(v)), 64)
	return n, err == nil
}

// texts returns the elements of an array as text; of a single text, that.
func texts(v jsontext.Value) []string {
	if v.Kind() != '[' {
		if t := textOf(v); t != "" {
			return []string{t}
		}
		return nil
	}
	var out []string
	for _, e := range elements(v) {
		if t := textOf(e); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// elements returns the elements of an array, nil for everything else.
func elements(v jsontext.Value) []jsontext.Value {
	if v.Kind() != '[' {
		return nil
	}
	d := newReader(v)
	_, _ = d.ReadToken() // the value was checked when it came in
	var out []jsontext.Value
	for d.PeekKind() != ']' {
		e, err := d.value()
		if err != nil {
			return out
		}
		out = append(out, e)
	}
	return out
}

// members returns the members of an object, nil for everything else.
func members(v jsontext.Value) fields {
	if v.Kind() != '{' {
		return nil
	}
	f, err := newReader(v).object()
	if err != nil {
		return nil
	}
	return f
}

// encode builds the JSON object.
func (f fields) encode() jsontext.Value {
	size := 2
	for i := range f {
		size += len(f[i].name) + len(f[i].value) + 4
	}
	b := append(make([]byte, 0, size), '{')
	for i := range f {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendName(b, f[i].name)
		b = append(b, ':')
		b = append(b, f[i].value...)
	}
	return append(b, '}')
}

// record is a stored record. It never changes: an update puts another one in
// its place, so that readers need no lock once they hold it.
type record struct {
	id  string
	raw jsontext.Value // the whole record
	fields

	keys
	archived bool
}

// keys are the values by which records are found.
type keys struct {
	source, external, email, company string
	domains                          []string
}

// freeze makes a record of fields, in one piece of memory.
func (c *collection) freeze(f fields) *record {
	raw := f.encode()
	own := make(fields, len(f))
	at := 1
	for i := range f {
		at += quotedLen(f[i].name) + 1
		own[i] = field{f[i].name, raw[at : at+len(f[i].value) : at+len(f[i].value)]}
		at += len(f[i].value) + 1
	}
	r := &record{id: own.text("_id"), raw: raw, fields: own}
	r.source = own.text("sourceId")
	r.external = own.text(c.externalName)
	r.company = own.text(c.companyName)
	r.archived = own.isTrue(c.archivedName)
	if c.byEmail {
		r.email = strings.ToLower(own.text("email"))
	}
	if c.byDomain {
		for _, d := range texts(own.get("domains")) {
			r.domains = append(r.domains, strings.ToLower(strings.TrimPrefix(d, "@")))
		}
	}
	return r
}

func quotedLen(name string) int {
	if plainName(name) {
		return len(name) + 2
	}
	return len(quote(name))
}

func appendName(b []byte, name string) []byte {
	if !plainName(name) {
		return append(b, quote(name)...)
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"')
}

// plainName reports whether a name needs no escapes in JSON, as nearly all do.
func plainName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return true
}
