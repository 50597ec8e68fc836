package planhat

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/internal/spelling"
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
// are, all in upper or lower case, with the escapes of JSON, of programming languages, of
// addresses and of HTML, in hexadecimal digits, and in base64, as Basic authentication sends
// them. It does not change, so it is safe for
// concurrent use. A nil Redactor replaces nothing.
type Redactor struct {
	// patterns are the secrets and their other forms. A longer one comes first, so that a
	// secret that begins with another one is replaced as a whole.
	patterns [][]rune
	// raw are the patterns that begin with a byte, by that byte. Escaped, any may begin.
	raw [256][][]rune
	// pairs has a bit for each two bytes with which a pattern begins.
	pairs [256][4]uint64
}

// shortestCore is the length of the shortest secret that is also looked for in hexadecimal
// digits and within other base64 text, shortestCased of the shortest one that is looked for
// in another case. Shorter ones would be found where they mean nothing.
const (
	shortestCore  = 6
	shortestCased = 12
)

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
		if len(s) >= shortestCore {
			digits := hex.EncodeToString([]byte(s))
			forms = append(forms, digits, strings.ToUpper(digits))
		}
		if len(s) >= shortestCased {
			forms = append(forms, strings.ToLower(s), strings.ToUpper(s))
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
		if len(form) == 1 {
			r.pairs[form[0]] = [4]uint64{math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64}
		} else {
			r.pairs[form[0]][form[1]/64] |= 1 << (form[1] % 64)
		}
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
		if r.differs(text, i) {
			i++
			continue
		}
		patterns := r.raw[text[i]]
		if spelling.Escapes(text[i]) {
			patterns = r.patterns
		}
		end, open := 0, false
		for _, pattern := range patterns {
			to, cut := spelling.Match(pattern, text, i)
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

// differs reports whether text has no secret at a place as two of its bytes already tell,
// which is so at most places.
func (r *Redactor) differs(text string, i int) bool {
	first := text[i]
	switch {
	case spelling.Escapes(first):
		return false
	case i+1 == len(text), spelling.Escapes(text[i+1]):
		return len(r.raw[first]) == 0
	}
	next := text[i+1]
	return r.pairs[first][next/64]&(1<<(next%64)) == 0
}
