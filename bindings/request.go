package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// sendRequest is the way to what the catalog does not know.
func sendRequest(client clientOf) *Func {
	return &Func{
		Name: "request",
		Doc: "Sends any request to Planhat's main host, for what no other function covers: new models, custom models, undocumented endpoints. " +
			"It waits for the quota, is retried if that is safe, and is withheld in a dry run, like every other call. " +
			"phscript does not know what the request does, so it neither checks the body nor counts records.\n\n" +
			"A `POST` or `PATCH` whose response is lost is not repeated: the call fails with `uncertain = true`.",
		Params: []Param{{Name: "request", Type: "table", Doc: "What to send.", Fields: []Field{
			{Name: "method", Type: "string", Doc: "`GET` (the default), `POST`, `PUT`, `PATCH` or `DELETE`."},
			{Name: "path", Type: "string", Required: true, Doc: "The path, such as `/companies/67d0`, without the host and the query."},
			{Name: "query", Type: "table", Doc: "The query parameters, by name."},
			{Name: "body", Type: "table", Doc: "The body, which is sent as JSON."},
		}}},
		Returns: []Return{{Type: "any", Doc: "The response, decoded from JSON; nil if it is empty or the request was withheld."}},
		Errors:  "`config` when the method or the path cannot be used; " + writeErrors,
		Example: "local me = planhat.request{ path = \"/myprofile\" }\nprint(me)",
		Source:  "§15 Open questions",
		Call: func(a *Args) (int, error) {
			c, err := client(a)
			if err != nil {
				return 0, err
			}
			opt := a.Options(0)
			r := planhat.Request{Method: "GET", Path: opt.String("path"), Query: map[string]string{}}
			if opt.Has("method") {
				r.Method = opt.String("method")
			}
			if query, ok := opt.Get("query").(*lua.LTable); ok {
				query.ForEach(func(k, v lua.LValue) { r.Query[k.String()] = v.String() })
			}
			if opt.Has("body") {
				if r.Body, err = CodecOf(a.L).EncodeBytes(opt.Get("body"), EncodeOptions{}); err != nil {
					return 0, a.Errorf("the body cannot be sent: %v", err)
				}
			}
			raw, err := c.Request(a.Context(), r)
			if err != nil || len(raw) == 0 {
				return a.give(lua.LNil, err)
			}
			v, err := CodecOf(a.L).record(raw)
			return a.give(v, err)
		},
	}
}
