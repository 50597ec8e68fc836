package planhat

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// Request is a call to the main host that the catalog does not know.
type Request struct {
	// Method is GET, POST, PUT, PATCH or DELETE.
	Method string
	// Path starts with a slash, below the host's base path, and may be escaped
	// with %.
	Path  string
	Query map[string]string
	// Body is JSON, nil for none.
	Body []byte
}

// methods are those of Request, and whether a repetition changes nothing more.
var methods = map[string]repetition{
	http.MethodGet: repeatAlways, http.MethodPut: repeatAlways, http.MethodDelete: repeatAlways,
	http.MethodPost: repeatUnsent, http.MethodPatch: repeatUnsent,
}

// badRequest says what is wrong with a Request.
type badRequest struct{ message, hint string }

func (e *badRequest) Error() string { return e.message }

// ErrorHint says what to do.
func (e *badRequest) ErrorHint() string { return e.hint }

// Check reports what is wrong with the method or the path, before anything is sent.
func (r Request) Check() error {
	if err := r.check(); err != nil {
		return err
	}
	return nil
}

func (r Request) check() *badRequest {
	if _, known := methods[strings.ToUpper(r.Method)]; !known {
		return &badRequest{fmt.Sprintf("the method %q is not known", r.Method), "the methods are " + strings.Join(slices.Sorted(maps.Keys(methods)), ", ")}
	}
	u, err := url.Parse(r.Path)
	if err != nil || (u.RawPath != "" && u.EscapedPath() != u.RawPath) || !strings.HasPrefix(r.Path, "/") || u.Host != "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(r.Path, "{}?#") || slices.Contains(strings.Split(u.Path, "/"), "..") {
		return &badRequest{"the path " + quote(r.Path) + " can't be used", "write it like /companies/123, without a host and a query"}
	}
	return nil
}

// BodyRows returns how many records a request writes whose meaning the client does not know: as many
// as the list that is its body has elements, and otherwise 1.
func BodyRows(body []byte) int {
	if jsontext.Value(body).Kind() != '[' {
		return 1
	}
	list, _ := splitArray[jsontext.Value](body)
	return max(1, len(list))
}

// unlisted stands for the model of requests that belong to none.
var unlisted = &catalog.Model{Name: "Planhat", Snake: "planhat"}

// Request sends a request to the main host, through the same quota, gate, retries
// and redaction as every other call, and returns the answer as JSON, nil if it is
// empty. The client does not know what it does, so only Planhat's status says whether
// it succeeded. A POST or PATCH that may have been carried out is not repeated.
func (c *Client) Request(ctx context.Context, r Request) (Record, error) {
	if c.resources == nil {
		return nil, errUnmade()
	}
	op := &catalog.Operation{Name: "request", Method: strings.ToUpper(r.Method), Base: catalog.Main}
	q := &call{model: unlisted, op: op, body: r.Body}
	if err := r.check(); err != nil {
		return nil, c.describe(q, &Error{Kind: KindConfig, Message: err.message, Hint: err.hint}, 0)
	}
	u, err := url.Parse(r.Path)
	if err != nil {
		return nil, c.describe(q, &Error{Kind: KindConfig, Message: err.Error()}, 0)
	}
	op.Path, q.repeat = u.EscapedPath(), methods[op.Method]
	q.query = url.Values{}
	for name, value := range r.Query {
		q.query.Set(name, value)
	}
	if op.Method != http.MethodGet {
		q.rows = BodyRows(r.Body)
	}
	a, failed := c.do(ctx, q)
	o := Outcome{Model: unlisted.Snake, Operation: op.Name}
	var out Record
	switch {
	case failed != nil:
		o.Err, err = failed, failed
	case a.withheld, a.planned:
		o.Planned = q.rows
	case len(strings.TrimSpace(string(a.body))) > 0:
		out = anyAnswer(a.body, c.redact)
	}
	if c.observer != nil {
		c.observer.Outcome(o)
	}
	return out, err
}
