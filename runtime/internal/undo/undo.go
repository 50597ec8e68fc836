// Package undo makes plans that undo runs, from their recorded changes.
//
// A property gets its old value back if it still has the value that the run gave it. If
// somebody has changed it since, the new value stays, unless Options.Overwrite names the property.
package undo

import (
	"cmp"
	"context"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// Options are what an undo is made from.
type Options struct {
	Set *changes.Set
	// Changes calls do with the changes of the set after one number and until another one, in
	// their order; until 0 is their end. A change is valid for the time of the call.
	Changes func(after, until int64, do func(*changes.Change)) error
	// Send sends reads. Tenant is the account that it reads.
	Send   planhat.Sender
	Tenant plan.Tenant
	// Overwrite are properties, as MODEL.FIELD, that get their old values although they were
	// changed since. Recreate creates deleted records again.
	Overwrite []string
	Recreate  bool
	// Step gets the steps of the plan.
	Step func(*plan.Step)
	Now  func() time.Time
}

// undoing makes one plan.
type undoing struct {
	Options
	ctx     context.Context
	run     *plan.Run
	planner *plan.Planner
	report  *Report
	index   *index
	steps   int
	// made are the placeholders of records that are created again, by their old ids.
	made map[string]string
	// overwritten are those of Overwrite that were used.
	overwritten map[string]bool
	// taken are the models of new records, which may have the old keys of other records. later
	// are the rows that give these keys back, once the new records are deleted.
	taken map[*catalog.Model]bool
	later map[*catalog.Model][]plan.StepRow
}

// Made is the plan of an undo, apart from its steps.
type Made struct {
	*Report
	// Mark begins its placeholders.
	Mark string
	// Unused are the names of Overwrite that the run did not change.
	Unused []string
}

// page is of how many records the values are in memory at a time.
const page = 5_000

const allReads = 1 << 30

// Plan makes the plan that undoes a run.
func Plan(ctx context.Context, o Options) (*Made, error) {
	u := &undoing{
		Options: o, ctx: ctx, report: &Report{Run: o.Set.Run, Script: o.Set.Script, Never: map[string]int{}},
		made: map[string]string{}, overwritten: map[string]bool{}, taken: map[*catalog.Model]bool{}, later: map[*catalog.Model][]plan.StepRow{},
		run: plan.NewRun(plan.Options{
			Active: func() bool { return true }, Reads: allReads, Warn: func(context.Context, string, string) {}, Now: o.Now, Partial: true,
		}),
	}
	u.planner = u.run.Planner("", o.Tenant)
	u.index = newIndex()
	if err := o.Changes(0, 0, u.index.add); err != nil {
		return nil, err
	}
	if err := u.find(); err != nil {
		return nil, err
	}
	u.count()
	if err := u.plan(u.index.list); err != nil {
		return nil, err
	}
	made := &Made{Report: u.report, Mark: u.run.Mark()}
	for _, name := range o.Overwrite {
		if !u.overwritten[name] {
			made.Unused = append(made.Unused, name)
		}
	}
	return made, nil
}

// find looks for the records of rows whose answers did not tell them.
func (u *undoing) find() error {
	for _, c := range u.index.unknown {
		m := catalog.Load().Model(c.Model)
		body := planhat.Record(c.After)
		if !plan.Keyed(m, body) {
			u.report.Changes++
			u.report.Unread++
			u.report.leave(unread, c.Model+" "+cmp.Or(c.Name, "without a key"), "it is not known whether it was written, and to which record")
			continue
		}
		id, _, err := u.planner.Find(u.ctx, m, body, u.Send)
		if err != nil {
			return err
		}
		if id == "" {
			u.report.Changes++
			u.report.Already++ // nothing was created
			continue
		}
		c.ID, u.index.found[c.Seq] = id, id
		u.index.add(c)
	}
	return nil
}

// count counts what can never be undone, whatever the records look like.
func (u *undoing) count() {
	for operation, n := range u.index.sent {
		u.report.Never[operation] += n
		u.report.Changes += n
	}
}

// plan plans each record: first the old values, then new records are deleted, those that belong to
// others before these, then the keys are given back that those may have had, and last deleted
// records are created again.
func (u *undoing) plan(list []*brief) error {
	var updates, created, deleted []*brief
	for _, e := range list {
		switch {
		case e.created && e.deleted:
			continue // it left nothing
		case e.deleted:
			deleted = append(deleted, e)
		case e.created:
			created = append(created, e)
			u.taken[e.model] = true
		default:
			updates = append(updates, e)
		}
		u.report.Changes++
	}
	models, byModel := modelsOf(updates)
	for _, m := range models {
		if err := u.restore(m, byModel[m]); err != nil {
			return err
		}
	}
	if err := u.remove(created); err != nil {
		return err
	}
	for _, m := range models {
		u.giveBack(m, u.later[m])
	}
	return u.recreate(deleted)
}

// modelsOf groups records by model, in the order in which the models occur.
func modelsOf(list []*brief) (models []*catalog.Model, byModel map[*catalog.Model][]*brief) {
	byModel = map[*catalog.Model][]*brief{}
	for _, b := range list {
		if byModel[b.model] == nil {
			models = append(models, b.model)
		}
		byModel[b.model] = append(byModel[b.model], b)
	}
	return models, byModel
}

// record passes a step on.
func (u *undoing) record(m *catalog.Model, operation string, rows []plan.StepRow, defines, needs []string) {
	u.steps++
	u.Step(&plan.Step{
		Number: u.steps, Client: u.Tenant.Client, Model: m.Snake, Operation: operation, At: u.Now().UTC(), Rows: rows, Defines: defines, Needs: needs,
	})
}

// row returns a row about a record.
func (b *brief) row(action string) plan.StepRow {
	r := plan.StepRow{Row: 1, Action: action, ID: b.id, Name: b.name}
	if b.key.Value != "" {
		key := b.key
		r.Key = &key
	}
	return r
}
