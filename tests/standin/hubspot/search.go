package hubspot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	mostFound                             = 200 // per page
	mostGroups, mostFilters, mostInGroups = 5, 6, 18
)

// search is the body of a search.
type search struct {
	Groups []struct {
		Filters []filter `json:"filters"`
	} `json:"filterGroups"`
	Sorts      []json.RawMessage `json:"sorts"`
	Query      string            `json:"query"`
	Properties []string          `json:"properties"`
	Limit      *int              `json:"limit"`
	After      json.RawMessage   `json:"after"`
}

// found is a record as searches see it.
type found struct {
	*record
	*version
	by    value // of the property that results are sorted by
	hasBy bool
}

func (s *Server) search(w http.ResponseWriter, c *call) error {
	text, err := io.ReadAll(c.Body)
	if err != nil {
		return err
	}
	if most := c.settings.SearchBody; most > 0 && utf8.RuneCount(text) > most {
		return invalid("The request body is longer than " + strconv.Itoa(most) + " characters")
	}
	c.Body = io.NopCloser(bytes.NewReader(text))
	var query search
	if err := decode(c.Request, &query); err != nil {
		return err
	}
	limit, after, err := query.window(c.settings.SearchCap)
	if err != nil || c.tooLarge(w, limit) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	matches, err := c.matcher(&query)
	if err != nil {
		return err
	}
	less, by, err := c.order(query.Sorts)
	if err != nil {
		return err
	}
	now := c.clock.Now()
	var all []found
	for _, r := range c.tables[c.kind].order {
		if v := r.indexed(now); v != nil && v.archivedAt.IsZero() && !v.gone && matches(v) {
			f := found{record: r, version: v}
			if by != nil {
				f.by, f.hasBy = by.value(v.properties)
			}
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, less)
	results := []any{}
	for _, f := range all[min(after, len(all)):min(after+limit, len(all))] {
		results = append(results, c.show(c.kind, f.record, f.version, query.Properties))
	}
	next := ""
	if after+limit < len(all) {
		next = strconv.Itoa(after + limit)
	}
	body := page(map[string]any{"total": len(all), "results": results}, c.Request, next)
	writeJSON(w, http.StatusOK, body)
	return nil
}

// window returns which of the results are asked for.
func (q *search) window(most int) (limit, after int, err error) {
	limit = 10
	if q.Limit != nil {
		limit = *q.Limit
	}
	if limit < 1 || limit > mostFound {
		return 0, 0, invalid("Invalid input: limit must be between 1 and " + strconv.Itoa(mostFound) + ", but was " + strconv.Itoa(limit))
	}
	if text := strings.Trim(string(q.After), `"`); text != "" && text != "null" {
		if after, err = strconv.Atoi(text); err != nil || after < 0 {
			return 0, 0, invalid("Invalid input: after is not a paging cursor of this endpoint: " + text)
		}
	}
	if after+limit > most {
		return 0, 0, invalid("Paging beyond " + strconv.Itoa(most) + " results of a query is not possible: after is " +
			strconv.Itoa(after) + " and limit " + strconv.Itoa(limit))
	}
	return limit, after, nil
}

// matcher returns what the filters and the query let through.
func (c *call) matcher(q *search) (func(*version) bool, error) {
	if len(q.Groups) > mostGroups {
		return nil, invalid("The maximum number of filter groups is " + strconv.Itoa(mostGroups))
	}
	var groups [][]func(*version) bool
	total := 0
	for _, g := range q.Groups {
		if total += len(g.Filters); len(g.Filters) > mostFilters || total > mostInGroups {
			return nil, invalid("The maximum number of filters is " + strconv.Itoa(mostFilters) + " in a group and " +
				strconv.Itoa(mostInGroups) + " in all")
		}
		var filters []func(*version) bool
		for _, f := range g.Filters {
			field := c.field(c.kind, f.Property)
			if field == nil || field.Hidden {
				return nil, invalid("There was a problem with the request.", detail{Message: "Property \"" + f.Property + "\" does not exist", In: "propertyName"})
			}
			match, err := f.compile(field)
			if err != nil {
				return nil, err
			}
			filters = append(filters, match)
		}
		groups = append(groups, filters)
	}
	word := strings.ToLower(q.Query)
	return func(v *version) bool {
		for _, filters := range groups {
			if !slices.ContainsFunc(filters, func(match func(*version) bool) bool { return !match(v) }) {
				return c.mentions(v, word)
			}
		}
		return len(groups) == 0 && c.mentions(v, word)
	}, nil
}

// mentions reports whether a default property contains the word.
func (c *call) mentions(v *version, word string) bool {
	return word == "" || slices.ContainsFunc(c.kind.defaults, func(name string) bool {
		return strings.Contains(strings.ToLower(v.properties[name]), word)
	})
}

// order compares results as the sort says: an object, or a name with a minus for
// descending. Records without a value come last. Equal ones come in the order in
// which they were indexed.
func (c *call) order(sorts []json.RawMessage) (less func(a, b found) int, by *Property, err error) {
	if len(sorts) > 1 {
		return nil, nil, invalid("Only one sort is supported")
	}
	if len(sorts) == 0 {
		return func(a, b found) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) }, nil, nil
	}
	var rule struct{ PropertyName, Direction string }
	if json.Unmarshal(sorts[0], &rule.PropertyName) == nil {
		if name, ok := strings.CutPrefix(rule.PropertyName, "-"); ok {
			rule.PropertyName, rule.Direction = name, "DESCENDING"
		}
	} else if err := json.Unmarshal(sorts[0], &rule); err != nil {
		return nil, nil, invalid("Invalid input JSON: a sort is a string or an object: " + err.Error())
	}
	field := c.field(c.kind, rule.PropertyName)
	if field == nil || field.Hidden {
		return nil, nil, invalid("There was a problem with the request.", detail{Message: "Property \"" + rule.PropertyName + "\" does not exist", In: "sorts"})
	}
	sign := 1
	switch rule.Direction {
	case "", "ASCENDING":
	case "DESCENDING":
		sign = -1
	default:
		return nil, nil, invalid("Invalid input: direction is ASCENDING or DESCENDING, not " + rule.Direction)
	}
	return func(a, b found) int {
		if a.hasBy != b.hasBy {
			if a.hasBy {
				return -1
			}
			return 1
		}
		return cmp.Or(sign*a.by.compare(b.by), cmp.Compare(a.sequence, b.sequence))
	}, field, nil
}

// value is a property's value as searches compare it.
type value struct {
	text   string
	number float64
}

func (v value) compare(w value) int {
	return cmp.Or(cmp.Compare(v.number, w.number), strings.Compare(v.text, w.text))
}

// value returns the value of a property. A value that is not of the type counts
// as absent.
func (f *Property) value(properties map[string]string) (value, bool) {
	text, ok := properties[f.Name]
	if !ok {
		return value{}, false
	}
	return f.parse(text)
}

func (f *Property) parse(text string) (value, bool) {
	switch f.Type {
	case "number":
		n, err := strconv.ParseFloat(text, 64)
		return value{number: n}, err == nil
	case "date", "datetime":
		if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
			return value{number: float64(ms)}, true
		}
		for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
			if at, err := time.Parse(layout, text); err == nil {
				return value{number: float64(at.UnixMilli())}, true
			}
		}
		return value{}, false
	case "string":
		return value{text: strings.ToLower(text)}, true
	default:
		return value{text: text}, true
	}
}
