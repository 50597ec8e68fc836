package plan

import (
	"cmp"
	"slices"

	"github.com/phscript/phscript/planhat/catalog"
)

// match finds the record that a row is about: Planhat tries the keys in their order. why
// says that it may be another one.
func (s *session) match(m *catalog.Model, row object) (of *record, why doubt) {
	t, missed := s.table(m), ""
	for _, name := range m.Keyables.Bulk {
		value := row.text(name)
		if value == "" {
			continue
		}
		found := t.find(m, keyOf(name, value))
		var r *record
		var unclear doubt
		switch {
		case len(found) == 0:
		case name == "email" && len(found) > 1: // only one that is unique is a key
			why = severalEmails(m)
		case name == m.ExternalID():
			if r = s.inCompany(m, row, found); r != nil && len(found) > 1 && s.companyOf(m, row) == nil {
				unclear = severalCompanies(m, name)
			}
		default:
			r = found[0]
		}
		if r == nil {
			missed = cmp.Or(missed, name)
			continue
		}
		s.foundBy(keyOf(name, value))
		if have := r.fields().get(name); unclear == "" && differs(row.get(name), have) {
			unclear = otherKind(m, name, row.get(name))
		}
		if missed != "" {
			unclear = laterKey(m, missed, name)
		}
		return r, unclear
	}
	return nil, why
}

// companyOf returns the company that a row names, nil if it names none that is known.
func (s *session) companyOf(m *catalog.Model, row object) *record {
	_, id := reference(m, row)
	if id == "" {
		return nil
	}
	account := catalog.Load().With(catalog.Account)
	companies := s.table(account).find(account, addressed(account, id))
	if len(companies) == 0 {
		return nil
	}
	return companies[0]
}

// inCompany returns the record of the company that the row names, or the first one if it
// names none.
func (s *session) inCompany(m *catalog.Model, row object, found []*record) *record {
	company := s.companyOf(m, row)
	if company == nil {
		return found[0]
	}
	at := slices.IndexFunc(found, func(r *record) bool {
		return r.fields().text(m.CompanyRef()) == company.id
	})
	if at < 0 {
		return nil
	}
	return found[at]
}
