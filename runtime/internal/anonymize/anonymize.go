// Package anonymize replaces names, addresses and other text about people and companies in
// records.
//
// What a text is replaced by depends only on the text, on what kind of text it is, and on a
// key. So a snapshot that is taken again differs only where the records do, and texts that
// were equal in two models still are. Without the key, nobody can check a guess.
package anonymize

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Masker replaces texts. It is safe for concurrent use.
type Masker struct{ key []byte }

// New returns a Masker with a secret key.
func New(key []byte) *Masker { return &Masker{key} }

// Fingerprint tells keys apart without telling anything about them.
func (m *Masker) Fingerprint() string {
	sum := m.sum("fingerprint", "")
	return hex.EncodeToString(sum[:4])
}

func (m *Masker) sum(purpose, text string) [sha256.Size]byte {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(purpose))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return [sha256.Size]byte(h.Sum(nil))
}

const (
	consonants = "bdfghjklmnprstvz"
	vowels     = "aeiou"
	// syllables and a last consonant make words that few texts share by chance.
	syllables = 4
)

// spell makes a word of random bits.
func spell(bits uint64) string {
	word := make([]byte, 0, 2*syllables+1)
	take := func(letters string) {
		word = append(word, letters[bits%uint64(len(letters))])
		bits /= uint64(len(letters))
	}
	for range syllables {
		take(consonants)
		take(vowels)
	}
	take(consonants)
	return string(word)
}

// word replaces a word, whatever its case, and keeps whether it begins with a capital.
func (m *Masker) word(text string) string {
	lower := strings.ToLower(text)
	sum := m.sum("word", lower)
	out := spell(binary.BigEndian.Uint64(sum[:]))
	if first, _ := utf8.DecodeRuneInString(text); unicode.IsUpper(first) {
		out = strings.ToUpper(out[:1]) + out[1:]
	}
	return out
}

// letter reports whether a character is part of a word.
func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// Name replaces each word, so that a full name still consists of a first and a last name.
func (m *Masker) Name(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !letter(r) })
	for i, w := range words {
		words[i] = m.word(w)
	}
	if len(words) == 0 && strings.TrimSpace(text) != "" {
		return m.word(text)
	}
	return strings.Join(words, " ")
}

// Slug is Name for the names in addresses.
func (m *Masker) Slug(text string) string {
	return strings.ReplaceAll(strings.ToLower(m.Name(text)), " ", "-")
}

// code is as good as unique to a text.
func (m *Masker) code(purpose, text string, length int) string {
	const digits = "abcdefghijklmnopqrstuvwxyz234567"
	sum := m.sum(purpose, text)
	out := make([]byte, length)
	for i := range out {
		out[i] = digits[sum[i]%32]
	}
	return string(out)
}

// Domain replaces the domain of addresses, and keeps www. before it.
func (m *Masker) Domain(text string) string {
	domain := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(text)), ".")
	if rest, ok := strings.CutPrefix(domain, "www."); ok {
		return "www." + m.Domain(rest)
	}
	sum := m.sum("domain", domain)
	return spell(binary.BigEndian.Uint64(sum[:])) + "-" + m.code("domain code", domain, 4) + ".example"
}

// Email replaces an address of e-mails. Addresses with the same domain still have the same
// one, that of their company's domains. Case does not matter.
func (m *Masker) Email(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return m.Key(text)
	}
	sum := m.sum("mailbox", text)
	return spell(binary.BigEndian.Uint64(sum[:])) + "." + m.code("mailbox code", text, 6) + "@" + m.Domain(text[at+1:])
}

// Phone replaces the digits, and keeps how many there are and what separates them.
func (m *Masker) Phone(text string) string {
	var digits []byte
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits = append(digits, byte(r))
		}
	}
	if len(digits) == 0 {
		return m.Text(text)
	}
	other := m.digits(string(digits))
	out := make([]byte, 0, len(text))
	next := 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			out = append(out, other[next%len(other)])
			next++
		case strings.ContainsRune("+-(). /", r):
			out = append(out, byte(r))
		}
	}
	return string(out)
}

// digits returns as many digits, which differ from the given ones.
func (m *Masker) digits(given string) string {
	for round := byte('0'); ; round++ {
		out := make([]byte, 0, len(given))
		for block := 0; len(out) < len(given); block++ {
			sum := m.sum("digits", string([]byte{round, byte(block)})+given)
			for _, b := range sum {
				if b < 250 && len(out) < len(given) {
					out = append(out, '0'+b%10)
				}
			}
		}
		if string(out) != given {
			return string(out)
		}
	}
}

// Key replaces an id of another system. Texts that are addresses are replaced as such, since
// many systems use them as ids.
func (m *Masker) Key(text string) string {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return text
	case isEmail(trimmed):
		return m.Email(trimmed)
	case isURL(trimmed):
		return m.URL(trimmed)
	case isDomain(trimmed):
		return m.Domain(trimmed)
	}
	for _, prefix := range []string{"extid-", "srcid-"} {
		if rest, ok := strings.CutPrefix(trimmed, prefix); ok {
			return prefix + m.Key(rest)
		}
	}
	return "key-" + m.code("key", trimmed, 16)
}

// Hash replaces hexadecimal digits by as many.
func (m *Masker) Hash(text string) string {
	sum := m.sum("hash", strings.ToLower(text))
	digits := hex.EncodeToString(sum[:])
	return digits[:min(len(text), len(digits))]
}

// URL replaces the host of an address and all that follows it.
func (m *Masker) URL(text string) string {
	trimmed := strings.TrimSpace(text)
	scheme, rest, ok := strings.Cut(trimmed, "://")
	if !ok {
		scheme, rest = "", trimmed
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.IndexAny(host, "?#"); i >= 0 {
		host, path = host[:i], host[i:]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host, path = host[i+1:], rest
	}
	if i := strings.IndexByte(host, ':'); i >= 0 {
		host, path = host[:i], rest
	}
	if !isDomain(host) && scheme == "" {
		return m.Text(text)
	}
	out := m.Domain(host)
	if scheme != "" {
		out = cleanScheme(scheme) + "://" + out
	}
	if path != "" {
		out += "/" + m.code("path", rest, 10)
	}
	return out
}

func cleanScheme(scheme string) string {
	if strings.EqualFold(scheme, "http") {
		return "http"
	}
	return "https"
}

// mostWords bounds the words that replace a text.
const mostWords = 60

// Text replaces a free text by another one of about as many words. Words are not replaced
// one by one: in long texts, how often each occurs would tell what it means.
func (m *Masker) Text(text string) string {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return text
	case isEmail(trimmed):
		return m.Email(trimmed)
	case isURL(trimmed):
		return m.URL(trimmed)
	case isDomain(trimmed):
		return m.Domain(trimmed)
	case isCode(trimmed):
		return m.Key(trimmed) // it may be the id of a record elsewhere
	}
	said := strings.Fields(plain(trimmed))
	words := make([]string, min(max(len(said), 1), mostWords))
	for i := range words {
		sum := m.sum("text", string([]byte{byte(i)})+strings.Join(said, " ")) // scripts remove tags, and spaces
		words[i] = spell(binary.BigEndian.Uint64(sum[:]))
	}
	out := strings.Join(words, " ")
	out = strings.ToUpper(out[:1]) + out[1:]
	if strings.HasPrefix(trimmed, "<") && strings.HasSuffix(trimmed, ">") {
		return "<p>" + out + "</p>"
	}
	return out
}

// plain removes tags.
func plain(text string) string {
	if !strings.HasPrefix(text, "<") {
		return text
	}
	var out strings.Builder
	inTag := false
	for _, r := range text {
		switch {
		case r == '<':
			inTag = true
			out.WriteByte(' ')
		case r == '>' && inTag:
			inTag = false
		case !inTag:
			out.WriteRune(r)
		}
	}
	return html.UnescapeString(out.String())
}
