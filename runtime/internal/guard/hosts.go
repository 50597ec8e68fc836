// Package guard tells whether an HTTP request is for this service, and who sent it: the
// names that a browser may reach the service under, and the proxies in front of it.
package guard

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Hosts are the names under which a service is reached. A page of a stranger can let its
// name point to this machine (DNS rebinding); the browser then takes the service for a part
// of that page. The request still says the stranger's name. Addresses of networks are always
// allowed, because nobody can let one point elsewhere.
type Hosts struct{ names map[string]bool }

// NewHosts returns the names of loopback, those of the addresses to listen on, that of a
// public URL, and more.
func NewHosts(listen []string, publicURL string, more ...string) *Hosts {
	h := &Hosts{names: map[string]bool{"localhost": true}}
	for _, address := range listen {
		if host, _, err := net.SplitHostPort(address); err == nil {
			h.add(host)
		}
	}
	if u, err := url.Parse(publicURL); err == nil {
		h.add(u.Hostname())
	}
	for _, name := range more {
		h.add(name)
	}
	return h
}

func (h *Hosts) add(name string) {
	if name != "" {
		h.names[plain(name)] = true
	}
}

func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// Allow reports whether a request's Host is one of the names or the address of a network.
// Browsers always send one.
func (h *Hosts) Allow(host string) bool {
	name := host
	if without, _, err := net.SplitHostPort(host); err == nil {
		name = without
	}
	name = plain(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"))
	if _, err := netip.ParseAddr(name); err == nil || name == "" {
		return true
	}
	return h.names[name] || strings.HasSuffix(name, ".localhost")
}

// Check lets requests for the names through, and answers the others with refuse.
func (h *Hosts) Check(next, refuse http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Allow(r.Host) {
			next.ServeHTTP(w, r)
			return
		}
		refuse.ServeHTTP(w, r)
	})
}

// Refused is the text of the answer to a request with another Host.
const Refused = "phscript is not served under this name. If it is right, write it into hosts or public_url in [dashboard] of phscript.toml, and restart the service.\n"

// Refuse answers with Refused, and repeats nothing of the request.
var Refuse = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, strings.TrimSpace(Refused), http.StatusForbidden)
})
