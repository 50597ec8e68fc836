package hubspot

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Owner is a user who can own records, or one who has been deactivated.
type Owner struct {
	ID, Email, FirstName, LastName string
	UserID                         int
	Archived                       bool
	Created                        time.Time
}

// AddOwner adds an owner, or replaces the one with that id. Without an id it gets
// one. It returns the id.
func (p *Portal) AddOwner(o Owner) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.ID == "" {
		p.lastID++
		o.ID = strconv.FormatInt(p.lastID, 10)
	}
	if o.Created.IsZero() {
		o.Created = p.clock.Now()
	}
	if i := slices.IndexFunc(p.owners, func(other Owner) bool { return other.ID == o.ID }); i >= 0 {
		p.owners[i] = o
		return o.ID
	}
	p.owners = append(p.owners, o)
	slices.SortFunc(p.owners, func(a, b Owner) int { return cmp.Compare(a.number(), b.number()) })
	return o.ID
}

func (o Owner) number() int64 {
	n, _ := strconv.ParseInt(o.ID, 10, 64)
	return n
}

func (o Owner) body() map[string]any {
	body := map[string]any{
		"id": o.ID, "email": o.Email, "type": "PERSON", "firstName": o.FirstName, "lastName": o.LastName,
		"createdAt": stamp(o.Created), "updatedAt": stamp(o.Created), "archived": o.Archived,
	}
	if o.UserID != 0 {
		body["userIdIncludingInactive"] = o.UserID
		if !o.Archived {
			body["userId"] = o.UserID
		}
	}
	return body
}

func (s *Server) listOwners(w http.ResponseWriter, c *call) error {
	query := c.URL.Query()
	limit, err := limitOf(query, 100, 500)
	if err != nil {
		return err
	}
	after, err := afterOf(query)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	results := []any{}
	var last, next string
	for _, o := range c.owners {
		email := query.Get("email")
		if o.Archived != (query.Get("archived") == "true") || o.number() <= after || email != "" && o.Email != email {
			continue
		}
		if len(results) == limit {
			next = last
			break
		}
		results, last = append(results, o.body()), o.ID
	}
	writeJSON(w, http.StatusOK, page(map[string]any{"results": results}, c.Request, next))
	return nil
}

func (s *Server) readOwner(w http.ResponseWriter, c *call) error {
	query := c.URL.Query()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.owners {
		id := o.ID
		if query.Get("idProperty") == "userId" {
			id = strconv.Itoa(o.UserID)
		}
		if id == c.PathValue("id") && o.Archived == (query.Get("archived") == "true") {
			writeJSON(w, http.StatusOK, o.body())
			return nil
		}
	}
	return notFound("resource not found")
}
