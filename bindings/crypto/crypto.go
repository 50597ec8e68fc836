// Package crypto holds the Lua module crypto.
package crypto

import (
	"cmp"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/google/uuid"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/planhat/catalog"
)

// mostRandom is how many random bytes a call returns.
const mostRandom = 1 << 20

// algorithms are the hash functions, in the order in which messages list them.
var algorithms = []struct {
	name string
	make func() hash.Hash
}{{"sha256", sha256.New}, {"sha512", sha512.New}, {"sha384", sha512.New384}, {"sha1", sha1.New}, {"md5", md5.New}}

// forms are the ways to write bytes as text.
var forms = []struct {
	name  string
	write func([]byte) string
}{
	{"hex", hex.EncodeToString}, {"base64", base64.StdEncoding.EncodeToString}, {"base64url", base64.RawURLEncoding.EncodeToString},
	{"bytes", func(b []byte) string { return string(b) }},
}

const (
	algorithmDoc = "`\"sha256\"`, `\"sha384\"`, `\"sha512\"`, `\"sha1\"` or `\"md5\"`. The last two are broken: use them only if another system asks for them."
	formDoc      = "How to write the result: `\"hex\"` (default, in lower case), `\"base64\"`, `\"base64url\"` (without padding) or `\"bytes\"`."
)

func text(name, doc string) bindings.Param {
	return bindings.Param{Name: name, Type: "string", Doc: doc}
}

func algorithmParam() bindings.Param {
	p := text("algorithm", algorithmDoc)
	p.Text = refusedAlgorithm
	return p
}

func formParam() bindings.Param {
	return bindings.Param{Name: "form", Type: "string", Optional: true, Doc: formDoc, Text: refusedForm}
}

// Module returns the module crypto.
func Module() *bindings.Module {
	return &bindings.Module{
		Name: "crypto", Required: true,
		Doc: "Hashes, signatures, encodings and random ids. Texts are bytes, so they may hold binary data.\n\n" +
			"    local crypto = require \"crypto\"\n" +
			"    local expected = crypto.hmac(\"sha256\", env.require(\"WEBHOOK_SECRET\"), body)\n" +
			"    if not crypto.equal(expected, signature) then error(\"the message is not from the CRM\") end",
		Funcs: append(digests(), append(encodings(), randoms()...)...),
	}
}

func digests() []*bindings.Func {
	return []*bindings.Func{
		{
			Name: "hash", Doc: "Returns the hash of a text.",
			Params:  []bindings.Param{algorithmParam(), text("data", "The text to hash."), formParam()},
			Returns: []bindings.Return{{Type: "string", Doc: "The hash."}},
			Errors:  "When the algorithm or the form is unknown.",
			Example: `print(require("crypto").hash("sha256", "Acme"))`,
			Call: func(a *bindings.Args) (int, error) {
				make, err := algorithm(a)
				if err != nil {
					return 0, err
				}
				h := make()
				_, _ = h.Write([]byte(a.String(1)))
				return push(a, 2, h.Sum(nil))
			},
		},
		{
			Name: "hmac", Doc: "Returns the signature of a text with a secret key (HMAC), as webhooks and APIs use it. Compare signatures with `crypto.equal`.",
			Params: []bindings.Param{algorithmParam(), text("key", "The secret key."), text("data", "The text to sign."),
				formParam()},
			Returns: []bindings.Return{{Type: "string", Doc: "The signature."}},
			Errors:  "When the algorithm or the form is unknown, or the key is empty.",
			Example: `local signature = require("crypto").hmac("sha256", env.require("API_SECRET"), body, "base64")`,
			Call: func(a *bindings.Args) (int, error) {
				make, err := algorithm(a)
				if err != nil {
					return 0, err
				}
				if a.String(1) == "" {
					return 0, a.Errorf("argument 2, 'key', is empty, so anybody could make the same signature")
				}
				h := hmac.New(make, []byte(a.String(1)))
				_, _ = h.Write([]byte(a.String(2)))
				return push(a, 3, h.Sum(nil))
			},
		},
		{
			Name: "equal", Doc: "Reports whether two texts are equal. How long it takes does not reveal where they differ, so use it to compare signatures and secrets.",
			Params:  []bindings.Param{text("a", "A text."), text("b", "Another text.")},
			Returns: []bindings.Return{{Type: "boolean", Doc: "Whether they are equal."}},
			Example: `if not require("crypto").equal(expected, signature) then error("wrong signature") end`,
			Call: func(a *bindings.Args) (int, error) {
				x, y := sha256.Sum256([]byte(a.String(0))), sha256.Sum256([]byte(a.String(1))) // of the same length
				return a.Push(lua.LBool(subtle.ConstantTimeCompare(x[:], y[:]) == 1))
			},
		},
	}
}

// algorithm returns the hash function that argument 0 names.
func algorithm(a *bindings.Args) (func() hash.Hash, error) {
	for _, one := range algorithms {
		if one.name == a.String(0) {
			return one.make, nil
		}
	}
	return nil, a.Errorf("%w", refusedAlgorithm(a.String(0)))
}

func refusedAlgorithm(name string) error {
	var names []string
	for _, one := range algorithms {
		names = append(names, one.name)
	}
	return unknown("algorithm", name, names)
}

func refusedForm(name string) error {
	var names []string
	for _, one := range forms {
		names = append(names, one.name)
	}
	return unknown("form", cmp.Or(name, names[0]), names)
}

// unknown returns why a name is not one of some, nil if it is.
func unknown(what, name string, names []string) error {
	if slices.Contains(names, name) {
		return nil
	}
	return fmt.Errorf("unknown %s %s%s; valid %ss: %s", what, luatext.Quote(invalid.Cut(name, 40)), catalog.DidYouMean(name, names), what, strings.Join(names, ", "))
}

// push returns bytes in the form that argument i names.
func push(a *bindings.Args, i int, b []byte) (int, error) {
	name := cmp.Or(a.String(i), forms[0].name)
	for _, one := range forms {
		if one.name == name {
			return give(a, one.write(b))
		}
	}
	return 0, a.Errorf("%w", refusedForm(name))
}

// give returns a text, unless it is longer than a text may be.
func give(a *bindings.Args, s string) (int, error) {
	if most := cmp.Or(a.Host.MaxString, math.MaxInt); len(s) > most {
		return 0, invalid.Errorf("encode the data in parts", "the text would be larger than %s", humanize.IBytes(uint64(most)))
	}
	return a.Push(lua.LString(s))
}

func encodings() []*bindings.Func {
	one := func(name, doc, example string, call func(string) (string, error)) *bindings.Func {
		param, errors := text("data", "The text to encode."), "`validation` when the result is longer than a text may be."
		returns := "The encoded text."
		if strings.HasSuffix(name, "decode") {
			param, errors, returns = text("text", "The encoded text. Line ends in it are ignored."), "`validation` when the text is not encoded like this; the message says where.", "The decoded text."
		}
		return &bindings.Func{
			Name: name, Doc: doc, Params: []bindings.Param{param}, Returns: []bindings.Return{{Type: "string", Doc: returns}}, Errors: errors, Example: example,
			Call: func(a *bindings.Args) (int, error) {
				s, err := call(a.String(0))
				if err != nil {
					return 0, err
				}
				return give(a, s)
			},
		}
	}
	return []*bindings.Func{
		one("base64_encode", "Encodes a text as Base64.", `print(require("crypto").base64_encode("user:password")) --> dXNlcjpwYXNzd29yZA==`,
			func(s string) (string, error) { return base64.StdEncoding.EncodeToString([]byte(s)), nil }),
		one("base64_decode", "Decodes Base64, with or without padding.", `print(require("crypto").base64_decode("QWNtZQ==")) --> Acme`,
			func(s string) (string, error) {
				return decode64(s, base64.RawStdEncoding, "Base64", "base64url_decode", "-_")
			}),
		one("base64url_encode", "Encodes a text as Base64 for addresses: with `-` and `_` in place of `+` and `/`, and without padding.",
			`print(require("crypto").base64url_encode("a?b>c")) --> YT9iPmM`,
			func(s string) (string, error) { return base64.RawURLEncoding.EncodeToString([]byte(s)), nil }),
		one("base64url_decode", "Decodes Base64 for addresses, with or without padding.", `print(require("crypto").base64url_decode("YT9iPmM")) --> a?b>c`,
			func(s string) (string, error) {
				return decode64(s, base64.RawURLEncoding, "Base64 for addresses", "base64_decode", "+/")
			}),
		one("hex_encode", "Encodes a text as hexadecimal digits.", `print(require("crypto").hex_encode("Acme")) --> 41636d65`,
			func(s string) (string, error) { return hex.EncodeToString([]byte(s)), nil }),
		one("hex_decode", "Decodes hexadecimal digits, in upper or lower case.", `print(require("crypto").hex_decode("41636D65")) --> Acme`, decodeHex),
	}
}

// lineEnds removes them.
var lineEnds = strings.NewReplacer("\r", "", "\n", "")

// decode64 decodes Base64. other is the function for the signs of the other alphabet.
func decode64(s string, form *base64.Encoding, name, other, signs string) (string, error) {
	clean := strings.TrimRight(s, "=\r\n")
	b, err := form.DecodeString(clean)
	if err == nil && strings.Count(s, "=") <= 2 {
		return string(b), nil
	}
	at := len(clean)
	if wrong, ok := errors.AsType[base64.CorruptInputError](err); ok {
		at = int(wrong)
	}
	if at < len(clean) && clean[at] < 0x80 && strings.IndexByte(signs, clean[at]) >= 0 {
		return "", invalid.Errorf("use crypto."+other, "the text is not %s: %q at position %d is a sign of the other alphabet", name, clean[at], at+1)
	}
	if at < len(clean) && !isSign(clean[at]) {
		return "", invalid.Errorf("", "the text is not %s: %s at position %d", name, luatext.Quote(clean[at:at+1]), at+1)
	}
	return "", invalid.Errorf("check whether the end of the text is missing", "the text is not %s: its end does not fit", name)
}

func isSign(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+/-_", c) >= 0
}

func decodeHex(s string) (string, error) {
	if strings.ContainsAny(s, "\r\n") {
		s = lineEnds.Replace(s)
	}
	for i := range len(s) {
		if strings.IndexByte("0123456789abcdefABCDEF", s[i]) < 0 {
			return "", invalid.Errorf("", "the text is not hexadecimal: %s at position %d", luatext.Quote(s[i:i+1]), i+1)
		}
	}
	if len(s)%2 != 0 {
		return "", invalid.Errorf("check whether a digit is missing", "the text is not hexadecimal bytes: it has %d digits, which is an odd number", len(s))
	}
	b, err := hex.DecodeString(s)
	return string(b), err
}

func randoms() []*bindings.Func {
	return []*bindings.Func{
		{
			Name: "uuid", Doc: "Returns a new UUID, such as `\"1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b\"`.",
			Params:  []bindings.Param{{Name: "version", Type: "integer", Optional: true, Doc: "4 (default) for a random one, or 7 for one that begins with the time, so that later ones sort after earlier ones, to the millisecond.", Number: refusedVersion}},
			Returns: []bindings.Return{{Type: "string", Doc: "The UUID."}},
			Errors:  "When the version is not 4 or 7.",
			Example: `local id = require("crypto").uuid()`,
			Call: func(a *bindings.Args) (int, error) {
				version := 4
				if a.Given(0) {
					version = a.Int(0)
				}
				if err := refusedVersion(float64(version)); err != nil {
					return 0, a.Errorf("%w", err)
				}
				id, err := uuid.NewRandom()
				if err != nil {
					return 0, err
				}
				if version == 7 {
					now := uint64(a.Host.Clock.Now().UnixMilli())
					for i := range 6 {
						id[i] = byte(now >> (40 - 8*i))
					}
					id[6] = id[6]&0x0f | 0x70
				}
				return a.Push(lua.LString(id.String()))
			},
		},
		{
			Name: "random", Doc: "Returns random bytes that nobody can guess, for keys and one-time values. For numbers, use `math.random`.",
			Params:  []bindings.Param{{Name: "bytes", Type: "integer", Doc: "How many bytes, from 1 to 1,048,576. 16 are enough for a key.", Number: refusedBytes}, formParam()},
			Returns: []bindings.Return{{Type: "string", Doc: "The bytes, by default as two hexadecimal digits each."}},
			Errors:  "When the number of bytes is out of range or the form is unknown.",
			Example: `local nonce = require("crypto").random(16)`,
			Call: func(a *bindings.Args) (int, error) {
				n := a.Number(0)
				if err := refusedBytes(n); err != nil {
					return 0, a.Errorf("%w", err)
				}
				b := make([]byte, int(n))
				_, _ = rand.Read(b) // it never fails
				return push(a, 1, b)
			},
		},
	}
}

func refusedVersion(n float64) error {
	if n == 4 || n == 7 {
		return nil
	}
	return fmt.Errorf("argument 1, 'version', must be 4 or 7, not %s", lua.LNumber(n))
}

func refusedBytes(n float64) error {
	if n >= 1 && n <= mostRandom {
		return nil
	}
	return fmt.Errorf("argument 1, 'bytes', must be from 1 to %s, not %s", humanize.Comma(mostRandom), lua.LNumber(n))
}
