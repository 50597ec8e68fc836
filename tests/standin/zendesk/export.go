package zendesk

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// position is where an export is: after the item with that second and id.
type position struct{ second, id int64 }

// cursor is a position as clients get it, in the vendor's form. What follows the last
// bar is how often the account has forgotten cursors.
func (a *Account) cursor(p position) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d.0||%d|%s", p.second, p.id, a.forgotten))
}

func (a *Account) positionOf(cursor string) (p position, err error) {
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d.0||%d|", &p.second, &p.id)
	}
	if err != nil || a.cursor(p) != cursor {
		return p, &apiError{status: http.StatusUnprocessableEntity, name: "InvalidCursor", description: "The cursor is invalid or has expired"}
	}
	return p, nil
}

// startOf reads start_time.
func (a *call) startOf(query url.Values) (int64, error) {
	start, err := strconv.ParseInt(query.Get("start_time"), 10, 64)
	if err != nil || start < 0 {
		return 0, &apiError{status: http.StatusBadRequest, title: "Invalid attribute", description: "You passed an invalid value for the start_time attribute. must be an integer"}
	}
	if time.Unix(start, 0).After(a.clock.Now().Add(-a.settings.Withheld)) {
		return 0, &apiError{status: http.StatusBadRequest, name: "StartTimeTooRecent", description: "Too recent start_time. Use a start_time older than 60 seconds"}
	}
	return start, nil
}

// pageSize reads per_page, which is 1,000 by default and at most.
func (a *call) pageSize(query url.Values) int {
	if n, err := strconv.Atoi(query.Get("per_page")); err == nil && n > 0 {
		return min(n, a.settings.ExportPage)
	}
	return a.settings.ExportPage
}

// since returns at most n records that changed after a position and are old enough, in
// the order of changes, and whether there are no more.
func (a *call) since(kind string, from position, n int) (found []*record, all bool) {
	order := a.orders[kind]
	if order == nil {
		order = a.sorted(kind, func(*record) bool { return true })
		slices.SortStableFunc(order, func(x, y *record) int { return cmp.Compare(x.generated, y.generated) })
		a.orders[kind] = order
	}
	start, _ := slices.BinarySearchFunc(order, from, func(r *record, p position) int {
		if c := cmp.Or(cmp.Compare(r.generated, p.second), cmp.Compare(r.id, p.id)); c != 0 {
			return c
		}
		return -1 // the position itself was listed
	})
	until := a.clock.Now().Add(-a.settings.Withheld).Unix()
	for _, r := range order[start:] {
		switch {
		case r.generated > until:
			return found, true
		case r.gone && !a.settings.DeletedOrganizations:
		case len(found) == n:
			return found, false
		default:
			found = append(found, r)
		}
	}
	return found, true
}

// shownAs returns the records as answers have them.
func (a *Account) shownAs(kind string, records []*record) []any {
	list := bodies(records)
	for i := range list {
		for field, name := range a.hidden[kind] {
			body := maps.Clone(list[i].(Body))
			if name != "" {
				body[name] = body[field]
			}
			delete(body, field)
			list[i] = body
		}
	}
	return list
}

// tooLarge fails pages above the account's largest one, as a gateway does.
func (a *call) tooLarge(w http.ResponseWriter, size int) bool {
	if a.settings.LargestPage == 0 || size <= a.settings.LargestPage {
		return false
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusGatewayTimeout)
	_, _ = w.Write([]byte("<html><body><h1>504 Gateway Time-out</h1></body></html>"))
	return true
}

func (s *Server) exportByCursor(kind string) func(http.ResponseWriter, *call) error {
	return func(w http.ResponseWriter, c *call) error {
		query := c.URL.Query()
		c.mu.Lock()
		defer c.mu.Unlock()
		var from position
		var err error
		switch {
		case query.Has("cursor") && query.Has("start_time"):
			return invalidValue("start_time and cursor cannot be combined")
		case query.Has("cursor"):
			from, err = c.positionOf(query.Get("cursor"))
		default:
			from.second, err = c.startOf(query)
			from.id = -1
		}
		if err != nil {
			return err
		}
		size := c.pageSize(query)
		if c.tooLarge(w, size) {
			return nil
		}
		found, all := c.since(kind, from, size)
		body := Body{"end_of_stream": all, "before_cursor": nil, "before_url": nil, "after_cursor": nil, "after_url": nil}
		if last := len(found) - 1; last >= 0 {
			from = position{second: found[last].generated, id: found[last].id}
		}
		if from.id >= 0 {
			body["after_cursor"] = c.cursor(from)
			body["after_url"] = c.address("/api/v2/incremental/" + kind + "/cursor.json?cursor=" + url.QueryEscape(c.cursor(from)))
		}
		if query.Get("exclude_deleted") == "true" {
			found = slices.DeleteFunc(found, func(r *record) bool { return r.body["status"] == "deleted" })
		}
		body[kind] = c.shownAs(kind, found)
		c.sideload(kind, query.Get("include"), found, body)
		writeJSON(w, http.StatusOK, body)
		return nil
	}
}

// exportByTime starts at a second, inclusively, and never passes a second that has
// more items than a page.
func (s *Server) exportByTime(w http.ResponseWriter, c *call) error {
	query := c.URL.Query()
	c.mu.Lock()
	defer c.mu.Unlock()
	start, err := c.startOf(query)
	if err != nil {
		return err
	}
	size, end := c.pageSize(query), start
	if c.tooLarge(w, size) {
		return nil
	}
	found, all := c.since(Organizations, position{second: start, id: -1}, size)
	if len(found) > 0 {
		end = found[len(found)-1].generated
	}
	writeJSON(w, http.StatusOK, Body{
		"count": len(found), "end_of_stream": all, "end_time": end, Organizations: c.shownAs(Organizations, found),
		"next_page": c.address("/api/v2/incremental/organizations.json?start_time=" + strconv.FormatInt(end, 10)),
	})
	return nil
}

// sideload adds the records that items of a page refer to.
func (a *call) sideload(kind, include string, items []*record, into Body) {
	for name := range strings.SplitSeq(include, ",") {
		fields := []string{"organization_id"}
		switch {
		case name == Users && kind == Tickets:
			fields = []string{"requester_id", "submitter_id", "assignee_id"}
		case name != Organizations:
			continue
		}
		wanted := map[any]bool{}
		for _, item := range items {
			for _, field := range fields {
				wanted[item.body[field]] = true
			}
			if list, ok := item.body["collaborator_ids"].([]any); ok && name == Users {
				for _, id := range list {
					wanted[id] = true
				}
			}
		}
		var loaded []*record
		for id := range wanted {
			number, _ := id.(int64)
			if r := a.tables[name][number]; r != nil && !r.gone && !slices.Contains(a.settings.HideSideloads, number) {
				loaded = append(loaded, r)
			}
		}
		slices.SortFunc(loaded, func(x, y *record) int { return cmp.Compare(x.id, y.id) })
		into[name] = bodies(loaded)
	}
}

func bodies(records []*record) []any {
	list := []any{}
	for _, r := range records {
		list = append(list, r.body)
	}
	return list
}
