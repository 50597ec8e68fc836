package planhat

import (
	"net/http"
	"time"
)

// idleTimeout is shorter than that of usual servers and load balancers. One that
// closes a connection just when a create goes out on it leaves open whether the
// create was carried out.
const idleTimeout = 30 * time.Second

// newHTTPClient returns the client to send with, which never follows a
// redirect by itself: a token must not reach a host that wasn't configured.
func newHTTPClient(given *http.Client) *http.Client {
	c := &http.Client{}
	if given != nil {
		*c = *given
	}
	if c.Transport == nil {
		t := &http.Transport{Proxy: http.ProxyFromEnvironment}
		if usual, ok := http.DefaultTransport.(*http.Transport); ok {
			t = usual.Clone()
		}
		t.MaxIdleConnsPerHost = DefaultParallel
		t.IdleConnTimeout = idleTimeout
		c.Transport = t
	}
	if c.CheckRedirect == nil {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return c
}
