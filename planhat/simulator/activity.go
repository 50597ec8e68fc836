package simulator

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// createActivity answers POST /analytics/{tenantUUID}.
func (s *Server) createActivity(x *exchange) (*answer, *failure) {
	in, refused := x.object()
	if refused != nil {
		return nil, refused
	}
	return s.recordActivities([]fields{in}), nil
}

// bulkActivities answers POST /analytics/bulk/{tenantUUID}.
func (s *Server) bulkActivities(x *exchange) (*answer, *failure) {
	rows, isArray, refused := payload(x.body)
	if refused != nil {
		return nil, refused
	}
	if !isArray {
		return nil, invalid("The body must be a JSON array of activities.")
	}
	x.call.Rows = len(rows)
	return s.recordActivities(rows), nil
}

// segment answers POST /dock/segment. Types other than identify and track are
// ignored, as are calls without a user.
func (s *Server) segment(x *exchange) (*answer, *failure) {
	in, refused := x.object()
	if refused != nil {
		return nil, refused
	}
	user := in.text("user_id") // the documentation's spelling
	if user == "" {
		user = in.text("userId") // Segment's own
	}
	kind := in.text("type")
	traits := members(in.get("traits"))
	if kind != "identify" && kind != "track" {
		return s.activityAnswer(0, nil), nil
	}
	row := fields{}
	if user != "" {
		row.setText("externalId", user)
	}
	for _, name := range [][2]string{{"name", "name"}, {"email", "email"}, {"companyId", "companyExternalId"}} {
		if v := traits.get(name[0]); present(v) {
			row.set(name[1], v)
		}
	}
	if kind == "track" {
		row.setText("action", in.text("event"))
		properties := members(in.get("properties"))
		if present(in.get("properties")) {
			row.set("info", in.get("properties"))
		}
		if v := properties.get("email"); present(v) {
			row.fill("email", v)
		}
		if v := properties.get("companyId"); present(v) {
			row.fill("companyExternalId", v)
		}
	}
	if at := in.get("timestamp"); present(at) {
		row.set("date", at)
	}
	return s.recordActivities([]fields{row}), nil
}

func (s *Server) recordActivities(rows []fields) *answer {
	return s.activityAnswer(s.each(rows, s.recordActivity))
}

// each stores rows, and returns how many it did and the errors of the others.
func (s *Server) each(rows []fields, store func(row fields) *failure) (processed int, errors []jsontext.Value) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for i, row := range rows {
		if refused := store(row); refused != nil {
			errors = append(errors, s.metricError(i, row, refused.message))
			continue
		}
		processed++
	}
	return processed, errors
}

// activityAnswer writes what the switch activity-answer says; Planhat's own
// answer is not documented.
func (s *Server) activityAnswer(processed int, errors []jsontext.Value) *answer {
	switch s.switches[swActivityAnswer] {
	case "text":
		return &answer{status: 200, contentType: "text/plain; charset=utf-8", body: []byte("OK")}
	case "empty":
		return ok(nil)
	}
	return ok(processedBody(processed, errors))
}

// olderNames maps field names of the old bulk endpoint to the current ones.
var olderNames = [][2]string{{"id", "externalId"}, {"cId", "companyExternalId"}}

// recordActivity stores one activity and marks its enduser active. An unknown
// enduser is created where the company is known.
func (s *Server) recordActivity(row fields) *failure {
	if row == nil {
		return invalid("Every row must be an object.")
	}
	for _, name := range olderNames {
		if v := row.get(name[0]); present(v) {
			row.fill(name[1], v)
		}
	}
	if !row.has("email") && !row.has("externalId") {
		return invalid("An activity needs email or externalId; others are ignored.")
	}
	person, refused := s.activityEnduser(row)
	if refused != nil {
		return refused
	}
	at := s.options.Clock()
	if date := row.get("date"); present(date) {
		parsed, isDate := parseDate(textOf(date))
		if !isDate {
			return invalid("date ", brief(date), " is not an ISO 8601 date.")
		}
		at = parsed
	}
	s.markActive(person, row, stamp(at))
	if !row.has("action") {
		return nil
	}
	f := fields{
		{"_id", quote(s.store.newID())}, {"euId", quote(person.id)}, {"companyId", quote(person.company)},
		{"email", person.get("email")}, {"externalId", person.get("externalId")},
		{"action", row.get("action")}, {"weight", raw("1")}, {"count", raw("1")}, {"date", stamp(at)},
	}
	for _, name := range []string{"weight", "count", "info"} {
		if v := row.get(name); present(v) {
			f.set(name, v)
		}
	}
	for i := range f {
		if f[i].value == nil {
			f[i].value = null
		}
	}
	c := s.store.activities
	c.put(c.freeze(f))
	return nil
}

// activityEnduser finds the enduser of an activity, or makes one.
func (s *Server) activityEnduser(row fields) (*record, *failure) {
	people := s.store.with(catalog.Person)
	email, external := row.text("email"), row.text("externalId")
	company := s.store.company("extid-" + row.text("companyExternalId"))
	for _, id := range people.external[external] {
		if r := people.byID[id]; external != "" && (company == nil || r.company == company.id) {
			return r, nil
		}
	}
	if email != "" {
		if r := people.first(people.email, strings.ToLower(email)); r != nil {
			return r, nil
		}
	}
	if company == nil {
		company = s.store.companyOfEmail(email)
	}
	if company == nil {
		return nil, invalid("Unknown enduser and no company; the activity is dropped.")
	}
	made := fields{{"companyId", quote(company.id)}}
	for _, name := range []string{"email", "externalId", "name", "firstName", "lastName"} {
		if v := row.get(name); present(v) {
			made.set(name, v)
		}
	}
	return s.createRecord(people.model, made, false)
}

func (s *Server) markActive(person *record, row fields, at jsontext.Value) {
	weight, hasWeight := row.number("weight")
	if !hasWeight {
		weight = 1
	}
	if count, hasCount := row.number("count"); hasCount {
		weight *= count
	}
	later := func(f *fields) {
		if f.text("lastActive") < textOf(at) {
			f.set("lastActive", at)
		}
	}
	people, companies := s.store.with(catalog.Person), s.store.with(catalog.Account)
	people.rewrite(person, func(f *fields) {
		later(f)
		total, _ := f.number("beatsTotal")
		f.set("beatsTotal", formatNumber(total+weight))
		for _, name := range []string{"name", "firstName", "lastName"} {
			if v := row.get(name); present(v) {
				f.fill(name, v)
			}
		}
	})
	if company := companies.byID[person.company]; company != nil {
		companies.rewrite(company, later)
	}
}
