package guard

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the addresses of proxies in front of a service. What they say about a request
// is believed; what others say is not.
type Proxies []netip.Prefix

// ParseProxies reads addresses such as 127.0.0.1 and networks such as 10.0.0.0/8.
func ParseProxies(list []string) (Proxies, error) {
	var all Proxies
	for _, text := range list {
		prefix, err := netip.ParsePrefix(text)
		if address, failed := netip.ParseAddr(text); failed == nil {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not an address such as 127.0.0.1, or a network such as 10.0.0.0/8", text)
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}

func (p Proxies) has(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// peer is the other end of the connection.
func peer(r *http.Request) netip.Addr {
	address, _ := netip.ParseAddrPort(r.RemoteAddr)
	return address.Addr().Unmap()
}

// Trusts reports whether a proxy sent a request.
func (p Proxies) Trusts(r *http.Request) bool { return p.has(peer(r)) }

// Client is the address of whoever made a request: of the last one before the proxies.
func (p Proxies) Client(r *http.Request) netip.Addr {
	client := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.has(client); i-- {
		hop := strings.TrimSpace(hops[i])
		address, err := netip.ParseAddr(hop)
		if with, failed := netip.ParseAddrPort(hop); failed == nil {
			address, err = with.Addr(), nil
		}
		if err != nil {
			break
		}
		client = address.Unmap()
	}
	return client
}

// User is the user that a proxy names in a header. More than one name is none.
func (p Proxies) User(r *http.Request, header string) string {
	if header == "" || !p.Trusts(r) {
		return ""
	}
	if values := r.Header.Values(header); len(values) == 1 {
		return strings.TrimSpace(values[0])
	}
	return ""
}
