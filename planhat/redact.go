package planhat

import (
	"encoding/base64"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// String shows the configuration without its tokens, so that it can be printed
// and logged.
func (c Config) String() string {
	type plain Config
	p := plain(c)
	for _, token := range []*string{&p.APIToken, &p.TenantToken} {
		if *token != "" {
			*token = Redacted
		}
	}
	return fmt.Sprintf("%+v", p)
}

// GoString is String, for the verb %#v.
func (c Config) GoString() string { return c.String() }

// LogValue is String, for handlers of package slog that look into values.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String names the client by its host; its tokens stay hidden.
func (c *Client) String() string {
	if c.base == nil {
		return "planhat.Client()"
	}
	return "planhat.Client(" + c.base.String() + ")"
}

// GoString is String, for the verb %#v.
func (c *Client) GoString() string { return c.String() }

// Redacted replaces a secret.
const Redacted = "[redacted]"

// header returns the header of an answer without cookies and tokens.
func (r *Redactor) header(h http.Header) http.Header {
	if h == nil {
		return nil
	}
	out := make(http.Header, len(h))
	for name, values := range h {
		if name == "Set-Cookie" {
			continue
		}
		for _, v := range values {
			out[name] = append(out[name], r.Text(v))
		}
	}
	return out
}

// Redactor replaces secrets in text, however a server or a program may spell them: as they
// are, with the escapes of JSON, of programming languages, of addresses and of HTML, and in
// base64, as Basic authentication sends them. It does not change, so it is safe for
// concurrent use. A nil Redactor replaces nothing.
type Redactor struct {
	// patterns are the secrets and their base64 forms. A longer one comes first, so that a
	// secret that begins with another one is replaced as a whole.
	patterns [][]rune
	// raw are the patterns that begin with a byte, by that byte. Escaped, any may begin.
	raw [256][][]rune
}

// shortestCore is the length of the shortest secret that is also looked for within other
// base64 text. A shorter core would be found where it means nothing.
const shortestCore = 6

// NewRedactor returns a Redactor for some secrets; empty ones are left out.
func NewRedactor(secrets ...string) *Redactor {
	var forms []string
	for _, s := range secrets {
		if s == "" {
			continue
		}
		forms = append(forms, s)
		for _, form := range inBase64(s) {
			forms = append(forms, form, strings.NewReplacer("+", "-", "/", "_").Replace(form))
		}
	}
	slices.SortFunc(forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	r := &Redactor{}
	for _, form := range slices.Compact(forms) {
		pattern := []rune(form)
		r.patterns = append(r.patterns, pattern)
		r.raw[form[0]] = append(r.raw[form[0]], pattern)
	}
	return r
}

// inBase64 returns what base64 makes of a secret: as the user and as the password of Basic
// authentication, alone, and at each place in a longer text.
func inBase64(s string) []string {
	encode := base64.StdEncoding.EncodeToString
	forms := []string{encode([]byte(s + ":")), encode([]byte(":" + s)), encode([]byte(s))}
	if len(s) < shortestCore {
		return forms
	}
	for before := range 3 {
		whole := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00"[:before] + s))
		// The first and the last character may hold bits of other text, too.
		begin, end := (before*8+5)/6, (before+len(s))*8/6
		forms = append(forms, whole[begin:end])
	}
	return forms
}

// Text returns the text with every secret replaced.
func (r *Redactor) Text(text string) string {
	clean, rest := r.scan(text, false)
	return clean + rest
}

// Piece returns a piece of a longer text with every secret replaced. What may be the
// beginning of a secret at its end is not part of it but returned as rest, to be looked at
// together with what follows.
func (r *Redactor) Piece(text string) (clean, rest string) { return r.scan(text, true) }

// Beginning returns the beginning of a text that was cut, with every secret replaced, also
// one that was cut itself.
func (r *Redactor) Beginning(text string) string {
	clean, rest := r.scan(text, true)
	if rest != "" {
		clean += Redacted
	}
	return clean
}

// Bytes is Text for bytes.
func (r *Redactor) Bytes(text []byte) []byte { return []byte(r.Text(string(text))) }

// line is Text on one line, shortened if it is long.
func (r *Redactor) line(text string) string { return oneLine(r.Text(text)) }

// scan replaces secrets. If more of the text follows, it stops where a secret may begin that
// it does not see the end of.
func (r *Redactor) scan(text string, more bool) (clean, rest string) {
	if r == nil || len(r.patterns) == 0 {
		return text, ""
	}
	var out strings.Builder
	done := 0
	for i := 0; i < len(text); {
		patterns := r.raw[text[i]]
		if escapes(text[i]) {
			patterns = r.patterns
		}
		end, open := 0, false
		for _, pattern := range patterns {
			to, cut := match(pattern, text, i)
			end, open = max(end, to), open || cut
		}
		switch {
		case open && more:
			out.WriteString(text[done:i])
			return out.String(), text[i:]
		case end > 0:
			out.WriteString(text[done:i])
			out.WriteString(Redacted)
			i, done = end, end
		default:
			i++
		}
	}
	if done == 0 {
		return text, ""
	}
	out.WriteString(text[done:])
	return out.String(), ""
}

func escapes(c byte) bool { return c == '\\' || c == '%' || c == '&' || c == '+' }

// match returns where a spelling of the pattern ends that begins at i, 0 if there is none.
// It reports whether the text ends within one.
func match(pattern []rune, text string, i int) (end int, open bool) {
	// Most characters have one spelling at a place; a backslash or a percent sign in a
	// secret may have several.
	var space [2][8]int
	at, next := append(space[0][:0], i), space[1][:0]
	for _, c := range pattern {
		next = next[:0]
		for _, from := range at {
			var cut bool
			next, cut = spelled(next, c, text, from)
			open = open || cut
		}
		if len(next) == 0 {
			return 0, open
		}
		at, next = next, at
	}
	return slices.Max(at), open
}

// Bounds of repeated escapes, such as JSON within JSON.
const (
	mostBackslashes = 16
	mostPercents    = 4
	longestEntity   = 12
)

// spelled appends the ends of all spellings of a character that begin at a place, and
// reports whether the text ends within one.
func spelled(ends []int, c rune, text string, from int) (_ []int, open bool) {
	rest := text[from:]
	if rest == "" {
		return ends, true
	}
	add := func(n int) {
		if n > 0 && !slices.Contains(ends, from+n) {
			ends = append(ends, from+n)
		}
	}
	if c < utf8.RuneSelf {
		if rest[0] == byte(c) {
			add(1)
		}
	} else if raw := string(c); strings.HasPrefix(rest, raw) {
		add(len(raw))
	} else {
		open = strings.HasPrefix(raw, rest)
	}
	if !escapes(rest[0]) {
		return ends, open
	}
	note := func(n int, cut bool) {
		add(n)
		open = open || cut
	}
	switch rest[0] {
	case '+':
		if c == ' ' {
			add(1)
		}
	case '\\':
		note(backslashed(rest, c))
	case '%':
		for again := range mostPercents {
			note(percented(rest, string(c), again))
		}
	case '&':
		note(entity(rest, string(c)))
	}
	return ends, open
}

// backslashed returns the length of the escape of a character that text begins with, such
// as \u0041, \x41, \065 and \/. There may be more backslashes than one.
func backslashed(text string, c rune) (n int, open bool) {
	for n < len(text) && n < mostBackslashes && text[n] == '\\' {
		n++
	}
	if c == '\\' && n > 1 {
		return n, n == len(text)
	}
	if n == len(text) {
		return 0, true
	}
	digits := func(digits string, base int) bool {
		v, err := strconv.ParseUint(digits, base, 32)
		return err == nil && rune(v) == c
	}
	fixed := func(letter string, width int) (int, bool) {
		rest, ok := strings.CutPrefix(text[n:], letter)
		if !ok {
			return 0, false
		}
		if len(rest) < width {
			return 0, strings.Trim(rest, "0123456789abcdefABCDEF") == ""
		}
		if digits(rest[:width], 16) {
			return n + len(letter) + width, false
		}
		return 0, false
	}
	switch rest := text[n:]; {
	case strings.HasPrefix(rest, "u{"):
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return 0, len(rest) < longestEntity
		}
		if digits(rest[2:end], 16) {
			return n + end + 1, false
		}
		return 0, false
	case rest[0] == 'u' && c > 0xffff:
		high, low := utf16.EncodeRune(c)
		end, open := backslashed(text, high)
		if end == 0 || end == len(text) {
			return 0, open || end > 0
		}
		if text[end] != '\\' {
			return 0, false
		}
		rest, open := backslashed(text[end:], low)
		if rest == 0 {
			return 0, open
		}
		return end + rest, false
	case rest[0] == 'u':
		return fixed("u", 4)
	case rest[0] == 'U':
		return fixed("U", 8)
	case rest[0] == 'x':
		return fixed("x", 2)
	case rest[0] >= '0' && rest[0] <= '9':
		if len(rest) < 3 {
			return 0, true
		}
		if digits(rest[:3], 10) || digits(rest[:3], 8) {
			return n + 3, false
		}
		return 0, false
	case strings.HasPrefix(rest, string(c)) && !unicode.IsLetter(c):
		return n + len(string(c)), false
	}
	return 0, false
}

// percented returns the length of the percent-encoding of a character that text begins
// with, if it is encoded as often as again says.
func percented(text, c string, again int) (n int, open bool) {
	percent := "%" + strings.Repeat("25", again)
	for _, b := range []byte(c) {
		rest := text[n:]
		if len(rest) < len(percent)+2 {
			return 0, strings.HasPrefix(percent, rest) || strings.HasPrefix(rest, percent)
		}
		digits, ok := strings.CutPrefix(rest[:len(percent)+2], percent)
		if v, err := strconv.ParseUint(digits, 16, 8); !ok || err != nil || byte(v) != b {
			return 0, false
		}
		n += len(percent) + 2
	}
	return n, false
}

// entity returns the length of the HTML entity for a character that text begins with.
func entity(text, c string) (n int, open bool) {
	end := strings.IndexByte(text[:min(len(text), longestEntity)], ';')
	if end < 0 {
		inside := func(r rune) bool { return r == '#' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
		return 0, len(text) < longestEntity && strings.TrimLeftFunc(text[1:], inside) == ""
	}
	if html.UnescapeString(text[:end+1]) == c {
		return end + 1, false
	}
	return 0, false
}
