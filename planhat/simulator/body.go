package simulator

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// maxBody is Planhat's limit of one request body; drainBody is how much more
// is read of a body above it, so that the client gets to read the refusal.
const (
	maxBody   = 32 << 20
	drainBody = 256 << 20
)

func (s *Server) readBody(r *http.Request, host catalog.Host) ([]byte, *failure) {
	var source io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, invalid("Content-Encoding is gzip, but the body is not gzip.")
		}
		source = z
	}
	limit := s.maxBody
	if s.switches.is(swBodyLimit, "off") || s.switches.is(swBodyLimit, "analytics") && host == catalog.Main {
		limit = drainBody
	}
	body, err := io.ReadAll(io.LimitReader(source, limit+1))
	if err != nil {
		return nil, invalid("The body is incomplete.")
	}
	if int64(len(body)) > limit {
		_, _ = io.Copy(io.Discard, io.LimitReader(source, drainBody))
		return nil, refuse(http.StatusRequestEntityTooLarge, "Request entity too large: at most 32 MB.")
	}
	return body, nil
}

// lenient reads what JavaScript's JSON.parse reads: of a repeated name the
// last one counts.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true)}

// payload reads a body: one object, or an array whose elements need not be
// objects (then the row is nil).
func payload(body []byte) (rows []fields, isArray bool, refused *failure) {
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	d := newReader(body)
	switch d.PeekKind() {
	case '{':
		row, err := d.object()
		if err != nil || !d.atEnd() {
			return nil, false, invalid("The body is not valid JSON.")
		}
		return []fields{row}, false, nil
	case '[':
		rows, err := d.array()
		if err != nil || !d.atEnd() {
			return nil, true, invalid("The body is not valid JSON.")
		}
		return rows, true, nil
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, false, invalid("The body is empty.")
	}
	return nil, false, invalid("The body must be a JSON object or array.")
}

// reader decodes a body without copying values: they point into it.
type reader struct {
	*jsontext.Decoder
	body []byte
}

func newReader(body []byte) *reader {
	return &reader{jsontext.NewDecoder(bytes.NewBuffer(body), lenient...), body}
}

func (d *reader) atEnd() bool {
	_, err := d.ReadToken()
	return errors.Is(err, io.EOF)
}

func (d *reader) array() ([]fields, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	rows := []fields{}
	for d.PeekKind() != ']' {
		if d.PeekKind() != '{' {
			if err := d.SkipValue(); err != nil {
				return nil, err
			}
			rows = append(rows, nil)
			continue
		}
		row, err := d.object()
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	_, err := d.ReadToken()
	return rows, err
}

func (d *reader) object() (fields, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	row := make(fields, 0, 16)
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := intern(name.String())
		value, err := d.value()
		if err != nil {
			return nil, err
		}
		row.set(key, value)
	}
	_, err := d.ReadToken()
	return row, err
}

// value returns the next value in compact form.
func (d *reader) value() (jsontext.Value, error) {
	v, err := d.ReadValue()
	if err != nil {
		return nil, err
	}
	end := int(d.InputOffset())
	v = jsontext.Value(d.body[end-len(v) : end : end])
	if kind := v.Kind(); kind == '{' || kind == '[' {
		v = bytes.Clone(v)
		err = v.Compact(lenient...)
	}
	return v, err
}

var names = sync.OnceValue(func() map[string]string {
	known := map[string]string{}
	for _, m := range catalog.Load().Models {
		for _, p := range m.Properties {
			known[p.Name] = p.Name
		}
	}
	return known
})

// intern returns the catalog's copy of a property name, so that a million
// records do not hold a million copies.
func intern(name string) string {
	if known, found := names()[name]; found {
		return known
	}
	return name
}
