package hubspot

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// most is how many records a page, and a batch, may have.
const most = 100

// list answers with a page of records by id. after is the last id of the page
// before, so records that are archived in between do not shift the pages.
func (s *Server) list(w http.ResponseWriter, c *call) error {
	query := c.URL.Query()
	limit, err := limitOf(query, 10, most)
	if err != nil {
		return err
	}
	if c.tooLarge(w, limit) {
		return nil
	}
	after, err := afterOf(query)
	if err != nil {
		return err
	}
	archived := query.Get("archived") == "true"
	c.mu.Lock()
	defer c.mu.Unlock()
	order := c.tables[c.kind].order
	start, _ := slices.BinarySearchFunc(order, after+1, func(r *record, id int64) int { return cmp.Compare(r.id, id) })
	results := []any{}
	var next string
	for _, r := range order[start:] {
		v := r.current()
		if v.gone || v.archivedAt.IsZero() == archived {
			continue
		}
		if len(results) == limit {
			next = results[limit-1].(map[string]any)["id"].(string)
			break
		}
		results = append(results, c.detailed(r, query))
	}
	writeJSON(w, http.StatusOK, page(map[string]any{"results": results}, c.Request, next))
	return nil
}

// detailed is a record with the associations that the query names.
func (c *call) detailed(r *record, query url.Values) map[string]any {
	shown := c.show(c.kind, r, r.current(), names(query["properties"]))
	associations := map[string]any{}
	for _, name := range names(query["associations"]) {
		to := kindOf(name)
		if to == nil {
			continue
		}
		if results := c.summary(c.kind, to, r.name()); len(results) > 0 {
			associations[to.plural] = map[string]any{"results": results}
		}
	}
	if len(associations) > 0 {
		shown["associations"] = associations
	}
	return shown
}

func (s *Server) read(w http.ResponseWriter, c *call) error {
	query := c.URL.Query()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.find(c.kind, c.PathValue("id"), query.Get("archived") == "true")
	if property := query.Get("idProperty"); property != "" {
		r = c.by(c.kind, property, c.PathValue("id"))
	}
	if r == nil {
		return notFound("resource not found")
	}
	writeJSON(w, http.StatusOK, c.detailed(r, query))
	return nil
}

func (s *Server) batchRead(w http.ResponseWriter, c *call) error {
	var body struct {
		Inputs     []struct{ ID string } `json:"inputs"`
		Properties []string              `json:"properties"`
		IDProperty string                `json:"idProperty"`
	}
	if err := decode(c.Request, &body); err != nil {
		return err
	}
	if len(body.Inputs) > most {
		return tooMany(len(body.Inputs), most)
	}
	archived := c.URL.Query().Get("archived") == "true"
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*record
	var absent []string
	for _, input := range body.Inputs {
		r := c.find(c.kind, input.ID, archived)
		if body.IDProperty != "" {
			r = c.by(c.kind, body.IDProperty, input.ID)
		}
		if r == nil {
			absent = append(absent, input.ID)
		} else {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *record) int { return cmp.Compare(a.id, b.id) })
	results := []any{}
	for _, r := range slices.Compact(found) {
		results = append(results, c.show(c.kind, r, r.current(), body.Properties))
	}
	var failed []*apiError
	if len(absent) > 0 {
		failed = append(failed, missing(c.kind, absent))
	}
	c.batch(w, http.StatusOK, results, failed)
	return nil
}

// tooLarge fails pages above the account's largest one, as a gateway does.
func (c *call) tooLarge(w http.ResponseWriter, limit int) bool {
	if c.settings.LargestPage == 0 || limit <= c.settings.LargestPage {
		return false
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusGatewayTimeout)
	_, _ = w.Write([]byte("<html><body><h1>504 Gateway Time-out</h1></body></html>"))
	return true
}

// names splits parameters that may be repeated and may have commas.
func names(values []string) []string {
	var all []string
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				all = append(all, name)
			}
		}
	}
	return all
}

func limitOf(query url.Values, standard, largest int) (int, error) {
	if !query.Has("limit") {
		return standard, nil
	}
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || limit > largest {
		return 0, invalid("Invalid input: limit must be between 1 and " + strconv.Itoa(largest) + ", but was " + query.Get("limit"))
	}
	return limit, nil
}

func afterOf(query url.Values) (int64, error) {
	value := query.Get("after")
	if value == "" {
		return 0, nil
	}
	after, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, invalid("Invalid input: after is not a paging cursor of this endpoint: " + value)
	}
	return after, nil
}

// page adds the paging part of an answer, if there is a next page.
func page(body map[string]any, r *http.Request, next string) map[string]any {
	if next != "" {
		query := r.URL.Query()
		query.Set("after", next)
		body["paging"] = map[string]any{"next": map[string]any{
			"after": next, "link": "https://api.hubapi.com" + r.URL.Path + "?" + query.Encode(),
		}}
	}
	return body
}

func tooMany(n, most int) *apiError {
	return invalid("The maximum number of inputs is " + strconv.Itoa(most) + ", but there were " + strconv.Itoa(n))
}
