package plan

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// mostRereads is how often a list may be read again after planned writes to it. Work that
// a real run would finish may look endless where the planner can't tell what it changes.
const mostRereads = 1_000

// reread counts how often a list was read again after a write to it.
type reread struct{ times, writes int }

// List implements planhat.Planner.
func (p *Planner) List(ctx context.Context, call planhat.Call) (planhat.View, error) {
	if !p.run.active() {
		return planhat.View{}, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m := call.Model
	if m.Operation("get_list") == nil {
		query, none := p.withoutPlaceholders(call.Operation, call.Query)
		return planhat.View{Query: query, Local: none}, nil
	}
	t := p.table(m)
	if err := p.again(call, t); err != nil {
		return planhat.View{}, err
	}
	v := &view{planner: p, table: t, model: m, op: call.Operation, made: p.run.made(), shown: map[*record]bool{}}
	if names := call.Query.Get("select"); names != "" {
		v.selected = strings.Split(names, ",")
	} else {
		v.selected = call.Operation.Returns
	}
	v.falling = strings.HasPrefix(call.Query.Get("sort"), "-")
	v.tests = v.conditions(call.Query)
	if why := v.inexact(call.Query); why != "" {
		from := placeOf(ctx)
		p.run.Unknown(from.script, from.line, m.Snake+"."+call.Operation.Name+" "+why)
	}
	query, none := p.withoutPlaceholders(call.Operation, call.Query)
	return planhat.View{Page: v.page, Changes: len(t.planned) > 0, Query: query, Local: none}, nil
}

// inexact says how the list may differ from that of a real run, "" if it does not: planned
// records come where their _id would be, and not all conditions can be judged.
func (v *view) inexact(query url.Values) string {
	by := strings.TrimPrefix(query.Get("sort"), "-")
	sorted := by != "" && by != "_id"
	if !sorted && !slices.ContainsFunc(v.op.Filters(), func(q *catalog.Query) bool { return query.Has(q.Name) }) {
		return ""
	}
	for _, r := range v.table.planned {
		if r.state == deleted || int(r.number) > v.made {
			continue
		}
		fields, sent := r.all(v.model), r.changes()
		if !part(v.model, fields) {
			continue
		}
		if sorted && (r.state == created || sent.get(by) != nil) {
			return "is sorted by " + by + ", and planned changes may have another place in it"
		}
		for _, q := range v.op.Filters() {
			if !query.Has(q.Name) {
				continue
			}
			names := []string{q.Name}
			if q.Filter != nil {
				names = q.Filter.By
			}
			if r.state == created && !given(fields, names) && v.computed(names) {
				return "is filtered by " + q.Name + ", which is unknown for records that do not exist yet"
			}
			if r.state == changed && !r.whole && given(sent, names) {
				return "is filtered by " + q.Name + ", and records that the script changed may belong to it now"
			}
		}
	}
	return ""
}

// computed reports whether Planhat sets a property, or the catalog does not know it.
func (v *view) computed(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		p := v.model.Property(name)
		return p == nil || p.ReadOnly
	})
}

// given reports whether one of the properties has a value.
func given(fields object, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return present(fields.get(name)) })
}

// again counts the reads of a list after writes to it, and ends the run after too many.
func (p *Planner) again(call planhat.Call, t *table) error {
	name := call.Model.Snake + "?" + call.Query.Encode()
	seen := p.rereads[name]
	if seen == nil {
		p.rereads[name] = &reread{writes: t.writes}
		return nil
	}
	if t.writes == seen.writes {
		return nil
	}
	seen.writes = t.writes
	if seen.times++; seen.times <= mostRereads {
		return nil
	}
	return &planhat.Error{
		Kind: planhat.KindCancelled, Model: call.Model.Snake, Operation: call.Operation.Name,
		Message: fmt.Sprintf("the dry run ended: the script read the same list of %s more than %d times, after planned changes each time",
			call.Model.Plural, mostRereads),
		Hint: "a dry run does not show what Planhat computes, so a loop that waits for it never ends; limit the loop",
	}
}

// withoutPlaceholders removes the ids of new records from filters, which Planhat does not
// know. none is true if a filter then has no id left.
func (p *Planner) withoutPlaceholders(op *catalog.Operation, query url.Values) (changed url.Values, none bool) {
	for _, q := range op.Filters() {
		value := query.Get(q.Name)
		if !strings.Contains(value, p.run.mark) {
			continue
		}
		var left []string
		for id := range strings.SplitSeq(value, ",") {
			if !p.run.placeholder(strings.TrimSpace(id)) {
				left = append(left, id)
			}
		}
		if len(left) == 0 {
			return nil, true
		}
		if changed == nil {
			changed = url.Values{}
			for name, values := range query {
				changed[name] = values
			}
		}
		changed.Set(q.Name, strings.Join(left, ","))
	}
	return changed, false
}

// view is one reading of a list.
type view struct {
	planner *Planner
	table   *table
	model   *catalog.Model
	op      *catalog.Operation
	// selected are the properties that were asked for, none for all.
	selected []string
	falling  bool
	tests    []condition
	// made is how many new records there were at the beginning: a list ends although
	// the loop over it adds records.
	made int
	// shown are the planned records that Planhat has listed.
	shown map[*record]bool
}

// page implements planhat.View.Page.
func (v *view) page(records []planhat.Record, first, last bool) []planhat.Record {
	p := v.planner
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]planhat.Record, 0, len(records))
	if first && v.falling {
		out = v.appendNew(out)
	}
	for _, raw := range records {
		id := raw.ID()
		r := v.table.byID[strings.ToLower(id)]
		if r == nil || r.state == asRead {
			if len(v.selected) == 0 && id != "" {
				v.table.keep(strings.ToLower(id), raw)
			}
			out = append(out, raw)
			continue
		}
		v.shown[r] = true
		if r.state == deleted {
			continue
		}
		if text, belongs := v.changed(raw, r); belongs {
			out = append(out, text)
		}
	}
	if last {
		out = v.appendMoved(out)
		if !v.falling {
			out = v.appendNew(out)
		}
	}
	return out
}

// changed lays the planned changes over a record of a list, and reports whether it still
// belongs to the list.
func (v *view) changed(raw planhat.Record, r *record) (planhat.Record, bool) {
	fields, err := parse(raw)
	if err != nil {
		return raw, true
	}
	sent, all := r.changes(), r.fields()
	for _, f := range sent {
		if f, ok := v.pick(f); ok {
			fields = fields.with(f.name, laid(fields.get(f.name), f))
		}
	}
	// A condition that no planned change is about holds, since Planhat listed the record.
	left := slices.ContainsFunc(v.tests, func(c condition) bool {
		return slices.ContainsFunc(c.by, func(name string) bool { return sent.get(name) != nil }) && !c.holds(all)
	})
	return planhat.Record(fields.encode()), !left && (v.model.Part == nil || !slices.ContainsFunc(v.model.Part.By, func(name string) bool { return sent.get(name) != nil }) || part(v.model, all))
}

func (v *view) matches(fields object) bool {
	return !slices.ContainsFunc(v.tests, func(c condition) bool { return !c.holds(fields) })
}

// appendNew appends the new records that belong to the list.
func (v *view) appendNew(out []planhat.Record) []planhat.Record {
	from := len(out)
	for _, r := range v.table.planned {
		if r.state == created && int(r.number) <= v.made && holds(v.model, r) && v.matches(r.all(v.model)) {
			out = append(out, v.show(r))
		}
	}
	if v.falling {
		slices.Reverse(out[from:])
	}
	return out
}

// appendMoved appends the records that belong to the list since a planned change.
func (v *view) appendMoved(out []planhat.Record) []planhat.Record {
	if len(v.tests) == 0 {
		return out
	}
	for _, r := range v.table.planned {
		if r.state == changed && r.whole && !v.shown[r] && holds(v.model, r) && v.matches(r.fields()) {
			out = append(out, v.show(r))
		}
	}
	return out
}

// show returns what a list shows of a record.
func (v *view) show(r *record) planhat.Record {
	if len(v.selected) == 0 {
		return planhat.Record(r.all(v.model).encode())
	}
	var out object
	for _, f := range r.all(v.model) {
		if f, ok := v.pick(f); ok {
			out = append(out, f)
		}
	}
	return planhat.Record(out.encode())
}

// pick returns the part of a property that was selected, such as custom.Tier.
func (v *view) pick(f field) (field, bool) {
	if len(v.selected) == 0 || f.name == "_id" || slices.Contains(v.selected, f.name) {
		return f, true
	}
	inner, err := parse(f.value)
	if err != nil {
		return f, false
	}
	var out object
	for _, one := range inner {
		if slices.Contains(v.selected, f.name+"."+one.name) {
			out = append(out, one)
		}
	}
	return field{f.name, out.encode()}, len(out) > 0
}

// conditions are those of a list's parameters, with the ones that Planhat adds.
func (v *view) conditions(query url.Values) []condition {
	var out []condition
	for _, q := range v.op.Filters() {
		name, value := q.Name, query.Get(q.Name)
		if q.Filter == nil {
			if query.Has(name) && v.model.Property(name) != nil {
				out = append(out, condition{[]string{name}, func(o object) bool { return o.text(name) == value }})
			}
			continue
		}
		if test := conditionOf(q, value, query.Has(name)); test != nil {
			out = append(out, condition{q.Filter.By, test})
		}
	}
	return out
}

// condition is what the properties in by must be like.
type condition struct {
	by    []string
	holds func(object) bool
}

// conditionOf returns the condition of one parameter, nil if it selects every record.
func conditionOf(q *catalog.Query, value string, given bool) func(object) bool {
	by := q.Filter.By
	is := func(o object) bool { return string(o.get(by[0])) == "true" }
	switch q.Filter.Match {
	case catalog.MatchInclude:
		if value == "true" {
			return nil
		}
		return func(o object) bool { return !is(o) }
	case catalog.MatchOnlyOrExcluded:
		if value == "" {
			return nil
		}
		return func(o object) bool { return is(o) == (value == "only") }
	case catalog.MatchMaxAge:
		return nil // what is planned is new
	}
	if q.Type == catalog.Boolean {
		return func(o object) bool { return is(o) == (value == "true") }
	}
	if !given || value == "" && q.Filter.Match != catalog.MatchEqual {
		return nil
	}
	values := strings.Split(value, ",")
	for i := range values {
		values[i] = strings.ToLower(strings.TrimSpace(values[i]))
	}
	among := func(v jsontext.Value) bool {
		if v.Kind() != '[' {
			return slices.Contains(values, strings.ToLower(idIn(v)))
		}
		return slices.ContainsFunc(items(v), func(item jsontext.Value) bool { return slices.Contains(values, strings.ToLower(idIn(item))) })
	}
	switch q.Filter.Match {
	case catalog.MatchEqual:
		return func(o object) bool { return o.text(by[0]) == value }
	case catalog.MatchIgnoreCase:
		return func(o object) bool { return strings.EqualFold(o.text(by[0]), value) }
	case catalog.MatchCompany, catalog.MatchIDs:
		return func(o object) bool {
			return slices.ContainsFunc(by, func(name string) bool { return among(o.get(name)) })
		}
	case catalog.MatchContains:
		return func(o object) bool {
			return slices.ContainsFunc(by, func(name string) bool { return strings.Contains(strings.ToLower(o.text(name)), strings.ToLower(value)) })
		}
	case catalog.MatchFrom, catalog.MatchTo:
		bound, known := day(quote(value))
		if n, err := strconv.Atoi(value); err == nil {
			bound, known = n, true
		}
		if !known {
			return nil
		}
		return func(o object) bool {
			at, known := day(o.get(by[0]))
			return known && (q.Filter.Match == catalog.MatchFrom && at >= bound || q.Filter.Match == catalog.MatchTo && at <= bound)
		}
	}
	return nil
}
