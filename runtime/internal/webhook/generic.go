package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// HMAC is the name of the scheme of systems that sign the body with HMAC-SHA256, and write
// the signature in a header of their choice.
const HMAC = "hmac"

// NewHMAC returns a verifier for such a system. encoding is hex or base64, and prefix comes
// before the signature.
func NewHMAC(secrets []string, header, encoding, prefix string) (*Verifier, error) {
	s := Scheme{name: HMAC, header: header, prefix: prefix, hash: sha256.New, encode: hex.EncodeToString}
	switch encoding {
	case "", "hex":
	case "base64":
		s.encode = inBase64
	default:
		return nil, fmt.Errorf("%s: unknown encoding %q; it is hex or base64", HMAC, encoding)
	}
	if header == "" {
		return nil, fmt.Errorf("%s: the name of the header is missing", HMAC)
	}
	return newVerifier(s, secrets, "")
}

// Compares reports whether messages carry the secret itself, in a header or in the address,
// in place of a signature.
func (v *Verifier) Compares() (inHead, inPath bool) {
	return v.scheme.compares == inHeader, v.scheme.compares == inAddress
}

// Header is the header with the secret or the signature, "" if there is none.
func (v *Verifier) Header() string { return v.scheme.header }

// Timestamp returns the time that a message says, as text, "" if its scheme has none.
func (v *Verifier) Timestamp(m Message) string {
	if v.scheme.compares != nowhere || v.scheme.time == nil {
		return ""
	}
	p, _ := v.scheme.read(m)
	return p.timestamp
}

// SignsID reports whether the header of ID is part of what is signed.
func (v *Verifier) SignsID() bool { return v.scheme.idSigned }
