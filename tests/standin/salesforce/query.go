package salesforce

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// cursor is a query with further pages.
type cursor struct {
	id        string
	statement *statement
	ids       []string
}

// mostURL is how long the address of a request can be.
const mostURL = 16_384

func (s *Server) query(w http.ResponseWriter, r *http.Request) error {
	if len(r.URL.RequestURI()) > mostURL {
		return &apiError{status: http.StatusRequestURITooLong, code: "URI_TOO_LONG", message: "URI Too Long"}
	}
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	statement, err := o.parse(r.URL.Query().Get("q"), strings.HasSuffix(r.URL.Path, "All"))
	if err != nil {
		return err
	}
	if most := o.settings.TooMany; most > 0 && statement.limit > most {
		w.WriteHeader(http.StatusGatewayTimeout)
		return nil
	}
	found := o.run(statement)
	if statement.count {
		writeJSON(w, http.StatusOK, map[string]any{"totalSize": len(found), "done": true, "records": []any{}})
		return nil
	}
	c := &cursor{statement: statement}
	for _, r := range found {
		c.ids = append(c.ids, r.id)
	}
	o.page(w, r, c, 0)
	return nil
}

// page writes a page of a query. The org is locked.
func (o *Org) page(w http.ResponseWriter, r *http.Request, c *cursor, from int) {
	size := 2000
	for _, option := range strings.Split(r.Header.Get("Sforce-Query-Options"), ",") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(option), "batchSize="); ok {
			n, _ := strconv.Atoi(text)
			size = min(2000, max(200, n))
		}
	}
	size = min(size, o.settings.LargestPage)
	to := min(from+size, len(c.ids))
	records := []any{}
	for _, id := range c.ids[from:to] {
		if found := c.statement.object.records[id]; found != nil && (c.statement.all || !found.deleted) {
			records = append(records, o.answer(c.statement, found, r.PathValue("version")))
		}
	}
	body := map[string]any{"totalSize": len(c.ids), "done": to == len(c.ids), "records": records}
	if to < len(c.ids) {
		if c.id == "" {
			o.lastID++
			c.id = newID("0r8", o.lastID)
			if o.cursors = append(o.cursors, c); len(o.cursors) > o.settings.Cursors {
				o.cursors = o.cursors[1:]
			}
		}
		body["nextRecordsUrl"] = fmt.Sprintf("/services/data/v%s/query/%s-%d", r.PathValue("version"), c.id, to)
	}
	writeJSON(w, http.StatusOK, body)
}

// answer is a record as answers have it, with the records that it refers to inside.
func (o *Org) answer(s *statement, r *record, version string) map[string]any {
	body := map[string]any{"attributes": attributes(s.object, r, version)}
	for _, p := range s.fields {
		value := o.follow(s.object, r, p)
		if p.ref == nil {
			body[p.field.Name] = value
			continue
		}
		id, _ := r.values[p.ref.Name].(string)
		other := o.objects[p.ref.Refers].records[Long(id)]
		inner, _ := body[p.ref.Relationship].(map[string]any)
		switch {
		case other == nil:
			body[p.ref.Relationship] = nil
			continue
		case inner == nil:
			inner = map[string]any{"attributes": attributes(o.objects[p.ref.Refers], other, version)}
			body[p.ref.Relationship] = inner
		}
		inner[p.field.Name] = value
	}
	return body
}

func attributes(t *object, r *record, version string) map[string]any {
	return map[string]any{"type": t.name, "url": "/services/data/v" + version + "/sobjects/" + t.name + "/" + r.id}
}

// more answers with a further page of a query.
func (s *Server) more(w http.ResponseWriter, r *http.Request) error {
	o := s.Org
	o.mu.Lock()
	defer o.mu.Unlock()
	id, at, _ := strings.Cut(r.PathValue("locator"), "-")
	from, err := strconv.Atoi(at)
	i := slices.IndexFunc(o.cursors, func(c *cursor) bool { return c.id == id })
	if err != nil || i < 0 || from < 0 || from > len(o.cursors[i].ids) {
		return refuse("INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	o.page(w, r, o.cursors[i], from)
	return nil
}
