package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// value makes the response that a script sees.
func (r *response) value(L *lua.LState, h *bindings.Host) lua.LValue {
	t := L.CreateTable(0, len(responseShape.Fields))
	headers := L.CreateTable(0, len(r.header))
	for name, values := range r.header {
		headers.RawSetString(strings.ToLower(name), str(strings.Join(values, ", ")))
	}
	t.RawSetString("status", lua.LNumber(r.status))
	t.RawSetString("ok", lua.LBool(!isFailure(r.status)))
	t.RawSetString("headers", headers)
	t.RawSetString("url", str(r.url))
	t.RawSetString("bytes", lua.LNumber(r.size))
	t.RawSetString("withheld", lua.LBool(r.withheld))
	if r.body != nil {
		t.RawSetString("body", str(string(r.body)))
	}
	t.RawSetString("json", bindings.Method(L, h, "response", &fn{Name: "json", Call: r.json, Params: []param{
		{Name: "options", Type: "table", Optional: true, Doc: "How to read it.", Fields: []field{{Name: "nulls", Type: "boolean", Doc: "Keep null fields as json.null."}}}}}, t))
	return t
}

func (r *response) json(a *args) (int, error) {
	switch {
	case r.withheld:
		return 0, &planhat.Error{Kind: planhat.KindValidation, Message: "there is no response: a dry run did not send this request",
			Hint: "look at response.withheld before you read it; if the request changes nothing, send it with reads = true"}
	case r.body == nil:
		return 0, a.Errorf("the body was written to a file; read it with json.read")
	}
	v, err := bindings.CodecOf(a.L).DecodeBytes(bytes.TrimPrefix(r.body, []byte("\xef\xbb\xbf")), bindings.DecodeOptions{Nulls: a.Options(0).Bool("nulls")})
	if err != nil {
		return 0, &planhat.Error{Kind: planhat.KindValidation, Status: r.status, Uncertain: r.unsure, Body: r.body[:min(len(r.body), 64<<10)],
			Message: fmt.Sprintf("the response of %s is not JSON: it begins with %s", r.url, excerpt(r.body)), Err: err}
	}
	return a.Push(v)
}

// failure is the error about a status that is not one of success.
func failure(method string, r *response) *planhat.Error {
	e := &planhat.Error{Kind: kindOf(r.status), Message: fmt.Sprintf("%s responded with %d", r.at.Host, r.status), Status: r.status, Header: r.header, Body: r.body[:min(len(r.body), 64<<10)]}
	if text := http.StatusText(r.status); text != "" {
		e.Message += " " + text
	}
	if r.status < 400 {
		notFollowed(e, method, r)
	} else if said := saying(r.body); said != "" {
		e.Message += ": " + said
	}
	return e
}

// notFollowed says where a redirect leads that is not followed.
func notFollowed(e *planhat.Error, method string, r *response) {
	to, err := r.at.Parse(r.header.Get("Location"))
	if err != nil || r.header.Get("Location") == "" || to.Host == "" {
		e.Message += ", a redirect without a valid address"
		return
	}
	address := to.Host + to.EscapedPath()
	e.Message += ": the new address is " + address
	e.Hint = "if the service has moved, use " + address + " in the script"
	if method != http.MethodGet && method != http.MethodHead {
		e.Message += ", but following it would turn the " + method + " into a GET without its data"
		e.Hint = "check whether the request was carried out; " + e.Hint
	}
}

func kindOf(status int) planhat.Kind {
	switch status {
	case http.StatusUnauthorized:
		return planhat.KindAuth
	case http.StatusForbidden:
		return planhat.KindPermission
	case http.StatusNotFound, http.StatusGone:
		return planhat.KindNotFound
	case http.StatusTooManyRequests:
		return planhat.KindRateLimited
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return planhat.KindTimeout
	}
	if status >= 500 {
		return planhat.KindServer
	}
	return planhat.KindValidation
}

// saying returns what the body of an error says, in one line: the texts that services
// use for messages, or its beginning.
func saying(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) == nil {
		if text := message(v, 0); text != "" {
			return oneLine(text)
		}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return ""
	}
	return excerpt(body)
}

// message looks for the message in the body of an error.
func message(v any, depth int) string {
	if depth > 3 {
		return ""
	}
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var texts []string
		for _, one := range v[:min(len(v), 3)] {
			if text := message(one, depth+1); text != "" {
				texts = append(texts, text)
			}
		}
		return strings.Join(texts, "; ")
	case map[string]any:
		for _, name := range []string{"message", "msg", "error_description", "errorMessages", "detail", "description", "title", "error", "errors", "fault"} {
			if text := message(v[name], depth+1); text != "" {
				return text
			}
		}
	}
	return ""
}

// mostExcerpt is how much of a body a message quotes.
const mostExcerpt = 200

func excerpt(body []byte) string {
	if len(body) == 0 {
		return "nothing"
	}
	if lower := bytes.ToLower(body[:min(len(body), 4096)]); bytes.Contains(lower, []byte("<html")) {
		if _, rest, ok := bytes.Cut(lower, []byte("<title>")); ok {
			title, _, _ := bytes.Cut(rest, []byte("</title>"))
			start := len(lower) - len(rest)
			return "an HTML page titled " + fmt.Sprintf("%q", oneLine(string(body[start:start+len(title)])))
		}
		return "an HTML page"
	}
	return fmt.Sprintf("%q", oneLine(string(body[:min(len(body), 4*mostExcerpt)])))
}

func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > mostExcerpt {
		s = string(runes[:mostExcerpt]) + "..."
	}
	return s
}
