package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

var seenShape = &bindings.Shape{Name: "HttpRequest", Doc: "A request that a stub answered.", Fields: []field{
	{Name: "method", Type: "string", Doc: "The method."},
	{Name: "url", Type: "string", Doc: "The address with its parameters."},
	{Name: "query", Type: "table", Doc: "The parameters by name, decoded. Of several with one name, the first."},
	{Name: "headers", Type: "table", Doc: "The headers, by their names in lower case."},
	{Name: "body", Type: "string", Doc: "The body, at most 1 MiB of it."},
}}

var stubFields = []field{
	{Name: "url", Type: "string", Required: true, Doc: "The address. A `*` matches any text up to the next slash. Parameters are compared only if there is a `?`.", Text: refusedStub},
	{Name: "method", Type: "string", Doc: "The method. Default: any."},
	{Name: "status", Type: "integer", Doc: "The status of the response. Default: 200.", Number: refusedWhole("status", 200, 599)},
	{Name: "headers", Type: "table", Doc: "Its headers, by name."},
	{Name: "json", Type: "any", Doc: "Its body as a value."},
	{Name: "body", Type: "string", Doc: "Its body as text."},
	{Name: "fails", Type: "string", Doc: "Break the connection with this message in place of a response."},
	{Name: "times", Type: "integer", Doc: "How many requests it answers. Default: all. Stubs before it answer the rest.", Number: refusedWhole("times", 1, mostTimes)},
}

// stubFuncs are the functions for tests.
func stubFuncs() []*fn {
	return []*fn{
		{
			Name: "stub", Doc: "Answers matching requests from now on, in tests and with `--simulate`. Of several that match, the last one answers.",
			Params:  []param{{Name: "stub", Type: "table", Doc: "The requests, and their response.", Fields: stubFields}},
			Errors:  "`config` in other runs, where requests reach the real system.",
			Example: `http.stub{ method = "GET", url = "https://api.example.com/accounts/*", json = { name = "Acme" } }`,
			Call:    addStub,
		},
		{
			Name: "requests", Doc: "Returns the requests that stubs have answered so far, for tests that check what was sent.",
			Returns: []result{{Type: "HttpRequest[]", Doc: "The requests, the first one first."}},
			Example: `assert(#http.requests() == 1)`,
			Call: func(a *args) (int, error) {
				list := a.L.NewTable()
				for _, r := range a.Host.Network.Seen() {
					list.Append(seen(a.L, r))
				}
				return a.Push(list)
			},
		},
	}
}

func refusedStub(address string) error {
	if _, ok := hosted(address); ok {
		return nil
	}
	return fmt.Errorf("option 'url' must be an address such as https://api.example.com/accounts, not %q", withoutParameters(address))
}

func addStub(a *args) (int, error) {
	o := a.Options(0)
	s := bindings.Stub{Method: o.String("method"), URL: o.String("url"), Header: http.Header{}, Failure: o.String("fails"), Body: []byte(o.String("body"))}
	var err error
	if s.Status, err = whole(a, o.Get("status"), "status", http.StatusOK, 200, 599); err != nil {
		return 0, err
	}
	if s.Times, err = whole(a, o.Get("times"), "times", 0, 1, mostTimes); err != nil {
		return 0, err
	}
	if err := refusedStub(s.URL); err != nil {
		return 0, a.Errorf("%w", err)
	}
	for name, values := range fields(o.Get("headers")) {
		for _, value := range values {
			s.Header.Add(name, value)
		}
	}
	if o.Has("json") {
		text, err := bindings.CodecOf(a.L).EncodeBytes(o.Get("json"), bindings.EncodeOptions{})
		if err != nil {
			return 0, a.Errorf("option 'json': %w", err)
		}
		s.Body = text
		if s.Header.Get("Content-Type") == "" {
			s.Header.Set("Content-Type", "application/json")
		}
	}
	return 0, a.Host.Network.Stub(s)
}

func seen(L *lua.LState, r bindings.SeenRequest) lua.LValue {
	t, headers, query := L.NewTable(), L.NewTable(), L.NewTable()
	for name, values := range r.Header {
		headers.RawSetString(strings.ToLower(name), str(values[0]))
	}
	if u, err := url.Parse(r.URL); err == nil {
		for name, values := range u.Query() {
			query.RawSetString(name, str(values[0]))
		}
	}
	t.RawSetString("method", str(r.Method))
	t.RawSetString("url", str(r.URL))
	t.RawSetString("query", query)
	t.RawSetString("headers", headers)
	t.RawSetString("body", str(string(r.Body)))
	return t
}
