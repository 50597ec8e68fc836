package plan

import (
	"context"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Know looks up the records of rows, all at once, before they are planned. Each row is an
// object as a bulk upsert takes it, with the _id if that is known.
func (p *Planner) Know(ctx context.Context, m *catalog.Model, rows []planhat.Record, send planhat.Sender) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &session{Planner: p, ctx: ctx, send: send}
	objects := make([]object, 0, len(rows))
	for _, row := range rows {
		if fields, err := parse(row); err == nil {
			objects = append(objects, fields)
		}
	}
	_, err := s.know(m, objects)
	return err
}

// Find returns the _id of the record that a row of a bulk upsert means, "" if there is none.
// known is false if that can't be looked up.
func (p *Planner) Find(ctx context.Context, m *catalog.Model, row planhat.Record, send planhat.Sender) (id string, known bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &session{Planner: p, ctx: ctx, send: send}
	fields, err := parse(row)
	if err != nil {
		return "", false, nil
	}
	blind, err := s.know(m, []object{fields})
	if err != nil {
		return "", false, err
	}
	if r, _ := s.match(m, fields); r != nil && r.number == 0 {
		return r.id, true, nil
	}
	return "", !blind && !s.open(m, fields) && Keyed(m, row), nil
}

// Keyed reports whether a row has a key by which its record can be found.
func Keyed(m *catalog.Model, row planhat.Record) bool {
	fields, err := parse(row)
	if err != nil || m.Operation("get_list") == nil {
		return false
	}
	for _, name := range append([]string{"_id"}, KeysOf(m)...) {
		if fields.text(name) != "" {
			return true
		}
	}
	return false
}

// Address returns what operations name a record by: its _id, or a key with its prefix.
func (k *Key) Address(m *catalog.Model) string {
	switch k.Name {
	case m.ExternalID():
		return external + k.Value
	case "sourceId":
		return source + k.Value
	}
	return k.Value
}

// Same reports whether a property, or a part of custom, has the same value in both
// notations. Absent values are nil.
func Same(m *catalog.Model, path string, a, b jsontext.Value) bool {
	if strings.HasPrefix(path, "custom.") {
		return equal(a, b)
	}
	return same(m.Property(path), a, b)
}

// others returns the custom properties that a record has and a row does not name.
func others(r *record, row object) (names []string) {
	mine, errMine := parse(row.get("custom"))
	theirs, err := parse(r.fields().get("custom"))
	if errMine != nil || err != nil {
		return nil
	}
	for _, f := range theirs {
		if present(f.value) && mine.get(f.name) == nil {
			names = append(names, f.name)
		}
	}
	return names
}

// detail reads what an update needs of its record: all, to answer a script, or what it changes.
func (s *session) detail(m *catalog.Model, r *record, row object) error {
	if s.run.options.Partial && len(s.missing(m, []object{append(object{{"_id", quote(r.id)}}, row...)})) == 0 {
		return nil
	}
	if err := s.whole(m, r); err != nil && !errors.Is(err, errBlind) {
		return err
	}
	return nil
}

// Placeholder reports whether an id is a placeholder of the run.
func (r *Run) Placeholder(id string) bool { return r.placeholder(id) }

// Budget sets how many requests may still be spent on look-ups.
func (r *Run) Budget(reads int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = reads
}
