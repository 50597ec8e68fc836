package simulator

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/phscript/phscript/planhat/catalog"
)

// authorized checks the API token of the main host: Bearer, or Basic with the
// token as user name and an empty password.
func (s *Server) authorized(r *http.Request) *failure {
	if user, password, basic := r.BasicAuth(); basic {
		if same(user, s.options.APIToken) && password == "" {
			return nil
		}
		return refuse(http.StatusUnauthorized, "Invalid API token. With Basic, the token is the user name and the password is empty.")
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case scheme == "":
		return refuse(http.StatusUnauthorized, "No Authorization header. Send the API token as a Bearer token.")
	case strings.EqualFold(scheme, "Bearer") && same(strings.TrimSpace(token), s.options.APIToken):
		return nil
	}
	return refuse(http.StatusUnauthorized, "Invalid API token.")
}

// tenantAuthorized checks the tenant token, which is in the path, or in the
// Basic user name for the Segment endpoint.
func (s *Server) tenantAuthorized(r *http.Request, rt *route) *failure {
	token := rt.tenant
	if rt.operation == "segment" {
		user, password, basic := r.BasicAuth()
		if !basic || password != "" {
			return refuse(http.StatusUnauthorized, "The Segment endpoint needs Basic authentication with the tenant token as user name and an empty password.")
		}
		token = user
	}
	if same(token, s.options.TenantToken) {
		return nil
	}
	status := http.StatusUnauthorized
	if s.switches.is(swUnknownTenant, "404") {
		status = http.StatusNotFound
	}
	return refuse(status, "Unknown tenant token.")
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// right is what a token may do with a model.
type right string

const (
	mayRead   right = "read"
	mayCreate right = "create"
	mayUpdate right = "update"
	mayDelete right = "delete"
)

var rights = []right{mayRead, mayCreate, mayUpdate, mayDelete}

// Permissions returns the permissions that can be denied: those of the models of
// the catalog and of others from catalog.Declare, and "*" with a right.
func Permissions(more ...*catalog.Model) []string {
	return permissionsOf(slices.Concat(catalog.Load().Models, more))
}

func permissionsOf(models []*catalog.Model) []string {
	var list []string
	for _, name := range append(snakeNames(models), "*") {
		if name != "*" {
			list = append(list, name)
		}
		for _, r := range rights {
			list = append(list, name+"."+string(r))
		}
	}
	return list
}

// denials lists what the API token may not do. It is safe for concurrent use.
type denials struct {
	mu     sync.RWMutex
	denied map[string]bool
}

func (d *denials) set(permissions []string, denied bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.denied == nil {
		d.denied = map[string]bool{}
	}
	for _, p := range permissions {
		d.denied[p] = denied
	}
}

func (d *denials) check(m *catalog.Model, want right) *failure {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.denied[m.Snake] || d.denied[m.Snake+"."+string(want)] || d.denied["*."+string(want)] {
		return refuse(http.StatusForbidden, "The API token has no permission to ", string(want), " ", m.Name, ".")
	}
	return nil
}

// Deny takes permissions from the API token: "company" all of a model,
// "company.read", "company.create", "company.update" or "company.delete" one,
// "*.delete" one of every model. Calls that need them answer 403; rows of a
// bulk call that need them are listed in permissionErrors. If a permission is
// unknown, Deny changes none.
func (s *Server) Deny(permissions ...string) error { return s.permit(permissions, true) }

// Allow gives back what Deny took, by the same words.
func (s *Server) Allow(permissions ...string) error { return s.permit(permissions, false) }

func (s *Server) permit(permissions []string, denied bool) error {
	known := permissionsOf(s.models)
	for _, p := range permissions {
		if slices.Contains(known, p) {
			continue
		}
		model, _, _ := strings.Cut(p, ".")
		candidates := slices.DeleteFunc(slices.Clone(known), func(name string) bool { return !strings.HasPrefix(name, model+".") })
		if len(candidates) == 0 {
			candidates = known
		}
		suggestion := catalog.DidYouMean(p, candidates)
		if suggestion == "" {
			suggestion = "; use a model, or a model or * with .read, .create, .update or .delete"
		}
		return fmt.Errorf("unknown permission %q%s", p, suggestion)
	}
	s.denials.set(permissions, denied)
	return nil
}
