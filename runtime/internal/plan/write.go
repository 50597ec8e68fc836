package plan

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// refusal is an answer that rejects a write.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, message string) *refusal { return &refusal{status, message} }

func (r *refusal) reply() planhat.Reply {
	return planhat.Reply{Status: r.status, Body: object{{"message", quote(r.message)}, {"statusCode", number(r.status)}}.encode()}
}

// Answer implements planhat.Planner.
func (p *Planner) Answer(ctx context.Context, call planhat.Call, send planhat.Sender) (planhat.Reply, error) {
	if !p.run.active() {
		return send(ctx, call)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &session{Planner: p, ctx: ctx, send: send}
	s.begin(call)
	reply, err := s.answer(call)
	if refused, ok := errors.AsType[*refusal](err); ok {
		if call.Rows > 0 {
			s.count(call.Model, Counts{Rejected: call.Rows})
		}
		s.end(call, refused.message)
		return refused.reply(), nil
	}
	if err != nil {
		s.abandon(call, err)
		return reply, err
	}
	s.end(call, "")
	return reply, nil
}

func (s *session) answer(call planhat.Call) (planhat.Reply, error) {
	m := call.Model
	switch call.Operation.Name {
	case "get_by_id":
		return s.get(m, call)
	case "create":
		row, err := parse(call.Body)
		if err != nil {
			return planhat.Reply{}, err
		}
		r, err := s.create(m, row, false)
		return whole(m, r), err
	case "update":
		row, err := parse(call.Body)
		if err != nil {
			return planhat.Reply{}, err
		}
		r, err := s.update(m, call.ID, row)
		return whole(m, r), err
	case "delete":
		return s.delete(m, call.ID)
	case "bulk_upsert":
		return s.upsert(m, call.Body)
	case "duplicate":
		return s.duplicate(m, call.Body)
	case "bulk_insert_metrics":
		return s.values(m, call.Body)
	}
	if call.Model.Operation(call.Operation.Name) == nil && call.Operation.Method == http.MethodDelete {
		return s.deleteByRequest(call)
	}
	return s.sent(call)
}

// whole answers with a record.
func whole(m *catalog.Model, r *record) planhat.Reply {
	if r == nil {
		return planhat.Reply{}
	}
	return planhat.Reply{Status: http.StatusOK, Body: r.all(m).encode()}
}

func notFound(m *catalog.Model, id string) *refusal {
	return refuse(http.StatusNotFound, "there is no "+m.Noun+" with the id "+id)
}

// get answers the read of a record. Planhat answers for those of which nothing is planned.
func (s *session) get(m *catalog.Model, call planhat.Call) (planhat.Reply, error) {
	t, k := s.table(m), addressed(m, call.ID)
	if k.name == "_id" && s.run.placeholder(k.value) || t.byID[k.value] != nil && t.byID[k.value].state == deleted {
		found := t.find(m, k)
		if len(found) == 0 {
			return planhat.Reply{}, refuse(http.StatusNotFound, "")
		}
		return whole(m, found[0]), nil
	}
	if found := t.find(m, k); len(found) > 0 && (found[0].state == created || found[0].state == changed && found[0].whole) {
		return whole(m, found[0]), nil
	}
	reply, err := s.send(s.ctx, call)
	if err != nil {
		return planhat.Reply{}, err
	}
	fields, _ := parse(reply.Body)
	if fields.text("_id") == "" {
		return reply, nil // the client says what is wrong with it
	}
	r := t.put(m, fields, reply.Body, true)
	if r.state == deleted || len(t.find(m, k)) == 0 {
		return planhat.Reply{}, refuse(http.StatusNotFound, "")
	}
	if r.state == asRead {
		return reply, nil
	}
	return whole(m, r), nil
}

// lacks refuses a new record without a property that it needs.
func lacks(m *catalog.Model, row object, bulk bool) error {
	names := m.Lacks(row.has, bulk)
	if len(names) == 0 {
		return nil
	}
	return refuse(http.StatusBadRequest, "a new "+m.Noun+" needs "+english.WordSeries(names, "and"))
}

// resolve checks the company that a row names, and replaces the reference by its _id.
func (s *session) resolve(m *catalog.Model, row object) (object, error) {
	name, reference := reference(m, row)
	if reference == "" {
		return row, nil
	}
	id, found, err := s.company(reference)
	switch {
	case errors.Is(err, errBlind):
		return row, nil
	case err != nil:
		return nil, err
	case !found:
		return nil, refuse(http.StatusBadRequest, name+": there is no company with the id "+reference)
	}
	return row.with(name, quote(id)), nil
}

// reference returns the property by which a row names its company, and the id in it.
func reference(m *catalog.Model, row object) (name, id string) {
	name = m.CompanyRef()
	if name == "" || m.Property(name).ReadOnly {
		return "", ""
	}
	if id = row.text(name); id == "" {
		if other := row.text("companyExternalId"); other != "" {
			id = external + other
		}
	}
	return name, id
}

// taken refuses a row with a key of another record: a sourceId is used once in a model,
// an externalId once in a company. look returns the records with a key. taken reports whether
// that could not be looked up.
func (s *session) taken(m *catalog.Model, row object, own *record, look func(*catalog.Model, key) ([]*record, error)) (blind bool, err error) {
	var mine object
	if own != nil {
		mine = own.fields()
	}
	for _, name := range []string{"sourceId", m.ExternalID()} {
		value := row.text(name)
		if name == "" || value == "" || mine.text(name) == value {
			continue
		}
		records, err := look(m, keyOf(name, value))
		if errors.Is(err, errBlind) {
			blind = true
			continue
		}
		if err != nil {
			return false, err
		}
		for _, r := range records {
			if r != own && (name == "sourceId" || sameCompany(m, row, own, r)) {
				return false, refuse(http.StatusBadRequest, catalog.WithArticle(m.Noun)+" with the "+name+" "+value+" exists")
			}
		}
	}
	return blind, nil
}

// sameCompany reports whether a row belongs to the company of a record.
func sameCompany(m *catalog.Model, row object, own, other *record) bool {
	ref := m.CompanyRef()
	if ref == "" {
		return true
	}
	company := row.text(ref)
	if company == "" && own != nil {
		company = own.fields().text(ref)
	}
	return strings.EqualFold(company, other.fields().text(ref))
}

func (s *session) create(m *catalog.Model, row object, bulk bool) (*record, error) {
	if err := lacks(m, row, bulk); err != nil {
		return nil, err
	}
	row, err := s.resolve(m, row)
	if err != nil {
		return nil, err
	}
	blind := false
	if !bulk {
		if blind, err = s.taken(m, row, nil, s.lookUp); err != nil {
			return nil, err
		}
	}
	r := s.newRecord(m, row)
	r.blind = blind
	s.created(m, r, row, bulk)
	return r, nil
}

// created counts a new record.
func (s *session) created(m *catalog.Model, r *record, row object, bulk bool) {
	c := Counts{Created: 1}
	if r.blind {
		c.Blind = 1
	}
	s.count(m, c)
	s.run.note(m, "create", r, row)
	action := Create
	if r.blind && bulk {
		action = Upsert
	}
	written := s.about(m, action, r)
	written.defines = true
	s.write(written)
}

// newRecord adds a planned record.
func (s *session) newRecord(m *catalog.Model, row object) *record {
	id, n := s.run.newID()
	fields := make(object, 0, len(row)+1)
	fields = append(fields, field{"_id", quote(id)})
	for _, f := range row {
		if p := m.Property(f.name); f.name != "_id" && f.name != "__v" && (p == nil || !p.ReadOnly) {
			fields = append(fields, f)
		}
	}
	if !part(m, fields) { // Planhat sets what tells the records of this model from others
		fields = fields.with(m.Part.By[0], quote(m.Part.Value))
	}
	r, t := &record{id: id, text: fields.encode(), number: int32(n)}, s.table(m)
	t.plan(r)
	r.state = created
	t.byID[id] = r
	t.index(m, r, fields)
	return r
}

// cleared refuses an update that empties a property that the model requires.
func cleared(m *catalog.Model, row object) error {
	for _, name := range m.RequiredOnCreate {
		if row.get(name) != nil && !row.has(name) {
			return refuse(http.StatusBadRequest, name+" is required and can't be emptied")
		}
	}
	return nil
}

func (s *session) update(m *catalog.Model, id string, row object) (*record, error) {
	s.foundBy(addressed(m, id))
	records, err := s.lookUp(m, addressed(m, id))
	if errors.Is(err, errBlind) {
		return s.updateBlind(m, id, row), nil
	}
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, notFound(m, id)
	}
	r := records[0]
	if name := addressed(m, id).name; name == m.ExternalID() && len(records) > 1 {
		s.doubts(m, "update", severalCompanies(m, name))
	}
	if err := s.detail(m, r, row); err != nil {
		return nil, err
	}
	if err := cleared(m, row); err != nil {
		return nil, err
	}
	if row, err = s.resolve(m, row); err != nil {
		return nil, err
	}
	if _, err := s.taken(m, row, r, s.lookUp); err != nil {
		return nil, err
	}
	s.changeTo(m, r, row)
	return r, nil
}

// changeTo plans the change of a record, and reports whether there is one.
func (s *session) changeTo(m *catalog.Model, r *record, row object) bool {
	written := s.about(m, Update, r)
	written.Changes, written.Others = s.changes(m, r, row), others(r, row)
	if s.writing != nil && row.get("custom") != nil {
		written.Custom = r.fields().get("custom").Clone()
	}
	sent := s.table(m).change(m, r, row)
	if len(sent) == 0 {
		s.count(m, Counts{Unchanged: 1})
		written.Action = Unchanged
		s.write(written)
		return false
	}
	s.count(m, Counts{Updated: 1})
	s.run.note(m, "update", r, sent)
	s.write(written)
	return true
}

// updateBlind plans the change of a record that could not be looked up. A later update of
// the same record finds it.
func (s *session) updateBlind(m *catalog.Model, id string, row object) *record {
	k, t := addressed(m, id), s.table(m)
	r := &record{blind: true}
	var fields object
	if k.name == "_id" {
		r.id = id
		fields = object{{"_id", quote(id)}}
	} else {
		made, n := s.run.newID()
		r.id, r.number = made, int32(n)
		fields = object{{"_id", quote(r.id)}, {k.name, quote(k.value)}}
	}
	r.text = fields.encode()
	t.byID[strings.ToLower(r.id)] = r
	t.index(m, r, fields)
	written := s.about(m, Update, r)
	written.Changes = s.changes(m, r, row)
	written.defines = r.number > 0
	s.write(written)
	s.run.note(m, "update", r, t.change(m, r, row))
	s.count(m, Counts{Updated: 1, Blind: 1})
	return r
}

// answersRecord reports whether Planhat answers a delete with the record.
func answersRecord(m *catalog.Model) bool {
	if m.Part != nil && catalog.Load().Model(m.Part.Of).Path == m.Path {
		m = catalog.Load().Model(m.Part.Of)
	}
	return slices.Contains(m.Operation("delete").Returns, "record")
}

func (s *session) delete(m *catalog.Model, id string) (planhat.Reply, error) {
	s.foundBy(addressed(m, id))
	records, err := s.lookUp(m, addressed(m, id))
	c := Counts{Deleted: 1}
	switch {
	case errors.Is(err, errBlind):
		c.Blind = 1
		r := &record{id: id, text: object{{"_id", quote(id)}}.encode(), blind: true}
		t := s.table(m)
		t.byID[strings.ToLower(id)] = r
		records = []*record{r}
	case err != nil:
		return planhat.Reply{}, err
	case len(records) == 0:
		return planhat.Reply{}, notFound(m, id)
	}
	r := records[0]
	if answersRecord(m) && !s.run.options.Partial {
		if err := s.whole(m, r); err != nil && !errors.Is(err, errBlind) {
			return planhat.Reply{}, err
		}
	}
	s.table(m).remove(r)
	s.count(m, c)
	s.run.note(m, "delete", r, nil)
	s.write(s.about(m, Delete, r))
	if answersRecord(m) {
		return whole(m, r), nil
	}
	return planhat.Reply{Status: http.StatusOK, Body: []byte(`{"n":1,"ok":1,"deletedCount":1}`)}, nil
}
