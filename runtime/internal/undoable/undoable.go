// Package undoable records what a script changes while it runs, so that the run can be undone:
// the values before each write, and what happened to it. Deletes are always recorded, other
// writes if the run should be undoable, since reading the values costs calls.
package undoable

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// Options configure the recording of a run.
type Options struct {
	Journal *changes.Journal
	// Begin returns the set to record in. It is called before the first change is recorded.
	Begin func(ctx context.Context) changes.Set
	// All records every write, and not only deletes.
	All bool
	// Warn says once what is not recorded.
	Warn func(ctx context.Context, message, reason string)
	Now  func() time.Time
}

// Recorder records the changes of a run. It is safe for concurrent use.
type Recorder struct {
	options Options
	run     *plan.Run

	// planning is held while the rows of a request are compared with their records. step is
	// what the planner found.
	planning sync.Mutex
	step     *plan.Step

	mu     sync.Mutex
	writer *changes.Writer
	warned map[string]bool
	failed bool
	steps  int
	// calls are those that were made to read values, records how many changes were recorded, and
	// lasting how many of these no undo takes back.
	calls, records, lasting int
}

// storing is how long the store may take to record a request. A run does not wait for it
// longer.
const storing = 10 * time.Second

// allReads is the budget for reading values: who asks for them pays for them.
const allReads = 1 << 30

// New returns what records the changes of a run.
func New(o Options) *Recorder {
	r := &Recorder{options: o, warned: map[string]bool{}}
	r.run = plan.NewRun(plan.Options{
		Active: func() bool { return true }, Reads: allReads, Warn: func(context.Context, string, string) {},
		Record: func(s *plan.Step) { r.step = s }, Now: o.Now, Partial: true,
	})
	return r
}

// Of returns what records the writes of a client. Only the writes of the configured account are
// recorded: those of others could not be undone without their tokens.
func (r *Recorder) Of(account string, t plan.Tenant) planhat.Recorder {
	p := r.run.Planner(account, t)
	for _, known := range r.run.Tenants() {
		if known.Default == t.Default && known.Host == t.Host {
			t = known
		}
	}
	return &client{r, p, t}
}

// Cost returns how many calls were made to read values, and how many changes were recorded.
func (r *Recorder) Cost() (calls, records int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls, r.records
}

// Reverts reports whether an undo may take some of the recorded changes back.
func (r *Recorder) Reverts() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records > r.lasting
}

// lasts counts the rows that were not carried out, and deleted custom fields, which no undo brings
// back.
func (r *Recorder) lasts(m *catalog.Model, rows []changes.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range rows {
		c := &rows[i]
		undone := c.State == changes.Rejected || c.State == changes.Failed
		if undone || m != nil && m.Has(catalog.FieldDefinition) && c.Action == plan.Delete {
			r.lasting++
		}
	}
}

// Close ends the recording.
func (r *Recorder) Close(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writer == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storing)
	defer cancel()
	if err := r.writer.End(ctx, ""); err != nil {
		r.warn(ctx, "the end of the recording could not be stored", err.Error())
	}
	r.writer.Close(ctx)
}

// warn warns once. The caller holds mu.
func (r *Recorder) warn(ctx context.Context, message, reason string) {
	if !r.warned[message] {
		r.warned[message] = true
		r.options.Warn(ctx, message, reason)
	}
}

// add records rows before they are sent, and reports whether it could.
func (r *Recorder) add(ctx context.Context, rows []changes.Change, send planhat.Sender) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed || len(rows) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storing)
	defer cancel()
	err := r.begin(ctx, send)
	if err == nil {
		r.steps++
		for i := range rows {
			rows[i].Step = r.steps
		}
		err = r.writer.Add(ctx, rows)
	}
	if err != nil {
		r.failed = true
		r.warn(ctx, "further changes of this run are not recorded, so they can't be undone", err.Error())
		return false
	}
	r.records += len(rows)
	return true
}

// begin begins the set.
func (r *Recorder) begin(ctx context.Context, send planhat.Sender) error {
	if r.writer != nil {
		return nil
	}
	set := r.options.Begin(ctx)
	user, err := plan.FirstUser(ctx, send)
	r.calls++
	if err != nil {
		r.warn(ctx, "the first user of the account can't be read, so it is not known whether an undo is for the same account", err.Error())
	}
	for _, t := range r.run.Tenants() {
		if t.Default {
			set.Tenants = []changes.Tenant{{Client: t.Client, Host: t.Host, Analytics: t.Analytics, User: user}}
		}
	}
	r.writer, _, err = r.options.Journal.Begin(ctx, set)
	return err
}

// settle records what happened to rows.
func (r *Recorder) settle(ctx context.Context, rows []changes.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storing)
	defer cancel()
	if err := r.writer.Settle(ctx, rows); err != nil {
		r.warn(ctx, "what happened to rows could not be recorded; an undo looks whether they were written", err.Error())
	}
}

// client records the writes of one account.
type client struct {
	*Recorder
	planner *plan.Planner
	tenant  plan.Tenant
}

// Before implements planhat.Recorder.
func (c *client) Before(ctx context.Context, call planhat.Call, send planhat.Sender) planhat.JournalEntry {
	if !c.tenant.Default {
		if c.options.All || call.Operation.Name == "delete" {
			c.mu.Lock()
			c.warn(ctx, "what the script writes with another token is not recorded, so it can't be undone", "the account on "+c.tenant.Host)
			c.mu.Unlock()
		}
		return nil
	}
	counted := func(ctx context.Context, read planhat.Call) (planhat.Reply, error) {
		c.mu.Lock()
		c.calls++
		c.mu.Unlock()
		return send(ctx, read)
	}
	if m, id := plan.Deletes(call.Operation.Method, call.Operation.Path); m != nil && call.Operation.Name == "request" {
		call = planhat.Call{Model: m, Operation: m.Operation("delete"), ID: id, Rows: call.Rows}
	}
	var rows []changes.Change
	switch {
	case call.Model.Operation(call.Operation.Name) == nil: // a request that is no operation of a model
		rows = []changes.Change{{Row: 1, Model: call.Model.Snake, Operation: call.Operation.Method + " " + call.Operation.Path, Action: plan.Send}}
		if !c.options.All && call.Operation.Method != http.MethodDelete {
			return nil
		}
	case call.Operation.Name == "delete":
		rows = []changes.Change{c.deleted(ctx, call, counted)}
	case !c.options.All:
		return nil
	default:
		rows = c.rows(ctx, call, counted)
	}
	for i := range rows {
		rows[i].Client = c.tenant.Client
	}
	if !c.add(ctx, rows, send) {
		return nil
	}
	return &entry{c, call, rows}
}

// deleted reads a record before it is deleted.
func (c *client) deleted(ctx context.Context, call planhat.Call, send planhat.Sender) changes.Change {
	row := changes.Change{Row: 1, Model: call.Model.Snake, Operation: "delete", Action: plan.Delete, ID: call.ID}
	if whole := c.whole(ctx, call.Model, call.ID, send); whole != nil {
		row.Before, row.ID = jsontext.Value(whole), whole.ID()
		row.KeyName, row.KeyValue, row.Name = plan.Identity(call.Model, whole)
	}
	c.planning.Lock()
	defer c.planning.Unlock()
	c.planner.Removed(call.Model, row.ID)
	return row
}

// whole reads a record, also one of a model whose records can only be listed.
func (c *client) whole(ctx context.Context, m *catalog.Model, id string, send planhat.Sender) planhat.Record {
	op := m.Operation("get_by_id")
	if op == nil {
		c.planning.Lock()
		defer c.planning.Unlock()
		return c.planner.Listed(ctx, m, id, send)
	}
	reply, err := send(ctx, planhat.Call{Model: m, Operation: op, ID: id})
	if err != nil || planhat.Record(reply.Body).ID() == "" {
		return nil
	}
	return planhat.Record(reply.Body)
}

// rows compares the rows of a request with their records.
func (c *client) rows(ctx context.Context, call planhat.Call, send planhat.Sender) []changes.Change {
	c.planning.Lock()
	defer c.planning.Unlock()
	c.step = nil
	_, err := c.planner.Answer(ctx, call, send)
	if err != nil || c.step == nil {
		if err != nil && ctx.Err() == nil {
			c.mu.Lock()
			c.warn(ctx, "records could not be read before a change, so the change can't be undone", err.Error())
			c.mu.Unlock()
		}
		return c.unread(call)
	}
	var out []changes.Change
	bodies := bodiesOf(call)
	for i := range c.step.Rows {
		r := &c.step.Rows[i]
		action := r.Action
		if action == plan.Unchanged {
			// Planhat may still remove the custom properties that the row does not name.
			if len(r.Others) == 0 {
				continue
			}
			action = plan.Update
		}
		row := changes.Change{
			Row: r.Row, Model: call.Model.Snake, Operation: call.Operation.Name, Action: action, Line: c.step.Line, ID: r.ID, Name: r.Name,
		}
		if r.Key != nil {
			row.KeyName, row.KeyValue = r.Key.Name, r.Key.Value
		}
		if c.run.Placeholder(r.ID) {
			row.ID, row.Placeholder = "", r.ID
		}
		switch action {
		case plan.Update:
			row.Before, row.After = values(r.Changes, r.Custom)
		case plan.Reject, plan.Send: // a rejection is a prediction
			if r.Action == plan.Reject {
				row.Action = plan.Upsert
			}
			fallthrough
		default:
			if r.Row >= 1 && r.Row <= len(bodies) {
				row.After = jsontext.Value(bodies[r.Row-1])
			}
		}
		if row.Action == plan.Send {
			row.After = nil
		}
		out = append(out, row)
	}
	return out
}

// unread returns the rows of a request about whose records nothing is known.
func (c *client) unread(call planhat.Call) []changes.Change {
	var out []changes.Change
	bodies := bodiesOf(call)
	for i := range call.Rows {
		row := changes.Change{Row: i + 1, Model: call.Model.Snake, Operation: call.Operation.Name, Action: plan.Upsert, ID: call.ID}
		if i < len(bodies) {
			row.After = jsontext.Value(bodies[i])
		}
		out = append(out, row)
	}
	return out
}

// bodiesOf returns the rows of a request, nil if they are not objects.
func bodiesOf(call planhat.Call) []planhat.Record {
	if call.Operation.Name == "duplicate" || len(call.Body) == 0 {
		return nil
	}
	if list, err := planhat.SplitList(call.Body); err == nil {
		return list
	}
	return []planhat.Record{call.Body}
}

// values returns the values of properties before and after a change. Those that were not read
// are missing before. Before also has the other custom properties of the record: Planhat may
// remove them.
func values(list []plan.Change, custom jsontext.Value) (before, after jsontext.Value) {
	had := map[string]bool{}
	b, a := []byte{'{'}, []byte{'{'}
	add := func(to []byte, name string, value jsontext.Value) []byte {
		if len(to) > 1 {
			to = append(to, ',')
		}
		quoted, err := jsontext.AppendQuote(nil, name)
		if err != nil {
			return to
		}
		if len(value) == 0 {
			value = jsontext.Value("null")
		}
		return append(append(append(to, quoted...), ':'), value...)
	}
	for _, c := range list {
		if had[c.Path] = true; !c.Unread {
			b = add(b, c.Path, c.Before)
		}
		a = add(a, c.Path, c.After)
	}
	if custom.Kind() == '{' && !had["custom"] {
		r := planhat.Record(custom)
		for _, m := range r.AppendMembers(nil) {
			name, err := jsontext.AppendUnquote(nil, r[m.Name-1:m.NameEnd+1])
			if path := "custom." + string(name); err == nil && !had[path] {
				b = add(b, path, jsontext.Value(r[m.From:m.To]))
			}
		}
	}
	return append(b, '}'), append(a, '}')
}
