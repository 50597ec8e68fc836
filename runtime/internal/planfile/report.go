package planfile

import (
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// Shown is how many records of a kind a report keeps.
const Shown = 20

// Counts are numbers of rows by what apply would do. A row that was not looked up is only
// among those.
type Counts struct {
	Deleted   int `json:"deleted,omitempty" doc:"rows that delete a record"`
	Created   int `json:"created,omitempty" doc:"rows that create a record"`
	Updated   int `json:"updated,omitempty" doc:"rows that update a record"`
	Unchanged int `json:"unchanged,omitempty" doc:"rows that change nothing and are not sent"`
	// Sent are metrics and activities.
	Sent     int `json:"sent,omitempty" doc:"metrics and activities"`
	Blind    int `json:"not_looked_up,omitempty" doc:"rows that create or update a record that was not looked up"`
	Rejected int `json:"rejected,omitempty" doc:"rows that Planhat or the script rejects"`
}

// Changes counts the rows that apply would send.
func (c Counts) Changes() int { return c.Deleted + c.Created + c.Updated + c.Sent + c.Blind }

// Plus adds counts.
func (c Counts) Plus(o Counts) Counts {
	c.add(o)
	return c
}

func (c *Counts) add(o Counts) {
	c.Deleted += o.Deleted
	c.Created += o.Created
	c.Updated += o.Updated
	c.Unchanged += o.Unchanged
	c.Sent += o.Sent
	c.Blind += o.Blind
	c.Rejected += o.Rejected
}

// Record is a row as a report shows it.
type Record struct {
	Action  string        `json:"action" doc:"create, update, upsert (Planhat decides which of the two) or delete"`
	ID      string        `json:"_id,omitempty" doc:"its id, or a placeholder if it does not exist yet"`
	Key     *plan.Key     `json:"key,omitempty" doc:"the property that identifies it"`
	Name    string        `json:"name,omitempty" doc:"its name"`
	Line    int           `json:"line,omitempty" doc:"the line of the script"`
	Client  int           `json:"client" doc:"the number of the account in the plan"`
	Changes []plan.Change `json:"changes,omitempty" doc:"the properties that change"`
	// Request is the method and the path of a request of planhat.request.
	Request string `json:"request,omitempty" doc:"the method and the path, if planhat.request sends it"`
	// Rows is how many records the body of such a request lists.
	Rows int `json:"rows,omitempty" doc:"how many records the body of such a request lists, if it is a list"`
	// Keyless is true for a new record without a key: if its answer is lost, nothing tells whether
	// it was created.
	Keyless bool `json:"keyless,omitempty" doc:"a new record without a key; apply cannot tell whether it exists if the response is lost"`
	// Values are those of a new record, or of one that was not looked up.
	Values []Property `json:"values,omitempty" doc:"the properties of a new record, or of one that was not looked up"`
	// Fields are the properties of a row that has no changes to show.
	Fields []string `json:"fields,omitempty" doc:"the names of the properties, if their values are not shown"`
}

// Model is what a plan does with the records of a model.
type Model struct {
	Counts
	// All are the first rows that change the values of all records, and are in no other list.
	All  []Record `json:"all_records,omitempty" doc:"the first custom fields that are deleted or get another type, which changes the values in all records"`
	alls Counts
	// Keyless counts the records to create without a key.
	Keyless int `json:"keyless,omitempty" doc:"records to create without a key; apply cannot tell whether they exist if the response is lost"`
	// The first of each kind.
	Deletes []Record `json:"deletes,omitempty" doc:"the first records to delete"`
	Creates []Record `json:"creates,omitempty" doc:"the first records to create"`
	Updates []Record `json:"updates,omitempty" doc:"the first records to update"`
	Blinds  []Record `json:"blind,omitempty" doc:"the first records that were not looked up"`
	// Requests are those of planhat.request, except deletes.
	Requests []Record `json:"requests,omitempty" doc:"the first requests of planhat.request that are not deletes"`
	// Operations count the rows that are sent, by operation.
	Operations map[string]int `json:"sent_by,omitempty" doc:"how many metrics and activities, by operation"`
}

// Report is what a plan does. Plan and show print the same one.
type Report struct {
	Models map[string]*Model `json:"models" doc:"what happens to the records, by model"`
	// Rejected are the first rows that are rejected, as a prediction or by a check.
	Rejected []outcome.RejectedRow `json:"rejected_rows,omitempty" doc:"the first rejected rows"`
	// Calls are the requests that apply would send, MostRows the rows of the largest.
	Calls    int `json:"-"`
	MostRows int `json:"-"`
	// looked counts the rows whose records apply looks up, by client and model.
	looked map[rowsOf]int
	// blind has the places of rows that were not looked up, keyless those of new records
	// without a key.
	blind, keyless map[place]int
	// customs counts the updates that set custom properties.
	customs int
	// fields are the custom fields whose values in all records change.
	fields []string
	// writers are the clients that have steps.
	writers map[int]bool
	// predicted counts the rejected rows of steps that were not listed yet.
	predicted map[rejection]int
}

type rowsOf struct {
	client int
	model  string
}

type place struct {
	script string
	line   int
	what   string
}

// NewReport returns an empty report.
func NewReport() *Report {
	return &Report{Models: map[string]*Model{}, blind: map[place]int{}, keyless: map[place]int{}, writers: map[int]bool{}, looked: map[rowsOf]int{}, predicted: map[rejection]int{}}
}

func (r *Report) model(name string) *Model {
	m := r.Models[name]
	if m == nil {
		m = &Model{}
		r.Models[name] = m
	}
	return m
}

// Add counts a step.
func (r *Report) Add(s *plan.Step) {
	m, sent := r.model(s.Model), 0
	r.writers[s.Client] = true
	r.MostRows = max(r.MostRows, len(s.Rows))
	for i := range s.Rows {
		row := &s.Rows[i]
		if row.Action != plan.Unchanged && row.Action != plan.Reject {
			sent++
			if !row.Blind && row.Action != plan.Send && (row.Key != nil || row.Action != plan.Create) {
				r.looked[rowsOf{s.Client, s.Model}]++
			}
		}
		r.customRow(row)
		switch {
		case row.Action == plan.Reject:
			r.predict(s, row)
		case r.all(m, s, row):
		case row.Action == plan.Delete:
			m.Deleted += s.Records(row)
			keep(&m.Deletes, s, row)
			r.blindRow(s, row)
		case row.Blind:
			m.Blind++
			keep(&m.Blinds, s, row)
			r.blindRow(s, row)
		case row.Action == plan.Create:
			m.Created++
			if keyless(s, row) {
				m.Keyless++
				r.keyless[place{script: s.Script, line: s.Line}]++
			}
			keep(&m.Creates, s, row)
		case row.Action == plan.Update:
			m.Updated++
			keep(&m.Updates, s, row)
		case row.Action == plan.Unchanged:
			m.Unchanged++
		default:
			m.Sent += s.Records(row)
			if m.Operations == nil {
				m.Operations = map[string]int{}
			}
			m.Operations[s.Operation] += s.Records(row)
			if s.Method != "" {
				keep(&m.Requests, s, row)
			}
		}
	}
	if sent > 0 {
		r.Calls++
	}
}

func (r *Report) blindRow(s *plan.Step, row *plan.StepRow) {
	if row.Blind {
		r.blind[place{s.Script, s.Line, s.Model + "." + s.Operation}]++
	}
}

// keep keeps one of the first rows of a kind.
func keep(list *[]Record, s *plan.Step, row *plan.StepRow) {
	if len(*list) < Shown {
		*list = append(*list, RecordOf(s, row))
	}
}

// RecordOf returns a row as reports show it. It needs neither the step nor the row afterwards.
func RecordOf(s *plan.Step, row *plan.StepRow) Record {
	one := Record{Action: row.Action, ID: row.ID, Name: strings.Clone(row.Name), Line: s.Line, Client: s.Client, Keyless: keyless(s, row)}
	if s.Method != "" {
		one.Request = s.Method + " " + s.Path
		if rows := s.Records(row); rows > 1 {
			one.Rows = rows
		}
	}
	if row.Key != nil {
		one.Key = &plan.Key{Name: row.Key.Name, Value: strings.Clone(row.Key.Value)}
	}
	for _, c := range row.Changes {
		c.Path, c.Before, c.After = strings.Clone(c.Path), c.Before.Clone(), c.After.Clone()
		one.Changes = append(one.Changes, c)
	}
	if len(row.Changes) == 0 {
		one.Fields = fieldsOf(row.Body)
		if row.Action == plan.Create || row.Action == plan.Upsert {
			one.Values = valuesOf(s.Model, row.Body)
		}
	}
	return one
}

// fieldsOf returns the names of a row's properties.
func fieldsOf(body jsontext.Value) (names []string) {
	for name := range members(body) {
		names = append(names, name)
	}
	return names
}

// Totals returns the counts of each model.
func (r *Report) Totals() map[string]Counts {
	out := map[string]Counts{}
	for name, m := range r.Models {
		out[name] = m.Counts
	}
	return out
}

// Sum returns the counts of all models.
func (r *Report) Sum() (c Counts) {
	for _, m := range r.Models {
		c.add(m.Counts)
	}
	return c
}

// Blind says where rows were not looked up.
func (r *Report) Blind() []plan.Unknown {
	var out []plan.Unknown
	for _, at := range ordered(r.blind) {
		out = append(out, plan.Unknown{Script: at.script, Line: at.line, Text: english.Plural(r.blind[at], "row", "") + " of " + at.what + " not looked up"})
	}
	return out
}

// few is how many records are read one by one; more are read in lists.
const few = 5

// Reads is how many calls apply makes at least to look at the records again. made is how many the
// plan has made.
func (r *Report) Reads(made int) int {
	reads, many, clients := 0, false, map[int]bool{}
	for of, n := range r.looked {
		clients[of.client] = true
		m := catalog.Load().Model(of.model)
		if m == nil || n <= few || m.Operation("get_list") == nil {
			reads += n
			continue
		}
		many = true
		list, size := m.Operation("get_list"), n
		if p := list.Parameter("limit"); p != nil && p.Max > 0 {
			size = p.Max
		}
		reads += min(n, len(list.Views())*((n+size-1)/size))
	}
	if many { // an account may have more records than the plan has rows
		reads = max(reads, made)
	}
	return reads + len(clients) // whose first user tells the account
}

// Duration is what calls take at least if none were made in the minute before.
func Duration(calls, perMinute int) time.Duration {
	if perMinute <= 0 || calls <= perMinute {
		return 0
	}
	return time.Duration((calls-1)/perMinute) * time.Minute
}
