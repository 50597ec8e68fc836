package undoable

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// entry is a request that was recorded before it was sent.
type entry struct {
	*client
	call planhat.Call
	rows []changes.Change
}

// End implements planhat.JournalEntry.
func (e *entry) End(ctx context.Context, rows []planhat.JournalRow, answer []byte) {
	if len(rows) == 1 && rows[0].Outcome == planhat.JournalAnswered {
		rows = e.answered(answer)
	}
	failed := false
	for i := range e.rows {
		c := &e.rows[i]
		if len(rows) == 0 {
			c.State, c.Message, failed = changes.Failed, "it was not carried out", true
			continue
		}
		if c.Row < 1 || c.Row > len(rows) {
			continue
		}
		row := &rows[c.Row-1]
		switch row.Outcome {
		case planhat.JournalOpen:
			c.State, failed = changes.Doubtful, true
		case planhat.JournalUnsent:
			c.State, c.Message, failed = changes.Failed, "it was not carried out", true
		case planhat.JournalRejected:
			c.State, failed = changes.Rejected, true
			if row.Error != nil {
				c.Message = row.Error.Message
			}
		default:
			c.State = changes.Done
			failed = e.instead(c, row) || failed
			if row.ID != "" {
				c.ID = row.ID
			}
			e.planner.Became(e.call.Model, c.Placeholder, c.ID)
		}
	}
	e.settle(ctx, e.rows)
	e.lasts(e.call.Model, e.rows)
	if failed { // what was planned for these records is not so
		e.planning.Lock()
		e.run.Reset()
		e.planning.Unlock()
	}
}

// instead corrects a change if Planhat did something else than was expected, and reports
// whether it did. Of a record that it updated instead of creating one, nothing was read.
func (e *entry) instead(c *changes.Change, row *planhat.JournalRow) bool {
	made := c.Action == plan.Create || c.Action == plan.Upsert
	switch {
	case row.Outcome == planhat.JournalCreated && (c.Action == plan.Update || c.Action == plan.Upsert):
		c.Action, c.Before = plan.Create, nil
		if body := bodiesOf(e.call); c.Row <= len(body) {
			c.After = jsontext.Value(body[c.Row-1])
		}
		return true
	case made && (row.Outcome == planhat.JournalUpdated || row.Outcome == planhat.JournalUnchanged):
		c.Action, c.Before = plan.Update, nil
		return true
	}
	return false
}

// answered says what the answer to a write of one record means.
func (e *entry) answered(answer []byte) []planhat.JournalRow {
	if e.call.Operation.Name != "duplicate" {
		return []planhat.JournalRow{{Outcome: planhat.JournalAnswered, ID: planhat.Record(answer).ID()}}
	}
	rows := make([]planhat.JournalRow, e.call.Rows)
	ids := copies(answer)
	for i := range rows {
		rows[i].Outcome = planhat.JournalOpen
		if i < len(ids) {
			rows[i] = planhat.JournalRow{Outcome: planhat.JournalCreated, ID: ids[i]}
		}
	}
	return rows
}

// copies returns the ids of the copies that the answer to a duplication names.
func copies(answer []byte) (ids []string) {
	list, err := planhat.SplitList(answer)
	if err != nil {
		var keys jsontext.Value
		r := planhat.Record(answer)
		if jsontext.Value(answer).Kind() != '{' {
			return nil
		}
		for _, m := range r.AppendMembers(nil) {
			if string(r[m.Name:m.NameEnd]) == "insertsKeys" {
				keys = jsontext.Value(r[m.From:m.To])
			}
		}
		if list, err = planhat.SplitList(keys); err != nil {
			return nil
		}
	}
	for _, record := range list {
		if id := record.ID(); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}
