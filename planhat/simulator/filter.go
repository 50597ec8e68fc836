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
	companies   []string // the ids, where the condition is about companies
	test        func(*record) bool
}

// filters builds the conditions of a list request, with those that Planhat
// adds by itself.
func (s *Server) filters(m *catalog.Model, op *catalog.Operation, query map[string]string) ([]filter, *failure) {
	var out []filter
	for _, p := range op.Query {
		value := query[p.Name]
		if value == "" {
			continue
		}
		if p.Name == "companyId" || p.Name == "cId" {
			f, refused := s.companyFilter(m, p, value)
			if refused != nil {
				return nil, refused
			}
			out = append(out, f)
			continue
		}
		test, refused := s.condition(m, p.Name, value)
		if refused != nil {
			return nil, refused
		}
		if test != nil {
			out = append(out, filter{name: p.Name, value: value, test: test})
		}
	}
	return append(out, s.standing(m, query)...), nil
}

// standing returns the conditions that hold without being asked for.
func (s *Server) standing(m *catalog.Model, query map[string]string) []filter {
	switch m.Snake {
	case "enduser":
		if query["archived"] == "true" || s.store.of("enduser").archived == 0 {
			return nil
		}
		return []filter{{name: "archived", test: func(r *record) bool { return !r.archived }}}
	case "task":
		if query["isArchived"] != "" || s.store.of("task").archived == 0 {
			return nil
		}
		return []filter{{name: "isArchived", test: func(r *record) bool { return !r.archived }}}
	case "ticket":
		return []filter{{name: "kind", test: isTicket}}
	case "nps":
		days, err := strconv.Atoi(query["npsExpiryDay"])
		if err != nil {
			days = 360
		}
		oldest := s.options.Clock().AddDate(0, 0, -days)
		return []filter{{name: "expiry", value: itoa(epochDay(oldest)), test: func(r *record) bool {
			at, known := answered(r)
			return !known || !at.Before(oldest)
		}}}
	}
	return nil
}

func answered(r *record) (time.Time, bool) {
	for _, name := range []string{"dateAnswered", "dateSent"} {
		if at, known := parseDate(r.text(name)); known {
			return at, true
		}
	}
	return time.Time{}, false
}

func isTicket(r *record) bool { return r.text("type") == "ticket" || r.text("subType") == "ticket" }

// condition returns the test of one filter, nil for parameters that are none.
func (s *Server) condition(m *catalog.Model, name, value string) (func(*record) bool, *failure) {
	switch m.Snake + "." + name {
	case "enduser.email", "user.email", "ticket.email":
		return func(r *record) bool { return strings.EqualFold(r.text("email"), value) }, nil
	case "enduser.euId":
		return func(r *record) bool { return r.id == value }, nil
	case "task.enduserIds":
		ids := strings.Split(value, ",")
		return func(r *record) bool { return slices.ContainsFunc(peopleOf(r, "endusers"), among(ids)) }, nil
	case "task.isArchived":
		return func(r *record) bool { return r.archived == (value == "true") }, nil
	case "ticket.search":
		return func(r *record) bool {
			return strings.Contains(strings.ToLower(r.text("subject")+" "+r.text("snippet")), strings.ToLower(value))
		}, nil
	case "ticket.status", "conversation.type", "custom_field.parent":
		return func(r *record) bool { return r.text(name) == value }, nil
	case "churn.downgrades":
		return downgrades(value)
	case "churn.from":
		return s.churnBound(value, func(day, bound int) bool { return day >= bound })
	case "churn.to":
		return s.churnBound(value, func(day, bound int) bool { return day <= bound })
	case "metrics.dimid":
		return func(r *record) bool { return r.text("dimensionId") == value }, nil
	case "metrics.from":
		return dayBound("from", value, func(day, bound int) bool { return day >= bound })
	case "metrics.to":
		return dayBound("to", value, func(day, bound int) bool { return day <= bound })
	}
	return nil, nil
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

func downgrades(value string) (func(*record) bool, *failure) {
	switch value {
	case "only":
		return func(r *record) bool { return r.isTrue("onlyDowngrade") }, nil
	case "excluded":
		return func(r *record) bool { return !r.isTrue("onlyDowngrade") }, nil
	}
	return nil, invalid(fmt.Sprintf("downgrades is only or excluded, not %q.", value))
}

func (s *Server) churnBound(value string, holds func(day, bound int) bool) (func(*record) bool, *failure) {
	bound, known := parseDate(value)
	if !known {
		return nil, invalid(fmt.Sprintf("%q is no day; write YYYY-MM-DD.", value))
	}
	return func(r *record) bool {
		at, known := parseDate(r.text("churnDate"))
		return known && holds(epochDay(at), epochDay(bound))
	}, nil
}

func dayBound(name, value string, holds func(day, bound int) bool) (func(*record) bool, *failure) {
	bound, err := strconv.Atoi(value)
	if err != nil {
		return nil, invalid(fmt.Sprintf("%s must be a whole number of days since 1970-01-01, not %q.", name, value))
	}
	return func(r *record) bool {
		at, known := parseDate(r.text("time"))
		return known && holds(epochDay(at), bound)
	}, nil
}

// companyFilter selects by company. Several ids are understood on the models
// that document it; elsewhere the commas are part of the id, which then finds
// nothing.
func (s *Server) companyFilter(m *catalog.Model, p *catalog.Query, value string) (filter, *failure) {
	ids := []string{value}
	if strings.Contains(p.Doc, "several") || s.switches.is(swCommaLists, "all") {
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
	f := filter{name: "company", value: strings.Join(ids, ","), companies: ids}
	switch m.Snake {
	case "company":
		f.test = func(r *record) bool { return slices.Contains(ids, r.id) }
	case "issue":
		f.test = func(r *record) bool { return slices.ContainsFunc(texts(r.get("companyIds")), among(ids)) }
	default:
		f.test = func(r *record) bool { return slices.Contains(ids, r.company) }
	}
	return f, nil
}

func quotePlain(text string) string { return strconv.Quote(text) }
