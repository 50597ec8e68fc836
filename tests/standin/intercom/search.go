package intercom

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// filter is one comparison, or several that are combined.
type filter struct {
	Field, Operator string
	Value           json.RawMessage
}

type searchRequest struct {
	Query      filter
	Pagination struct {
		PerPage       int    `json:"per_page"`
		StartingAfter string `json:"starting_after"`
	}
	Sort struct{ Field, Order string }
}

// place is where a page begins: after the record with this value and id.
type place struct {
	Value int64
	ID    string
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.Value, other.Value), cmp.Compare(p.ID, other.ID))
}

func (s *Server) search(kind string) http.HandlerFunc {
	size, key, list := 50, "data", "list"
	if kind == Conversations {
		size, key, list = 20, "conversations", "conversation.list"
	}
	return func(w http.ResponseWriter, r *http.Request) {
		var q searchRequest
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			fail(w, http.StatusBadRequest, "parameter_invalid", err.Error())
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		by := cmp.Or(q.Sort.Field, "created_at")
		if q.Sort.Order != "" && q.Sort.Order != "ascending" && q.Sort.Order != "descending" {
			fail(w, http.StatusBadRequest, "invalid_sort_order", fmt.Sprintf("Invalid sort order '%s'. Must be one of: ascending, descending", q.Sort.Order))
			return
		}
		size := min(cmp.Or(q.Pagination.PerPage, size), 150)
		if most := s.settings.LargestPage; most > 0 && size > most {
			w.WriteHeader(http.StatusGatewayTimeout)
			return
		}
		var after place
		if text := q.Pagination.StartingAfter; text != "" {
			plain, err := base64.StdEncoding.DecodeString(text)
			if err != nil || json.Unmarshal(plain, &after) != nil {
				fail(w, http.StatusBadRequest, "client_error", "bad 'starting_after' value")
				return
			}
		}
		places := s.ordered(kind, by)
		first, there := slices.BinarySearchFunc(places, after, place.compare)
		if q.Sort.Order != "ascending" {
			places = slices.Clone(places)
			slices.Reverse(places)
			first = len(places) - first
			if there {
				first--
			}
		}
		if after.ID == "" {
			first = 0
		} else if there {
			first++
		}
		total := len(places) // of the order: the stand-in does not count what a filter finds
		found, more, last := []any{}, false, place{}
		for _, p := range places[first:] {
			ok, err := s.matches(kind, q.Query, s.tables[kind][p.ID])
			if err != nil {
				fail(w, http.StatusBadRequest, "client_error", err.Error())
				return
			}
			if !ok {
				continue
			}
			if more = len(found) == size; more {
				break
			}
			found, last = append(found, s.shown(kind, p.ID)), p
		}
		pages := Body{"type": "pages", "page": 1, "per_page": size, "total_pages": (total + size - 1) / size}
		if more {
			text, _ := json.Marshal(last)
			pages["next"] = Body{"per_page": size, "starting_after": base64.StdEncoding.EncodeToString(text)}
		}
		write(w, http.StatusOK, Body{"type": list, key: found, "total_count": total, "pages": pages})
	}
}

// matches reports whether a filter accepts a record. It expects the mutex to be held.
func (s *Server) matches(kind string, f filter, body Body) (bool, error) {
	if f.Operator == "AND" || f.Operator == "OR" {
		var inner []filter
		if err := json.Unmarshal(f.Value, &inner); err != nil {
			return false, err
		}
		for _, one := range inner {
			ok, err := s.matches(kind, one, body)
			if err != nil || ok == (f.Operator == "OR") {
				return ok, err
			}
		}
		return f.Operator == "AND", nil
	}
	switch f.Field {
	case "created_at", "updated_at":
		return s.matchesTime(kind, f, body)
	case "id":
		id, _ := body["id"].(string)
		var one string
		var many []string
		if f.Operator == "IN" && json.Unmarshal(f.Value, &many) == nil {
			return slices.Contains(many, id), nil
		}
		if f.Operator == "=" && json.Unmarshal(f.Value, &one) == nil {
			return id == one, nil
		}
	}
	return false, fmt.Errorf("'%s' with operator '%s' is not supported", f.Field, f.Operator)
}

// matchesTime compares times: of contacts by the day in the workspace's zone, of
// conversations by the second.
func (s *Server) matchesTime(kind string, f filter, body Body) (bool, error) {
	text := string(f.Value)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	want, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return false, fmt.Errorf("the value of '%s' is not a time", f.Field)
	}
	has, _ := body[f.Field].(int64)
	if kind == Contacts {
		want, has = s.day(want), s.day(has)
	}
	switch f.Operator {
	case ">":
		return has > want, nil
	case "<":
		return has < want, nil
	case "=":
		return has == want, nil
	}
	return false, fmt.Errorf("'%s' with operator '%s' is not supported", f.Field, f.Operator)
}

// day is the first second of the day of a time.
func (s *Server) day(second int64) int64 {
	year, month, day := time.Unix(second, 0).In(s.settings.Zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, s.settings.Zone).Unix()
}
