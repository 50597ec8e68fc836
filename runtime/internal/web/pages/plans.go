package pages

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/web"
)

// planStates are how the states of plans look.
var planStates = map[plans.State]state{
	plans.Waiting:     {"Waits for approval", "wait", "warn"},
	plans.Interrupted: {"Interrupted", "warn", "warn"},
	plans.Approved:    {"Approved", "run", ""},
	plans.Applied:     {"Applied", "ok", "ok"},
	plans.Refused:     {"Refused", "skip", "muted"},
	plans.Stale:       {"Stale", "bad", "bad"},
	plans.Expired:     {"Expired", "skip", "muted"},
	plans.Replaced:    {"Replaced", "skip", "muted"},
}

// planRow is a plan in a list.
type planRow struct {
	*plans.Plan
	State state
	// Name is its schedule or its script, Says what it does, Note why it has its state.
	Name, Says, Note string
	// Left is how much longer it waits.
	Left string
}

func planRowOf(p *plans.Plan, now time.Time) planRow {
	row := planRow{Plan: p, State: planStates[p.State], Name: p.Schedule, Says: plans.Says(p.Sum()), Note: p.Reason}
	if row.Name == "" {
		row.Name = p.Script
	}
	if row.Note == "" {
		row.Note = p.DecidedWhy
	}
	if p.State == plans.Waiting {
		row.Left = ago(now, p.Expires)
	}
	return row
}

type plansData struct {
	Plans  []planRow
	States []choice
	// Filtered reports whether some states are left out.
	Filtered      bool
	Older, Newest string
}

// mostPlans is how many plans a page lists.
const mostPlans = 50

func (o Options) plans(q *web.Request) (any, error) {
	values := q.URL.Query()
	chosen := values.Get("status")
	f := plans.Filter{Limit: mostPlans + 1}
	data := plansData{States: []choice{{"", "all", chosen == ""}}}
	for _, s := range plans.States {
		data.States = append(data.States, choice{string(s), planStates[s].Word, string(s) == chosen})
		if string(s) == chosen {
			f.States, data.Filtered = []plans.State{s}, true
		}
	}
	if f.Before, _ = strconv.ParseInt(values.Get("before"), 10, 64); f.Before > 0 {
		data.Newest = "/plans" + with(values, "before", "")
	}
	list, err := plans.List(q.Context(), o.Reads, f)
	if err != nil {
		return nil, err
	}
	if len(list) > mostPlans {
		list = list[:mostPlans]
		data.Older = "/plans" + with(values, "before", strconv.FormatInt(list[mostPlans-1].ID, 10))
	}
	for _, p := range list {
		data.Plans = append(data.Plans, planRowOf(p, time.Now()))
	}
	return data, nil
}

// planData is what the page of a plan shows.
type planData struct {
	planRow
	Host, Costs string
	Deleted     bool
	Models      []planModel
	// Notes are what the plan assumes, and what else the script did.
	Notes, Unknown []string
	MoreUnknown    int
	Rejected       []string
	MoreRejected   int
	Kinds          []kindChoice
	Rows           []planChange
	First, Next    string
	// Asked are the custom fields whose names must be typed.
	Asked []string
	// Open reports whether somebody may decide about the plan.
	Open, Continues bool
	// Stale reports whether somebody must plan again.
	Stale bool
}

// planModel counts the rows of a model.
type planModel struct {
	Name string
	planfile.Counts
}

// kindChoice is a filter of rows.
type kindChoice struct {
	Text, Path, Count string
	Chosen            bool
}

// planChange is a row of a plan.
type planChange struct {
	Number int64
	State  state
	// Name is that of the record, About what else is known about it.
	Name, About string
	Values      []planValue
	Fields      string
	Reason      string
}

// planValue is a property before and after.
type planValue struct {
	Path, Before, After string
	// Set reports whether there was a value before, or it is not known.
	Set bool
}

func (d *planData) title() string { return fmt.Sprintf("Plan %d of %s", d.ID, d.Name) }
func (d *planData) lives() bool   { return d.Ended.IsZero() }

// planOf returns the plan that a request is about.
func (o Options) planOf(q *web.Request) (*plans.Plan, error) {
	id, err := strconv.ParseInt(q.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return nil, web.NotFound("")
	}
	p, err := plans.Get(q.Context(), o.Reads, id)
	if errors.Is(err, plans.ErrNoPlan) {
		err = web.NotFound("plan " + strconv.FormatInt(id, 10))
	}
	return p, err
}

func (o Options) plan(q *web.Request) (any, error) {
	p, err := o.planOf(q)
	if err != nil {
		return nil, err
	}
	data := &planData{planRow: planRowOf(p, time.Now()), Open: p.State.Open(), Continues: p.State == plans.Interrupted, Stale: p.State == plans.Stale, Asked: p.Needs.Fields}
	for _, name := range sortedKeys(p.Totals) {
		data.Models = append(data.Models, planModel{name, p.Totals[name]})
	}
	if data.Deleted = p.Size == 0; data.Deleted {
		return data, nil
	}
	h, r, err := o.contents.of(q.Context(), o, p.ID)
	if err != nil {
		return nil, err
	}
	data.describe(h, r)
	return data, o.readRows(q, p, h, data)
}

// mostNotes is how many lines of a kind the page of a plan shows.
const mostNotes = 20

func (d *planData) describe(h *planfile.Header, r *planfile.Report) {
	if len(h.Tenants) > 0 {
		if u, err := url.Parse(h.Tenants[0].Host); err == nil {
			d.Host = u.Host
		}
	}
	d.Costs = plural(h.Calls, "call", "calls")
	if d.Costs += " to write"; h.Seconds >= 60 {
		d.Costs += ", at least " + lasts(time.Duration(h.Seconds)*time.Second)
	}
	for _, u := range h.Inexact {
		if len(d.Unknown) == mostNotes {
			d.MoreUnknown = len(h.Inexact) - mostNotes
			break
		}
		d.Unknown = append(d.Unknown, placed(u)+display.OneLine(u.Text))
	}
	note := func(format string, args ...any) { d.Notes = append(d.Notes, fmt.Sprintf(format, args...)) }
	if n := r.Customs(); n > 0 && h.Undo == nil {
		note("It assumes that setting a custom property leaves the others as they are, in %s; the first such row is tested.", plural(n, "row", "rows"))
	}
	if places := r.Keyless(); len(places) > 0 {
		note("Some new records have no key. If the connection breaks, a person must look whether they exist.")
	}
	for _, names := range []struct {
		did  string
		list []string
	}{{"wrote", h.SideEffects.Written}, {"removed", h.SideEffects.Removed}} {
		for _, name := range names.list[:min(len(names.list), mostNotes)] {
			note("The script %s %s while it was planned.", names.did, display.OneLine(name))
		}
	}
	for _, w := range h.SideEffects.Withheld[:min(len(h.SideEffects.Withheld), mostNotes)] {
		note("Not sent, and not part of the plan: %s to %s, %s.", w.Kind, display.OneLine(w.To), plural(w.Count, "time", "times"))
	}
	for i := range r.Rejected[:min(len(r.Rejected), mostNotes)] {
		d.Rejected = append(d.Rejected, short(display.OneLine(r.Rejected[i].String()), 300))
	}
	d.MoreRejected = r.Sum().Rejected - len(d.Rejected)
}

func placed(u plan.Unknown) string {
	if u.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", display.OneLine(u.Script), u.Line)
}

// kinds are the filters of rows.
var kinds = []struct {
	value, text string
	kind        planfile.Kind
	state       state
	count       func(planfile.Counts) int
}{
	{"", "All changes", planfile.Changing, state{}, planfile.Counts.Changes},
	{"delete", "Delete", planfile.Deletes, state{"Delete", "minus", "bad"}, func(c planfile.Counts) int { return c.Deleted }},
	{"create", "Create", planfile.Creates, state{"Create", "plus", "ok"}, func(c planfile.Counts) int { return c.Created }},
	{"update", "Update", planfile.Updates, state{"Update", "change", ""}, func(c planfile.Counts) int { return c.Updated }},
	{"unknown", "Create or update", planfile.Blind, state{"Create or update, not looked up", "warn", "warn"}, func(c planfile.Counts) int { return c.Blind }},
	{"send", "Send", planfile.Sends, state{"Send", "plus", "ok"}, func(c planfile.Counts) int { return c.Sent }},
	{"unchanged", "Unchanged, not sent", planfile.Unchanged, state{"Unchanged", "skip", "muted"}, func(c planfile.Counts) int { return c.Unchanged }},
	{"rejected", "Rejected, not sent", planfile.Rejects, state{"Rejected", "warn", "warn"}, func(c planfile.Counts) int { return c.Rejected }},
}

// rowsShown is how many rows of a plan a page shows.
const rowsShown = 50

// readRows reads the rows that the address asks for.
func (o Options) readRows(q *web.Request, p *plans.Plan, h *planfile.Header, data *planData) error {
	values, here := q.URL.Query(), fmt.Sprintf("/plans/%d", p.ID)
	wanted, chosen := planfile.Changing, ""
	for _, k := range kinds {
		if k.value == values.Get("show") {
			wanted, chosen = k.kind, k.value
		}
	}
	for _, k := range kinds {
		if n := k.count(p.Sum()); n > 0 || k.value == chosen {
			data.Kinds = append(data.Kinds, kindChoice{k.text, here + with(url.Values{}, "show", k.value) + "#changes", count(n), k.value == chosen})
		}
	}
	after, _ := strconv.ParseInt(values.Get("after"), 10, 64)
	rows, more, err := plans.Rows(q.Context(), o.Reads, p.ID, wanted, after, rowsShown)
	if err != nil {
		return err
	}
	filter := url.Values{"show": {chosen}}
	if after > 0 {
		data.First = here + with(filter, "after", "") + "#changes"
	}
	if more {
		data.Next = here + with(filter, "after", strconv.FormatInt(rows[len(rows)-1].Number, 10)) + "#changes"
	}
	for i := range rows {
		data.Rows = append(data.Rows, changeOf(h, &rows[i]))
	}
	return nil
}

// longestName is how many characters of a record's name are shown.
const longestName = 80

// changeOf is a row as a page shows it.
func changeOf(h *planfile.Header, r *plans.Row) planChange {
	c := planChange{Number: r.Number, Name: short(display.OneLine(r.Name), longestName), Reason: display.OneLine(r.Reason)}
	for _, k := range kinds[1:] {
		if k.kind == r.Kind {
			c.State = k.state
		}
	}
	about := []string{strings.ReplaceAll(r.Model, "_", " ")}
	if r.Request != "" {
		about = []string{display.OneLine(marked(h, r.Request))}
	} else if r.Kind == planfile.Sends {
		about = []string{r.Model + "." + r.Operation}
	}
	if r.Key != nil && r.Key.Value != r.Name && r.Key.Name != "_id" {
		about = append(about, display.OneLine(r.Key.Name+" "+r.Key.Value))
	}
	switch n := placeholder(h, r.ID); {
	case r.Request != "":
	case n > 0:
		about = append(about, fmt.Sprintf("new #%d", n))
	case r.ID != "":
		about = append(about, r.ID)
	}
	if r.Keyless {
		about = append(about, "no key")
	}
	if r.Rows > 0 {
		about = append(about, plural(r.Rows, "row", "rows"))
	}
	if r.Line > 0 {
		about = append(about, fmt.Sprintf("line %d", r.Line))
	}
	if r.Client > 1 {
		about = append(about, fmt.Sprintf("account %d", r.Client))
	}
	if c.About = strings.Join(about, " · "); c.Name == "" {
		c.Name, c.About = about[0], strings.Join(about[1:], " · ")
	}
	for _, v := range r.Changes {
		one := planValue{Path: display.OneLine(v.Path), After: valueOf(h, v.After, v.Day), Before: "not set"}
		switch {
		case v.Unread:
			one.Before = "not looked up"
		case !v.Absent:
			one.Before, one.Set = valueOf(h, v.Before, v.Day), true
		}
		c.Values = append(c.Values, one)
	}
	for _, v := range r.Values {
		c.Values = append(c.Values, planValue{Path: display.OneLine(v.Path), After: valueOf(h, v.Value, v.Day)})
	}
	if len(c.Values) == 0 {
		c.Fields = display.OneLine(strings.Join(r.Fields, ", "))
	}
	return c
}

// contents keeps what plans do that were looked at last: reading a large one takes long.
type contents struct {
	reading chan struct{}
	kept    []content
}

type content struct {
	plan   int64
	header *planfile.Header
	report *planfile.Report
}

// mostContents is how many plans are kept.
const mostContents = 8

func newContents() *contents { return &contents{reading: make(chan struct{}, 1)} }

func (c *contents) of(ctx context.Context, o Options, id int64) (*planfile.Header, *planfile.Report, error) {
	select {
	case c.reading <- struct{}{}:
		defer func() { <-c.reading }()
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	for _, one := range c.kept {
		if one.plan == id {
			return one.header, one.report, nil
		}
	}
	h, r, err := plans.Content(ctx, o.Reads, id)
	if err != nil {
		return nil, nil, err
	}
	c.kept = append(c.kept[max(0, len(c.kept)-mostContents+1):], content{id, h, r})
	return h, r, nil
}
