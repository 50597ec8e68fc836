package planhat

import (
	"fmt"
	"log/slog"
	"net/http"
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
