package simulator

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// match finds the record that a bulk row is about, by the first of the model's
// keyables that the row carries; whether a miss continues with the next one
// is a switch. It returns nil if the row is about a new record.
func (s *Server) match(m *catalog.Model, row fields) *record {
	c := s.store.of(m)
	for _, key := range m.Keyables.Bulk {
		value := row.text(key)
		if value == "" {
			continue
		}
		r := s.lookup(c, m, row, key, value)
		if r != nil && holds(m, r.fields) {
			return r
		}
		if s.switches.is(swFallThrough, "no") {
			return nil
		}
	}
	return nil
}

func (s *Server) lookup(c *collection, m *catalog.Model, row fields, key, value string) *record {
	switch key {
	case "_id":
		return c.byID[strings.ToLower(value)]
	case "sourceId":
		return c.first(c.source, value)
	case "email":
		// An email is a key only where it is unique.
		if ids := c.email[strings.ToLower(value)]; len(ids) == 1 {
			return c.byID[ids[0]]
		}
		return nil
	case m.ExternalID():
		return s.byExternal(c, m, row, value)
	}
	// A declared model may have any property as a key, so there is no index.
	for _, r := range c.order {
		if textOf(r.get(key)) == value {
			return r
		}
	}
	return nil
}

// byExternal finds a record by its external id, which is unique only within
// one company.
func (s *Server) byExternal(c *collection, m *catalog.Model, row fields, value string) *record {
	reference := row.text(m.CompanyRef())
	if reference == "" || s.switches.is(swExternalScope, "model") {
		return c.first(c.external, value)
	}
	company := s.store.company(reference)
	if company == nil {
		return c.first(c.external, value)
	}
	for _, id := range c.external[value] {
		if r := c.byID[id]; r.company == company.id {
			return r
		}
	}
	return nil
}

// unique refuses a change that would give two records the same key: a source
// id within the model, an external id within the company.
func (s *Server) unique(ch *change) *failure {
	own := ch.out.text("_id")
	taken := func(ids []string, same func(*record) bool) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return id != own && same(ch.c.byID[id]) })
	}
	source := ch.out.text("sourceId")
	if source != "" && taken(ch.c.source[source], func(*record) bool { return true }) {
		return invalid("sourceId duplicated: ", source)
	}
	external := ch.out.text(ch.m.ExternalID())
	if external == "" {
		return nil
	}
	company, email := ch.out.text(ch.c.companyName), strings.ToLower(ch.out.text("email"))
	sameEmail := false
	if taken(ch.c.external[external], func(r *record) bool {
		sameEmail = sameEmail || email != "" && r.email == email && r.company == company
		return r.company == company
	}) {
		if sameEmail {
			return invalid(ch.c.externalName, ",email duplicated")
		}
		return invalid(ch.c.externalName, " duplicated: ", external)
	}
	return nil
}
