package network

import "net/netip"

// reserved are the networks that are not on the public internet, beyond those that
// netip knows, by the registries of special-purpose addresses of IANA.
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10", "64:ff9b:1::/48",
)

// services are addresses at which clouds serve credentials to their machines.
var services = prefixes("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fe80::/10")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

func in(list []netip.Prefix, addr netip.Addr) bool {
	for _, p := range list {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// special reports whether an address is not a public one: private, of this machine, of
// the local link, reserved, or an IPv6 form of such an IPv4 address.
func special(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || in(reserved, addr) || metadata(addr) {
		return true
	}
	v4, ok := embedded(addr)
	return ok && special(v4)
}

// metadata reports whether an address may serve the credentials of a cloud machine.
func metadata(addr netip.Addr) bool {
	if v4, ok := embedded(addr); ok {
		addr = v4
	}
	return in(services, addr)
}

var nat64, sixToFour = netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("2002::/16")

// embedded returns the IPv4 address that a gateway would take from an IPv6 one.
func embedded(addr netip.Addr) (netip.Addr, bool) {
	b := addr.As16()
	switch {
	case !addr.Is6():
	case nat64.Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case [12]byte(b[:12]) == [12]byte{} && b[12] != 0: // IPv4-compatible, deprecated
		return netip.AddrFrom4([4]byte(b[12:16])), true
	}
	return netip.Addr{}, false
}
