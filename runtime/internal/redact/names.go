package redact

import (
	"slices"
	"strings"
)

// paging are names that have "token" in them and no secret.
var paging = []string{"page", "next", "prev", "continuation", "cursor", "sync", "delta", "type", "count", "limit"}

// SecretName reports whether the value of a header, a parameter or a member with this name is
// secret.
func SecretName(name string) bool {
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	if strings.Contains(plain, "token") && !slices.ContainsFunc(paging, func(p string) bool { return strings.Contains(plain, p) }) {
		return true
	}
	for _, part := range []string{
		"secret", "password", "passwd", "passphrase", "apikey", "accesskey", "privatekey", "authorization", "signature", "assertion", "cookie",
		"sessionid", "credential", "authkey", "csrf",
	} {
		if strings.Contains(plain, part) {
			return true
		}
	}
	return slices.Contains([]string{"sig", "auth", "pwd", "jwt", "bearer", "otp", "samlresponse", "sid", "xauth"}, plain)
}

// SecretParameter is SecretName for the parameter of an address.
func SecretParameter(name string) bool { return strings.EqualFold(name, "key") || SecretName(name) }
