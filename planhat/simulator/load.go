package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// Put stores records as given, ids and read-only properties included, and
// fills in what is missing: _id, defaults, the company's name. References to
// companies may have the forms that the API takes. A record whose _id exists
// replaces it; a property that the model does not know is an error. Licenses and sales that are put make the figures of their
// companies. Metrics and user activities take the shapes of the API.
func (s *Server) Put(model string, records ...map[string]any) error {
	text, err := json.Marshal(append([]map[string]any{}, records...))
	if err != nil {
		return fmt.Errorf("simulator: the records of %s cannot be written as JSON: %w", model, err)
	}
	return s.PutJSON(model, text)
}

// PutJSON stores records as Put does, from a JSON array or one object.
func (s *Server) PutJSON(model string, text []byte) error {
	rows, _, refused := payload(text)
	if refused != nil {
		return fmt.Errorf("simulator: %w", refused)
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	defer s.settle()
	m, err := s.findModel(model)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	for i, row := range rows {
		if err := s.loadRow(m, row); err != nil {
			return fmt.Errorf("simulator: %s %d: %w", m.Snake, i+1, err)
		}
	}
	return nil
}

// Load stores the records of a folder of fixtures, as Options.Fixtures does.
func (s *Server) Load(fixtures fs.FS) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	defer s.settle()
	return s.loadFixtures(fixtures)
}

// findModel takes a model's snake_case name, Planhat's name or its path.
func (s *Server) findModel(name string) (*catalog.Model, error) {
	for _, m := range s.models {
		if strings.EqualFold(name, m.Snake) || strings.EqualFold(name, m.Name) || strings.EqualFold("/"+name, m.Path) {
			return m, nil
		}
	}
	return nil, fmt.Errorf("unknown model %q%s", name, catalog.DidYouMean(name, snakeNames(s.models)))
}

func (s *Server) loadRow(m *catalog.Model, row fields) error {
	if row == nil {
		return errors.New("is not an object")
	}
	s.store.keep(row.text("_id"))
	switch {
	case writesMetrics(m):
		return asError(s.insertMetric(row))
	case writesActivities(m):
		return asError(s.recordActivity(row))
	case m.Part != nil && m.Path == s.store.of(m).model.Path:
		row.fill(m.Part.By[0], quote(m.Part.Value))
		m = s.store.of(m).model
	}
	for _, f := range row {
		if err := mayHold(m, f.name, "custom: { Tier: ... }"); err != nil {
			return err
		}
	}
	ch := &change{m: m, c: s.store.of(m), bulk: true}
	if refused := s.prepareGiven(ch, row); refused != nil {
		return refused
	}
	if ch.dropped {
		return errors.New("has no company that the simulator knows, or no email")
	}
	id := strings.ToLower(row.text("_id"))
	switch {
	case id == "":
		id = s.store.newID()
	case !isID(id):
		return fmt.Errorf("_id %q does not have 24 hexadecimal digits", id)
	}
	ch.out = make(fields, 0, len(ch.in)+roomForDerived)
	ch.out.setText("_id", id)
	for _, f := range ch.in {
		ch.out.set(f.name, f.value)
	}
	if refused := s.unique(ch); refused != nil {
		return refused
	}
	now := stamp(s.options.Clock())
	for _, name := range []string{"createDate", "createdAt", "updatedAt", "lastUpdated"} {
		if m.Property(name) != nil {
			ch.out.fill(name, now)
		}
	}
	s.finish(ch)
	ch.out.fill("__v", raw("0"))
	r := ch.c.freeze(ch.out)
	ch.c.put(r)
	s.touch(m, r.fields)
	s.follow(ch, r)
	return nil
}

// prepareGiven is prepare for a row that may set what clients may not.
func (s *Server) prepareGiven(ch *change, row fields) *failure {
	ch.in = make(fields, 0, len(row)+4)
	for _, f := range row {
		if f.name == "_id" {
			continue
		}
		value := f.value
		if p := ch.m.Property(f.name); p != nil {
			var refused *failure
			if value, refused = s.check(p, value); refused != nil {
				return refused
			}
		}
		ch.in = append(ch.in, field{f.name, value})
	}
	if refused := s.resolveCompany(ch); refused != nil {
		return refused
	}
	return s.prepareByTraits(ch)
}

// asError keeps a nil failure from becoming an error that is not nil.
func asError(f *failure) error {
	if f == nil {
		return nil
	}
	return f
}

// Records returns copies of all records of a model, in the order of _id.
// Numbers are float64, or json.Number where that would lose digits. An unknown
// model has none; note and ticket name the conversations of that type.
func (s *Server) Records(model string) []map[string]any {
	var out []map[string]any
	for _, text := range s.RecordsJSON(model) {
		out = append(out, decode(text))
	}
	return out
}

// RecordsJSON returns all records of a model as JSON text, in the order of
// _id.
func (s *Server) RecordsJSON(model string) []jsontext.Value {
	m, err := s.findModel(model)
	if err != nil {
		return nil
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	var out []jsontext.Value
	for _, r := range s.store.of(m).order {
		if holds(m, r.fields) {
			out = append(out, bytes.Clone(r.raw))
		}
	}
	return out
}

// Record returns a copy of one record, by _id, extid- or srcid-; nil if
// there is none.
func (s *Server) Record(model, id string) map[string]any {
	m, err := s.findModel(model)
	if err != nil {
		return nil
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	r := s.store.find(s.store.of(m), id, []string{"extid-", "srcid-"})
	if r == nil {
		return nil
	}
	return decode(r.raw)
}

func decode(text jsontext.Value) map[string]any {
	out := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil
	}
	return plain(out).(map[string]any)
}

// plain turns numbers into float64 where that keeps their value.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = plain(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = plain(inner)
		}
	case json.Number:
		const exact = 1 << 53
		if n, err := v.Float64(); err == nil && n < exact && n > -exact {
			return n
		}
	}
	return v
}

// Dump writes everything that is stored as one JSON object: the model's name,
// and its records. Each list can be used as a fixture.
func (s *Server) Dump(w io.Writer) error {
	s.store.mu.RLock()
	var out fields
	for _, m := range s.models {
		c := s.store.collections[m.Snake]
		if c == nil || len(c.order) == 0 {
			continue
		}
		list := make([]jsontext.Value, len(c.order))
		for i, r := range c.order {
			list[i] = r.raw
		}
		out = append(out, field{m.Snake, array(list)})
	}
	s.store.mu.RUnlock()
	text := out.encode()
	if err := text.Indent(); err != nil {
		return fmt.Errorf("simulator: dump: %w", err)
	}
	_, err := w.Write(append(text, '\n'))
	return err
}

// mayHold returns an error where a given record has a property that its model
// does not know. Planhat may keep what it does not know; who writes fixtures
// rather made a slip, and a test that rests on it would prove nothing.
func mayHold(m *catalog.Model, name, custom string) error {
	switch {
	case m.Open, m.Property(name) != nil, name == "_id", name == "__v", name == "companyExternalId" && m.CompanyRef() != "":
		return nil
	case slices.ContainsFunc(catalog.Load().Models, func(part *catalog.Model) bool {
		return part.Part != nil && part.Part.Of == m.Snake && part.Property(name) != nil
	}):
		return nil
	case writesMetrics(m), writesActivities(m): // these have shapes of their own
		return nil
	}
	names := make([]string, len(m.Properties))
	for i, p := range m.Properties {
		names[i] = p.Name
	}
	slices.Sort(names)
	own := ""
	if m.Property("custom") != nil {
		own = "; write your own fields as " + custom
	}
	return fmt.Errorf("%s has no property %q%s%s", m.Snake, name, catalog.DidYouMean(name, names), own)
}

// Fits returns an error if a fixture of the model cannot have a property with this value.
func (s *Server) Fits(m *catalog.Model, property string, value jsontext.Value) error {
	if writesMetrics(m) || writesActivities(m) {
		return nil
	}
	if err := mayHold(m, property, "custom: { Tier: ... }"); err != nil {
		return err
	}
	if p := m.Property(property); p != nil {
		_, refused := s.check(p, value)
		return asError(refused)
	}
	return nil
}
