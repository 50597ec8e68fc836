package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/store"
)

// wanted is how a record should be after an apply.
type wanted struct {
	client  int
	model   string
	id      string
	label   string
	line    int
	fields  map[string]jsontext.Value
	order   []string
	deleted bool
}

// Verify reads the records again that a plan has changed, and adds those to the result that are
// not as planned.
func Verify(ctx context.Context, o *Options, result *Result) error {
	a := &applier{Options: o, ids: ids{mark: o.Header.Mark, of: map[string]string{}}, result: result}
	result.Verified = &Verified{}
	all, err := a.wanted(ctx)
	if err != nil {
		return err
	}
	result.Verified.Records = len(all)
	c := a.newChecker()
	for from := 0; from < len(all); from += ahead {
		if err := a.verify(ctx, c, all[from:min(len(all), from+ahead)]); err != nil {
			return fmt.Errorf("the records can't be read again: %w", err)
		}
	}
	return nil
}

// wanted returns how each record should be, after all changes to it.
func (a *applier) wanted(ctx context.Context) ([]*wanted, error) {
	const most = 1000
	var all []*wanted
	byID := map[string]*wanted{}
	for after := int64(0); ; {
		var page []changes.Change
		err := a.Journal.Read(ctx, func(ctx context.Context, db *store.DB) (err error) {
			page, err = changes.Page(ctx, db, a.Writer.Set().ID, after, most)
			return err
		})
		if err != nil || len(page) == 0 {
			return all, err
		}
		for i := range page {
			c := &page[i]
			m := catalog.Load().Model(c.Model)
			if c.State != changes.Done {
				continue
			}
			if c.ID == "" || m == nil || m.Operation("update") == nil || c.Action == plan.Send {
				a.result.Verified.Unread++
				continue
			}
			key := fmt.Sprint(c.Client, " ", c.ID) // a model may be a part of another
			w := byID[key]
			if w == nil {
				w = &wanted{client: c.Client, model: c.Model, id: c.ID, fields: map[string]jsontext.Value{}}
				byID[key] = w
				all = append(all, w)
			}
			w.take(c)
		}
		after = page[len(page)-1].Seq
	}
}

// take adds a change.
func (w *wanted) take(c *changes.Change) {
	w.label, w.line = c.Model+" "+c.ID, c.Line
	if c.Name != "" {
		w.label += " (" + c.Name + ")"
	}
	w.deleted = c.Action == plan.Delete
	set := func(path string, value jsontext.Value) {
		if w.fields[path] == nil {
			w.order = append(w.order, path)
		}
		w.fields[path] = value.Clone()
	}
	for name, value := range plan.Members(c.After) {
		if name == "_id" {
			continue
		}
		if name == "custom" {
			for part, value := range plan.Members(value) {
				set("custom."+part, value)
			}
			continue
		}
		set(name, value)
	}
}

// body is an update that changes nothing if the record is as it should be.
func (w *wanted) body() planhat.Record {
	slices.Sort(w.order)
	object := func(prefix string, more []byte) []byte {
		out := []byte{'{'}
		for _, path := range w.order {
			name, fits := strings.CutPrefix(path, prefix)
			if !fits || prefix == "" && strings.HasPrefix(path, "custom.") {
				continue
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			quoted, err := jsontext.AppendQuote(out, name)
			if err != nil {
				continue
			}
			out = append(append(quoted, ':'), w.fields[path]...)
		}
		if more != nil {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(out, more...)
		}
		return append(out, '}')
	}
	custom := object("custom.", nil)
	if len(custom) <= len("{}") {
		return object("", nil)
	}
	return object("", append([]byte(`"custom":`), custom...))
}

func (a *applier) verify(ctx context.Context, c *checker, some []*wanted) error {
	type of struct {
		client int
		model  string
	}
	rows := map[of][]planhat.Record{}
	for _, w := range some {
		k := of{w.client, w.model}
		rows[k] = append(rows[k], withID(w.body(), w.id))
	}
	for k, list := range rows {
		if err := c.planners[k.client].Know(ctx, catalog.Load().Model(k.model), list, a.read(k.client)); err != nil {
			return err
		}
	}
	for _, w := range some {
		m := catalog.Load().Model(w.model)
		c.got = nil
		call := planhat.Call{Model: m, Operation: m.Operation("update"), ID: w.id, Body: w.body(), Rows: 1}
		if _, err := c.planners[w.client].Answer(ctx, call, a.read(w.client)); err != nil {
			return err
		}
		if c.got == nil || len(c.got.Rows) == 0 {
			continue
		}
		now := &c.got.Rows[0]
		switch {
		case w.deleted && now.Action != plan.Reject:
			a.differs(w, Difference{Kind: Exists, Text: "it still exists"})
		case w.deleted:
		case now.Action == plan.Reject:
			a.differs(w, Difference{Kind: Gone, Text: now.Reason})
		case now.Action == plan.Update:
			var list []Difference
			for _, change := range now.Changes {
				list = append(list, Difference{
					Kind: FieldChanged, Path: change.Path, Planned: shown(change.After), Now: shown(change.Before),
					Text: fmt.Sprintf("%s is %s, not %s as planned", change.Path, shown(change.Before), shown(change.After)),
				})
			}
			a.differs(w, list...)
		}
	}
	return nil
}

func (a *applier) differs(w *wanted, list ...Difference) {
	if len(list) == 0 {
		return
	}
	a.result.Differed++
	if len(a.result.Differs) < Shown {
		a.result.Differs = append(a.result.Differs, Line{Record: w.label, Line: w.line, Differences: list})
	}
}
