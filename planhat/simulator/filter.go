package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// filter is one condition of a list. Name and value tell it from others.
type filter struct {
	name, value string
	companies   []string // ids of companies, if the index of companies answers the condition
	test        func(*record) bool
}

// filters builds the conditions of a list request, with those that Planhat
// adds by itself.
func (s *Server) filters(m *catalog.Model, op *catalog.Operation, query map[string]string) ([]filter, *failure) {
	var out []filter
	if m.Part != nil {
		out = append(out, filter{name: "part", test: func(r *record) bool { return holds(m, r.fields) }})
	}
	for _, p := range op.Query {
		if p.Filter == nil {
			continue
		}
		f, refused := s.condition(m, p, query[p.Name])
		if refused != nil {
			return nil, refused
		}
		if f.test != nil {
			out = append(out, f)
		}
	}
	return out, nil
}

// condition returns the condition of one parameter, without a test if it selects
// all records.
func (s *Server) condition(m *catalog.Model, p *catalog.Query, value string) (filter, *failure) {
	f := filter{name: p.Name, value: value}
	by := p.Filter.By[0]
	var refused *failure
	switch match := p.Filter.Match; {
	case p.Type == catalog.Boolean:
		shown := value == "true"
		switch {
		case match == catalog.MatchInclude && shown, value == "" && s.store.of(m).archived == 0:
		case match == catalog.MatchInclude:
			f.test = func(r *record) bool { return !r.isTrue(by) }
		default:
			f.test = func(r *record) bool { return r.isTrue(by) == shown }
		}
	case match == catalog.MatchMaxAge:
		days, err := strconv.Atoi(value)
		if err != nil {
			days = p.Default
		}
		oldest := s.options.Clock().AddDate(0, 0, -days)
		f.value = itoa(epochDay(oldest))
		f.test = func(r *record) bool {
			at, known := firstDate(r, p.Filter.By)
			return !known || !at.Before(oldest)
		}
	case value == "":
	case match == catalog.MatchCompany:
		return s.companyFilter(p, value)
	case match == catalog.MatchEqual:
		f.test = func(r *record) bool { return r.text(by) == value }
	case match == catalog.MatchIgnoreCase:
		f.test = func(r *record) bool { return strings.EqualFold(r.text(by), value) }
	case match == catalog.MatchIDs:
		ids := strings.Split(value, ",")
		f.test = func(r *record) bool { return slices.ContainsFunc(peopleOf(r, by), among(ids)) }
	case match == catalog.MatchContains:
		f.test = func(r *record) bool {
			return slices.ContainsFunc(p.Filter.By, func(name string) bool {
				return strings.Contains(strings.ToLower(r.text(name)), strings.ToLower(value))
			})
		}
	case match == catalog.MatchOnlyOrExcluded:
		if value != "only" && value != "excluded" {
			return f, invalid(fmt.Sprintf("%s must be only or excluded, not %q.", p.Name, value))
		}
		f.test = func(r *record) bool { return r.isTrue(by) == (value == "only") }
	case match == catalog.MatchFrom:
		f.test, refused = dayBound(p, value, func(day, bound int) bool { return day >= bound })
	case match == catalog.MatchTo:
		f.test, refused = dayBound(p, value, func(day, bound int) bool { return day <= bound })
	}
	return f, refused
}

// firstDate returns the first of the named dates that a record has.
func firstDate(r *record, names []string) (time.Time, bool) {
	for _, name := range names {
		if at, known := parseDate(r.text(name)); known {
			return at, true
		}
	}
	return time.Time{}, false
}

func among(ids []string) func(string) bool {
	return func(id string) bool { return slices.Contains(ids, id) }
}

// peopleOf returns the ids of an array of ids or of objects with id or _id.
func peopleOf(r *record, name string) []string {
	var ids []string
	for _, e := range elements(r.get(name)) {
		ids = append(ids, idOf(e))
	}
	return ids
}

// dayBound compares a record's day with the value of a parameter, which is a day
// number or a date.
func dayBound(p *catalog.Query, value string, holds func(day, bound int) bool) (func(*record) bool, *failure) {
	bound := 0
	if p.Type == catalog.Days {
		var err error
		if bound, err = strconv.Atoi(value); err != nil {
			return nil, invalid(fmt.Sprintf("%s must be a whole number of days since 1970-01-01, not %q.", p.Name, value))
		}
	} else {
		at, known := parseDate(value)
		if !known {
			return nil, invalid(fmt.Sprintf("%s must be a day as YYYY-MM-DD, not %q.", p.Name, value))
		}
		bound = epochDay(at)
	}
	return func(r *record) bool {
		at, known := parseDate(r.text(p.Filter.By[0]))
		return known && holds(epochDay(at), bound)
	}, nil
}

// companyFilter selects by company. Several ids are understood on the models
// that document it; elsewhere the commas are part of the id, which then finds
// nothing.
func (s *Server) companyFilter(p *catalog.Query, value string) (filter, *failure) {
	ids := []string{value}
	if p.Several || s.switches.is(swCommaLists, "all") {
		ids = strings.Split(value, ",")
	}
	for i, id := range ids {
		ids[i] = strings.TrimSpace(id)
		if prefix, _ := splitPrefix(ids[i]); prefix == "" {
			continue
		}
		switch s.switches[swFilterPrefixes] {
		case "error":
			return filter{}, invalid(p.Name, " filters take Planhat's own _id, not ", quotePlain(ids[i]), ".")
		case "resolve":
			if company := s.store.company(ids[i]); company != nil {
				ids[i] = company.id
			}
		}
	}
	f := filter{name: p.Name, value: strings.Join(ids, ",")}
	switch by := p.Filter.By[0]; by {
	case "_id":
		f.test = func(r *record) bool { return slices.Contains(ids, r.id) }
	case "companyIds":
		f.test = func(r *record) bool { return slices.ContainsFunc(texts(r.get(by)), among(ids)) }
	default:
		f.companies = ids
		f.test = func(r *record) bool { return slices.Contains(ids, r.company) }
	}
	return f, nil
}

func quotePlain(text string) string { return strconv.Quote(text) }
