package trust

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Hosts are the hosts that phscript may connect to: Planhat's, those of this machine,
// and those that somebody named. The zero value has none of the last kind.
type Hosts struct{ named []host }

// host is a host that was named: with a port, if only that is meant, and for
// connections without encryption, if plain is set.
type host struct {
	name, port string
	plain      bool
}

// Name adds a host: example.com or example.com:8443 for encrypted connections,
// http://example.com also for those that are not. The path of an address is ignored.
func (h *Hosts) Name(text string) error {
	address, bare := text, !strings.Contains(text, "://")
	if bare {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || !hostName().MatchString(u.Hostname()) || u.User != nil || u.Scheme != "http" && u.Scheme != "https" || bare && strings.ContainsAny(text, "/?#") {
		return fmt.Errorf("%q is not a host; write it as example.com, example.com:8443 or http://example.com", text)
	}
	h.named = append(h.named, host{strings.ToLower(u.Hostname()), u.Port(), u.Scheme == "http"})
	return nil
}

// Known reports whether a token may be sent to the host of an address.
func (h Hosts) Known(address string) bool {
	u, err := parse(address)
	return err == nil && (planhats().MatchString(strings.ToLower(u.Hostname())) || Loopback(u.Hostname()) || h.has(u, false))
}

// Private reports whether nobody on the way to the host of an address can read what is
// sent, or whether the host was named for such connections.
func (h Hosts) Private(address string) bool {
	u, err := parse(address)
	return err == nil && (u.Scheme == "https" || Loopback(u.Hostname()) || h.has(u, true))
}

// Named reports whether the host of an address was named.
func (h Hosts) Named(address string) bool {
	u, err := parse(address)
	return err == nil && h.has(u, false)
}

// parse reads an address as the client does.
func parse(address string) (*url.URL, error) { return url.Parse(strings.TrimSpace(address)) }

func (h Hosts) has(u *url.URL, plain bool) bool {
	return slices.ContainsFunc(h.named, func(one host) bool {
		return one.name == strings.ToLower(u.Hostname()) && (one.port == "" || one.port == u.Port()) && (one.plain || !plain)
	})
}

// hostName matches the names of hosts, and IP addresses.
var hostName = pattern.Lazy(`^([\p{L}\p{N}]([\p{L}\p{N}_-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}_-]*[\p{L}\p{N}])?)*\.?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%[\w.-]+)?)$`)

// planhats matches the names of Planhat's hosts, of all clusters.
var planhats = pattern.Lazy(`^(api|analytics)(-[a-z0-9]+)?\.planhat\.com$`)

// Loopback reports whether a host is this machine.
func Loopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.Unmap().IsLoopback()
}

// HostOf returns the host of an address, with its port, or "" if the address is
// malformed.
func HostOf(address string) string {
	u, err := parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
