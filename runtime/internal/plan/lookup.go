package plan

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// errBlind is the error of a look-up that was not made, since the budget is used up, the
// token may not read the model or the API has no way to ask.
var errBlind = errors.New("not looked up")

// session is one call that is being planned.
type session struct {
	*Planner
	ctx  context.Context
	send planhat.Sender
	// writing is the step that is being made, nil if none is recorded.
	writing *writing
}

// read sends a read, if the budget has one left. found is false if there is no such record.
func (s *session) read(m *catalog.Model, op *catalog.Operation, id string, query url.Values) (body []byte, found bool, err error) {
	if s.run.placeholder(id) {
		return nil, false, nil
	}
	if op == nil || !s.run.spend(s.ctx) {
		return nil, false, errBlind
	}
	reply, err := s.send(s.ctx, planhat.Call{Model: m, Operation: op, ID: id, Query: query})
	switch planhat.KindOf(err) {
	case "":
		return reply.Body, true, nil
	case planhat.KindNotFound:
		return nil, false, nil
	case planhat.KindPermission:
		return nil, false, errBlind
	}
	return nil, false, err
}

const (
	external = "extid-"
	source   = "srcid-"
)

// addressed returns the property and value that an id in a path means.
func addressed(m *catalog.Model, id string) key {
	if value, ok := strings.CutPrefix(id, external); ok {
		return keyOf(m.ExternalID(), value)
	}
	if value, ok := strings.CutPrefix(id, source); ok {
		return keyOf("sourceId", value)
	}
	return keyOf("_id", id)
}

// address returns the id by which a path names a key, or "" if the model has none.
func address(m *catalog.Model, k key) string {
	prefix := "_id"
	switch k.name {
	case "_id":
	case m.ExternalID():
		prefix = external
	case "sourceId":
		prefix = source
	default:
		return ""
	}
	if m.Operation("get_by_id") == nil || !slices.Contains(m.Keyables.Get, prefix) {
		return ""
	}
	if prefix == "_id" {
		return k.value
	}
	return prefix + k.value
}

// lookUp returns the records that have a key, after asking Planhat if that is necessary.
// It fails with errBlind if Planhat can't be asked.
func (s *session) lookUp(m *catalog.Model, k key) ([]*record, error) {
	t := s.table(m)
	if k.name == "_id" {
		if r := t.byID[k.value]; r != nil && r.state == deleted {
			return nil, nil
		}
		if t.byID[k.value] == nil {
			t.listed(m, k.value)
		}
	}
	if found := t.find(m, k); len(found) > 0 {
		return found, nil
	}
	if k.value == "" || t.covers(m, nil) || t.absent[k] || k.name == "_id" && s.run.placeholder(k.value) {
		return nil, nil
	}
	if id := address(m, k); id != "" {
		return s.lookUpOne(m, k, id)
	}
	if k.name == "email" {
		if done, err := s.listBy(m, k); done || err != nil {
			return t.find(m, k), err
		}
	}
	if err := s.scan(m, nil, 0, false, nil); err != nil {
		return nil, err
	}
	return t.find(m, k), nil
}

// lookUpOne reads one record. The answer is as it was before the planned changes.
func (s *session) lookUpOne(m *catalog.Model, k key, id string) ([]*record, error) {
	t := s.table(m)
	body, found, err := s.read(m, m.Operation("get_by_id"), id, nil)
	if err != nil {
		return nil, err
	}
	var fields object
	if found {
		fields, _ = parse(body)
	}
	if fields.text("_id") == "" {
		t.absent[k] = true
		return nil, nil
	}
	r := t.put(m, fields, body, true)
	if have := r.fields(); r.state == asRead && have.text(k.name) == "" {
		have = have.with(k.name, quote(k.value)) // Planhat found it by that
		r.text = have.encode()
		t.index(m, r, have)
	}
	left := t.find(m, k)
	if len(left) == 0 {
		t.absent[k] = true // it has another key now, or is deleted
	}
	return left, nil
}

// whole reads the rest of a record of which some properties are known.
func (s *session) whole(m *catalog.Model, r *record) error {
	if r.whole || r.number > 0 {
		return nil
	}
	t := s.table(m)
	t.listed(m, r.id)
	if r.whole {
		return nil
	}
	body, found, err := s.read(m, m.Operation("get_by_id"), r.id, nil)
	if err != nil || !found {
		return err
	}
	if fields, err := parse(body); err == nil {
		t.put(m, fields, body, true)
	}
	return nil
}

// listBy reads the records with an email, where lists can be filtered by it.
func (s *session) listBy(m *catalog.Model, k key) (done bool, err error) {
	op := m.Operation("get_list")
	if op == nil || op.Parameter(k.name) == nil {
		return false, nil
	}
	t := s.table(m)
	for _, view := range op.Views() {
		query := url.Values{k.name: {k.value}, "sort": {"_id"}}
		for name, value := range view {
			query.Set(name, value)
		}
		for name, value := range op.Fixed {
			query.Set(name, value)
		}
		body, found, err := s.read(m, op, "", query)
		if err != nil {
			return true, err
		}
		if found {
			s.add(m, body, nil)
		}
	}
	if len(t.find(m, k)) == 0 {
		t.absent[k] = true
	}
	return true, nil
}

// add keeps the records of a page, of which only the named properties were asked for.
func (s *session) add(m *catalog.Model, page []byte, names map[string]bool) int {
	records, err := planhat.SplitList(page)
	if err != nil {
		return 0
	}
	t := s.table(m)
	for _, raw := range records {
		if fields, err := parse(raw); err == nil && fields.text("_id") != "" {
			t.put(m, fields, raw, names == nil).known = names
		}
	}
	return len(records)
}

// usualPage is the page size if the catalog knows no maximum, and shortPage one that ends
// a list: servers may have a lower maximum than the one that was asked for.
const usualPage, shortPage = 2_000, 100

// scan reads every record of a model: its keys, its company and the named properties. It
// stops after the first page if the list is long and only few records are wanted, and
// then fails with errFew, or with errLong if byCompany is set, or when enough, if it is set, reports that no more are wanted.
func (s *session) scan(m *catalog.Model, names []string, few int, byCompany bool, enough func() bool) error {
	op, t := m.Operation("get_list"), s.table(m)
	if op == nil {
		return errBlind
	}
	have := s.wanted(m, names)
	size := pageSize(op)
	for _, view := range op.Views() {
		err := s.pages(m, op, view, have, func(offset int) error {
			switch {
			case enough != nil && enough():
				return errEnough
			case offset != size:
				return nil
			}
			t.long = true
			if byCompany {
				return errLong
			}
			if few > 0 && few <= min(s.run.remaining(), DefaultReads) {
				return errFew
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	t.complete[m.Snake] = have
	return nil
}

// wanted are the properties that lists are read with: the keys, the company, and the named
// ones, besides those that were read of all records before.
func (s *session) wanted(m *catalog.Model, names []string) map[string]bool {
	have := map[string]bool{"_id": true}
	add := func(names ...string) {
		for _, name := range names {
			have[name] = true
		}
	}
	add(KeysOf(m)...)
	if m.CompanyRef() != "" {
		add(m.CompanyRef())
	}
	if m.Part != nil {
		add(m.Part.By...)
	}
	for name := range s.table(m).complete[m.Snake] {
		add(name)
	}
	add(names...)
	return have
}

func pageSize(op *catalog.Operation) int {
	if p := op.Parameter("limit"); p != nil && p.Max > 0 {
		return p.Max
	}
	return usualPage
}

// pages reads a list to its end, or until after fails, which is called after each page that
// is not the last one with the number of records so far.
func (s *session) pages(m *catalog.Model, op *catalog.Operation, filters map[string]string, have map[string]bool, after func(offset int) error) error {
	size := pageSize(op)
	query := url.Values{"sort": {"_id"}, "select": {strings.Join(slices.Sorted(maps.Keys(have)), ",")}, "limit": {strconv.Itoa(size)}}
	for name, value := range filters {
		query.Set(name, value)
	}
	for name, value := range op.Fixed {
		query.Set(name, value)
	}
	for offset := 0; ; {
		query.Set("offset", strconv.Itoa(offset))
		body, _, err := s.read(m, op, "", query)
		if err != nil {
			return err
		}
		n := s.add(m, body, have)
		if offset += n; n < min(size, shortPage) {
			return nil
		}
		if err := after(offset); err != nil {
			return err
		}
	}
}

// unique returns names without repetitions.
func unique(names []string) []string {
	seen := make(map[string]bool, len(names))
	return slices.DeleteFunc(names, func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
}

// errFew is the error of a scan that would cost more than reading each record.
var errFew = errors.New("reading each record is cheaper")

// errLong ends a scan whose list has several pages, if lists of companies may be cheaper.
var errLong = errors.New("the list has several pages")

// errEnough ends a scan that has found all that is wanted.
var errEnough = errors.New("no more is wanted")

// company returns the _id of the company that a reference means. found is false if it
// does not exist.
func (s *session) company(reference string) (id string, found bool, err error) {
	m := catalog.Load().With(catalog.Account)
	records, err := s.lookUp(m, addressed(m, reference))
	if err != nil || len(records) == 0 {
		return "", false, err
	}
	return records[0].id, true, nil
}

// leanLookups is how many companies are looked up one by one, more in a list of all.
const leanLookups = 2

// companies makes the companies known that rows refer to, at once if they are many.
func (s *session) companies(references []string) error {
	m := catalog.Load().With(catalog.Account)
	t := s.table(m)
	open := func() (n int) {
		for _, reference := range references {
			k := addressed(m, reference)
			if len(t.find(m, k)) == 0 && !t.absent[k] && !s.run.placeholder(k.value) {
				n++
			}
		}
		return n
	}
	lean := m.Operation("get_lean_list")
	if open() <= leanLookups || t.covers(m, nil) || lean == nil {
		return nil
	}
	body, _, err := s.read(m, lean, "", nil)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, name := range lean.Returns {
		known[name] = true
	}
	s.add(m, body, known)
	// The lean list has no documented pages: it may end before the last company. So those that it
	// lacks are looked up.
	if open() > fewLookups {
		return s.scan(m, nil, 0, false, nil)
	}
	return nil
}
