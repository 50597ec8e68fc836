package planhat

import (
	"bytes"
	"cmp"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unsafe"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/phscript/phscript/planhat/internal/scan"
)

// lenient reads what other JSON writers let through: it is for answers only.
var lenient = jsontext.AllowDuplicateNames(true)

// anyText is lenient about characters that are cut in half, too.
var anyText = json.JoinOptions(lenient, jsontext.AllowInvalidUTF8(true))

// repaired returns JSON with U+FFFD in place of what is not a character, and any
// other text as it is. Planhat's JSON may hold half of a surrogate pair if it cut
// a text within an emoji; no strict reader takes that.
func repaired(body []byte) []byte {
	if jsontext.Value(body).IsValid(lenient) {
		return body
	}
	out, err := jsontext.AppendFormat(nil, body, anyText)
	if err != nil {
		return body
	}
	return out
}

// member is one name and value of a JSON object.
type member struct {
	name  string
	value jsontext.Value
}

// object is a JSON object in the order of its text.
type object []member

// get returns the named value, or nil.
func (o object) get(name string) jsontext.Value {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// without returns the object without the named members.
func (o object) without(names ...string) object {
	out := make(object, 0, len(o))
next:
	for _, m := range o {
		for _, name := range names {
			if m.name == name {
				continue next
			}
		}
		out = append(out, m)
	}
	return out
}

// record writes the object as JSON.
func (o object) record() Record {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, quoted(m.name)...)
		b = append(b, ':')
		b = append(b, m.value...)
	}
	return append(b, '}')
}

// quoted returns s as a JSON string.
func quoted(s string) jsontext.Value {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		b, _ = jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "\uFFFD"))
	}
	return b
}

// reader goes through JSON that is whole in memory and returns parts of it
// without copying.
type reader struct {
	text []byte
	dec  *jsontext.Decoder
}

func newReader(v []byte) *reader {
	return &reader{v, jsontext.NewDecoder(bytes.NewBuffer(v), lenient)}
}

// value returns the next value as a part of the text.
func (r *reader) value() (jsontext.Value, error) {
	v, err := r.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	end := int(r.dec.InputOffset())
	return r.text[end-len(v) : end : end], nil
}

// readObject returns the members of a JSON object. Their names and values are parts of v.
func readObject(v []byte) (object, error) {
	if value := jsontext.Value(v); value.Kind() == '{' && (scan.Valid(v) || value.IsValid(lenient)) {
		return membersOf(v), nil
	}
	return readInvalid(v)
}

// membersOf is readObject for an object that is valid.
func membersOf(v Record) object { return appendMembers(nil, v) }

// appendMembers is membersOf that appends the members.
func appendMembers(out object, v Record) object {
	var room [mostProperties]Member
	members := v.AppendMembers(room[:0])
	out = slices.Grow(out, len(members))
	for i := range members {
		m := &members[i]
		one := member{value: jsontext.Value(v[m.From:m.To:m.To])}
		if m.Escaped(v) {
			one.name = text(jsontext.Value(v[m.Name-1 : m.NameEnd+1]))
		} else if m.NameEnd > m.Name {
			one.name = unsafe.String(&v[m.Name], m.NameEnd-m.Name)
		}
		out = append(out, one)
	}
	return out
}

// mostProperties is how many properties most records have at most.
const mostProperties = 64

// readInvalid is readObject for JSON that is not a valid object. It reads up to the place
// that is wrong, for the error.
func readInvalid(v []byte) (object, error) {
	r := newReader(v)
	if err := r.open('{'); err != nil {
		return nil, err
	}
	var out object
	for r.dec.PeekKind() != '}' {
		name, err := r.dec.ReadToken()
		if err != nil {
			return nil, eof(err)
		}
		m := member{name: name.String()}
		if m.value, err = r.value(); err != nil {
			return nil, eof(err)
		}
		out = append(out, m)
	}
	return out, r.close()
}

// items passes the items of a list that is part of valid JSON, as listed returns them.
func items(v jsontext.Value) iter.Seq[jsontext.Value] {
	if v.Kind() != '[' {
		return slices.Values(listed(v))
	}
	return func(yield func(jsontext.Value) bool) {
		for at := skipSpace(v, 0) + 1; ; {
			at = skipSpace(v, at)
			if v[at] == ',' {
				at = skipSpace(v, at+1)
			}
			if v[at] == ']' {
				return
			}
			end := skipValue(v, at)
			if !yield(v[at:end:end]) {
				return
			}
			at = end
		}
	}
}

// splitArray returns the items of a JSON array as parts of v.
func splitArray[T ~[]byte](v []byte) ([]T, error) {
	if items, ok := scan.AppendItems[T](nil, v); ok {
		return items, nil
	}
	r := newReader(v)
	if err := r.open('['); err != nil {
		return nil, err
	}
	var out []T
	for r.dec.PeekKind() != ']' {
		item, err := r.value()
		if err != nil {
			return nil, eof(err)
		}
		out = append(out, T(item))
	}
	return out, r.close()
}

func (r *reader) open(kind jsontext.Kind) error {
	t, err := r.dec.ReadToken()
	if err != nil {
		return eof(err)
	}
	if t.Kind() != kind {
		wanted := "an object"
		if kind == '[' {
			wanted = "a list"
		}
		return fmt.Errorf("it is %s, not %s", kindName(t.Kind()), wanted)
	}
	return nil
}

func (r *reader) close() error {
	if _, err := r.dec.ReadToken(); err != nil {
		return eof(err)
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the end of the JSON")
	}
	return nil
}

// eof makes any end of the text an unexpected one.
func eof(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case '0':
		return "a number"
	case 't', 'f':
		return "true or false"
	default:
		return "null"
	}
}

// text returns a scalar as text: strings unquoted, numbers and booleans as
// they are written, null and anything else as "".
func text(v jsontext.Value) string {
	switch v.Kind() {
	case '"':
		if isPlain(v) {
			return string(v[1 : len(v)-1])
		}
		b, err := jsontext.AppendUnquote(nil, v)
		if err != nil {
			return ""
		}
		return string(b)
	case '0', 't', 'f':
		return string(v)
	default:
		return ""
	}
}

// isPlain reports whether a JSON string is ASCII without escapes, so that its text is as
// it is written.
func isPlain(v jsontext.Value) bool {
	if len(v) < 2 || v[len(v)-1] != '"' {
		return false
	}
	for _, c := range v[1 : len(v)-1] {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}

// asEncodingJSON writes values as encoding/json does, whose tags people know:
// omitempty leaves out zeros and false, a json.Number is a number, and a nil
// slice null. Text that is not UTF-8 is an error, though, not replaced.
var asEncodingJSON = json.JoinOptions(jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.AllowInvalidUTF8(false),
	json.WithMarshalers(json.MarshalToFunc(func(enc *jsontext.Encoder, n stdjson.Number) error {
		return enc.WriteValue(jsontext.Value(cmp.Or(string(n), "0")))
	})))

// toRecord returns what a caller handed in as one JSON object.
func toRecord(v any, what string) (Record, error) {
	var raw []byte
	switch v := v.(type) {
	case Record:
		raw = v
	case jsontext.Value:
		raw = v
	case []byte:
		raw = v
	case stdjson.RawMessage:
		raw = v
	default:
		b, err := json.Marshal(v, asEncodingJSON)
		if err != nil {
			return nil, &Error{Kind: KindValidation, Message: what + " can't be written as JSON: " + err.Error(), Err: err}
		}
		raw = b
	}
	raw = bytes.TrimSpace(raw)
	if value := jsontext.Value(raw); !value.IsValid() && value.IsValid(jsontext.AllowInvalidUTF8(true)) {
		return nil, &Error{
			Kind: KindValidation, Message: what + " contains text that is not UTF-8",
			Hint: "save the source as UTF-8, or read it with its own encoding",
		}
	} else if !value.IsValid() {
		return nil, &Error{Kind: KindValidation, Message: what + " is not valid JSON, or has a duplicate property"}
	} else if value.Kind() != '{' {
		return nil, &Error{Kind: KindValidation, Message: what + " must be an object, not " + kindName(value.Kind())}
	}
	return raw, nil
}

// skipSpace returns where the next character that is not white space is.
func skipSpace(raw []byte, at int) int {
	for raw[at] <= ' ' {
		at++
	}
	return at
}

// skipText returns where the text in quotes that begins at a place ends.
func skipText(raw []byte, at int) int {
	for at++; ; {
		end := at + bytes.IndexByte(raw[at:], '"')
		backslashes := 0
		for raw[end-1-backslashes] == '\\' {
			backslashes++
		}
		at = end + 1
		if backslashes%2 == 0 {
			return at
		}
	}
}

// skipValue returns where the value that begins at a place ends.
func skipValue(raw []byte, at int) int {
	depth := 0
	for {
		switch raw[at] {
		case '"':
			at = skipText(raw, at)
		case '{', '[':
			depth++
			at++
		case '}', ']':
			depth--
			at++
		default:
			at++
			if depth > 0 { // a sign between values, or a part of a number or a word
				continue
			}
			for at < len(raw) && raw[at] != ',' && raw[at] != '}' && raw[at] != ']' && raw[at] > ' ' {
				at++
			}
		}
		if depth == 0 {
			return at
		}
	}
}
