package undo

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// remove plans to delete records that the run created, unless they have changed since or other
// records belong to them. Those that were created last are deleted first.
func (u *undoing) remove(list []*effect) error {
	byModel := map[*catalog.Model][]*effect{}
	for _, e := range list {
		byModel[e.model] = append(byModel[e.model], e)
	}
	var going []*effect
	for m, some := range byModel {
		now, err := u.look(m, some)
		if err != nil {
			return err
		}
		for i, e := range some {
			if u.removable(e, now[i]) {
				going = append(going, e)
			}
		}
	}
	going, err := u.childless(going)
	if err != nil {
		return err
	}
	slices.SortFunc(going, func(a, b *effect) int { return cmp.Compare(b.first, a.first) })
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
			u.report.leave(stay, e.label(), "it was created by the run, and "+path+" was changed since, from "+shown(e.after[path])+" to "+shown(have))
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
func (u *undoing) childless(going []*effect) ([]*effect, error) {
	targets := map[string][]string{}
	leaving := map[string]bool{}
	for _, e := range going {
		targets[e.model.Name] = append(targets[e.model.Name], strings.ToLower(e.id))
		leaving[e.model.Snake+" "+strings.ToLower(e.id)] = true
	}
	// A record that stays keeps those that it belongs to.
	parents := map[string]map[string]string{} // of a record that is deleted: what belongs to it
	var edges []edge
	for _, m := range catalog.Load().Models {
		if m.Part != nil || m.Operation("get_list") == nil {
			continue
		}
		var props []*catalog.Property
		for _, p := range m.Properties {
			if p.Ref != "" && !p.ReadOnly && len(targets[p.Ref]) > 0 {
				props = append(props, p)
			}
		}
		if len(props) == 0 {
			continue
		}
		found, err := u.referring(m, props, targets)
		if err != nil {
			return nil, err
		}
		edges = append(edges, found...)
	}
	staying := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for _, one := range edges {
			child := one.model + " " + one.child
			if leaving[child] && !staying[child] || staying[one.of+" "+one.parent] {
				continue
			}
			staying[one.of+" "+one.parent], changed = true, true
			parents[one.of+" "+one.parent] = map[string]string{one.model: one.child}
		}
	}
	return slices.DeleteFunc(going, func(e *effect) bool {
		at := e.model.Name + " " + strings.ToLower(e.id)
		if !staying[at] {
			return false
		}
		// The name of a model is its own in Planhat, its snake name that of scripts.
		u.report.Stay++
		for model, child := range parents[at] {
			u.report.leave(stay, e.label(), "it was created by the run, and the "+catalog.Load().Model(model).Noun+" "+child+" belongs to it")
		}
		return true
	}), nil
}

// edge says that a record names another one. of is the name of the model of the parent.
type edge struct{ model, child, of, parent string }

const (
	// fewQueries is how many lists of what belongs to some records are read, instead of a list
	// of all.
	fewQueries = 5
	// mostParents is how many records one query names.
	mostParents = 50
)

// referring returns the records of a model that name one of the targets, ids by the name of
// their model, in some properties.
func (u *undoing) referring(m *catalog.Model, props []*catalog.Property, targets map[string][]string) (edges []edge, err error) {
	op := m.Operation("get_list")
	names := "_id"
	wanted := map[string]bool{}
	for _, p := range props {
		names += "," + p.Name
		for _, id := range targets[p.Ref] {
			wanted[p.Ref+" "+id] = true
		}
	}
	take := func(records []planhat.Record) {
		for _, r := range records {
			fields := plan.Members(r)
			for _, p := range props {
				for _, id := range idsIn(fields[p.Name]) {
					if wanted[p.Ref+" "+id] {
						edges = append(edges, edge{m.Snake, strings.ToLower(r.ID()), p.Ref, id})
					}
				}
			}
		}
	}
	var queries []url.Values
	for _, p := range props {
		filter, size := op.Parameter(p.Name), 1
		if filter == nil {
			return edges, u.pages(m, op, names, nil, take) // the list of all answers for all properties
		}
		if filter.Several {
			size = mostParents
		}
		for some := range slices.Chunk(targets[p.Ref], size) {
			queries = append(queries, url.Values{p.Name: {strings.Join(some, ",")}})
		}
	}
	if len(queries) > fewQueries {
		return edges, u.pages(m, op, names, nil, take)
	}
	for _, query := range queries {
		if err := u.pages(m, op, names, query, take); err != nil {
			return nil, err
		}
	}
	return edges, nil
}

// pages reads all pages of a list in all its views, with the named properties.
func (u *undoing) pages(m *catalog.Model, op *catalog.Operation, names string, by url.Values, take func([]planhat.Record)) error {
	const usual, short = 2000, 100
	size := usual
	if limit := op.Parameter("limit"); limit != nil && limit.Max > 0 {
		size = limit.Max
	}
	for _, view := range op.Views() {
		query := url.Values{"sort": {"_id"}, "select": {names}, "limit": {strconv.Itoa(size)}}
		for name, values := range by {
			query[name] = values
		}
		for _, more := range []map[string]string{view, op.Fixed} {
			for name, value := range more {
				query.Set(name, value)
			}
		}
		for offset := 0; ; {
			query.Set("offset", strconv.Itoa(offset))
			records, err := list(u.ctx, u.Send, m, op, query)
			if err != nil {
				return err
			}
			take(records)
			if offset += len(records); len(records) < min(size, short) {
				break
			}
		}
	}
	return nil
}

func list(ctx context.Context, send planhat.Sender, m *catalog.Model, op *catalog.Operation, query url.Values) ([]planhat.Record, error) {
	reply, err := send(ctx, planhat.Call{Model: m, Operation: op, Query: query})
	if planhat.KindOf(err) == planhat.KindPermission {
		return nil, errors.New("the token may not read " + m.Plural + ", so it is not known whether some belong to records that the run created")
	}
	if err != nil {
		return nil, err
	}
	return planhat.SplitList(reply.Body)
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
