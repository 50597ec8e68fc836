package undo

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// fewRecords is how many records of a model the planner looks up in the cheapest way. Of more, it
// would read the list of all, and keep records that the run did not change.
const fewRecords = 100

// each calls do with records of one model, and with what they are now, nil for those that do not
// exist: their _id, and what the run wrote.
func (u *undoing) each(m *catalog.Model, list []*brief, do func(e *effect, now map[string]jsontext.Value)) error {
	names := map[string]bool{}
	for name := range u.index.names[m] {
		p := m.Property(name)
		if name != "_id" && (p == nil || !p.ReadOnly) {
			names[name] = true
		}
		if p != nil && p.ReadAs != "" {
			names[p.ReadAs] = true
		}
	}
	if ref := m.CompanyRef(); ref != "" {
		names[ref] = true
	}
	var some []*brief
	var records []planhat.Record
	flush := func() error {
		if len(some) == 0 {
			return nil
		}
		effects, err := u.effects(some)
		for i, e := range effects {
			var now map[string]jsontext.Value
			if records[i] != nil {
				now = plan.Members(records[i])
			}
			if err == nil {
				do(e, now)
			}
		}
		some, records = some[:0], records[:0]
		return err
	}
	add := func(b *brief, r planhat.Record) error {
		if some, records = append(some, b), append(records, r); len(some) < page {
			return nil
		}
		return flush()
	}
	if err := u.now(m, list, slices.Sorted(maps.Keys(names)), add); err != nil {
		return err
	}
	for _, b := range list {
		if !b.there {
			if err := add(b, nil); err != nil {
				return err
			}
		}
	}
	return flush()
}

// now calls do with those records of a model that exist, and marks them.
func (u *undoing) now(m *catalog.Model, list []*brief, names []string, do func(*brief, planhat.Record) error) error {
	read := u.single
	if len(list) > fewRecords && m.Operation("get_list") != nil {
		read = u.listed
	}
	if err := read(m, list, names, do); err != nil {
		return fmt.Errorf("the %s can't be read: %w", m.Plural, err)
	}
	return nil
}

// single lets the planner look up records.
func (u *undoing) single(m *catalog.Model, list []*brief, names []string, do func(*brief, planhat.Record) error) error {
	rows := make([]planhat.Record, len(list))
	for i, b := range list {
		row := object{}.with("_id", quoted(b.id))
		for _, name := range names {
			row = row.with(name, jsontext.Value("null"))
		}
		rows[i] = planhat.Record(row.text())
	}
	found, err := u.planner.Look(u.ctx, m, rows, u.Send)
	for i, r := range found {
		if r != nil && err == nil {
			list[i].there = true
			err = do(list[i], r)
		}
	}
	return err
}

// listed reads the list of all records. The list may have other records, which are not kept.
func (u *undoing) listed(m *catalog.Model, list []*brief, names []string, do func(*brief, planhat.Record) error) error {
	wanted := func(b *brief) bool {
		return b != nil && b.model == m && !b.there && b.created == list[0].created && b.deleted == list[0].deleted
	}
	return u.pages(m, m.Operation("get_list"), strings.Join(append([]string{"_id"}, names...), ","), nil, func(records []planhat.Record) error {
		for _, r := range records {
			b := u.index.byID[placeOf(m, r.ID())]
			if !wanted(b) {
				continue
			}
			b.there = true
			if err := do(b, bytes.Clone(r)); err != nil {
				return err
			}
		}
		return nil
	})
}

// pages reads all pages of a list in all its views, with the named properties.
func (u *undoing) pages(m *catalog.Model, op *catalog.Operation, names string, by url.Values, take func([]planhat.Record) error) error {
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
			if err := take(records); err != nil {
				return err
			}
			if offset += len(records); len(records) < min(size, short) {
				break
			}
		}
	}
	return nil
}

func list(ctx context.Context, send planhat.Sender, m *catalog.Model, op *catalog.Operation, query url.Values) ([]planhat.Record, error) {
	reply, err := send(ctx, planhat.Call{Model: m, Operation: op, Query: query})
	if err != nil {
		return nil, err
	}
	return planhat.SplitList(reply.Body)
}
