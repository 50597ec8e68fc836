// Package redacted prepares what strangers have sent for a page: without what is secret by its
// name, and never longer than a page can show.
package redacted

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/runtime/internal/redact"
)

const (
	// mostText is how many bytes of a body are shown, mostDeep how deep its tables are.
	mostText, mostDeep = 64 << 10, 100
	hidden             = "(hidden)"
)

// Body is a body as a page shows it.
type Body struct {
	Text string
	// Note says what is not shown, and why.
	Note string
	// Hides reports whether members with secret names are hidden.
	Hides bool
}

// Header reports whether the value of a header is hidden from everybody.
func Header(name string) bool {
	lower := strings.ToLower(name)
	for _, part := range []string{"hmac", "sign", "digest", "api-key", "hash"} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return redact.SecretName(name)
}

// Address is the path of a request with its query, of which only operators see the values, and
// nobody those that are secret by their names.
func Address(path string, operator bool) string {
	path, query, found := strings.Cut(path, "?")
	if !found {
		return printable(path)
	}
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, given := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if given && (!operator || err != nil || redact.SecretParameter(plain)) {
			part = name + "=" + hidden
		}
		parts = append(parts, part)
	}
	return printable(path + "?" + strings.Join(parts, "&"))
}

// Of returns a body for a page. kind is its Content-Type.
func Of(kind string, body []byte) Body {
	media, _, _ := mime.ParseMediaType(kind)
	switch {
	case len(body) == 0:
		return Body{Note: "It is empty."}
	case !utf8.Valid(body):
		return Body{Note: "It is not text: " + strconv.Itoa(len(body)) + " bytes."}
	case media == "application/x-www-form-urlencoded":
		return cut(form(string(body)))
	}
	if b, ok := fromJSON(body); ok {
		return b
	}
	return cut(Body{Text: printable(string(body))})
}

// form writes each value on a line.
func form(body string) (b Body) {
	var text strings.Builder
	for part := range strings.SplitSeq(body, "&") {
		name, value, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		if redact.SecretName(name) {
			value, b.Hides = hidden, true
		} else if inner, ok := fromJSON([]byte(value)); ok && strings.HasPrefix(strings.TrimSpace(value), "{") {
			value, b.Hides = inner.Text, b.Hides || inner.Hides // as Slack sends
		}
		text.WriteString(name + " = " + value + "\n")
		if text.Len() > mostText {
			break
		}
	}
	b.Text = printable(text.String())
	return b
}

func cut(b Body) Body {
	if len(b.Text) > mostText {
		b.Text, b.Note = strings.ToValidUTF8(b.Text[:mostText], ""), onlyBeginning
	}
	return b
}

const onlyBeginning = "Only the beginning is shown."

// limited collects text up to a limit.
type limited struct{ bytes.Buffer }

var errFull = errors.New("that is enough")

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > 2*mostText {
		return 0, errFull
	}
	return l.Buffer.Write(p)
}

// fromJSON indents JSON in the order in which it was sent. ok is false for other texts.
func fromJSON(body []byte) (b Body, ok bool) {
	options := []jsontext.Options{jsontext.AllowDuplicateNames(true)}
	d := jsontext.NewDecoder(bytes.NewReader(body), options...)
	out := &limited{}
	e := jsontext.NewEncoder(out, append(options, jsontext.Multiline(true), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))...)
	kind := d.PeekKind()
	if kind != jsontext.KindBeginObject && kind != jsontext.KindBeginArray {
		return b, false
	}
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || d.StackDepth() > mostDeep {
			return b, false
		}
		name := ""
		if at, n := d.StackIndex(d.StackDepth()); at == jsontext.KindBeginObject && n%2 == 1 && token.Kind() == jsontext.KindString {
			name = token.String()
		}
		if err := e.WriteToken(token); err != nil {
			b.Note = onlyBeginning
			break
		}
		if name == "" || !redact.SecretName(name) {
			continue
		}
		if err := d.SkipValue(); err != nil {
			return b, false
		}
		b.Hides = true
		if err := e.WriteToken(jsontext.String(hidden)); err != nil {
			b.Note = onlyBeginning
			break
		}
	}
	b.Text = printable(out.String())
	return cut(b), true
}

// printable replaces what would move the cursor of a terminal or hide text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '\uFFFD'
		}
		return r
	}, text)
}
