package planhat

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// String shows the configuration without its tokens, so that it can be printed
// and logged.
func (c Config) String() string {
	type plain Config
	p := plain(c)
	for _, token := range []*string{&p.APIToken, &p.TenantToken} {
		if *token != "" {
			*token = redacted
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

// redacted replaces a token.
const redacted = "[redacted]"

// redactor takes tokens out of whatever leaves the client.
type redactor struct{ r *strings.Replacer }

func newRedactor(secrets ...string) *redactor {
	// A secret that begins like another one must not hide the rest of it.
	secrets = slices.Clone(secrets)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, form := range []string{
			base64.StdEncoding.EncodeToString([]byte(s + ":")), s, url.PathEscape(s), url.QueryEscape(s),
		} {
			pairs = append(pairs, form, redacted)
		}
	}
	return &redactor{strings.NewReplacer(pairs...)}
}

func (r *redactor) text(s string) string { return r.r.Replace(s) }

func (r *redactor) bytes(b []byte) []byte { return []byte(r.r.Replace(string(b))) }

// header returns the header of an answer without cookies and tokens.
func (r *redactor) header(h http.Header) http.Header {
	if h == nil {
		return nil
	}
	out := make(http.Header, len(h))
	for name, values := range h {
		if name == "Set-Cookie" {
			continue
		}
		for _, v := range values {
			out[name] = append(out[name], r.text(v))
		}
	}
	return out
}
