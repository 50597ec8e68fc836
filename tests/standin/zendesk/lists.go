package zendesk

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// list answers with a page by id: page[size] and page[after], or else page and
// per_page, which the vendor keeps for older clients.
func (s *Server) list(kind string) func(http.ResponseWriter, *call) error {
	return func(w http.ResponseWriter, c *call) error {
		query := c.URL.Query()
		if !query.Has("page[size]") && !query.Has("page[after]") {
			return invalidValue("this stand-in has only cursor pagination: send page[size]")
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		after := int64(0)
		if text := query.Get("page[after]"); text != "" {
			p, err := c.positionOf(text)
			if err != nil {
				return err
			}
			after = p.id
		}
		size := c.settings.ListPage
		if n, err := strconv.Atoi(query.Get("page[size]")); err == nil && n > 0 {
			size = min(n, size)
		}
		if c.tooLarge(w, size) {
			return nil
		}
		start, _ := strconv.ParseInt(query.Get("start_time"), 10, 64)
		var found []*record
		first, _ := slices.BinarySearchFunc(c.all[kind], after+1, func(r *record, id int64) int { return cmp.Compare(r.id, id) })
		for _, r := range c.all[kind][first:] {
			if !r.gone && matches(r.body, query.Get("score"), start) {
				found = append(found, r)
			}
			if len(found) > size {
				break
			}
		}
		more := len(found) > size
		found = found[:min(size, len(found))]
		meta := Body{"has_more": more, "after_cursor": nil, "before_cursor": nil}
		links := Body{"next": nil, "prev": nil}
		if len(found) > 0 {
			cursor := c.cursor(position{id: found[len(found)-1].id})
			meta["after_cursor"] = cursor
			if more {
				links["next"] = c.address("/api/v2/" + kind + ".json?page%5Bafter%5D=" + cursor)
			}
		}
		writeJSON(w, http.StatusOK, Body{kind: c.shownAs(kind, found), "meta": meta, "links": links})
		return nil
	}
}

// matches applies the filters of ratings. Other records have no score.
func matches(body Body, score string, start int64) bool {
	if created, _ := body["created_at"].(string); created < stampOf(start) {
		return false
	}
	is, _ := body["score"].(string)
	comment, _ := body["comment"].(string)
	kind, with, commented := strings.Cut(score, "_with")
	switch {
	case score == "":
		return true
	case commented && (with == "_comment") != (comment != ""):
		return false
	case kind == "received":
		return is == "good" || is == "bad"
	}
	return is == kind
}

// showMany answers with the records that exist, of at most 100 ids.
func (s *Server) showMany(kind string) func(http.ResponseWriter, *call) error {
	return func(w http.ResponseWriter, c *call) error {
		ids := strings.Split(c.URL.Query().Get("ids"), ",")
		if len(ids) > 100 {
			return invalidValue("at most 100 ids")
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		found := c.sorted(kind, func(r *record) bool {
			return r.shown() && slices.Contains(ids, strconv.FormatInt(r.id, 10))
		})
		writeJSON(w, http.StatusOK, Body{kind: bodies(found), "count": len(found), "next_page": nil, "previous_page": nil})
		return nil
	}
}

// shown reports whether a record is there for reads by id: it is not deleted.
func (r *record) shown() bool {
	return !r.gone && r.body["status"] != "deleted" && r.body["active"] != false
}

// singular is how an answer with one record names it.
func singular(kind string) string { return strings.TrimSuffix(kind, "s") }

// named finds the record of {id}.
func (c *call) named(kind string) (*record, error) {
	id, _ := strconv.ParseInt(c.PathValue("id"), 10, 64)
	r := c.tables[kind][id]
	if r == nil || !r.shown() {
		return nil, notFound()
	}
	return r, nil
}

func (s *Server) show(kind string) func(http.ResponseWriter, *call) error {
	return func(w http.ResponseWriter, c *call) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		r, err := c.named(kind)
		if err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, Body{singular(kind): r.body})
		return nil
	}
}

func (s *Server) ticketFields(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{Body{"id": int64(1), "title": "Subject", "type": "subject", "active": true, "removable": false}}
	for _, f := range c.fields {
		field := Body{"id": f.ID, "title": f.Title, "type": f.Type, "active": true, "removable": true}
		if len(f.Options) > 0 {
			options := []any{}
			for i, value := range f.Options {
				options = append(options, Body{"id": i + 1, "name": value, "value": value})
			}
			field["custom_field_options"] = options
		}
		list = append(list, field)
	}
	writeJSON(w, http.StatusOK, Body{"ticket_fields": list, "count": len(list), "next_page": nil, "previous_page": nil})
	return nil
}

// organizationFields lists the fields that some organization has, on one page.
func (s *Server) organizationFields(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := map[string]bool{}
	for _, r := range c.all[Organizations] {
		for key := range r.body["organization_fields"].(Body) {
			keys[key] = true
		}
	}
	for key := range c.options {
		keys[key] = true
	}
	list := []any{}
	for i, key := range slices.Sorted(maps.Keys(keys)) {
		kind := "text"
		if c.options[key] != nil {
			kind = "dropdown"
		}
		list = append(list, Body{"id": int64(i + 1), "key": key, "title": key, "type": kind, "active": true, "position": i, "system": false})
	}
	meta := Body{"has_more": false, "after_cursor": nil, "before_cursor": nil}
	writeJSON(w, http.StatusOK, Body{"organization_fields": list, "meta": meta, "links": Body{"next": nil, "prev": nil}})
	return nil
}

// change applies what a client sent for a record.
func (c *call) change(kind string, r *record, sent Body) error {
	fields := maps.Clone(sent)
	delete(fields, "id")
	if own, ok := fields["organization_fields"].(map[string]any); ok {
		merged := maps.Clone(r.body["organization_fields"].(Body))
		for key, value := range own {
			if options := c.options[key]; options != nil && value != nil {
				if text, _ := value.(string); !slices.Contains(options, text) {
					return invalidField("organization_fields", key+": "+text+" is not a valid option")
				}
			}
			if _, known := merged[key]; known {
				merged[key] = value
			}
		}
		fields["organization_fields"] = merged
	}
	if name, ok := fields["name"]; ok && name == "" {
		return invalidField("name", "Name: is too short (minimum is one character)")
	}
	c.writes = append(c.writes, Write{kind, r.id, sent})
	c.set(kind, r, c.clock.Now(), fields)
	return nil
}

func (s *Server) update(kind string) func(http.ResponseWriter, *call) error {
	return func(w http.ResponseWriter, c *call) error {
		var sent map[string]Body
		if err := decode(c.Request, &sent); err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		r, err := c.named(kind)
		if err != nil {
			return err
		}
		if err := c.change(kind, r, sent[singular(kind)]); err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, Body{singular(kind): r.body})
		return nil
	}
}

// updateMany starts a job for at most 100 records, and answers before it has run.
func (s *Server) updateMany(kind string) func(http.ResponseWriter, *call) error {
	return func(w http.ResponseWriter, c *call) error {
		var sent map[string][]Body
		if err := decode(c.Request, &sent); err != nil {
			return err
		}
		if len(sent[kind]) > 100 {
			return invalidValue("at most 100 records")
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		results := []any{}
		for i, fields := range sent[kind] {
			id, _ := fields["id"].(float64)
			result := Body{"index": i, "id": int64(id), "action": "update", "status": "Updated", "success": true}
			r := c.tables[kind][int64(id)]
			if r == nil || !r.shown() {
				result = Body{"index": i, "id": int64(id), "error": "TicketNotFound", "details": "not found", "success": false}
			} else if err := c.change(kind, r, fields); err != nil {
				result = Body{"index": i, "id": int64(id), "error": "RecordInvalid", "details": err.Error(), "success": false}
			}
			results = append(results, result)
		}
		c.lastID++
		job := strconv.FormatInt(c.lastID, 16)
		address := c.address("/api/v2/job_statuses/" + job + ".json")
		c.jobs[job] = Body{"id": job, "url": address, "total": len(results), "progress": len(results), "status": "completed", "message": nil, "results": results}
		writeJSON(w, http.StatusOK, Body{"job_status": Body{"id": job, "url": address, "total": len(results), "progress": nil, "status": "queued", "message": nil, "results": nil}})
		return nil
	}
}

func (s *Server) jobStatus(w http.ResponseWriter, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	job := c.jobs[c.PathValue("id")]
	if job == nil {
		return notFound()
	}
	writeJSON(w, http.StatusOK, Body{"job_status": job})
	return nil
}
