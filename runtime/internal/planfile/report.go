package planfile

import (
	"maps"
	"slices"
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
	// Sent are values and events.
	Sent     int `json:"sent,omitempty" doc:"values and events"`
	Blind    int `json:"not_looked_up,omitempty" doc:"rows that create or update a record that was not looked up"`
	Rejected int `json:"rejected,omitempty" doc:"rows that Planhat or the script rejects"`
}

// Changes counts the rows that apply would send.
func (c Counts) Changes() int { return c.Deleted + c.Created + c.Updated + c.Sent + c.Blind }

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
	// Fields are the properties of a row that has no changes to show.
	Fields []string `json:"fields,omitempty" doc:"the names of the properties, if their values are not shown"`
}

// Model is what a plan does with the records of a model.
type Model struct {
	Counts
	// The first of each kind.
	Deletes []Record `json:"deletes,omitempty" doc:"the first records to delete"`
	Creates []Record `json:"creates,omitempty" doc:"the first records to create"`
	Updates []Record `json:"updates,omitempty" doc:"the first records to update"`
	Blinds  []Record `json:"blind,omitempty" doc:"the first records that were not looked up"`
	// Requests are those of planhat.request, except deletes.
	Requests []Record `json:"requests,omitempty" doc:"the first requests of planhat.request that are not deletes"`
	// Operations count the rows that are sent, by operation.
	Operations map[string]int `json:"sent_by,omitempty" doc:"how many values and events, by operation"`
}

// Report is what a plan does. Plan and show print the same one.
type Report struct {
	Models map[string]*Model `json:"models" doc:"what happens to the records, by model"`
	// Rejected are the first rows that are rejected.
	Rejected []outcome.RejectedRow `json:"rejected_rows,omitempty" doc:"the first rejected rows"`
	// Calls are the requests that apply would send, MostRows the rows of the largest.
	Calls    int `json:"-"`
	MostRows int `json:"-"`
	// looked counts the rows whose records apply looks up, by client and model.
	looked map[rowsOf]int
	// blind has the places of rows that were not looked up.
	blind map[place]int
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
	return &Report{Models: map[string]*Model{}, blind: map[place]int{}, looked: map[rowsOf]int{}}
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
	r.MostRows = max(r.MostRows, len(s.Rows))
	for i := range s.Rows {
		row := &s.Rows[i]
		if row.Action != plan.Unchanged && row.Action != plan.Reject {
			sent++
			if !row.Blind && row.Action != plan.Send && (row.Key != nil || row.Action != plan.Create) {
				r.looked[rowsOf{s.Client, s.Model}]++
			}
		}
		switch {
		case row.Action == plan.Reject: // counted where it is rejected
		case row.Action == plan.Delete:
			m.Deleted++
			keep(&m.Deletes, s, row)
			r.blindRow(s, row)
		case row.Blind:
			m.Blind++
			keep(&m.Blinds, s, row)
			r.blindRow(s, row)
		case row.Action == plan.Create:
			m.Created++
			keep(&m.Creates, s, row)
		case row.Action == plan.Update:
			m.Updated++
			keep(&m.Updates, s, row)
		case row.Action == plan.Unchanged:
			m.Unchanged++
		default:
			m.Sent++
			if m.Operations == nil {
				m.Operations = map[string]int{}
			}
			m.Operations[s.Operation]++
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

// keep keeps one of the first rows of a kind. The step is gone afterwards.
func keep(list *[]Record, s *plan.Step, row *plan.StepRow) {
	if len(*list) == Shown {
		return
	}
	one := Record{Action: row.Action, ID: row.ID, Name: strings.Clone(row.Name), Line: s.Line, Client: s.Client}
	if s.Method != "" {
		one.Request = s.Method + " " + s.Path
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
	}
	*list = append(*list, one)
}

// fieldsOf returns the names of a row's properties.
func fieldsOf(body jsontext.Value) (names []string) {
	if body.Kind() != '{' {
		return nil
	}
	dec := jsontext.NewDecoder(strings.NewReader(string(body)), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return names
		}
		names = append(names, name.String())
		if dec.SkipValue() != nil {
			return names
		}
	}
	return names
}

// Reject counts a row that is rejected.
func (r *Report) Reject(row outcome.RejectedRow) {
	r.model(row.Model).Rejected++
	if len(r.Rejected) < Shown {
		r.Rejected = append(r.Rejected, row)
	}
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
	places := slices.SortedFunc(maps.Keys(r.blind), func(a, b place) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.script+a.what, b.script+b.what)
	})
	var out []plan.Unknown
	for _, at := range places {
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

// Redact leaves only counts and names of properties.
func (r *Report) Redact() {
	for _, m := range r.Models {
		for _, list := range [][]Record{m.Deletes, m.Creates, m.Updates, m.Blinds, m.Requests} {
			for i := range list {
				one := &list[i]
				for _, c := range one.Changes {
					one.Fields = append(one.Fields, c.Path)
				}
				*one = Record{Action: one.Action, Line: one.Line, Client: one.Client, Fields: one.Fields}
			}
		}
	}
	for i, row := range r.Rejected {
		r.Rejected[i] = outcome.RejectedRow{Model: row.Model, Operation: row.Operation, Row: row.Row, Kind: row.Kind, State: row.State, Message: "(redacted)"}
	}
}

// Redact removes what comes from the data or whoever planned it.
func (h *Header) Redact() {
	h.Dir = ""
	if h.Undo != nil {
		h.Undo.Report = nil
	}
	h.Args, h.Params, h.Env, h.Files = nil, nil, nil, nil
	for _, names := range [][]string{h.SideEffects.Written, h.SideEffects.Removed} {
		for i := range names {
			names[i] = "(redacted)"
		}
	}
	for i := range h.SideEffects.Withheld {
		h.SideEffects.Withheld[i].To = "(redacted)"
	}
	for i := range h.Tenants {
		h.Tenants[i].User = ""
	}
}
