package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// route is what a request asks for.
type route struct {
	host      catalog.Host
	model     *catalog.Model
	operation string
	id        string // unescaped
	tenant    string // unescaped
	path      string // as the log may show it: without the tenant token
}

type endpoint struct {
	method   string
	segments []string
	model    *catalog.Model
	op       *catalog.Operation
	// documented is false for what clients use without documentation.
	documented bool
}

// endpoints lists the catalog's operations by their first path segment. Where
// two models share a path (notes are conversations), the first one counts.
func endpoints(models []*catalog.Model) map[string][]endpoint {
	table := map[string][]endpoint{}
	seen := map[string]bool{}
	for _, m := range models {
		for i, op := range slices.Concat(m.Operations, m.UndocumentedOperations) {
			key := op.Method + " " + op.Path
			if seen[key] {
				continue
			}
			seen[key] = true
			e := endpoint{op.Method, strings.Split(strings.Trim(op.Path, "/"), "/"), m, op, i < len(m.Operations)}
			table[e.segments[0]] = append(table[e.segments[0]], e)
		}
	}
	return table
}

// route finds the operation that a request asks for. A trailing slash and
// PATCH on a record are accepted, since clients in the wild send them.
func (s *Server) route(r *http.Request) (*route, *failure) {
	unknown := refuse(http.StatusNotFound, "Cannot ", r.Method, " ", redact(r.URL.Path, s.options.TenantToken))
	segments, err := splitPath(r.URL)
	if err != nil || len(segments) == 0 {
		return nil, unknown
	}
	method := r.Method
	if method == http.MethodPatch && len(segments) > 1 {
		method = http.MethodPut
	}
	var best *route
	for _, e := range s.table[segments[0]] {
		if e.method != method || !e.documented && !s.switches.is(swTicketGet, "yes") {
			continue
		}
		if rt := e.match(segments); rt != nil && (best == nil || best.id != "" && rt.id == "") {
			best = rt
		}
	}
	if best == nil {
		return nil, unknown
	}
	return best, nil
}

// splitPath unescapes after splitting, so that an id may hold a slash.
func splitPath(u *url.URL) ([]string, error) {
	segments := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, text := range segments {
		plain, err := url.PathUnescape(text)
		if err != nil {
			return nil, err
		}
		segments[i] = plain
	}
	return segments, nil
}

func (e endpoint) match(segments []string) *route {
	if len(segments) != len(e.segments) {
		return nil
	}
	rt := &route{host: e.op.Base, model: e.model, operation: e.op.Name}
	shown := make([]string, len(segments))
	for i, want := range e.segments {
		shown[i] = url.PathEscape(segments[i])
		switch want {
		case "{id}":
			rt.id = segments[i]
		case "{tenantUUID}":
			rt.tenant, shown[i] = segments[i], want
		case segments[i]:
		default:
			return nil
		}
	}
	rt.path = "/" + strings.Join(shown, "/")
	return rt
}

func redact(text, secret string) string {
	return strings.ReplaceAll(text, secret, "{tenantUUID}")
}
