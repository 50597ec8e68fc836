package apply

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// checker compares a plan with what Planhat has now. It plans the recorded requests again,
// by the same rules and with the cheapest look-ups, and compares the result.
type checker struct {
	a     *applier
	run   *plan.Run
	ids   ids
	began time.Time
	took  time.Duration
	// got is the step that the run has recorded last.
	got *plan.Step
	// planners are those of the accounts.
	planners map[int]*plan.Planner
}

// allReads is the budget of a check. A plan may have used lists that its script read, so the
// budget of the plan would not do.
const allReads = 1 << 30

func (a *applier) newChecker() *checker {
	c := &checker{a: a, began: a.Now(), planners: map[int]*plan.Planner{}}
	c.ids = ids{mark: a.Header.Mark, of: map[string]string{}, base: &a.ids}
	c.run = plan.NewRun(plan.Options{
		Active: func() bool { return true }, Reads: allReads, Warn: func(context.Context, string, string) {},
		Record: func(s *plan.Step) { c.got = s }, Now: a.Now, Partial: true,
	})
	for _, t := range a.Header.Tenants {
		c.planners[t.Client] = c.run.Planner(fmt.Sprint(t.Client), t)
	}
	return c
}

// verdict is what a check says about a row.
type verdict struct {
	// why is what has changed since the plan was made, "" for nothing.
	why []Difference
	// already says that the record has all values already, others that it has custom
	// properties that the row does not name.
	already, others bool
	// id is that of the record that the row means now, "" for none.
	id string
}

// Difference is something that has changed since a plan was made.
type Difference struct {
	Kind string `json:"kind" doc:"field, gone (the record no longer exists), exists (it already exists), other_record (the key finds another record), not_readable or refused"`
	// Path is the property that has another value; Planned is what the plan was made from, and
	// Now what it is.
	Path    string `json:"path,omitempty" doc:"the property"`
	Planned string `json:"planned,omitempty" doc:"the value in the plan"`
	Now     string `json:"now,omitempty" doc:"the value now"`
	Text    string `json:"text" doc:"the difference in words"`
}

// The kinds of differences of records.
const (
	FieldChanged = "field"
	Gone         = "gone"
	Exists       = "exists"
	OtherRecord  = "other_record"
	NotReadable  = "not_readable"
	Refused      = "refused"
)

// ahead looks up the records of steps, all at once.
func (c *checker) ahead(ctx context.Context, steps []*step) error {
	type of struct {
		client int
		model  *catalog.Model
	}
	rows := map[of][]planhat.Record{}
	var order []of
	for _, s := range steps {
		if s.model == nil || s.Operation == "duplicate" || blind(s) {
			continue
		}
		for _, r := range s.rows(&c.ids, func(r *plan.StepRow) bool { return r.Action != plan.Send && c.a.open(s.at(r)) }) {
			k := of{s.Client, s.model}
			if r.missing != "" || c.run.Placeholder(r.id) {
				continue
			}
			body := r.body
			if r.id != "" && !s.bulk() {
				body = withID(r.body, r.id)
			}
			if body == nil {
				continue
			}
			if rows[k] == nil {
				order = append(order, k)
			}
			rows[k] = append(rows[k], body)
		}
	}
	for _, k := range order {
		if err := c.planners[k.client].Know(ctx, k.model, rows[k], c.a.read(k.client)); err != nil {
			return err
		}
	}
	return nil
}

// blind reports whether no row of a step was looked up.
func blind(s *step) bool {
	for i := range s.Rows {
		if sends(&s.Rows[i]) && !s.Rows[i].Blind {
			return false
		}
	}
	return true
}

// step checks the rows of a step that are still open, and plans what it does.
func (c *checker) step(ctx context.Context, s *step) (map[int]verdict, error) {
	if s.model == nil && s.deletes == nil || s.Operation == "create_activity" || s.Operation == "bulk_create_activity" || s.Operation == "segment" {
		return nil, nil
	}
	began := c.a.Now()
	defer func() { c.took += c.a.Now().Sub(began) }()
	c.run.Budget(allReads)
	if blind(s) {
		c.run.Budget(0)
	}
	rows := s.rows(&c.ids, func(r *plan.StepRow) bool { return c.a.open(s.at(r)) })
	out := map[int]verdict{}
	var sent []row
	for _, r := range rows {
		if r.missing == "" {
			sent = append(sent, r)
		}
	}
	if len(sent) == 0 {
		return out, nil
	}
	call := planhat.Call{Model: s.model, Rows: len(sent)}
	if s.model != nil {
		call.Operation = s.model.Operation(s.Operation)
	}
	switch {
	case s.deletes != nil:
		id, missing := c.ids.in([]byte(s.id))
		if missing != "" {
			return out, nil
		}
		call.Model, call.Operation, call.ID = s.deletes, s.deletes.Operation("delete"), string(id)
	case s.Operation == "duplicate":
		call.Body = idList(sent)
	case s.bulk():
		call.Body = list(sent)
	default:
		call.ID, call.Body = sent[0].id, sent[0].body
	}
	c.got = nil
	if _, err := c.planners[s.Client].Answer(ctx, call, c.a.read(s.Client)); err != nil {
		return nil, err
	}
	if c.got == nil {
		return out, nil
	}
	for i := range c.got.Rows {
		now := &c.got.Rows[i]
		if now.Row < 1 || now.Row > len(sent) {
			continue
		}
		was := sent[now.Row-1].StepRow
		if s.defined[was.ID] {
			c.ids.of[was.ID] = now.ID
		}
		out[was.Row] = c.compare(s, was, now)
	}
	return out, nil
}

// compare compares a row as it was planned with the same row planned now.
func (c *checker) compare(s *step, was, now *plan.StepRow) verdict {
	v := verdict{others: len(now.Others) > 0, id: now.ID, already: now.Action == plan.Unchanged}
	if c.run.Placeholder(now.ID) {
		v.id = ""
	}
	differ := func(kind, format string, args ...any) {
		v.why = append(v.why, Difference{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	own := c.a.ids.is(was.ID) && !s.defined[was.ID]
	switch {
	case now.Action == plan.Reject && was.Action == plan.Create:
		differ(Refused, "%s", now.Reason)
	case now.Action == plan.Reject:
		differ(Gone, "%s", now.Reason)
	case was.Blind || was.Action == plan.Upsert || was.Action == plan.Send:
	case now.Blind:
		differ(NotReadable, "the record can no longer be looked up")
	case was.Action == plan.Create:
		if now.Action != plan.Create {
			differ(Exists, "the record exists now, with the _id %s", now.ID)
		}
	case was.Action == plan.Update && now.Action == plan.Create:
		differ(Gone, "the record no longer exists")
	case own:
	case was.ID != now.ID:
		differ(OtherRecord, "it was the record %s, and is %s now", was.ID, now.ID)
	case was.Action == plan.Update:
		v.why = append(v.why, c.fields(s, was, now)...)
	}
	return v
}

// fields compares the values that a row replaces.
func (c *checker) fields(s *step, was, now *plan.StepRow) (out []Difference) {
	for _, change := range now.Changes {
		if change.Unread {
			continue
		}
		planned, listed := change.After, false
		for _, before := range was.Changes {
			if before.Path == change.Path {
				// A reference that was not looked up is shown as the row has it.
				if !c.same(s.model, change.Path, before.After, change.After) && !plan.Same(s.model, change.Path, before.After, within(was.Body, change.Path)) {
					out = append(out, Difference{
						Kind: FieldChanged, Path: change.Path, Planned: shown(before.After), Now: shown(change.After),
						Text: fmt.Sprintf("the plan shows %s for %s, and would send %s", shown(before.After), change.Path, shown(change.After)),
					})
				}
				planned, listed = before.Before, !before.Unread
				if before.Unread {
					planned = nil
				}
				break
			}
		}
		if !listed && planned == nil {
			continue
		}
		if !c.same(s.model, change.Path, planned, change.Before) {
			out = append(out, Difference{
				Kind: FieldChanged, Path: change.Path, Planned: shown(planned), Now: shown(change.Before),
				Text: fmt.Sprintf("%s was %s when the plan was made, and is %s now", change.Path, shown(planned), shown(change.Before)),
			})
		}
	}
	return out
}

// within returns the value of a path in a row, nil for none.
func within(row []byte, path string) jsontext.Value {
	if name, custom := strings.CutPrefix(path, "custom."); custom {
		return plan.Members(plan.Members(row)["custom"])[name]
	}
	return plan.Members(row)[path]
}

// same compares values, of which the planned one may have placeholders.
func (c *checker) same(m *catalog.Model, path string, planned, now []byte) bool {
	if text, missing := c.ids.in(planned); missing == "" {
		planned = text
	}
	return plan.Same(m, path, planned, now)
}

// shown is a value for people.
func shown(value []byte) string {
	const longest = 80
	if len(value) == 0 || string(value) == "null" {
		return "empty"
	}
	if text := []rune(string(value)); len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return string(value)
}

// list joins the bodies of rows.
func list(rows []row) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i, r := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(r.body)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// idList is the body of a request that copies records.
func idList(rows []row) []byte {
	var b bytes.Buffer
	b.WriteString(`{"ids":[`)
	for i, r := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		if id, err := jsontext.AppendQuote(nil, r.id); err == nil {
			b.Write(id)
		}
	}
	b.WriteString(`]}`)
	return b.Bytes()
}
