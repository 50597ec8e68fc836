package apply

import (
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// Shown is how many rows of a kind a result names.
const Shown = 20

// Counts are numbers of rows.
type Counts struct {
	Created   int `json:"created" doc:"records that were created"`
	Updated   int `json:"updated" doc:"records that were updated"`
	Deleted   int `json:"deleted" doc:"records that were deleted"`
	Sent      int `json:"values_sent" doc:"metrics and activities that were sent, and other requests"`
	Unchanged int `json:"already_so" doc:"records that were already as planned"`
	Rejected  int `json:"rejected" doc:"rows that were rejected"`
	Skipped   int `json:"skipped" doc:"rows that were skipped"`
	// Needing rows need a record that was not created.
	Needing  int `json:"needing" doc:"rows that need a record that was not created"`
	Doubtful int `json:"doubtful" doc:"rows that may have been sent"`
	// NotBegun rows were not sent, and a later apply sends them.
	NotBegun int `json:"not_begun" doc:"rows that were not sent yet"`
}

// Done counts the rows that are in Planhat.
func (c Counts) Done() int { return c.Created + c.Updated + c.Deleted + c.Sent + c.Unchanged }

// Line is a row that was not applied as planned.
type Line struct {
	Step   int    `json:"step" doc:"the number of the request in the plan"`
	Row    int    `json:"row" doc:"its position in the request, from 1"`
	Script string `json:"script,omitempty" doc:"the file of the script"`
	Line   int    `json:"line,omitempty" doc:"the line of the script"`
	Record string `json:"record" doc:"which record it is about"`
	Why    string `json:"why" doc:"why it was not applied as planned"`
	// Differences are what has changed since the plan was made.
	Differences []Difference `json:"differences,omitempty" doc:"what differs from the plan"`
}

// Verified says how many records were read again after an apply.
type Verified struct {
	Records int `json:"records" doc:"records that were read again"`
	Unread  int `json:"unread_rows" doc:"rows that were sent and can't be read again, such as metrics, activities and other requests"`
}

// Result is what an apply has done, with what earlier ones have done of the same plan.
type Result struct {
	// Began is true if rows may have been sent.
	Began bool `json:"began" doc:"whether rows may have been sent"`
	Counts
	// Planned counts the rows that the plan lists as rejected, which apply does not send.
	Planned int                `json:"rejected_in_plan,omitempty" doc:"rows that the plan lists as rejected, which are not sent"`
	Models  map[string]*Counts `json:"models" doc:"the numbers, by model"`
	// Stale are the rows that have changed since the plan was made, Stales how many they are.
	Stale    []Line `json:"stale,omitempty" doc:"the first rows whose records have changed since the plan was made"`
	Stales   int    `json:"stale_rows,omitempty" doc:"how many rows have changed since the plan was made"`
	Rejects  []Line `json:"rejected_rows,omitempty" doc:"the first rejected rows"`
	Needs    []Line `json:"needing_rows,omitempty" doc:"the first rows that need a record that was not created"`
	Doubts   []Line `json:"doubtful_rows,omitempty" doc:"the first rows that may have been sent"`
	Differs  []Line `json:"differing_rows,omitempty" doc:"the first records that --verify found to differ from the plan"`
	Differed int    `json:"differing,omitempty" doc:"how many records --verify found to differ from the plan"`
	// Verified is what --verify did, nil without it.
	Verified *Verified `json:"verified,omitempty" doc:"what --verify has read again"`
	// left is what is still to be sent.
	left map[string]consent.Rows
}

func newResult() *Result {
	return &Result{Models: map[string]*Counts{}, left: map[string]consent.Rows{}}
}

// undecided reports whether a later apply may do more.
func (r *Result) undecided() bool { return r.Doubtful > 0 || r.NotBegun > 0 }

func (r *Result) model(name string) *Counts {
	m := r.Models[name]
	if m == nil {
		m = &Counts{}
		r.Models[name] = m
	}
	return m
}

// count counts a row that is going to be sent.
func (r *Result) count(s *step, row *plan.StepRow) {
	method := s.Method
	if s.model != nil {
		method = s.model.Operation(s.Operation).Method
	}
	does := consent.Of(method, s.Operation, s.Records(row))
	if does.Upserted > 0 && s.model != nil && !row.Blind { // what it is was looked up
		switch row.Action {
		case plan.Create:
			does = consent.Rows{Created: 1}
		case plan.Update:
			does = consent.Rows{Updated: 1}
		}
	}
	r.left[s.Model] = r.left[s.Model].Add(does)
}

func keep(list *[]Line, s *step, row *plan.StepRow, why string, differences []Difference) {
	if len(*list) < Shown {
		*list = append(*list, Line{
			Step: s.Number, Row: row.Row, Script: s.Script, Line: s.Line, Record: s.label(row), Why: why, Differences: differences,
		})
	}
}

func (r *Result) stale(s *step, row *plan.StepRow, why []Difference) {
	r.Stales++
	keep(&r.Stale, s, row, "", why)
}

// add counts what happened to a row.
func (r *Result) add(s *step, row *plan.StepRow, state changes.State, action, message string) {
	for _, c := range []*Counts{&r.Counts, r.model(s.Model)} {
		switch state {
		case changes.Done:
			c.took(action, s.Records(row))
		case changes.Rejected:
			c.Rejected++
		case changes.Skipped:
			c.Skipped++
		case changes.Doubtful, changes.Intended:
			c.Doubtful++
		case changes.Failed:
			c.NotBegun++
		}
	}
	switch state {
	case changes.Rejected:
		keep(&r.Rejects, s, row, message, nil)
	case changes.Doubtful, changes.Intended:
		keep(&r.Doubts, s, row, message, nil)
	}
}

func (c *Counts) took(action string, records int) {
	switch action {
	case plan.Create:
		c.Created++
	case plan.Update, plan.Upsert:
		c.Updated++
	case plan.Delete:
		c.Deleted += records
	case plan.Unchanged:
		c.Unchanged++
	default:
		c.Sent += records
	}
}

// before counts what an earlier apply did.
func (r *Result) before(c *changes.Change) {
	for _, n := range []*Counts{&r.Counts, r.model(c.Model)} {
		switch c.State {
		case changes.Done:
			n.took(c.Action, 1)
		case changes.Rejected:
			n.Rejected++
		case changes.Skipped:
			n.Skipped++
		}
	}
}

// needs counts a row that can't be sent because a record was not created.
func (r *Result) needs(s *step, row *plan.StepRow, missing string) {
	r.Needing++
	r.model(s.Model).Needing++
	keep(&r.Needs, s, row, "it needs "+number(missing), nil)
}

// notBegun counts a row that a later apply sends.
func (r *Result) notBegun(s *step) {
	r.NotBegun++
	r.model(s.Model).NotBegun++
}
