package recording

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const formType = "application/x-www-form-urlencoded"

// bodyOf returns a body in its most readable form.
func bodyOf(h http.Header, raw []byte) Body {
	kind, parameters, _ := mime.ParseMediaType(h.Get("Content-Type"))
	b := Body{Type: kind}
	if len(raw) == 0 {
		return Body{}
	}
	if boundary := parameters["boundary"]; boundary != "" {
		raw = bytes.ReplaceAll(raw, []byte(boundary), []byte("boundary")) // it is random
	}
	if kind == formType {
		if form, err := url.ParseQuery(string(raw)); err == nil {
			b.Form = form
			return b
		}
	}
	v := jsontext.Value(bytes.Clone(raw))
	switch {
	case v.IsValid() && (v.Kind() == '{' || v.Kind() == '[') && v.Compact() == nil:
		b.JSON = v
	case utf8.Valid(raw):
		b.Text = string(raw)
	default:
		b.Base64 = raw
	}
	return b
}

// bytes returns the body as it is sent.
func (b *Body) bytes() []byte {
	switch {
	case b.JSON != nil:
		return b.JSON
	case b.Form != nil:
		return []byte(url.Values(b.Form).Encode())
	case b.Base64 != nil:
		return b.Base64
	}
	return []byte(b.Text)
}

// unzipped returns a body without the compression of its transfer.
func unzipped(h http.Header, raw []byte) []byte {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return raw
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return raw
	}
	text, err := io.ReadAll(io.LimitReader(r, mostKept))
	if err != nil {
		return raw
	}
	return text
}
