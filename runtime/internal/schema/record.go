package schema

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

func elements(v jsontext.Value) (items []jsontext.Value, ok bool) {
	return items, json.Unmarshal(v, &items) == nil
}

// Record returns doubts about a record that is about to be written. It must be valid JSON.
// created says that it certainly is a new one.
func (s *Schema) Record(m *catalog.Model, r planhat.Record, created bool) (out []Doubt) {
	var room [32]planhat.Member
	var given map[string]bool
	if created {
		given = map[string]bool{}
	}
	add := func(d *Doubt) {
		if d != nil {
			out = append(out, *d)
		}
	}
	for _, member := range r.AppendMembers(room[:0]) {
		name, v := string(r[member.Name:member.NameEnd]), jsontext.Value(r[member.From:member.To])
		if name != "custom" {
			if p := m.Property(name); p != nil && !p.ReadOnly && (RefersToUsers(p) || s.Known(m, name) != nil) {
				add(s.Property(m, p, v))
			}
			continue
		}
		if v.Kind() != '{' {
			continue
		}
		for _, inner := range planhat.Record(v).AppendMembers(nil) {
			field := textOf(v[inner.Name-1 : inner.NameEnd+1])
			value := v[inner.From:inner.To]
			if created {
				given[field] = true
			}
			if d := s.Unknown(m, field); d != nil {
				out = append(out, *d)
				continue
			}
			if value.Kind() != 'n' { // which leaves it as it is
				add(s.Writes(m, field))
			}
			add(s.Value(m, field, value))
		}
	}
	if created {
		out = append(out, s.Missing(m, func(name string) bool { return given[name] })...)
	}
	return out
}
