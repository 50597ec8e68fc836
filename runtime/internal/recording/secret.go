package recording

import (
	"errors"
	"net/url"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// bearer finds tokens in text.
var bearer = pattern.Lazy(`(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{12,}=*)`)

// marks finds masks.
var marks = pattern.Lazy(`\[redacted(:\d+)?\]`)

// jwt finds signed tokens wherever they are.
var jwt = pattern.Lazy(`\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*`)

// secretIn is redact.SecretName for the field of a form. A code that a token is bought with is one.
func secretIn(form map[string][]string, name string) bool {
	_, grants := form["grant_type"]
	return redact.SecretName(name) || grants && (name == "code" || name == "code_verifier")
}

// ErrSecret is the error for a recording with a secret in it. No file has it.
var ErrSecret = errors.New("a secret of the run would still be in the recording, so it was not written")

// scan looks for secrets in the text of a recording, also where they are encoded twice.
func (m *Masks) scan(text []byte) error {
	for range 3 {
		if m.clean(string(text)) != string(text) {
			return ErrSecret
		}
		plain, err := url.QueryUnescape(string(text))
		if err != nil {
			plain = loosely(string(text))
		}
		text = []byte(plain)
	}
	return nil
}

// escape matches an escaped character of an address.
var escape = pattern.Lazy(`%[0-9a-fA-F]{2}`)

// loosely removes the escapes of text that also has other percent signs.
func loosely(text string) string {
	return escape().ReplaceAllStringFunc(text, func(s string) string {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return s
		}
		return plain
	})
}

// parameter matches a parameter of an address anywhere in a text, and login a user with a
// password.
var (
	parameter = pattern.Lazy(`([?&;](?:amp;)?)([A-Za-z0-9_.-]+)=([^&#;\s"'<>\\)]+)`)
	login     = pattern.Lazy(`(://[^/\s:@"'<>\\]*:)[^/\s@"'<>\\]+@`)
)

// inAddresses replaces the secrets of addresses in a text, such as that of a file to download,
// which nothing else names.
func inAddresses(text string) string {
	if !strings.ContainsAny(text, "=@") {
		return text
	}
	text = parameter().ReplaceAllStringFunc(text, func(found string) string {
		part := parameter().FindStringSubmatch(found)
		if !redact.SecretName(part[2]) {
			return found
		}
		return part[1] + part[2] + "=" + redact.Mark
	})
	return login().ReplaceAllString(text, "${1}"+redact.Mark+"@")
}
