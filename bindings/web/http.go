// Package web holds the Lua modules that reach other systems.
package web

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

type (
	args   = bindings.Args
	fn     = bindings.Func
	param  = bindings.Param
	field  = bindings.Field
	result = bindings.Return
)

const httpErrors = "`permission` when the script may not reach the host; `auth`, `permission`, `not_found`, `validation`, `rate_limited` or `server` " +
	"for another response than one of success, which the error has as `status` and `body`; `network` or `timeout` when no response came. " +
	"With `uncertain`, the request may have been carried out: check before you send it again."

// requestFields are the options of one request.
var requestFields = []field{
	{Name: "query", Type: "table", Doc: "Parameters to add to the address, by name. A list adds the name once for each item."},
	{Name: "headers", Type: "table", Doc: "Headers, by name."},
	{Name: "bearer", Type: "string|userdata", Doc: "The token for `Authorization: Bearer`: a text, or a token from `oauth2`. It never appears in output or logs."},
	{Name: "basic", Type: "table", Doc: "User name and password: `{ \"user\", password }`. The password never appears in output or logs."},
	{Name: "json", Type: "any", Doc: "A value to send as JSON."},
	{Name: "form", Type: "table", Doc: "Fields to send as a form, by name."},
	{Name: "multipart", Type: "table[]", Doc: "Parts to send as `multipart/form-data`: `{ name = \"note\", value = \"text\" }`, or `{ name = \"file\", file = \"out/report.csv\" }` with optional `filename` and `type`."},
	{Name: "body", Type: "string", Doc: "Text to send unchanged."},
	{Name: "file", Type: "string", File: true, Doc: "A file to send. It is read as it is sent, so it can be large."},
	{Name: "to", Type: "string", File: true, Doc: "A file to write the response's body to, in place of `body`. It appears when the response is complete."},
	{Name: "timeout", Type: "number", Doc: "How many seconds the request may take; with `to`, how many may pass without data. Default: 60.", Number: refusedSeconds("timeout")},
	{Name: "retries", Type: "integer", Doc: "How often to retry, at most 100 times. Default: 4.", Number: refusedWhole("retries", 0, mostRetries)},
	{Name: "retry_timeouts", Type: "boolean", Doc: "Retry when the service takes too long: after `timeout`, and for the statuses 408 and 504. Set it to false if you ask for less instead. Default: true."},
	{Name: "max_wait", Type: "number", Doc: "How many seconds to wait for a retry at most; when the service asks for more, the error is `rate_limited`. Default: 300.", Number: refusedSeconds("max_wait")},
	{Name: "repeatable", Type: "boolean", Doc: "The request can be sent twice without harm. Default: true, except for POST and PATCH."},
	{Name: "reads", Type: "boolean", Doc: "The request changes nothing, so a dry run sends it. Default: true for GET, HEAD and OPTIONS."},
	{Name: "max_bytes", Type: "integer", Doc: "How long the body of the response may be, after decompression. Default: 32 MiB, with `to` 4 GiB.", Number: refusedWhole("max_bytes", 1, mostBytes)},
	{Name: "raise", Type: "boolean", Doc: "Raise an error for a status of 400 or more, and for a redirect that is not followed. Default: true."},
	{Name: "class", Type: "string", Doc: "The named rate that also counts this request."},
}

// clientFields are the options of a client.
var clientFields = append([]field{
	{Name: "base", Type: "string", Required: true, Doc: "The address that paths are relative to, such as `https://api.example.com/v2`.", Text: refusedBase},
	{Name: "rate", Type: "table", Doc: "How many requests the service accepts: `{ \"100/10s\", search = \"4/1s\" }`. Named rates count the requests with that `class`.", Text: refusedRate},
	{Name: "account", Type: "string", Doc: "Whose rate it is. All scripts that name the same host and account share it. Default: the account that `bearer` or `basic` identify."},
}, defaultsOf("headers", "bearer", "basic", "timeout", "retries", "max_wait", "max_bytes")...)

// defaultsOf returns options of a request that a client takes, too.
func defaultsOf(names ...string) []field {
	var list []field
	for _, name := range names {
		for _, f := range requestFields {
			if f.Name == name {
				list = append(list, f)
			}
		}
	}
	return list
}

var responseShape = &bindings.Shape{Name: "HttpResponse", Doc: "A response to an HTTP request.", Fields: []field{
	{Name: "status", Type: "integer", Doc: "The status, such as 200. 0 if the request was withheld."},
	{Name: "ok", Type: "boolean", Doc: "Whether the status is below 300, or 304."},
	{Name: "headers", Type: "table", Doc: "The headers, by their names in lower case. Several of one name are joined by commas."},
	{Name: "body", Type: "string?", Doc: "The body, after decompression. It is nil with `to`."},
	{Name: "bytes", Type: "integer", Doc: "How many bytes the body has."},
	{Name: "url", Type: "string", Doc: "The address that responded, after redirects, without its parameters."},
	{Name: "withheld", Type: "boolean", Doc: "Whether a dry run did not send the request."},
	{Name: "json", Type: "fun(self, options: JsonDecodeOptions?): any", Doc: "Returns the body as a value. `nulls = true` keeps null fields as `json.null`. Raises an error of kind `validation` if it is not JSON."},
}}

var clientShape = &bindings.Shape{Name: "HttpClient", Doc: "Sends requests to one service.", Fields: []field{
	{Name: "get", Type: "fun(self, path: string, options: HttpOptions?): HttpResponse", Doc: "Sends a GET request."},
	{Name: "post", Type: "fun(self, path: string, options: HttpOptions?): HttpResponse", Doc: "Sends a POST request."},
	{Name: "put", Type: "fun(self, path: string, options: HttpOptions?): HttpResponse", Doc: "Sends a PUT request."},
	{Name: "patch", Type: "fun(self, path: string, options: HttpOptions?): HttpResponse", Doc: "Sends a PATCH request."},
	{Name: "delete", Type: "fun(self, path: string, options: HttpOptions?): HttpResponse", Doc: "Sends a DELETE request."},
	{Name: "head", Type: "fun(self, path: string, options: HttpOptions?): HttpResponse", Doc: "Sends a HEAD request."},
	{Name: "request", Type: "fun(self, method: string, path: string, options: HttpOptions?): HttpResponse", Doc: "Sends a request with any method."},
}}

// methods are the functions that send a request, and what they send.
var methods = []struct{ name, method string }{
	{"get", "GET"}, {"post", "POST"}, {"put", "PUT"}, {"patch", "PATCH"}, {"delete", "DELETE"}, {"head", "HEAD"},
}

// HTTP returns the module http: requests to other systems.
func HTTP() *bindings.Module {
	m := &bindings.Module{
		Name: "http", Required: true,
		Doc: "Sends HTTP requests to other systems. A script reaches only hosts that you allow: with `--allow-net=api.example.com`, with `allow_net` in `phscript.toml`, " +
			"or with a comment at the top of the script, `-- @allow net=api.example.com`. Addresses that are not public, such as `10.0.0.5`, need the flag or the setting.\n\n" +
			"A response with a status of 400 or more raises an error object. Redirects are followed, but a POST, PUT, PATCH or DELETE is never turned into a GET " +
			"by 301 or 302: the error names the new address. Requests that can be repeated are retried when the network fails or the service " +
			"is overloaded. Requests that the service says it did not accept are always retried. A dry run sends only requests that change nothing. " +
			"In tests and with `--simulate`, `http.stub` answers requests.\n\n" +
			"    local http = require \"http\"\n" +
			"    local api = http.client{ base = \"https://api.example.com\", bearer = env.require(\"API_TOKEN\"), rate = { \"100/10s\" } }\n" +
			"    local page = api:get(\"/accounts\", { query = { limit = 100 } }):json()",
		Records: []*bindings.Shape{responseShape, clientShape, {Name: "HttpOptions", Doc: "How to send a request.", Fields: requestFields}, seenShape},
	}
	for _, one := range methods {
		m.Funcs = append(m.Funcs, &fn{
			Name: one.name, Doc: "Sends a " + one.method + " request.",
			Params: []param{
				{Name: "url", Type: "string", Doc: "The address, such as `https://api.example.com/accounts`.", Text: refusedAddress},
				{Name: "options", Type: "HttpOptions", Optional: true, Doc: "What to send, and how.", Fields: requestFields},
			},
			Returns: []result{{Type: "HttpResponse", Doc: "The response."}},
			Errors:  httpErrors,
			Example: exampleOf[one.name],
			Call:    func(a *args) (int, error) { return send(a, nil, one.method, a.String(0), 1) },
		})
	}
	m.Funcs = append(m.Funcs, &fn{
		Name: "request", Doc: "Sends a request with any method.",
		Params: []param{
			{Name: "method", Type: "string", Doc: "The method, such as `OPTIONS`.", Text: refusedMethod},
			{Name: "url", Type: "string", Doc: "The address.", Text: refusedAddress},
			{Name: "options", Type: "HttpOptions", Optional: true, Doc: "What to send, and how.", Fields: requestFields},
		},
		Returns: []result{{Type: "HttpResponse", Doc: "The response."}},
		Errors:  httpErrors,
		Example: `http.request("OPTIONS", "https://api.example.com/accounts")`,
		Call:    func(a *args) (int, error) { return send(a, nil, a.String(0), a.String(1), 2) },
	}, &fn{
		Name: "client", Doc: "Returns a client of one service. Its requests share options and keep within the service's rate, together with all other scripts that use the account.",
		Params:  []param{{Name: "options", Type: "table", Doc: "The service, and options for all requests.", Fields: clientFields}},
		Returns: []result{{Type: "HttpClient", Doc: "The client."}},
		Example: "local api = http.client{ base = \"https://api.example.com\", rate = { \"100/10s\", search = \"4/1s\" } }\n" +
			"api:post(\"/search\", { json = { name = \"Acme\" }, class = \"search\", reads = true })",
		Call: newClient,
	})
	m.Funcs = append(m.Funcs, stubFuncs()...)
	return m
}

var exampleOf = map[string]string{
	"get":    `local page = http.get("https://api.example.com/accounts", { query = { limit = 100 } }):json()`,
	"post":   `http.post("https://api.example.com/accounts", { json = { name = "Acme" }, bearer = token })`,
	"put":    `http.put("https://api.example.com/files/report.csv", { file = "out/report.csv", headers = { ["Content-Type"] = "text/csv" } })`,
	"patch":  `http.patch("https://api.example.com/accounts/17", { json = { name = "Acme" } })`,
	"delete": `http.delete("https://api.example.com/accounts/17")`,
	"head":   `local size = http.head("https://api.example.com/files/report.csv").headers["content-length"]`,
}

func str(s string) lua.LString { return lua.LString(s) }
