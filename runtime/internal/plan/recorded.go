package plan

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// What follows lets a planner follow writes that are sent.

// Became says that a planned record now has an _id.
func (p *Planner) Became(m *catalog.Model, placeholder, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.table(m)
	r := t.byID[strings.ToLower(placeholder)]
	if r == nil || id == "" || placeholder == "" {
		return
	}
	r.id, r.text = id, r.fields().with("_id", quote(id)).encode()
	t.byID[strings.ToLower(id)] = r
}

// Removed says that a record is about to be deleted.
func (p *Planner) Removed(m *catalog.Model, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.table(m)
	r := t.byID[strings.ToLower(id)]
	if r == nil {
		r = &record{id: id, text: object{{"_id", quote(id)}}.encode()}
		t.byID[strings.ToLower(id)] = r
	}
	t.remove(r)
}

// Listed returns a record as lists show it, nil if none does. It is for models whose records
// can't be read one by one.
func (p *Planner) Listed(ctx context.Context, m *catalog.Model, id string, send planhat.Sender) planhat.Record {
	op := m.Operation("get_list")
	if op == nil {
		return nil
	}
	size := usualPage
	if limit := op.Parameter("limit"); limit != nil && limit.Max > 0 {
		size = limit.Max
	}
	for _, view := range op.Views() {
		query := url.Values{"sort": {"_id"}, "limit": {strconv.Itoa(size)}}
		for name, value := range view {
			query.Set(name, value)
		}
		for name, value := range op.Fixed {
			query.Set(name, value)
		}
		for offset := 0; ; {
			query.Set("offset", strconv.Itoa(offset))
			reply, err := send(ctx, planhat.Call{Model: m, Operation: op, Query: query})
			if err != nil {
				return nil
			}
			records, err := planhat.SplitList(reply.Body)
			if err != nil {
				return nil
			}
			for _, r := range records {
				if strings.EqualFold(r.ID(), id) {
					return r
				}
			}
			if offset += len(records); len(records) < min(size, shortPage) {
				break
			}
		}
	}
	return nil
}

// Identity returns a key that identifies a record, and what people call it.
func Identity(m *catalog.Model, r planhat.Record) (key, value, name string) {
	fields, err := parse(r)
	if err != nil {
		return "", "", ""
	}
	for _, key := range KeysOf(m) {
		if value := fields.text(key); value != "" {
			return key, value, called(fields)
		}
	}
	return "", "", called(fields)
}

// Look returns records as they are now, in the order of rows: each has an _id, and the
// properties that are wanted with any value. A record that does not exist is nil.
func (p *Planner) Look(ctx context.Context, m *catalog.Model, rows []planhat.Record, send planhat.Sender) ([]planhat.Record, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &session{Planner: p, ctx: ctx, send: send}
	objects := make([]object, 0, len(rows))
	for _, row := range rows {
		fields, err := parse(row)
		if err != nil {
			return nil, err
		}
		objects = append(objects, fields)
	}
	if blind, err := s.know(m, objects); blind || err != nil {
		return nil, cmp.Or(err, errBlind)
	}
	if err := s.knowIDs(m, objects); err != nil {
		return nil, err
	}
	out := make([]planhat.Record, len(rows))
	t := s.table(m)
	for i, row := range objects {
		r := t.byID[strings.ToLower(row.text("_id"))]
		if r == nil {
			continue
		}
		if len(r.unread(m, row, nil)) > 0 {
			if err := s.whole(m, r); err != nil {
				return nil, err
			}
		}
		out[i] = planhat.Record(slices.Clone(r.text))
	}
	return out, nil
}

// knowIDs looks up records by the _id of rows, also of a model of whose bulk rows the _id is not a
// key.
func (s *session) knowIDs(m *catalog.Model, rows []object) error {
	t := s.table(m)
	if slices.Contains(m.Keyables.Bulk, "_id") || t.covers(m, nil) {
		return nil
	}
	var open []key
	single := true
	for _, row := range rows {
		if k := keyOf("_id", row.text("_id")); len(t.find(m, k)) == 0 && !t.absent[k] {
			open = append(open, k)
			single = single && address(m, k) != ""
		}
	}
	if single && len(open) > fewLookups || !single && len(open) > 0 {
		few := 0
		if single {
			few = len(open)
		}
		if err := s.scan(m, s.touched(m, rows), few, false, nil); !errors.Is(err, errFew) {
			return err
		}
	}
	blind, err := s.each(m, open)
	if blind && err == nil {
		err = errBlind
	}
	return err
}
