package undo

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// recreate points to Planhat's Trash Bin, or plans to create deleted records again: those that
// were deleted last first, but after those that they name.
func (u *undoing) recreate(list []*brief) error {
	slices.SortFunc(list, func(a, b *brief) int { return cmp.Compare(b.last, a.last) })
	models, byModel := modelsOf(list)
	for _, m := range models {
		if err := u.now(m, byModel[m], nil, func(*brief, planhat.Record) error { return nil }); err != nil {
			return err
		}
	}
	open, names := map[*brief]bool{}, map[*brief][]*brief{}
	err := u.pagesOf(list, func(e *effect) {
		if !u.bringBack(e) {
			return
		}
		open[e.brief] = true
		whole := plan.Members(e.whole)
		for _, p := range e.model.Properties {
			m := refOf(p)
			if m == nil || p.ReadOnly {
				continue
			}
			for _, id := range idsIn(whole[p.Name]) {
				if other := u.index.byID[placeOf(m, id)]; other != nil {
					names[e.brief] = append(names[e.brief], other)
				}
			}
		}
	})
	if err != nil {
		return err
	}
	var order []*brief
	var add func(b *brief)
	add = func(b *brief) {
		if !open[b] {
			return
		}
		delete(open, b)
		for _, other := range names[b] {
			add(other)
		}
		order = append(order, b)
	}
	for _, b := range list {
		add(b)
	}
	return u.pagesOf(order, u.again)
}

// pagesOf calls do with the effects on records, a page at a time.
func (u *undoing) pagesOf(list []*brief, do func(*effect)) error {
	for some := range slices.Chunk(list, page) {
		effects, err := u.effects(some)
		if err != nil {
			return err
		}
		for _, e := range effects {
			do(e)
		}
	}
	return nil
}

// bringBack reports whether a deleted record is created again, or else says where it is.
func (u *undoing) bringBack(e *effect) bool {
	until := e.at.AddDate(0, 0, binDays)
	switch {
	case e.there:
		u.report.Already++
	case e.model.Has(catalog.FieldDefinition):
		u.never(e, "it was deleted, with its values in all records")
	case u.Recreate && e.whole != nil && creates(e.model) != "":
		return true
	default:
		u.report.Trashed++
		if u.report.Until.IsZero() || until.Before(u.report.Until) {
			u.report.Until = until
		}
		why := "it was deleted at " + e.at.Local().Format("2006-01-02 15:04") + "; it is in the Trash Bin until " + until.Local().Format(time.DateOnly)
		if e.at.IsZero() || !u.Now().Before(until) {
			why = "it was deleted at " + e.at.Local().Format("2006-01-02 15:04") + " and may no longer be in the Trash Bin"
		}
		u.report.leave(trashed, e.label(), why)
	}
	return false
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

// anID matches the _id of a record.
var anID = regexp.MustCompile(`[0-9a-fA-F]{24}`)

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
		value = anID.ReplaceAllFunc(value, func(id []byte) []byte {
			placeholder := u.made[string(id)]
			if placeholder == "" {
				return id
			}
			needs = append(needs, placeholder)
			return []byte(placeholder)
		})
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
