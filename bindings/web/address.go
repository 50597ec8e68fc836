package web

import (
	"fmt"
	"net/url"
	"strings"
)

// join returns an address, which may be a path at the client's. A client sends its
// token only to its own host.
func join(c *client, address string) (*url.URL, error) {
	if i := strings.IndexFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return nil, fmt.Errorf("the address %q has a space or a control character at position %d; write %%20 for a space, or use the option 'query'", withoutParameters(address), i+1)
	}
	if c == nil {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%q is not an address: write it in full, such as https://api.example.com/accounts", withoutParameters(address))
		}
		return u, nil
	}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		if u.Scheme != c.base.Scheme || !strings.EqualFold(u.Host, c.base.Host) {
			return nil, fmt.Errorf("the address is at %s, but the client sends its requests only to %s; use http.get for other hosts", u.Host, c.base.Host)
		}
		return u, nil
	}
	if !strings.HasPrefix(address, "/") {
		address = "/" + address
	}
	u, err := url.Parse(c.base.String() + address)
	if err != nil {
		return nil, fmt.Errorf("the path %q is invalid; write %%25 for a percent sign", withoutParameters(address))
	}
	return u, nil
}

// refusedAddress returns why a text is not an address.
func refusedAddress(address string) error {
	_, err := join(nil, address)
	return err
}

// hosted returns an address that names a host, or false.
func hosted(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	return u, err == nil && u.Host != ""
}

// withoutParameters is a text that should be an address, without what may hold secrets in
// it: the parameters, and everything up to an @ that is not in a path.
func withoutParameters(address string) string {
	address, _, _ = strings.Cut(address, "?")
	address, _, _ = strings.Cut(address, "#")
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		scheme, rest = "", address
	}
	// A password with a slash does not parse, so the last @ counts.
	if i := strings.LastIndexByte(rest, '@'); i >= 0 && !strings.HasPrefix(rest, "/") {
		rest = "..." + rest[i:]
	}
	if ok {
		return scheme + "://" + rest
	}
	return rest
}

// shown is the address without its parameters, which may hold secrets.
func (r *request) shown() string { return withoutSecrets(r.url) }

func withoutSecrets(u *url.URL) string {
	clean := *u
	clean.RawQuery, clean.ForceQuery, clean.Fragment, clean.RawFragment, clean.User = "", false, "", "", nil
	return clean.String()
}
