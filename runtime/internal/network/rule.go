package network

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Rule is one host, or several, that scripts may reach.
type Rule struct {
	// host is a name in lower case, "*" for all, or begins with "*." for all names below
	// a domain; empty if the rule names addresses.
	host string
	// addresses are those that the rule names.
	addresses netip.Prefix
	// port is 0 for any.
	port int
	// plain allows connections without encryption.
	plain bool
	text  string
}

// String returns the rule as it was written.
func (r Rule) String() string { return r.text }

// Trusted reports whether only the person who runs a script can give the rule, and not
// the script: it names addresses, this machine or all hosts, or allows connections
// without encryption.
func (r Rule) Trusted() bool {
	return r.host == "" || r.host == "*" || r.plain || r.host == localhost || strings.HasSuffix(r.host, "."+localhost)
}

const localhost = "localhost"

// ParseRule reads a rule: api.example.com, *.example.com, example.com:8443,
// 10.0.0.5, 10.0.0.0/8, localhost, http://example.com, or * for all public hosts.
func ParseRule(text string) (Rule, error) {
	r := Rule{text: text}
	rest := strings.ToLower(strings.TrimSpace(text))
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		switch scheme {
		case "http":
			r.plain = true
		case "https":
		default:
			return r, fmt.Errorf("%q: scripts only reach http:// and https:// addresses", text)
		}
		rest = strings.TrimSuffix(after, "/")
	}
	if p, err := netip.ParsePrefix(rest); err == nil {
		r.addresses = p.Masked()
		return r, nil
	}
	if addr, err := netip.ParseAddr(strings.Trim(rest, "[]")); err == nil {
		r.addresses = single(addr)
		return r, nil
	}
	host, port, hasPort := rest, "", false
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		host, port, hasPort = rest[:i], rest[i+1:], true
	}
	if hasPort {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return r, fmt.Errorf("%q: the port after the colon must be a number from 1 to 65535", text)
		}
		r.port = n
		if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
			r.addresses = single(addr)
			return r, nil
		}
	}
	host = strings.TrimSuffix(host, ".")
	name := strings.TrimPrefix(host, "*.")
	if host == "*" {
		name = "all"
	}
	if !isName(name) {
		return r, fmt.Errorf("%q is not a host: write its name, such as api.example.com, *.example.com or 10.0.0.5", text)
	}
	if r.host = host; strings.HasPrefix(host, "*.") && !strings.Contains(name, ".") {
		return r, fmt.Errorf("%q would allow every host below .%s: name the domain, such as *.example.%s", text, name, name)
	}
	return r, nil
}

// ParseDeclared reads a rule that a script gives itself. It fails for one that only the
// person who runs the script can give.
func ParseDeclared(text string) (Rule, error) {
	r, err := ParseRule(text)
	if err == nil && r.Trusted() {
		err = &Refusal{Message: fmt.Sprintf("a script cannot allow itself to reach %q", text), Hint: "if you trust the script with it, add --allow-net=" + text}
	}
	return r, err
}

func single(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	return netip.PrefixFrom(addr, addr.BitLen())
}

// isName reports whether a text has the form of a host name.
func isName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// target is where a request goes.
type target struct {
	host  string
	addr  netip.Addr // valid if the host is an address
	port  int
	plain bool
}

func targetOf(u *url.URL) target {
	t := target{host: strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), plain: u.Scheme == "http", port: 443}
	if t.plain {
		t.port = 80
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		t.port = n
	}
	if addr, err := netip.ParseAddr(t.host); err == nil {
		t.addr = addr.Unmap().WithZone("")
	}
	return t
}

// loopback reports whether the target is this machine, by its name or address.
func (t target) loopback() bool { return t.host == localhost || t.addr.IsLoopback() }

// names reports whether the rule names a target, however it is reached.
func (r Rule) names(t target) bool {
	switch {
	case r.port != 0 && r.port != t.port:
		return false
	case t.addr.IsValid():
		return r.contains(t.addr) || r.host == "*" && !special(t.addr) || r.host == localhost && t.addr.IsLoopback()
	case r.host == "*":
		return t.host != localhost
	case r.host == t.host:
		return true
	}
	domain, wild := strings.CutPrefix(r.host, "*")
	return wild && strings.HasSuffix(t.host, domain)
}

// contains reports whether the rule names an address, itself or by its network. Networks
// do not include link-local addresses, which serve the credentials of cloud machines.
func (r Rule) contains(addr netip.Addr) bool {
	if !r.addresses.IsValid() || !r.addresses.Contains(addr) {
		return false
	}
	return r.addresses.IsSingleIP() || !metadata(addr)
}

// opens reports whether the rule allows connections to an address that is not public.
func (r Rule) opens(addr netip.Addr, port int) bool {
	if r.port != 0 && r.port != port {
		return false
	}
	return r.contains(addr) || r.host == localhost && addr.IsLoopback()
}
