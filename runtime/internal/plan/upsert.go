package plan

import (
	"errors"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// failure is why a row is rejected.
type failure struct {
	row     int
	message string
}

// entries writes failures as an answer lists them.
func entries(failed []failure) jsontext.Value {
	out := make([]jsontext.Value, len(failed))
	for i, f := range failed {
		out[i] = object{{"index", number(f.row)}, {"message", quote(f.message)}}.encode()
	}
	return list(out)
}

// answers is the answer to a bulk upsert in the making.
type answers struct {
	created, updated       []jsontext.Value
	unchanged              int
	notCreated, notUpdated []failure
	ids                    []jsontext.Value
	// rows without an entry: updates of records that could not be looked up.
	unnamed int
	// blind are the positions of the rows that were not looked up.
	blind []int
}

// take adds a record that was created or updated.
func (a *answers) take(m *catalog.Model, r *record, isNew bool) {
	shown, fields := object{{"_id", quote(r.id)}}, r.fields()
	for _, name := range KeysOf(m) {
		if v := fields.get(name); name != "email" && present(v) {
			shown = append(shown, field{name, v})
		}
	}
	if isNew {
		a.created = append(a.created, shown.encode())
		a.ids = append(a.ids, quote(r.id))
		return
	}
	a.updated = append(a.updated, shown.encode())
}

func (a *answers) reply() planhat.Reply {
	rejected := len(a.notCreated) + len(a.notUpdated)
	done := len(a.created) + len(a.updated) + a.unchanged + a.unnamed
	status := http.StatusOK
	switch {
	case rejected > 0 && done == 0:
		status = http.StatusBadRequest
	case rejected > 0:
		status = http.StatusPartialContent
	}
	return planhat.Reply{Status: status, Blind: a.blind, Body: object{
		{"created", number(len(a.created))}, {"createdErrors", entries(a.notCreated)}, {"insertsKeys", list(a.created)},
		{"updated", number(len(a.updated) + a.unnamed)}, {"updatedErrors", entries(a.notUpdated)}, {"updatesKeys", list(a.updated)},
		{"nonupdates", number(a.unchanged)}, {"modified", list(nil)}, {"upsertedIds", list(a.ids)}, {"permissionErrors", list(nil)},
	}.encode()}
}

// upsert answers a bulk upsert.
func (s *session) upsert(m *catalog.Model, body []byte) (planhat.Reply, error) {
	rows := rowsOf(body)
	blind, err := s.know(m, rows)
	if err != nil {
		return planhat.Reply{}, err
	}
	if err := s.renamed(m, rows); err != nil {
		return planhat.Reply{}, err
	}
	var a answers
	for i, row := range rows {
		s.row(i)
		r, why := s.match(m, row)
		s.doubts(m, "bulk_upsert", why)
		if r == nil && blind && s.open(m, row) {
			s.upsertBlind(m, i, row, &a)
			continue
		}
		var refused *refusal
		switch err := s.upsertRow(m, row, r, &a); {
		case err == nil:
			continue
		case !errors.As(err, &refused):
			return planhat.Reply{}, err
		}
		s.count(m, Counts{Rejected: 1})
		s.write(StepRow{Action: Reject, Reason: refused.message})
		if r == nil {
			a.notCreated = append(a.notCreated, failure{i, refused.message})
		} else {
			a.notUpdated = append(a.notUpdated, failure{i, refused.message})
		}
	}
	return a.reply(), nil
}

// upsertRow plans one row: the change of r, or a new record if that is nil.
func (s *session) upsertRow(m *catalog.Model, row object, r *record, a *answers) (err error) {
	if r == nil {
		if r, err = s.create(m, row, true); err == nil {
			a.take(m, r, true)
		}
		return err
	}
	if err = cleared(m, row); err != nil {
		return err
	}
	if row, err = s.resolve(m, row); err != nil {
		return err
	}
	if _, err = s.taken(m, row, r, s.found); err != nil {
		return err
	}
	if s.changeTo(m, r, row) {
		a.take(m, r, false)
		return nil
	}
	a.unchanged++
	return nil
}

// renamed looks up the keys that rows give to records that have others: no other record may have
// them.
func (s *session) renamed(m *catalog.Model, rows []object) error {
	t := s.table(m)
	if t.covers(m, nil) {
		return nil
	}
	var open []key
	single := true
	for _, row := range rows {
		r, _ := s.match(m, row)
		if r == nil {
			continue
		}
		fields := r.fields()
		for _, name := range []string{"sourceId", m.ExternalID()} {
			value := row.text(name)
			if k := keyOf(name, value); value != "" && fields.text(name) != value && !t.absent[k] && !s.absentWithin(m, row, k) && len(t.find(m, k)) == 0 {
				open = append(open, k)
				single = single && address(m, k) != ""
			}
		}
	}
	var err error
	switch {
	case len(open) == 0:
	case single && len(open) <= fewLookups:
		_, err = s.each(m, open)
	default:
		err = s.scan(m, nil, 0, false, nil)
	}
	if errors.Is(err, errBlind) {
		return nil
	}
	return err
}

// found returns the records with a key among those that are known.
func (s *session) found(m *catalog.Model, k key) ([]*record, error) {
	return s.table(m).find(m, k), nil
}

// upsertBlind plans a row of which it is not known whether its record exists. It counts
// as a new one if it has what that needs.
func (s *session) upsertBlind(m *catalog.Model, i int, row object, a *answers) {
	a.blind = append(a.blind, i)
	if lacks(m, row, true) != nil {
		a.unnamed++
		s.count(m, Counts{Updated: 1, Blind: 1})
		s.write(StepRow{Action: Upsert, Blind: true, Name: called(row)})
		return
	}
	r := s.newRecord(m, row)
	r.blind = true
	a.take(m, r, true)
	s.created(m, r, row, true)
}

// open reports whether a row has a key of which it is not known who has it.
func (s *session) open(m *catalog.Model, row object) bool {
	return len(s.unknown(m, row)) > 0
}

// unknown returns the keys of a row that were not looked up.
func (s *session) unknown(m *catalog.Model, row object) (keys []key) {
	t := s.table(m)
	if t.covers(m, nil) {
		return nil
	}
	for _, name := range m.Keyables.Bulk {
		if value := row.text(name); value != "" {
			k := keyOf(name, value)
			switch found := t.find(m, k); {
			case len(found) == 0, name == "email" && len(found) > 1:
			case name == m.ExternalID() && s.inCompany(m, row, found) == nil: // another company has it
			default:
				return keys
			}
			if !t.absent[k] && !s.absentWithin(m, row, k) && (name != "_id" || !s.run.placeholder(k.value)) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// fewLookups is how many records are read one by one. Above, a scan of all may be cheaper.
const fewLookups = 5

// know looks up the records that rows are about, and the companies that they name, in the
// cheapest way. It reports whether some could not be looked up.
func (s *session) know(m *catalog.Model, rows []object) (blind bool, err error) {
	var references []string
	for _, row := range rows {
		if _, id := reference(m, row); id != "" {
			references = append(references, id)
		}
	}
	references = unique(references)
	if err := s.companies(references); err != nil && !errors.Is(err, errBlind) {
		return false, err
	}
	for _, id := range references {
		if _, _, err := s.company(id); err != nil && !errors.Is(err, errBlind) {
			return false, err
		}
	}
	open, single := s.openKeys(m, rows)
	names := s.missing(m, rows)
	if len(open) == 0 && len(names) == 0 {
		return false, nil
	}
	if single && len(open) <= fewLookups && len(names) == 0 {
		if blind, err = s.each(m, open); blind || err != nil {
			return blind, err
		}
		// The record of another company may have been found, which leaves that of the row open.
		if open, single = s.openKeys(m, rows); len(open) == 0 {
			return false, nil
		}
	}
	if t := s.table(m); t.long {
		if tried, err := s.byCompany(m, rows, s.touched(m, rows)); tried || err != nil {
			return s.knowRest(m, rows, err)
		}
	}
	return s.knowAll(m, rows, open, single, names)
}

// knowRest looks up the keys that lists of companies did not have: a sourceId may be that of a
// record of another company.
func (s *session) knowRest(m *catalog.Model, rows []object, err error) (bool, error) {
	if errors.Is(err, errBlind) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	open, single := s.openKeys(m, rows)
	names := s.missing(m, rows)
	switch {
	case len(open) == 0 && len(names) == 0:
		return false, nil
	case single && len(names) == 0 && len(open) <= min(s.run.remaining(), DefaultReads):
		blind, err := s.each(m, open)
		if blind || err != nil {
			return blind, err
		}
		if open, single = s.openKeys(m, rows); len(open) == 0 {
			return false, nil
		}
	}
	return s.knowAll(m, rows, open, single, names)
}

// knowAll reads the list of all records, or each one if that is cheaper.
func (s *session) knowAll(m *catalog.Model, rows []object, open []key, single bool, names []string) (blind bool, err error) {
	few := 0
	if single && s.table(m).companyLists < companyLists { // so many calls mean that more will follow
		few = len(open)
	}
	byCompany := companyFilter(m) != "" && !s.table(m).long
	enough := func() bool {
		return len(names) == 0 && !slices.ContainsFunc(rows, func(row object) bool { return s.open(m, row) })
	}
	switch err := s.scan(m, s.touched(m, rows), few, byCompany, enough); {
	case errors.Is(err, errLong):
		if tried, err := s.byCompany(m, rows, s.touched(m, rows)); tried || err != nil {
			return s.knowRest(m, rows, err)
		}
		open, single = s.openKeys(m, rows)
		return s.knowAll(m, rows, open, single, s.missing(m, rows))
	case errors.Is(err, errFew):
		open, _ = s.openKeys(m, rows)
		return s.each(m, open)
	case errors.Is(err, errBlind):
		return true, nil
	default:
		return false, err
	}
}

// each looks up keys one by one.
func (s *session) each(m *catalog.Model, keys []key) (blind bool, err error) {
	for _, k := range keys {
		switch _, err := s.lookUp(m, k); {
		case errors.Is(err, errBlind):
			blind = true
		case err != nil:
			return false, err
		}
	}
	return blind, nil
}

// openKeys returns the keys of rows that were not looked up, and whether each can be
// looked up by itself.
func (s *session) openKeys(m *catalog.Model, rows []object) (open []key, single bool) {
	single = true
	seen := map[key]bool{}
	for _, row := range rows {
		for _, k := range s.unknown(m, row) {
			if !seen[k] {
				seen[k] = true
				open = append(open, k)
				single = single && address(m, k) != "" && len(s.table(m).find(m, k)) == 0
			}
		}
	}
	return open, single
}

// touched returns the properties of rows.
func (s *session) touched(m *catalog.Model, rows []object) []string {
	var names []string
	seen := map[string]bool{"_id": true, "__v": true}
	for _, row := range rows {
		for _, f := range row {
			if p := m.Property(f.name); !seen[f.name] && (p == nil || !p.ReadOnly) {
				seen[f.name] = true
				names = append(names, f.name)
			}
		}
	}
	return names
}

// missing returns the properties of rows that are not known of the records that they are
// about.
func (s *session) missing(m *catalog.Model, rows []object) []string {
	var names []string
	for _, row := range rows {
		if r, _ := s.match(m, row); r != nil {
			names = r.unread(m, row, names)
		}
	}
	return names
}

// unread adds to names the properties of a row that are not known of its record.
func (r *record) unread(m *catalog.Model, row object, names []string) []string {
	if r.whole || r.number > 0 {
		return names
	}
	fields := r.fields()
	for _, f := range row {
		p := m.Property(f.name)
		if f.name != "_id" && f.name != "__v" && (p == nil || !p.ReadOnly) && fields.get(f.name) == nil && !r.known[f.name] && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}
