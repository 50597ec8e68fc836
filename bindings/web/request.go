package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/net/http/httpguts"

	"github.com/phscript/phscript/bindings"
)

// request is what a script asked to send. It can be sent several times.
type request struct {
	method string
	url    *url.URL
	header http.Header
	// body makes the body anew for each attempt, and says how long it is, -1 if that is
	// unknown; nil for none.
	body func() (io.ReadCloser, int64, error)

	to                string
	timeout, maxWait  time.Duration
	retries           int
	repeatable, reads bool
	retryTimeouts     bool
	most              int64
	raise             bool
	class             string

	// token, if set, is sent with each attempt. sent is its text in the last one, and
	// rejected that which the service rejected.
	token          *token
	sent, rejected string

	// stage is how far the last attempt got.
	stage stage
}

// stage is how far an attempt got.
type stage int

const (
	preparing stage = iota
	sending
	responded
)

// settings are the options of a request over those of its client.
type settings struct{ own, shared bindings.Options }

func (s settings) get(name string) lua.LValue {
	if v := s.own.Get(name); v != lua.LNil {
		return v
	}
	return s.shared.Get(name)
}

// newRequest reads the address and the options of a request.
func newRequest(a *args, c *client, method, address string, own bindings.Options) (*request, error) {
	s := settings{own: own}
	if c != nil {
		s.shared = c.defaults
	}
	r := &request{method: strings.ToUpper(method), header: http.Header{}, to: own.String("to"), class: own.String("class"), raise: true}
	if err := refusedMethod(method); err != nil {
		return nil, a.Errorf("%w", err)
	}
	if !c.knows(r.class) {
		return nil, a.Errorf("option 'class': the client has no rate named %q", r.class)
	}
	var err error
	if r.url, err = join(c, address); err != nil {
		return nil, a.Errorf("%w", err)
	}
	addQuery(r.url, own.Get("query"))
	safe := slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, r.method)
	r.reads = boolean(own.Get("reads"), safe)
	r.repeatable = boolean(own.Get("repeatable"), r.reads || r.method != "POST" && r.method != "PATCH")
	r.raise = boolean(own.Get("raise"), true)
	r.retryTimeouts = boolean(own.Get("retry_timeouts"), true)
	if err := r.setLimits(a, s); err != nil {
		return nil, err
	}
	if err := r.setHeaders(a, s); err != nil {
		return nil, err
	}
	return r, r.setBody(a, own)
}

func refusedMethod(method string) error {
	if httpguts.ValidHeaderFieldName(strings.ToUpper(method)) {
		return nil
	}
	return fmt.Errorf("%q is not an HTTP method", method)
}

func boolean(v lua.LValue, otherwise bool) bool {
	if v == lua.LNil {
		return otherwise
	}
	return lua.LVAsBool(v)
}

// addQuery adds parameters to an address, sorted by name, so that the same request has
// the same address each time.
func addQuery(u *url.URL, v lua.LValue) {
	values := fields(v)
	if len(values) == 0 {
		return
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(value))
		}
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += strings.Join(parts, "&")
}

// fields are the texts in a table, by name.
func fields(v lua.LValue) map[string][]string {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	bindings.Fill(t)
	out := map[string][]string{}
	t.ForEach(func(k, v lua.LValue) {
		name := k.String()
		if list, ok := v.(*lua.LTable); ok {
			bindings.Fill(list)
			for i := 1; i <= list.Len(); i++ {
				out[name] = append(out[name], list.RawGetInt(i).String())
			}
			return
		}
		out[name] = []string{v.String()}
	})
	return out
}

// reserved are the headers that belong to the connection. A script that set them could
// smuggle a second request into it.
var reserved = []string{"Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func (r *request) setHeaders(a *args, s settings) error {
	r.header.Set("Accept", "application/json, */*;q=0.5")
	for _, options := range []bindings.Options{s.shared, s.own} {
		secrets, err := r.secretHeaders(a, options.Get("headers"))
		if err != nil {
			return err
		}
		for name, values := range fields(options.Get("headers")) {
			key := textproto.CanonicalMIMEHeaderKey(name)
			if secret, ok := secrets[name]; ok {
				values = []string{secret}
			}
			if !httpguts.ValidHeaderFieldName(name) {
				return a.Errorf("option 'headers': %q is not the name of a header", name)
			}
			if slices.Contains(reserved, key) {
				return a.Errorf("option 'headers': %s belongs to the connection, so scripts cannot set it", key)
			}
			for _, value := range values {
				if !httpguts.ValidHeaderFieldValue(value) {
					return a.Errorf("option 'headers': the value of %s has a line break or another control character", key)
				}
			}
			r.header[key] = values
			if secrets[name] != "" || key == "Authorization" || key == "Cookie" || strings.Contains(strings.ToLower(key), "key") || strings.Contains(strings.ToLower(key), "token") {
				for _, value := range values {
					a.Host.Network.Hide(value)
					if _, secret, ok := strings.Cut(value, " "); ok {
						a.Host.Network.Hide(secret)
					}
				}
			}
		}
	}
	r.header.Set("Accept-Encoding", "gzip")
	return r.authorize(a, s)
}

// secretHeaders returns the texts of the headers whose values are secrets.
func (r *request) secretHeaders(a *args, v lua.LValue) (map[string]string, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil, nil
	}
	texts := map[string]string{}
	var failed error
	t.ForEach(func(k, v lua.LValue) {
		if v.Type() != lua.LTUserData || failed != nil {
			return
		}
		text, secret, err := textFor(v, r.url)
		switch {
		case err != nil:
			failed = err
		case secret == nil:
			failed = a.Errorf("option 'headers': the value of %s must be a text or a secret; a token from oauth2 goes into the option 'bearer'", k.String())
		case text == "":
			failed = a.Errorf("option 'headers': the secret of %s is empty; look whether the variable with it is set", k.String())
		default:
			texts[k.String()] = text
		}
	})
	return texts, failed
}

// authorize sets the header Authorization.
func (r *request) authorize(a *args, s settings) error {
	if pair, ok := s.get("basic").(*lua.LTable); ok {
		user := lua.LVAsString(pair.RawGetInt(1))
		password, _, err := textFor(pair.RawGetInt(2), r.url)
		if err != nil {
			return err
		}
		if strings.Contains(user, ":") {
			return a.Errorf("option 'basic': a user name cannot contain a colon")
		}
		both := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
		a.Host.Network.Hide(password)
		a.Host.Network.Hide(both)
		r.header.Set("Authorization", "Basic "+both)
	}
	if token := s.get("bearer"); token != lua.LNil {
		if r.token = tokenOf(token); r.token != nil {
			return r.token.mayGo(r.url)
		}
		text, bound, err := textFor(token, r.url)
		if err != nil {
			return err
		}
		if bound == nil && token.Type() == lua.LTUserData {
			return a.Errorf("option 'bearer' must be a string or a token from oauth2")
		}
		if text == "" {
			return a.Errorf("option 'bearer' is empty; look whether the variable with the token is set")
		}
		if !httpguts.ValidHeaderFieldValue(text) {
			return a.Errorf("option 'bearer' has a line break or another control character")
		}
		a.Host.Network.Hide(text)
		r.header.Set("Authorization", "Bearer "+text)
	}
	return nil
}

// setBody sets what to send. Only one of the options can be given.
func (r *request) setBody(a *args, o bindings.Options) error {
	var given []string
	for _, name := range []string{"json", "form", "multipart", "body", "file"} {
		if o.Has(name) {
			given = append(given, name)
		}
	}
	if len(given) == 0 {
		return nil
	}
	if len(given) > 1 {
		return a.Errorf("options '%s' and '%s' exclude each other: a request has one body", given[0], given[1])
	}
	kind, content := "", []byte(nil)
	switch given[0] {
	case "json":
		text, err := bindings.CodecOf(a.L).EncodeBytes(o.Get("json"), bindings.EncodeOptions{})
		if err != nil {
			return a.Errorf("option 'json': %w", err)
		}
		kind, content = "application/json", text
	case "form":
		kind, content = "application/x-www-form-urlencoded", []byte(url.Values(fields(o.Get("form"))).Encode())
	case "body":
		kind, content = "text/plain; charset=utf-8", []byte(o.String("body"))
	case "file":
		return r.sendFile(a, o.String("file"))
	case "multipart":
		return r.sendParts(a, o.Get("multipart"))
	}
	r.contentType(kind)
	r.body = func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
	}
	return nil
}

// contentType sets the type of the body, unless the script did.
func (r *request) contentType(kind string) {
	if r.header.Get("Content-Type") == "" {
		r.header.Set("Content-Type", kind)
	}
}

func (r *request) sendFile(a *args, name string) error {
	files := a.Host.Files
	info, err := files.Stat(name)
	if err != nil {
		return bindings.FileError(files, "read", name, err)
	}
	r.contentType("application/octet-stream")
	r.body = func() (io.ReadCloser, int64, error) {
		f, err := files.OpenRead(name)
		if err != nil {
			return nil, 0, bindings.FileError(files, "read", name, err)
		}
		return f, info.Size(), nil
	}
	return nil
}
