package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// mostCompanies is how many ids fit in the address of a list, and companyLists how many such
// lists are read of a model before it is scanned: a script that works through its companies one
// by one would otherwise read a list for each.
const mostCompanies, companyLists = 78, 20

// byCompany reads the records of the companies that rows name, where a list takes several, and
// they are few. tried is false if that can't be done.
func (s *session) byCompany(m *catalog.Model, rows []object, names []string) (tried bool, err error) {
	t, op := s.table(m), m.Operation("get_list")
	filter := companyFilter(m)
	if filter == "" || t.companyLists >= companyLists {
		return false, nil
	}
	var ids []string
	for _, row := range rows {
		if !s.open(m, row) && len(s.missing(m, []object{row})) == 0 {
			continue
		}
		company := s.companyOf(m, row)
		if company == nil || company.number > 0 {
			return false, nil
		}
		if !t.within[company.id] && !slices.Contains(ids, company.id) {
			ids = append(ids, company.id)
		}
		if len(ids) > mostCompanies {
			return false, nil
		}
	}
	if len(ids) == 0 {
		return false, nil
	}
	t.companyLists++
	have := s.wanted(m, names)
	for _, view := range op.Views() {
		filters := maps.Clone(view)
		filters[filter] = strings.Join(ids, ",")
		if err := s.pages(m, op, filters, have, func(int) error { return nil }); err != nil {
			return true, err
		}
	}
	for _, id := range ids {
		t.within[id] = true
	}
	return true, nil
}

// companyFilter is the parameter of a model's list that takes several companies, "" if there is
// none.
func companyFilter(m *catalog.Model) string {
	op := m.Operation("get_list")
	if op == nil || m.CompanyRef() == "" {
		return ""
	}
	for _, q := range op.Filters() {
		if q.Several && q.Filter != nil && q.Filter.Match == catalog.MatchCompany {
			return q.Name
		}
	}
	return ""
}

// absentWithin reports whether every record of the row's company was read, and none has the
// key, which is unique within a company.
func (s *session) absentWithin(m *catalog.Model, row object, k key) bool {
	t := s.table(m)
	if k.name != m.ExternalID() || len(t.within) == 0 {
		return false
	}
	company := s.companyOf(m, row)
	return company != nil && t.within[company.id] && s.inCompany(m, row, t.find(m, k)) == nil
}
