package hubspot

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// The functions of this file expect the portal's mutex to be held.

func (r *record) name() string { return strconv.FormatInt(r.id, 10) }

func (r *record) current() *version { return r.versions[len(r.versions)-1] }

// indexed returns what searches see: the last write that is visible. Nil if none is.
func (r *record) indexed(now time.Time) *version {
	for i := len(r.versions) - 1; i >= 0; i-- {
		if v := r.versions[i]; !v.visible.After(now) {
			r.versions = r.versions[i:] // what is older is never seen again
			return v
		}
	}
	return nil
}

func (r *record) export() Record {
	v := r.current()
	return Record{r.name(), r.created, v.updated, !v.archivedAt.IsZero(), maps.Clone(v.properties)}
}

// must finds a record for the methods that tests call.
func (p *Portal) must(k *kind, id string) *record {
	r := p.tables[k].records[id]
	if r == nil {
		panic("hubspot stand-in: there is no record " + id + " in " + k.plural)
	}
	return r
}

func (p *Portal) insert(k *kind, at time.Time, properties map[string]string) *record {
	at = at.UTC().Truncate(time.Millisecond)
	p.lastID++
	p.sequence++
	r := &record{id: p.lastID, created: at}
	v := &version{sequence: p.sequence, visible: p.clock.Now().Add(p.settings.SearchLag), updated: at, properties: map[string]string{
		"hs_object_id": r.name(), "createdate": stamp(at), k.modified: stamp(at),
	}}
	set(v.properties, properties)
	r.versions = []*version{v}
	t := p.tables[k]
	t.records[r.name()] = r
	t.order = append(t.order, r)
	return r
}

// write adds a version to a record.
func (p *Portal) write(r *record, change func(*version)) {
	p.sequence++
	next := *r.current()
	next.properties = maps.Clone(next.properties)
	next.sequence, next.visible = p.sequence, p.clock.Now().Add(p.settings.SearchLag)
	change(&next)
	if p.settings.SearchLag == 0 && r.indexed(p.clock.Now()) == r.current() {
		r.versions = nil
	}
	r.versions = append(r.versions, &next)
}

func (p *Portal) change(k *kind, r *record, at time.Time, properties map[string]string) {
	at = at.UTC().Truncate(time.Millisecond)
	p.write(r, func(v *version) {
		v.updated = at
		v.properties[k.modified] = stamp(at)
		set(v.properties, properties)
	})
}

func (p *Portal) bin(r *record) {
	p.write(r, func(v *version) { v.archivedAt = p.clock.Now().Truncate(time.Millisecond) })
}

func (p *Portal) join(k *kind, kept, gone *record) {
	from := gone.current().properties
	p.write(gone, func(v *version) { v.gone = true })
	p.change(k, kept, p.clock.Now(), nil)
	p.write(kept, func(v *version) {
		for name, value := range from {
			if v.properties[name] == "" {
				v.properties[name] = value
			}
		}
		if ids := v.properties["hs_merged_object_ids"]; ids != "" {
			v.properties["hs_merged_object_ids"] = ids + ";" + gone.name()
		} else {
			v.properties["hs_merged_object_ids"] = gone.name()
		}
	})
	t := p.tables[k]
	t.merged[gone.name()] = kept.name()
	for old, into := range t.merged {
		if into == gone.name() {
			t.merged[old] = kept.name()
		}
	}
	p.relink(k, gone.name(), kept.name())
}

// find returns the record that a client names: not one that was merged, but the
// one that it was merged into. Nil if there is none with that state.
func (p *Portal) find(k *kind, id string, archived bool) *record {
	t := p.tables[k]
	if into, ok := t.merged[id]; ok {
		id = into
	}
	r := t.records[id]
	if r == nil || r.current().archivedAt.IsZero() == archived {
		return nil
	}
	return r
}

// by finds a record by a property instead of the id.
func (p *Portal) by(k *kind, property, value string) *record {
	if property == "" || property == "hs_object_id" {
		return p.find(k, value, false)
	}
	i := slices.IndexFunc(p.tables[k].order, func(r *record) bool {
		v := r.current()
		return v.archivedAt.IsZero() && !v.gone && v.properties[property] == value
	})
	if i < 0 {
		return nil
	}
	return p.tables[k].order[i]
}

// show returns a version as answers have it: the properties asked for, null for
// empty ones, and without those that the account does not have or hides.
func (p *Portal) show(k *kind, r *record, v *version, asked []string) map[string]any {
	if len(asked) == 0 {
		asked = k.defaults
	}
	properties := map[string]*string{}
	for _, name := range append([]string{"hs_object_id", "createdate", k.modified}, asked...) {
		if field := p.field(k, name); field == nil || field.Hidden {
			continue
		}
		properties[name] = nil
		if value, ok := v.properties[name]; ok {
			properties[name] = &value
		}
	}
	shown := map[string]any{
		"id": r.name(), "properties": properties, "createdAt": stamp(r.created), "updatedAt": stamp(v.updated),
		"archived": !v.archivedAt.IsZero(),
	}
	if !v.archivedAt.IsZero() {
		shown["archivedAt"] = stamp(v.archivedAt)
	}
	return shown
}

// set changes properties: an empty value removes one.
func set(properties, changes map[string]string) {
	for name, value := range changes {
		if value == "" {
			delete(properties, name)
		} else {
			properties[name] = value
		}
	}
}

// stamp writes a time as the vendor does: without milliseconds when they are zero.
func stamp(t time.Time) string {
	if t = t.UTC(); t.Nanosecond()/int(time.Millisecond) == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}
