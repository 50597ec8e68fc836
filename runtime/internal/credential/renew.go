package credential

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// Renewed is a token that a program prints. If Planhat refuses it, the program is asked once
// more, since tokens are replaced while runs go on. It is safe for concurrent use.
type Renewed struct {
	source  Source
	secrets *redact.Secrets

	mu sync.Mutex
	// first is what clients send, current what is sent in its place, and refused the last
	// token for which the program was asked again.
	first, current, refused string
}

// Renew returns the token of a source that can be renewed, or nil. token is the one that
// was read. New ones are added to the secrets.
func (s Source) Renew(token string, secrets *redact.Secrets) *Renewed {
	if !s.Renewable() {
		return nil
	}
	return &Renewed{source: s, secrets: secrets, first: token, current: token}
}

// Send sends a request with the current token. Requests with other tokens are not changed.
func (r *Renewed) Send(req *http.Request, next http.RoundTripper) (*http.Response, error) {
	r.mu.Lock()
	first, current := r.first, r.current
	r.mu.Unlock()
	if req.Header.Get("Authorization") != "Bearer "+first {
		return next.RoundTrip(req)
	}
	resp, err := next.RoundTrip(with(req, current))
	if err != nil || resp.StatusCode != http.StatusUnauthorized || req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return resp, err
	}
	again := r.renew(req.Context(), current)
	if again == "" {
		return resp, nil
	}
	repeated := with(req, again)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return resp, nil //nolint:nilerr // the first answer counts
		}
		repeated.Body = body
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	_ = resp.Body.Close()
	return next.RoundTrip(repeated)
}

func with(req *http.Request, token string) *http.Request {
	clone := req.Clone(req.Context())
	clone.Header.Set("Authorization", "Bearer "+token)
	return clone
}

// renew returns a token that replaces a refused one, "" if there is none.
func (r *Renewed) renew(ctx context.Context, refused string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != refused {
		return r.current // another request has renewed it
	}
	if r.refused == refused {
		return ""
	}
	r.refused = refused
	token, err := r.source.Read(ctx)
	if err != nil || token == refused || config.CheckToken("", "", token) != nil {
		return ""
	}
	r.secrets.Add(token)
	r.current = token
	return token
}
