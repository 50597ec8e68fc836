package web

import (
	"net/url"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// textFor returns a text that is sent to an address, which may be a secret. bound is the
// secret, nil for a text.
func textFor(v lua.LValue, u *url.URL) (text string, bound *bindings.Secret, err error) {
	if bound = bindings.SecretFrom(v); bound != nil {
		text, err = bound.For(u)
		return strings.TrimSpace(text), bound, err
	}
	return strings.TrimSpace(lua.LVAsString(v)), nil, nil
}
