package network

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings"
)

// trip is how far a request got.
type trip struct {
	// at is where it was sent last, and from where it was redirected from, nil if it was
	// not.
	at, from *url.URL
	// responded is set once a response came.
	responded bool
}

type tripKey struct{}

// tracked sends requests, and notes how far each one got.
type tracked struct{ http.RoundTripper }

func (t tracked) RoundTrip(req *http.Request) (*http.Response, error) {
	on, _ := req.Context().Value(tripKey{}).(*trip)
	if on != nil {
		on.from, on.at = on.at, req.URL
	}
	res, err := t.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if on != nil {
		on.responded = true
	}
	if to := res.Header.Get("Location"); to != "" {
		if _, err := req.URL.Parse(to); err != nil {
			// The client would quote it in its error, with any secret in it.
			res.Header.Del("Location")
		}
	}
	return res, nil
}

func (t tracked) CloseIdleConnections() {
	if c, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// explain returns the cause of a failure, without the parameters of addresses.
func (on *trip) explain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	refused, isRefused := errors.AsType[*Refusal](err)
	if isRefused {
		err = refused
		if on.at != nil && strings.HasPrefix(refused.Message, "its address") {
			message := "the script may not reach " + on.at.Host + ": " + refused.Message
			if on.from != nil {
				message = fmt.Sprintf("%s redirects to %s, but %s", on.from.Host, on.at.Host, message)
			}
			err = &Refusal{Message: message, Hint: refused.Hint}
		}
	}
	if !on.responded {
		return err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		err = op.Err // such an error would say that nothing was sent
	}
	from := on.at
	if on.from != nil {
		from = on.from
	}
	return &bindings.RedirectError{From: from.Host, To: on.at.Host, Err: err}
}

// redirect decides about following a redirect. Another origin gets neither what
// identifies the script nor a body.
func (n *Network) redirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	from, status := last.URL, req.Response.StatusCode
	if (status == http.StatusMovedPermanently || status == http.StatusFound) && last.Method != http.MethodGet && last.Method != http.MethodHead {
		// It would become a GET without its data, and seem to succeed.
		return http.ErrUseLastResponse
	}
	if len(via) >= mostRedirect {
		return &Refusal{Message: fmt.Sprintf("%s redirected %d times without an end", via[0].URL.Host, mostRedirect), Kind: "network"}
	}
	if scheme := req.URL.Scheme; scheme != "http" && scheme != "https" || req.URL.Hostname() == "" {
		return &Refusal{Message: fmt.Sprintf("%s redirects to %q, which is not an http:// or https:// address", from.Host, shown(req.URL)), Kind: "validation"}
	}
	if err := n.Allowed(req.URL); err != nil {
		return &Refusal{Message: fmt.Sprintf("%s redirects to %s, but %s", from.Host, req.URL.Host, err.Error()), Hint: hintOf(err)}
	}
	if from.Scheme == "https" && req.URL.Scheme == "http" {
		return &Refusal{Message: fmt.Sprintf("%s redirects from https to http, which others could read", from.Host)}
	}
	req.Header.Del("Referer") // it may hold a secret of the address
	if !slices.ContainsFunc(append(via[1:], req), func(r *http.Request) bool { return !sameOrigin(r.URL, via[0].URL) }) {
		return nil
	}
	for name := range req.Header {
		if !slices.Contains(harmless, name) {
			req.Header.Del(name)
		}
	}
	if req.Body != nil && req.Body != http.NoBody {
		return &Refusal{
			Message: fmt.Sprintf("%s redirects a %s with its data to another host, %s", from.Host, req.Method, req.URL.Host),
			Hint:    "if the service has moved, use its new address in the script",
		}
	}
	return nil
}

// harmless are the headers that a redirect to another origin keeps.
var harmless = []string{"Accept", "Accept-Encoding", "Accept-Language", "Range", "User-Agent"}

func sameOrigin(a, b *url.URL) bool {
	x, y := targetOf(a), targetOf(b)
	return x.host == y.host && x.port == y.port && x.plain == y.plain
}
