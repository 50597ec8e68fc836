package planhat

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// awkward has a character for each kind of escape.
const awkward = `Tok/en+12%"34\5=<6>&7 é😀z`

func spellings(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	inner := strings.Trim(string(quoted), `"`)
	again, _ := json.Marshal(inner)
	shouted, _ := json.Marshal(strings.ToUpper(secret))
	upper := strings.Trim(string(shouted), `"`)
	every := func(format string) string {
		var b strings.Builder
		for _, c := range []byte(secret) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
	units := func(format string) string {
		var b strings.Builder
		for _, r := range secret {
			if r > 0xffff {
				r -= 0x10000
				fmt.Fprintf(&b, format+format, 0xd800+r>>10, 0xdc00+r&0x3ff)
				continue
			}
			fmt.Fprintf(&b, format, r)
		}
		return b.String()
	}
	out := map[string]string{
		"plain":                secret,
		"JSON":                 inner,
		"JSON in JSON":         strings.Trim(string(again), `"`),
		"JSON, slashes":        strings.ReplaceAll(inner, "/", `\/`),
		"JSON, all upper case": units(`\u%04X`),
		"JSON, all lower case": units(`\u%04x`),
		"JavaScript":           strings.ReplaceAll(units(`\u{%x}`), `\u{d83d}\u{de00}`, `\u{1f600}`),
		"query":                url.QueryEscape(secret),
		"query, lower case":    strings.ToLower(every("%%%02x")),
		"path":                 url.PathEscape(secret),
		"path, twice":          url.PathEscape(url.PathEscape(secret)),
		"HTML":                 html.EscapeString(secret),
		"HTML, numbers":        strings.ReplaceAll(units("&#%d;"), "&#55357;&#56832;", "&#128512;"),
		"HTML, hexadecimal":    strings.ReplaceAll(units("&#x%X;"), "&#xD83D;&#xDE00;", "&#x1F600;"),
		"HTML in HTML":         html.EscapeString(html.EscapeString(secret)),
		"HTML, with zeros":     strings.ReplaceAll(units("&#%05d;"), "&#55357;&#56832;", "&#128512;"),
		"hexadecimal":          hex.EncodeToString([]byte(secret)),
		"hexadecimal, upper":   strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"upper case":           strings.ToUpper(secret),
		"lower case":           strings.ToLower(secret),
		"upper case, JSON":     upper,
		"lower case, query":    url.QueryEscape(strings.ToLower(secret)),
		"mixed":                `\u0054ok%2Fen&#43;` + secret[len("Tok/en+"):],
	}
	for name, text := range map[string]string{"": "", "of a user": "u:", "of others": "ab"} {
		for after, more := range map[string]string{"": "", ", a password follows": ":", ", more follows": "::x"} {
			out["base64 "+name+after] = base64.StdEncoding.EncodeToString([]byte(text + secret + more))
			out["base64 for addresses "+name+after] = base64.RawURLEncoding.EncodeToString([]byte(text + secret + more))
		}
	}
	return out
}

func TestRedactorFindsEverySpelling(t *testing.T) {
	r := NewRedactor(awkward, "another-token")
	for name, text := range spellings(awkward) {
		t.Run(name, func(t *testing.T) {
			got := r.Text("<" + text + ">")
			if strings.HasPrefix(name, "base64") {
				assert.Contains(t, got, Redacted)
				assert.Less(t, len(got), len("<>")+len(Redacted)+12, "what other text shares bits with may stay: %s", got)
				return
			}
			assert.Equal(t, "<"+Redacted+">", got)
			// In pieces, cut anywhere.
			for cut := range len(text) + 1 {
				clean, rest := r.Piece("<" + text[:cut])
				clean2, rest2 := r.Piece(rest + text[cut:] + ">")
				assert.Equal(t, "<"+Redacted+">", clean+clean2+rest2, "cut at %d", cut)
				if cut < len(text) {
					assert.Equal(t, "<", strings.TrimSuffix(r.Beginning("<"+text[:cut]), Redacted), "cut at %d", cut)
				}
			}
		})
	}
}

func TestRedactorLeavesOtherText(t *testing.T) {
	r := NewRedactor("secret-token", "q")
	for _, text := range []string{"", `\`, "50%", "&amp", "%zz", `\u00`, `C:\users`, "x + y", "secret token", "&#9999999999;", `\999`} {
		assert.Equal(t, text, r.Text(text), text)
	}
	var none *Redactor
	assert.Equal(t, "x", none.Text("x"))
	assert.Equal(t, "x", NewRedactor("", "").Beginning("x"))
}

// TestRandomTokensInEverySpelling: tokens as servers make them, and with other characters.
func TestRandomTokensInEverySpelling(t *testing.T) {
	tokens := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9_-]{20,60}`), rapid.StringMatching(`[A-Za-z0-9+/=.~!"'<>&%\\ -]{12,30}`), rapid.StringMatching(`[a-f0-9]{32}`), rapid.StringMatching(`[0-9]{16}`))
	rapid.Check(t, func(t *rapid.T) {
		secret := tokens.Draw(t, "token")
		r := NewRedactor(secret)
		for name, text := range map[string]string{
			"plain": secret, "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
			"upper": strings.ToUpper(secret), "lower": strings.ToLower(secret), "HTML": html.EscapeString(secret), "HTML twice": html.EscapeString(html.EscapeString(secret)),
			"quoted": url.QueryEscape(strings.ToUpper(secret)), "base64": base64.StdEncoding.EncodeToString([]byte(secret)),
		} {
			got := r.Text("a: " + text + ".")
			if name == "base64" { // its padding may stay
				got = strings.ReplaceAll(got, "=", "")
			}
			if got != "a: "+Redacted+"." {
				t.Fatalf("%s: %q stays in %q", name, secret, got)
			}
		}
	})
}

// TestShortSecretsAreNotSeenEverywhere: another case or digits of a short one are usual text.
func TestShortSecretsAreNotSeenEverywhere(t *testing.T) {
	r := NewRedactor("q", "admin", "postgres")
	for _, text := range []string{"71", "61646D696E", "Admin", "ADMIN", "Postgres", "POSTGRES", "&amp;amp;"} {
		assert.Equal(t, text, r.Text(text))
	}
	assert.Equal(t, Redacted, r.Text("706f737467726573"))
}

// The text takes time in proportion to its length, whatever is in it.
func TestRedactorOnEndlessEscapes(t *testing.T) {
	r := NewRedactor(strings.Repeat(`\`, 40)+"x", strings.Repeat("%", 40)+"x")
	for _, c := range []string{`\`, "%", "%25", "&", "&#", "&amp;", "&amp;amp;"} {
		text := strings.Repeat(c, 20_000)
		assert.NotContains(t, r.Text(text), "x")
	}
}

func TestRedactorInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[a-cA-C/%\\+&]{2,6}`).Draw(t, "secret")
		text := rapid.StringMatching(`[a-cA-C/%\\+&;#u0-9]{0,20}`).Draw(t, "before") + secret + rapid.StringMatching(`[a-c%\\]{0,5}`).Draw(t, "after")
		r := NewRedactor(secret)
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		clean, rest := r.Piece(text[:cut])
		more, last := r.Piece(rest + text[cut:])
		got := clean + more + r.Text(last)
		if want := r.Text(text); got != want {
			t.Fatalf("whole %q, in pieces %q", want, got)
		}
		if strings.Contains(got, secret) && !strings.Contains(Redacted, secret) {
			t.Fatalf("%q has %q", got, secret)
		}
	})
}

// A message of Planhat is shortened, and so is the body: no part of a token stays.
func TestNoPartOfATokenIsLeftByACut(t *testing.T) {
	escaped := func(token string) string {
		var b strings.Builder
		for _, c := range token {
			fmt.Fprintf(&b, `\u%04x`, c)
		}
		return b.String()
	}
	for name, spell := range map[string]func(string) string{
		"plain": func(s string) string { return s }, "escaped": escaped,
		"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s + ":")) },
	} {
		for _, status := range []int{400, 200} {
			for _, before := range []int{0, longestMessage - 20, longestMessage - 3, maxErrorBody - 30, maxErrorBody - 15, maxErrorBody - 3} {
				s := newServer(t, always(status, `{"error":{"message":"`+strings.Repeat("_", before)+" "+spell(apiToken)+` refused"}}`))
				_, err := newClient(t, s).Company.GetByID(t.Context(), "1")
				e := in(t, err)
				for _, shown := range []string{e.Message, string(e.Body)} {
					for _, form := range []string{spell(apiToken)[:6], hex.EncodeToString([]byte(apiToken))} {
						require.NotContains(t, shown, form, "%s, %d, after %d", name, status, before)
					}
				}
			}
		}
	}
}

// BenchmarkRedactor looks for a token in text as scripts and servers write it.
func BenchmarkRedactor(b *testing.B) {
	r := NewRedactor("9kX2vQ7mZt4Lw8Rb5NcYd3Gh6Jf1PsTa", "tenant-5f3b7c2e-9a41-4d8e-8f60-2b7c9d1e4a35")
	line := `{"_id":"65920080b97f4a7a33000001","name":"Bl\u00e5b\u00e4r & Co","mrr":4100,"url":"https://example.com/a%20b?c=d","note":"9 of 10 rows, 7 kinds"}` + "\n"
	text := strings.Repeat(line, 64<<10/len(line))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if r.Text(text) != text {
			b.Fatal("nothing is secret here")
		}
	}
}
