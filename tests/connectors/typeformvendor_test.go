package connectors

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/typeform"
)

func typeformVendor() vendor {
	return vendor{
		name:  "typeform",
		start: func(clock *standin.Clock) *system { return typeformSystem(typeform.New(clock)) },
		without: map[string]string{
			"F": "personal tokens do not expire",
			"I": "a response does not change, so one that is submitted again has another time: see TestTypeform",
			"M": "the map translates no values",
			"N": "nothing is written back to Typeform",
			"R": "no end of the API is announced",
			"S": "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": typeformCompanies},
	}
}

// typeformFields are the questions of a survey whose question for the reason has a ref, which is empty if there is none.
func typeformFields(reason string) []typeform.Field {
	fields := typeform.Questions()
	fields[2].Ref = reason
	if reason == "" {
		fields = append(fields[:2], fields[3:]...)
	}
	return fields
}

func typeformSystem(a *typeform.Server) *system {
	form := a.Survey()
	answers, hidden := typeform.Body{}, typeform.Body{}
	n := 0
	add := func(at time.Time, own typeform.Body) string {
		n++
		all := typeform.Body{"nps": 8, "mail": "person" + strconv.Itoa(n) + "@northwind.example", "why": "Reason " + strconv.Itoa(n)}
		maps.Copy(all, answers)
		maps.Copy(all, own)
		return a.SubmitAt(at, form, typeform.Response{Answers: all, Hidden: maps.Clone(hidden)})
	}
	return &system{
		name: "typeform", handler: a, server: a.Server, env: map[string]string{"TYPEFORM_TOKEN": typeform.Token}, module: "connectors.typeform",
		// The tests expect that responses are read once an hour after they were submitted.
		settings: `, form = "` + form + `", comment = "why", page = 100, late = 5`, stream: "responses", model: "nps", key: "sourceId", prefix: "tf-" + form + "-",
		property: "comment", path: "answer.why", settle: time.Minute + time.Second, swept: true, missing: "delete",
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				ids[i] = add(at, nil)
			}
			return ids
		},
		touch:    func(id, text string) { a.Resubmit(id, typeform.Body{"why": text}) },
		value:    func(id string) string { text, _ := a.Answer(id, "why").(string); return text },
		bump:     func(id string) { a.Resubmit(id, nil) },
		silently: func(id, text string) { a.SetSilently(id, typeform.Body{"why": text}, nil) },
		remove:   a.Delete,
		page:     func(r *standin.Request) bool { return strings.HasSuffix(r.Path, "/responses") }, pageSize: 100,
		lastPage: `{"total_items":0,"page_count":0,"items":[]}`,
		limit:    a.Limited, most: []limit{{nil, 2, time.Second}}, largest: a.Largest,
		hide:   func() { a.SetFields(form, typeformFields("")...) },
		rename: func() { a.SetFields(form, typeformFields("because")...) },
		drop:   func() { a.SetFields(form, typeformFields("")...) },
		create: func(name, value string) string {
			hidden[name] = value
			for _, id := range a.Tokens(form) {
				a.SetSilently(id, nil, typeform.Body{name: value})
			}
			return "hidden." + name
		},
		bad: func() (ids, reasons []string) {
			bad := func(reason string, own typeform.Body) {
				ids, reasons = append(ids, add(a.Clock.Now(), own)), append(reasons, reason)
			}
			for range 2 {
				bad("the response has no e-mail address", typeform.Body{"mail": nil})
				bad("the response has no answer to the question with the score", typeform.Body{"nps": nil})
				bad("11", typeform.Body{"nps": 11}) // Planhat itself rejects these
			}
			bad(`"many" is not a number`, typeform.Body{"nps": "many"})
			return ids, reasons
		},
		errors: []failure{
			{status: 403, body: `{"code":"AUTHENTICATION_FAILED","description":"Authentication credentials not found"}`,
				says: []string{"Typeform", "403", "AUTHENTICATION_FAILED", "Authentication credentials not found", "check TYPEFORM_TOKEN", "responses:read", `region to "eu"`}},
			{status: 404, body: `{"code":"FORM_NOT_FOUND","description":"Non existing form with uid x"}`, says: []string{"404", "FORM_NOT_FOUND", "compare the form's id with the end of the form's address"}},
			{status: 400, body: `{"code":"VALIDATION_ERROR","description":"since is not a date"}`, says: []string{"400", "VALIDATION_ERROR", "since is not a date"}},
			{status: 429, body: `{"code":"TOO_MANY_REQUESTS","description":"Rate limit exceeded"}`, header: []string{"Retry-After", "4000"},
				says: []string{"accepts no more requests for now", "Rate limit exceeded", "run it again in 67 minutes"}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"items":null}`, says: []string{`has no list "items"`}},
			{status: 200, body: `{"total_items":9,"items":[{"token":null}]}`, says: []string{"the last response of a page has no token"}},
		},
	}
}
