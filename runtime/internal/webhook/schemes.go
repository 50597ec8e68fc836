package webhook

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // two senders sign with HMAC-SHA1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"strconv"
	"strings"
	"time"
)

// Scheme is how a system signs its messages.
type Scheme struct {
	name string
	// header has the signature, with a prefix.
	header, prefix string
	hash           func() hash.Hash
	// plain hashes the secret and the text after it, in place of an HMAC.
	plain  bool
	encode func([]byte) string
	// key makes the key of a secret; nil takes its text.
	key func(secret string) ([]byte, error)
	// stamp is the header with the time, and time reads it; nil if there is none.
	stamp string
	time  func(text string) (time.Time, error)
	// id is the header that tells messages apart, and whether it is signed.
	id       string
	idSigned bool
	// signs says what is signed, from the parts of a message; nil is the body.
	signs func(m Message, p parts) string
	// split reads a header that has more than one signature; nil takes it as it is.
	split func(value string) parts
	// compares is where the secret itself is, for senders that do not sign.
	compares place
}

type place int

const (
	nowhere place = iota
	inHeader
	inAddress
)

// parts are what a message says about its signature.
type parts struct {
	signatures    []string
	timestamp, id string
}

// schemes are known from the documentation of each sender. Some use the same header with
// different algorithms, so a message never chooses one.
var schemes = []Scheme{
	{name: "aha", compares: inAddress},
	{name: "asknicely", compares: inHeader},
	{name: "delighted", header: "X-Delighted-Webhook-Signature", prefix: "sha256=", hash: sha256.New, encode: hex.EncodeToString},
	{name: "github", header: "X-Hub-Signature-256", prefix: "sha256=", hash: sha256.New, encode: hex.EncodeToString, id: "X-GitHub-Delivery"},
	{name: "google_calendar", header: "X-Goog-Channel-Token", compares: inHeader, id: "X-Goog-Message-Number"},
	{name: "header", compares: inHeader},
	{name: "hubspot_v1", header: "X-HubSpot-Signature", hash: sha256.New, plain: true, encode: hex.EncodeToString},
	{name: "hubspot_v2", header: "X-HubSpot-Signature", hash: sha256.New, plain: true, encode: hex.EncodeToString,
		signs: func(m Message, _ parts) string { return m.Method + m.URL + string(m.Body) }},
	{name: "hubspot_v3", header: "X-HubSpot-Signature-v3", hash: sha256.New, encode: inBase64, stamp: "X-HubSpot-Request-Timestamp", time: milliseconds,
		signs: func(m Message, p parts) string {
			return m.Method + unescaped.Replace(m.URL) + string(m.Body) + p.timestamp
		}},
	{name: "intercom", header: "X-Hub-Signature", prefix: "sha1=", hash: sha1.New, encode: hex.EncodeToString},
	{name: "jira", header: "X-Hub-Signature", prefix: "sha256=", hash: sha256.New, encode: hex.EncodeToString, id: "X-Atlassian-Webhook-Identifier"},
	{name: "planhat", compares: inHeader},
	{name: "productboard", header: "Authorization", compares: inHeader},
	{name: "salesforce", compares: inAddress},
	{name: "slack", header: "X-Slack-Signature", prefix: "v0=", hash: sha256.New, encode: hex.EncodeToString, stamp: "X-Slack-Request-Timestamp", time: seconds,
		signs: func(m Message, p parts) string { return "v0:" + p.timestamp + ":" + string(m.Body) }},
	{name: "standard", header: "webhook-signature", prefix: "v1,", hash: sha256.New, encode: inBase64, key: standardKey, stamp: "webhook-timestamp", time: seconds, id: "webhook-id", idSigned: true,
		split: func(value string) parts { return parts{signatures: strings.Fields(value)} },
		signs: func(m Message, p parts) string { return p.id + "." + p.timestamp + "." + string(m.Body) }},
	{name: "stripe", header: "Stripe-Signature", prefix: "v1=", hash: sha256.New, encode: hex.EncodeToString, time: seconds, split: stripeParts,
		signs: func(m Message, p parts) string { return p.timestamp + "." + string(m.Body) }},
	{name: "surveymonkey", header: "Sm-Signature", hash: sha1.New, encode: inBase64, key: surveyMonkeyKey},
	{name: "typeform", header: "Typeform-Signature", prefix: "sha256=", hash: sha256.New, encode: inBase64},
	{name: "zendesk", header: "X-Zendesk-Webhook-Signature", hash: sha256.New, encode: inBase64, stamp: "X-Zendesk-Webhook-Signature-Timestamp", time: iso, id: "X-Zendesk-Webhook-Invocation-Id",
		signs: func(m Message, p parts) string { return p.timestamp + string(m.Body) }},
}

// read reads the headers that a signature needs.
func (s *Scheme) read(m Message) (p parts, err error) {
	value, err := single(m.Header, s.header)
	if err != nil {
		return p, err
	}
	p.signatures = []string{value}
	if s.split != nil {
		p = s.split(value)
	}
	if s.stamp != "" {
		if p.timestamp, err = single(m.Header, s.stamp); err != nil {
			return p, err
		}
	}
	if s.idSigned {
		p.id, err = single(m.Header, s.id)
	}
	return p, err
}

func (s *Scheme) signed(m Message, p parts) string {
	if s.signs == nil {
		return string(m.Body)
	}
	return s.signs(m, p)
}

func (s *Scheme) sign(key secret, text string) string {
	if s.plain {
		h := s.hash()
		h.Write(key.key)
		h.Write([]byte(text))
		return s.encode(h.Sum(nil))
	}
	h := hmac.New(s.hash, key.key)
	h.Write([]byte(text))
	return s.encode(h.Sum(nil))
}

func sum256(text []byte) []byte {
	sum := sha256.Sum256(text)
	return sum[:]
}

func inBase64(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }

// unescaped replaces what HubSpot does not escape in the addresses that it signs.
var unescaped = func() *strings.Replacer {
	var pairs []string
	for _, char := range ":/?@!$'()*,;" {
		code := strings.ToUpper(strconv.FormatInt(int64(char), 16))
		pairs = append(pairs, "%"+code, string(char), "%"+strings.ToLower(code), string(char))
	}
	return strings.NewReplacer(pairs...)
}()

func standardKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return nil, errors.New("it must be whsec_ and Base64")
	}
	return key, nil
}

func surveyMonkeyKey(secret string) ([]byte, error) {
	id, text, ok := strings.Cut(secret, "&")
	if !ok || id == "" || text == "" {
		return nil, errors.New("it must be the client ID, & and the client secret")
	}
	return []byte(secret), nil
}

// stripeParts reads t=1795428000,v1=...,v1=...: a time, and a signature for each secret.
func stripeParts(value string) (p parts) {
	for part := range strings.SplitSeq(value, ",") {
		name, text, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case name == "t" && p.timestamp != "":
			return parts{} // which one was signed is not certain
		case name == "t":
			p.timestamp = text
		case name == "v1":
			p.signatures = append(p.signatures, "v1="+text)
		}
	}
	return p
}

func seconds(text string) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(n, 0), err
}

func milliseconds(text string) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(n), err
}

func iso(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) }
