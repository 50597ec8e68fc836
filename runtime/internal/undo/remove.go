package undo

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// remove plans to delete records that the run created, unless they have changed since or other
// records belong to them. Those that were created last are deleted first.
func (u *undoing) remove(list []*brief) error {
	models, byModel := modelsOf(list)
	var going []*brief
	for _, m := range models {
		err := u.each(m, byModel[m], func(e *effect, now map[string]jsontext.Value) {
			if u.removable(e, now) {
				going = append(going, e.brief)
			}
		})
		if err != nil {
			return err
		}
	}
	going, err := u.childless(going)
	if err != nil {
		return err
	}
	slices.SortFunc(going, func(a, b *brief) int { return cmp.Compare(b.first, a.first) })
	for _, e := range going {
		u.report.Reverted++
		u.record(e.model, "delete", []plan.StepRow{e.row(plan.Delete)}, nil, nil)
	}
	return nil
}

// removable reports whether a record is as the run left it.
func (u *undoing) removable(e *effect, now map[string]jsontext.Value) bool {
	switch {
	case now == nil:
		u.report.Already++
		return false
	case e.model.Operation("delete") == nil:
		u.never(e, "Planhat's API can't delete it")
		return false
	case e.model.Has(catalog.FieldDefinition):
		u.never(e, "deleting it would delete its values in all records")
		return false
	case e.bare:
		u.report.Unread++
		u.report.leave(unread, e.label(), "what the run wrote is no longer recorded")
		return false
	}
	for _, path := range e.paths() {
		p := e.model.Property(path)
		if p == nil && !strings.HasPrefix(path, "custom.") || reference(p, e.after[path]) {
			continue // another name, or a reference by another id
		}
		have := u.have(e.model, now, path)
		if !plan.Same(e.model, path, absent(have), absent(e.after[path])) && !u.overwrites(e.model, path) {
			u.report.Stay++
			u.report.leave(stay, e.label(), "the run created it, and "+path+" was changed since, from "+shown(e.after[path])+" to "+shown(have))
			return false
		}
	}
	return true
}

// reference reports whether a value names a record by another id than the _id.
func reference(p *catalog.Property, v jsontext.Value) bool {
	if p == nil || p.Type != catalog.ObjectID {
		return false
	}
	text := strings.Trim(string(v), `"`)
	return strings.HasPrefix(text, "extid-") || strings.HasPrefix(text, "srcid-")
}

// childless returns the records that no other record belongs to, except those that are deleted
// as well.
func (u *undoing) childless(going []*brief) ([]*brief, error) {
	targets := map[*catalog.Model][]string{}
	for _, b := range going {
		b.going = true
		at := placeOf(b.model, b.id)
		targets[at.model] = append(targets[at.model], at.id)
	}
	var edges []edge
	for _, m := range catalog.Load().Models {
		if m.Part != nil || m.Operation("get_list") == nil {
			continue
		}
		var props []*catalog.Property
		for _, p := range m.Properties {
			if p.Ref != "" && !p.ReadOnly && len(targets[refOf(p)]) > 0 {
				props = append(props, p)
			}
		}
		if len(props) == 0 {
			continue
		}
		found, err := u.referring(m, props, targets)
		if planhat.KindOf(err) == planhat.KindPermission {
			return nil, errors.New("the token may not read " + m.Plural + ", so it is not known whether some belong to records that the run created")
		}
		if err != nil {
			return nil, err
		}
		edges = append(edges, found...)
	}
	// A record that stays keeps those that it belongs to.
	keeps := map[*brief]edge{}
	for changed := true; changed; {
		changed = false
		for _, one := range edges {
			child := u.index.byID[placeOf(one.model, one.child)]
			if child != nil && child.going || !one.parent.going {
				continue
			}
			one.parent.going, changed = false, true
			keeps[one.parent] = one
		}
	}
	return slices.DeleteFunc(going, func(b *brief) bool {
		if !b.going {
			u.report.Stay++
			u.report.leave(stay, b.label(), "the run created it, and the "+keeps[b].model.Noun+" "+keeps[b].child+" belongs to it")
		}
		return !b.going
	}), nil
}

// refOf returns the model that a property refers to, nil for none.
func refOf(p *catalog.Property) *catalog.Model {
	if p.Ref == "" {
		return nil
	}
	return catalog.Load().ModelNamed(p.Ref)
}

// edge says that a record names another one, which the plan would delete.
type edge struct {
	model  *catalog.Model
	child  string
	parent *brief
}

const (
	// fewQueries is how many lists of what belongs to some records are read, instead of a list
	// of all.
	fewQueries = 5
	// mostParents is how many records one query names.
	mostParents = 50
)

// referring returns the records of a model that name one of the targets, ids by their model, in
// some properties.
func (u *undoing) referring(m *catalog.Model, props []*catalog.Property, targets map[*catalog.Model][]string) (edges []edge, err error) {
	op := m.Operation("get_list")
	names := "_id"
	for _, p := range props {
		names += "," + p.Name
	}
	take := func(records []planhat.Record) error {
		for _, r := range records {
			fields := plan.Members(r)
			for _, p := range props {
				for _, id := range idsIn(fields[p.Name]) {
					if b := u.index.byID[placeOf(refOf(p), id)]; b != nil && b.going {
						edges = append(edges, edge{m, strings.ToLower(r.ID()), b})
					}
				}
			}
		}
		return nil
	}
	var queries []url.Values
	for _, p := range props {
		filter, size := op.Parameter(p.Name), 1
		if filter == nil {
			err := u.pages(m, op, names, nil, take)
			return edges, err
		}
		if filter.Several {
			size = mostParents
		}
		for some := range slices.Chunk(targets[refOf(p)], size) {
			if len(queries) == fewQueries {
				err := u.pages(m, op, names, nil, take)
				return edges, err
			}
			queries = append(queries, url.Values{p.Name: {strings.Join(some, ",")}})
		}
	}
	for _, query := range queries {
		if err := u.pages(m, op, names, query, take); err != nil {
			return nil, err
		}
	}
	return edges, nil
}

// idsIn returns the ids in a value: one, that of an object, or those of a list.
func idsIn(v jsontext.Value) (ids []string) {
	switch v.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, v)
		if err == nil && len(text) > 0 {
			ids = append(ids, strings.ToLower(string(text)))
		}
	case '{':
		fields := plan.Members(v)
		for _, name := range []string{"_id", "id"} {
			if found := idsIn(fields[name]); len(found) > 0 {
				return found
			}
		}
	case '[':
		dec := jsontext.NewDecoder(strings.NewReader(string(v)), jsontext.AllowDuplicateNames(true))
		if _, err := dec.ReadToken(); err != nil {
			return nil
		}
		for dec.PeekKind() != ']' {
			item, err := dec.ReadValue()
			if err != nil {
				return ids
			}
			ids = append(ids, idsIn(item.Clone())...)
		}
	}
	return ids
}
