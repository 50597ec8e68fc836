package plan

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Step is one request that a real run would send.
type Step struct {
	// Number counts the steps of a run from 1. Client is that of a Tenant.
	Number    int    `json:"step"`
	Client    int    `json:"client"`
	Model     string `json:"model"`
	Operation string `json:"operation"`
	// Method, Path and Base, its host, are those of a request that is not an operation of the
	// model.
	Method string       `json:"method,omitempty"`
	Path   string       `json:"path,omitempty"`
	Base   catalog.Host `json:"base,omitempty"`
	// Script and Line are the place of the call.
	Script string    `json:"script,omitempty"`
	Line   int       `json:"line,omitempty"`
	At     time.Time `json:"at"`
	// Defines are the placeholders of records whose _id Planhat's answer tells: new ones, and
	// those that were not looked up. Needs are those of earlier steps in its rows.
	Defines []string  `json:"defines,omitempty"`
	Needs   []string  `json:"needs,omitempty"`
	Rows    []StepRow `json:"rows"`
}

// What a step does with a row.
const (
	Create    = "create"
	Update    = "update"
	Upsert    = "upsert" // create or update, as Planhat finds
	Unchanged = "unchanged"
	Delete    = "delete"
	Send      = "send" // metrics and activities, which are not records
	Reject    = "reject"
)

// StepRow is what a step does with one row.
type StepRow struct {
	// Row is its position in the request, from 1.
	Row    int    `json:"row"`
	Action string `json:"action"`
	// ID is the record's _id, or its placeholder. It is empty if neither is known.
	ID string `json:"_id,omitempty"`
	// Key is what the record was found by, or will be.
	Key *Key `json:"key,omitempty"`
	// Name is for people.
	Name string `json:"name,omitempty"`
	// Blind is true if the record was not looked up.
	Blind   bool     `json:"not_looked_up,omitempty"`
	Changes []Change `json:"changes,omitempty"`
	// Body is the row as the script sends it, if it would be sent.
	Body   jsontext.Value `json:"body,omitempty"`
	Reason string         `json:"reason,omitempty"`
	// Others are custom properties of the record that the row does not name.
	Others []string `json:"-"`
	// Custom are the custom properties of the record before an update that sends some.
	Custom jsontext.Value `json:"-"`
	// defines says that ID is a placeholder until Planhat answers the row.
	defines bool
}

// Key is a property that identifies a record.
type Key struct {
	Name  string `json:"name" doc:"the property"`
	Value string `json:"value" doc:"its value"`
}

// Change is a property that gets another value.
type Change struct {
	// Path is the property, custom.NAME for a custom one.
	Path string `json:"path" doc:"the property; custom.NAME for a custom one"`
	// Before is the value as it was read. Absent says that there was none, Unread that it
	// was not looked up.
	Before jsontext.Value `json:"before,omitempty" doc:"the value when the plan was made"`
	Absent bool           `json:"absent,omitempty" doc:"it had no value"`
	Unread bool           `json:"unread,omitempty" doc:"its value was not looked up"`
	After  jsontext.Value `json:"after" doc:"the new value"`
	// Day says that the values are days since 1970-01-01, which nobody can read.
	Day bool `json:"day,omitempty" doc:"the values are days since 1970-01-01"`
}

// Tenant is one of the clients of a run.
type Tenant struct {
	Client    int    `json:"client" doc:"its number in the plan"`
	Host      string `json:"host" doc:"the host of the API"`
	Analytics string `json:"analytics_host" doc:"the host for metrics and activities"`
	// Default is true for the configured one.
	Default bool `json:"default,omitempty" doc:"whether the settings name it, and not the script"`
	// User is the first user of the tenant, which tells it from others. It is empty if it
	// could not be read, or nothing is written.
	User string `json:"first_user,omitempty" doc:"the first user of the account, which distinguishes it from others"`
}

// Unknown is something about a run that its plan can't tell.
type Unknown struct {
	Script string `json:"script,omitempty" doc:"the file"`
	Line   int    `json:"line,omitempty" doc:"the line"`
	Text   string `json:"text" doc:"what is not known"`
	// Lost says that a write is missing, since a request of its look-ups failed.
	Lost bool `json:"lost,omitempty" doc:"a write is missing because a look-up failed"`
}

type placeKey struct{}

// place is where a script calls something.
type place struct {
	script string
	line   int
}

// At returns a context of a call at a place in a script.
func At(ctx context.Context, script string, line int) context.Context {
	ctx = planhat.WithCaller(ctx, planhat.Caller{Script: script, Line: line})
	return context.WithValue(ctx, placeKey{}, place{script, line})
}

func placeOf(ctx context.Context) place {
	at, _ := ctx.Value(placeKey{}).(place)
	return at
}

// Unknown notes once what is not known. At no place, line is 0.
func (r *Run) Unknown(script string, line int, text string) {
	r.addUnknown(Unknown{Script: script, Line: line, Text: text})
}

func (r *Run) addUnknown(u Unknown) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.unknown, u) && len(r.unknown) < mostUnknown {
		r.unknown = append(r.unknown, u)
	}
}

// mostUnknown bounds what is noted as unknown.
const mostUnknown = 1_000

// Unknowns returns what was noted.
func (r *Run) Unknowns() []Unknown {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(slices.Clone(r.unknown), r.inDoubt()...)
}

// Tenants returns the clients of the run, in the order of their numbers.
func (r *Run) Tenants() []Tenant {
	var out []Tenant
	for _, p := range r.all() {
		p.mu.Lock()
		out = append(out, p.tenant)
		p.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b Tenant) int { return a.Client - b.Client })
	return out
}

// Mark is how each placeholder begins.
func (r *Run) Mark() string { return r.mark }

// Records returns how many records one of the rows is about: a request of planhat.request has one
// row, whatever its body lists.
func (s *Step) Records(row *StepRow) int {
	if s.Method == "" {
		return 1
	}
	return planhat.BodyRows(row.Body)
}

// writing is the step that a session makes.
type writing struct {
	step Step
	// rows are those of the request as JSON, at the position of the current one.
	rows []planhat.Record
	at   int
	// by is how the current row's record was found.
	by key
}

// begin starts the step of a write, if steps are recorded.
func (s *session) begin(call planhat.Call) {
	if s.run.options.Record == nil || call.Rows == 0 {
		return
	}
	s.identify()
	from := placeOf(s.ctx)
	w := &writing{step: Step{
		Client: s.tenant.Client, Model: call.Model.Snake, Operation: call.Operation.Name, Script: from.script, Line: from.line, At: s.run.options.Now().UTC(),
	}}
	if call.Model.Operation(call.Operation.Name) == nil {
		w.step.Method, w.step.Path, w.step.Base = call.Operation.Method, call.Operation.Path, call.Operation.Base
		if len(call.Query) > 0 {
			w.step.Path += "?" + call.Query.Encode()
		}
	}
	if len(call.Body) > 0 && call.Operation.Name != "duplicate" { // whose rows are ids
		w.rows = []planhat.Record{call.Body}
		if list, err := planhat.SplitList(call.Body); err == nil && w.step.Method == "" {
			w.rows = list
		}
	}
	w.step.Rows = make([]StepRow, 0, max(1, len(w.rows)))
	s.writing = w
}

// identify reads the id of the tenant's first user, once.
func (s *session) identify() {
	if s.identified || s.run.options.Partial {
		return
	}
	s.identified = true
	s.tenant.User, _ = FirstUser(s.ctx, s.send)
	if s.tenant.User == "" {
		s.run.Unknown("", 0, "the first user of account "+strconv.Itoa(s.tenant.Client)+" can't be read, so the plan can't be tied to the account")
	}
}

// FirstUser returns the _id of the first user of an account, "" if it has none.
func FirstUser(ctx context.Context, send planhat.Sender) (string, error) {
	m := catalog.Load().With(catalog.TeamMember)
	query := map[string][]string{"sort": {"_id"}, "limit": {"1"}, "select": {"_id"}}
	reply, err := send(ctx, planhat.Call{Model: m, Operation: m.Operation("get_list"), Query: query})
	if err != nil {
		return "", err
	}
	users, err := planhat.SplitList(reply.Body)
	if err != nil || len(users) == 0 {
		return "", err
	}
	return users[0].ID(), nil
}

// row begins the next row, at a position from 0.
func (s *session) row(at int) {
	if s.writing != nil {
		s.writing.at, s.writing.by = at, key{}
	}
}

// foundBy notes the key by which the current row's record was found.
func (s *session) foundBy(k key) {
	if s.writing != nil {
		s.writing.by = k
	}
}

// write adds a row to the step.
func (s *session) write(row StepRow) {
	w := s.writing
	if w == nil {
		return
	}
	row.Row = w.at + 1
	if row.Key == nil && w.by.value != "" {
		row.Key = &Key{w.by.name, w.by.value}
	}
	if row.Action != Unchanged && row.Action != Reject && w.at < len(w.rows) {
		row.Body = jsontext.Value(w.rows[w.at])
	}
	if row.defines {
		w.step.Defines = append(w.step.Defines, row.ID)
	}
	w.step.Rows = append(w.step.Rows, row)
}

// about returns a row about a record.
func (s *session) about(m *catalog.Model, action string, r *record) StepRow {
	if s.writing == nil {
		return StepRow{}
	}
	fields := r.fields()
	row := StepRow{Action: action, ID: r.id, Blind: r.blind, Name: called(fields)}
	if s.writing.by.value == "" {
		for _, name := range KeysOf(m) {
			if value := fields.text(name); value != "" {
				row.Key = &Key{name, value}
				break
			}
		}
	}
	return row
}

// called is what people call a record.
func called(fields object) string {
	if name := fields.text("name"); name != "" {
		return name
	}
	if name := strings.TrimSpace(fields.text("firstName") + " " + fields.text("lastName")); name != "" {
		return name
	}
	for _, property := range []string{"email", "title"} {
		if name := fields.text(property); name != "" {
			return name
		}
	}
	return ""
}

// end passes the step on. failed is why the call was refused as a whole, or "".
func (s *session) end(call planhat.Call, failed string) {
	w := s.writing
	if w == nil {
		return
	}
	if failed != "" {
		w.step.Rows, w.step.Defines = nil, nil
		for i := range call.Rows {
			s.row(i)
			s.write(StepRow{Action: Reject, ID: call.ID, Reason: failed})
		}
	}
	s.writing = nil
	if len(w.step.Rows) == 0 {
		return
	}
	w.step.Needs = unique(s.run.placeholders(s.run.placeholders(nil, []byte(call.ID)), call.Body))
	s.run.record(&w.step)
}

// record numbers a step and passes it on.
func (r *Run) record(step *Step) {
	r.recording.Lock()
	defer r.recording.Unlock()
	r.steps++
	step.Number = r.steps
	r.options.Record(step)
}

// abandon drops the step of a call that failed: what it does is not known.
func (s *session) abandon(call planhat.Call, err error) {
	if s.writing == nil {
		return
	}
	s.writing = nil
	from := placeOf(s.ctx)
	s.run.addUnknown(Unknown{
		Script: from.script, Line: from.line, Lost: true,
		Text: call.Model.Snake + "." + call.Operation.Name + " could not be planned, since a request failed: " + string(planhat.KindOf(err)),
	})
}

// sent writes every row of a call as sent.
func (s *session) sent(call planhat.Call) (planhat.Reply, error) {
	s.count(call.Model, Counts{Sent: call.Rows})
	if call.Model.Operation(call.Operation.Name) == nil { // which is sent as it is
		s.row(0)
		s.write(StepRow{Action: Send})
		return planhat.Reply{}, nil
	}
	for i := range call.Rows {
		s.row(i)
		s.write(StepRow{Action: Send, ID: call.ID})
	}
	return planhat.Reply{Status: http.StatusOK, Body: []byte("{}")}, nil
}
