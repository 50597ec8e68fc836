package undo

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// recreate points to Planhat's Trash Bin, or plans to create deleted records again: those that
// were deleted last first, since others may belong to them.
func (u *undoing) recreate(list []*effect) error {
	slices.SortFunc(list, func(a, b *effect) int { return cmp.Compare(b.last, a.last) })
	byModel := map[*catalog.Model][]*effect{}
	for _, e := range list {
		byModel[e.model] = append(byModel[e.model], e)
	}
	there := map[*effect]bool{}
	for m, some := range byModel {
		now, err := u.look(m, some)
		if err != nil {
			return err
		}
		for i, e := range some {
			there[e] = now[i] != nil
		}
	}
	again := map[string]*effect{}
	var order []*effect
	for _, e := range list {
		until := e.at.AddDate(0, 0, binDays)
		switch {
		case there[e]:
			u.report.Already++
		case e.model.Has(catalog.FieldDefinition):
			u.never(e, "it was deleted, with its values in all records")
		case u.Recreate && e.whole != nil && creates(e.model) != "":
			again[strings.ToLower(e.id)] = e
			order = append(order, e)
		default:
			u.report.Trashed++
			if u.report.Until.IsZero() || until.Before(u.report.Until) {
				u.report.Until = until
			}
			why := "it was deleted at " + e.at.Local().Format("2006-01-02 15:04") + "; the Trash Bin has it until " + until.Local().Format(time.DateOnly)
			if e.at.IsZero() || !u.Now().Before(until) {
				why = "it was deleted at " + e.at.Local().Format("2006-01-02 15:04") + ", and the Trash Bin may have it no more"
			}
			u.report.leave(trashed, e.label(), why)
		}
	}
	for _, e := range order {
		u.againAfter(e, again)
	}
	return nil
}

// againAfter plans to create a record again, after those that it names.
func (u *undoing) againAfter(e *effect, open map[string]*effect) {
	id := strings.ToLower(e.id)
	if open[id] == nil {
		return
	}
	delete(open, id)
	whole := plan.Members(e.whole)
	for _, p := range e.model.Properties {
		if p.Ref == "" || p.ReadOnly {
			continue
		}
		for _, ref := range idsIn(whole[p.Name]) {
			if other := open[ref]; other != nil {
				u.againAfter(other, open)
			}
		}
	}
	u.again(e)
}

// creates returns the operation that creates records of a model, "" for none.
func creates(m *catalog.Model) string {
	for _, name := range []string{"create", "bulk_upsert"} {
		if m.Operation(name) != nil {
			return name
		}
	}
	return ""
}

// again plans to create a record again. Records that are created again and that it names get
// their new ids.
func (u *undoing) again(e *effect) {
	whole := plan.Members(e.whole)
	for path, value := range e.before { // what the run had changed before it deleted the record
		if !strings.HasPrefix(path, "custom.") {
			whole[path] = value
		}
	}
	custom := map[string]jsontext.Value{}
	for path, value := range e.before {
		if inner, ok := strings.CutPrefix(path, "custom."); ok {
			custom[inner] = value
		}
	}
	if len(custom) > 0 {
		whole["custom"] = putBack(whole["custom"], custom)
	}
	var body object
	var needs []string
	for _, p := range e.model.Properties {
		value := absent(whole[p.Name])
		if p.ReadOnly || p.Name == "_id" || p.Name == "__v" || value == nil {
			continue
		}
		if p.Type == catalog.ObjectID && value.Kind() == '{' { // in place of an id
			if ids := idsIn(value); len(ids) > 0 {
				value = quoted(ids[0])
			}
		}
		for old, placeholder := range u.made {
			if bytes.Contains(value, []byte(old)) {
				value = jsontext.Value(bytes.ReplaceAll(value, []byte(old), []byte(placeholder)))
				needs = append(needs, placeholder)
			}
		}
		body = body.with(p.Name, value)
	}
	placeholder := fmt.Sprintf("%s%08x", u.run.Mark(), len(u.made)+1)
	u.made[e.id] = placeholder
	row := e.row(plan.Create)
	row.ID, row.Body = placeholder, body.text()
	slices.Sort(needs)
	u.report.Reverted++
	u.report.Recreated++
	u.record(e.model, creates(e.model), []plan.StepRow{row}, []string{placeholder}, slices.Compact(needs))
}
