package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// client is what the requests of an HttpClient share.
type client struct {
	base     *url.URL
	defaults bindings.Options
	account  string
	rates    []bindings.Rate
}

func newClient(a *args) (int, error) {
	o := a.Options(0)
	base, err := baseOf(o.String("base"))
	if err != nil {
		return 0, a.Errorf("%w", err)
	}
	if err := checkLimits(a, o); err != nil {
		return 0, err
	}
	c := &client{base: base, defaults: o, account: o.String("account")}
	if c.rates, err = ratesOf(a, o.Get("rate")); err != nil {
		return 0, err
	}
	if c.account == "" {
		c.account = accountOf(o)
	}
	t := a.L.CreateTable(0, len(methods)+1)
	add := func(name string, first []param, call func(*args) (int, error)) {
		f := &fn{Name: name, Params: append(first,
			param{Name: "path", Type: "string", Doc: "The path."},
			param{Name: "options", Type: "table", Optional: true, Fields: requestFields, Doc: "What to send."}), Call: call}
		t.RawSetString(name, bindings.Method(a.L, a.Host, "client", f, t))
	}
	for _, one := range methods {
		add(one.name, nil, func(a *args) (int, error) { return send(a, c, one.method, a.String(0), 1) })
	}
	add("request", []param{{Name: "method", Type: "string", Doc: "The method."}}, func(a *args) (int, error) {
		return send(a, c, a.String(0), a.String(1), 2)
	})
	return a.Push(t)
}

// baseOf reads the address that the paths of a client are relative to.
func baseOf(address string) (*url.URL, error) {
	base, ok := hosted(strings.TrimSuffix(address, "/"))
	if !ok {
		return nil, fmt.Errorf("option 'base' must be an address such as https://api.example.com, not %q", withoutParameters(address))
	}
	if base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("option 'base' must not have parameters; pass them with 'query'")
	}
	return base, nil
}

func refusedBase(address string) error {
	_, err := baseOf(address)
	return err
}

func refusedRate(text string) error {
	if _, err := parseRate(text); err != nil {
		return fmt.Errorf("option 'rate': %w", err)
	}
	return nil
}

// accountOf identifies who a client's requests are made for, without revealing it.
func accountOf(o bindings.Options) string {
	who := ""
	if basic := o.Strings("basic"); len(basic) > 0 {
		who = basic[0]
	} else if secret := bindings.SecretFrom(o.Get("bearer")); secret != nil {
		who = secret.Identity()
	} else if token := tokenOf(o.Get("bearer")); token != nil {
		who = token.name
	} else if token := o.Get("bearer"); token.Type() == lua.LTString {
		who = token.String()
	}
	if headers, ok := o.Get("headers").(*lua.LTable); ok && who == "" {
		headers.ForEach(func(_, v lua.LValue) {
			if secret := bindings.SecretFrom(v); secret != nil {
				who = secret.Identity()
			}
		})
	}
	if who == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(who))
	return hex.EncodeToString(sum[:8])
}

// ratesOf reads the option rate: a list of rates for all requests, and rates of
// classes by name.
func ratesOf(a *args, v lua.LValue) (rates []bindings.Rate, err error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, nil
	}
	bindings.Fill(t)
	t.ForEach(func(k, v lua.LValue) {
		list := []lua.LValue{v}
		if many, ok := v.(*lua.LTable); ok {
			list = nil
			for i := 1; i <= many.Len(); i++ {
				list = append(list, many.RawGetInt(i))
			}
		}
		for _, text := range list {
			r, bad := parseRate(lua.LVAsString(text))
			if bad != nil {
				err = a.Errorf("option 'rate': %w", bad)
				return
			}
			if name, ok := k.(lua.LString); ok {
				r.Class = string(name)
			}
			rates = append(rates, r)
		}
	})
	slices.SortFunc(rates, func(x, y bindings.Rate) int { return strings.Compare(x.Class, y.Class) })
	return rates, err
}

// parseRate reads a rate such as 100/10s.
func parseRate(text string) (r bindings.Rate, err error) {
	bad := fmt.Errorf("%q is not a rate: write calls and time, such as 100/10s or 200/1m", text)
	calls, every, ok := strings.Cut(strings.ReplaceAll(text, " ", ""), "/")
	if !ok {
		return r, bad
	}
	if r.Calls, err = strconv.Atoi(calls); err != nil || r.Calls < 1 {
		return r, bad
	}
	if every != "" && (every[0] < '0' || every[0] > '9') {
		every = "1" + every
	}
	if r.Every, err = time.ParseDuration(every); err != nil || r.Every <= 0 {
		return r, bad
	}
	return r, nil
}

// limiters returns the limiters of a request.
func (c *client) limiters(h *bindings.Host, class string) []bindings.Limiter {
	if c == nil {
		return nil
	}
	var list []bindings.Limiter
	for _, r := range c.rates {
		if r.Class == "" || r.Class == class {
			list = append(list, h.Network.Limit(c.base.Host, c.account, r))
		}
	}
	return list
}

// knows reports whether the client has a rate for a class.
func (c *client) knows(class string) bool {
	return class == "" || c != nil && slices.ContainsFunc(c.rates, func(r bindings.Rate) bool { return r.Class == class })
}
