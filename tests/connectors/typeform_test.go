package connectors

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/typeform"
)

// Responses arrive with what the form asks for, and are sent once.
func TestTypeform(t *testing.T) {
	r := rigOf(t, typeformVendor())
	a := r.handler.(*typeform.Server)
	form := "fOrm01"
	id := a.Submit(form, typeform.Response{
		Answers: typeform.Body{"name": "Kim", "nps": 9, "why": "Fast", "mail": "other@northwind.example"}, Hidden: typeform.Body{"email": "kim@northwind.example"},
	})
	asked := a.Submit(form, typeform.Response{Answers: typeform.Body{"nps": 0, "mail": "lo@northwind.example"}})
	partial := a.Submit(form, typeform.Response{Answers: typeform.Body{"nps": 3, "mail": "mo@northwind.example"}, Type: "partial"})
	first := a.Clock.Now()
	r.clock.Advance(time.Hour)
	r.must(t, `map = { responses = { ["custom.Name"] = "answer.name", ["custom.Mail"] = "hidden.email" } }`)
	records := r.main()
	require.Len(t, records, 2)
	got := records[id]
	assert.Equal(t, []any{"kim@northwind.example", 9.0, "Fast", "typeform:" + form}, []any{got["email"], got["score"], got["comment"], got["source"]})
	assert.Equal(t, map[string]any{"Name": "Kim", "Mail": "kim@northwind.example"}, got["custom"])
	assert.Equal(t, first.UTC().Format("2006-01-02T15:04:05.000Z"), got["dateAnswered"])
	assert.Equal(t, []any{"lo@northwind.example", 0.0}, []any{records[asked]["email"], records[asked]["score"]})
	assert.Nil(t, records[asked]["comment"])
	sent := r.upserts("nps")
	for _, options := range []string{``, ``, `full = true`, `since = "2026-01-01"`} {
		r.must(t, options)
		assert.Equal(t, sent, r.upserts("nps"), "nothing is sent again")
	}
	a.Complete(partial)
	r.clock.Advance(2 * time.Minute)
	r.must(t, ``)
	assert.Contains(t, r.main(), partial)
	assert.NotContains(t, r.log.String(), typeform.Token)
}

// typeformCompanies: a hidden field leads to the company.
func typeformCompanies(t *testing.T) {
	r := rigOf(t, typeformVendor())
	a := r.handler.(*typeform.Server)
	for _, company := range []map[string]any{
		{"_id": "5f1e1e1e1e1e1e1e1e1e1e01", "name": "Northwind", "externalId": "ext-42"}, {"_id": "5f1e1e1e1e1e1e1e1e1e1e02", "name": "Contoso", "sourceId": "src-7"},
	} {
		require.NoError(t, r.planhat.Put("company", company))
	}
	submit := func(company any) string {
		return a.Submit("fOrm01", typeform.Response{Answers: typeform.Body{"nps": 9}, Hidden: typeform.Body{"email": "kim@northwind.example", "company_id": company}})
	}
	northwind, contoso, stranger, none := submit("ext-42"), submit("src-7"), submit("other"), submit("")
	r.clock.Advance(time.Hour)
	r.must(t, ``)
	records := r.main()
	assert.Equal(t, []any{"5f1e1e1e1e1e1e1e1e1e1e01", "5f1e1e1e1e1e1e1e1e1e1e02", nil, nil},
		[]any{records[northwind]["cId"], records[contoso]["cId"], records[stranger]["cId"], records[none]["cId"]})
	assert.Contains(t, r.log.String(), "1 customers, such as other, match no company of Planhat")
}

// newTypeform is a rig with Typeform and one form. The settings are added to those of the form.
func newTypeform(t *testing.T, settings string) (*rig, *typeform.Server) {
	t.Helper()
	r := rigOf(t, typeformVendor())
	r.settings = settings
	return r, r.handler.(*typeform.Server)
}

// Responses that Typeform lists half an hour late arrive, without a setting.
func TestTypeformLateResponses(t *testing.T) {
	r, a := newTypeform(t, `, form = "fOrm01"`)
	a.Late(30 * time.Minute)
	var ids []string
	for range 12 {
		ids = append(ids, r.add(1, r.clock.Now())...)
		r.clock.Advance(10 * time.Minute)
		r.did(t, ``)
	}
	r.clock.Advance(30 * time.Minute)
	r.did(t, ``)
	all(t, r.main(), ids)
}

// The response at the end of a page is deleted before the next page is read. Typeform's
// documentation does not say what it does then: both ways lose nothing.
func TestTypeformDeletedPageEnd(t *testing.T) {
	for _, ignores := range []bool{false, true} {
		for _, options := range []string{`full = true, missing = "delete"`, `since = "2026-01-01"`} {
			r, a := newTypeform(t, `, form = "fOrm01", page = 10`)
			if ignores {
				a.Forget()
			}
			var ids []string
			for i := range 36 {
				n := 1
				if i == 20 {
					n = 12 // at one time
				}
				ids = append(ids, r.add(n, r.clock.Now())...)
				r.clock.Advance(time.Second)
			}
			r.clock.Advance(time.Hour)
			deleted := map[string]bool{}
			a.Before(func(req *standin.Request) {
				if end := req.Query.Get("before"); end != "" && len(deleted) < 3 && !deleted[end] {
					deleted[end] = true
					a.Delete(end)
				}
			})
			r.did(t, options)
			require.Len(t, deleted, 3)
			there := r.main()
			for _, id := range ids {
				if !deleted[id] {
					assert.Contains(t, there, id)
				}
			}
			assert.Contains(t, r.log.String(), "the response at the end of a page was deleted")
		}
	}
}

// Each form has its own position and its own questions, and a complete pass of one script
// leaves the responses of other forms alone.
func TestTypeformSeveralForms(t *testing.T) {
	r, a := newTypeform(t, `, forms = { "fOrm01", { id = "fOrm02", score = "b", comment = "reason", email = "who" } }`)
	other := a.AddForm("Product survey", typeform.Field{Ref: "a", Type: "opinion_scale", Properties: typeform.Body{"steps": 11}},
		typeform.Field{Ref: "b", Type: "opinion_scale", Properties: typeform.Body{"steps": 11, "start_at_one": false}},
		typeform.Field{Ref: "c", Type: "opinion_scale", Properties: typeform.Body{"steps": 11, "start_at_one": true}}, typeform.Field{Ref: "who", Type: "email"},
		typeform.Field{Ref: "reason", Type: "multiple_choice"})
	submit := func(email string) string {
		return a.Submit(other, typeform.Response{Answers: typeform.Body{"a": 1, "b": 10, "c": 3, "who": email, "reason": typeform.Body{"label": "Price"}}, Hidden: typeform.Body{"email": "hidden@northwind.example"}})
	}
	first, second, doomed := r.add(30, r.clock.Now()), submit("kim@northwind.example"), submit("lo@northwind.example")
	r.clock.Advance(time.Hour)
	did := r.did(t, ``)
	assert.EqualValues(t, 32, did["created"])
	records := r.records("nps")
	got := records["tf-"+other+"-"+second]
	assert.Equal(t, []any{"kim@northwind.example", 10.0, "Price", "typeform:" + other}, []any{got["email"], got["score"], got["comment"], got["source"]})

	// A script that reads one form does not miss the responses of the other.
	r.settings = `, form = "fOrm01"`
	did = r.did(t, `account = "one", full = true, missing = "delete"`)
	assert.EqualValues(t, 0, did["missing"])
	a.Delete(doomed)
	a.Delete(first[0])
	did = r.did(t, `account = "one", full = true, missing = "delete"`)
	assert.EqualValues(t, 1, did["deleted"])
	assert.Contains(t, r.records("nps"), "tf-"+other+"-"+doomed)

	// A form that is added is read from its start, also if its responses are old.
	old := a.SubmitAt(r.clock.Now().AddDate(-1, 0, 0), a.AddForm("Old survey", typeform.Questions()...), typeform.Response{Answers: typeform.Body{"nps": 7, "mail": "mo@northwind.example"}})
	r.settings = `, forms = { "fOrm01", "fOrm03" }`
	r.clock.Advance(time.Hour)
	r.did(t, `account = "one"`)
	assert.Contains(t, r.records("nps"), "tf-fOrm03-"+old)
}

// A form whose score cannot be found stops the run with an error that names the form.
func TestTypeformQuestions(t *testing.T) {
	scale := func(ref string) typeform.Field {
		return typeform.Field{Ref: ref, Title: "Rate " + ref, Type: "opinion_scale", Properties: typeform.Body{"steps": 11, "start_at_one": false}}
	}
	text := typeform.Field{Ref: "why", Title: "Why?", Type: "long_text"}
	nps := typeform.Field{Ref: "nps", Title: "Recommend?", Type: "nps"}
	five := typeform.Field{Ref: "stars", Title: "Stars", Type: "opinion_scale", Properties: typeform.Body{"steps": 5}}
	for name, c := range map[string]struct {
		fields   []typeform.Field
		settings string
		says     []string
	}{
		"one scale":              {[]typeform.Field{text, scale("a")}, ``, nil},
		"nps before scales":      {[]typeform.Field{scale("a"), scale("b"), nps}, ``, nil},
		"named":                  {[]typeform.Field{scale("a"), scale("b")}, `, score = "b"`, nil},
		"in a group":             {[]typeform.Field{{Ref: "group", Type: "group", Fields: []typeform.Field{nps}}}, ``, nil},
		"none":                   {[]typeform.Field{text, five}, ``, []string{`the form "Survey" (fOrm02) has no question with a score from 0 to 10`, "why (Why?), stars (Stars)"}},
		"several":                {[]typeform.Field{scale("a"), scale("b")}, ``, []string{`"Survey" (fOrm02) has several questions with a score`, "set score to the ref of one: a (Rate a), b (Rate b)"}},
		"named, but no score":    {[]typeform.Field{five, nps}, `, score = "stars"`, []string{`(fOrm02) has no question "stars" with a score from 0 to 10`}},
		"a comment that is gone": {[]typeform.Field{nps}, `, comment = "why"`, []string{`(fOrm02) has no "answer.why", which comment is mapped to by the setting comment`, "Its questions are nps (Recommend?)", "hidden fields are email, company_id"}},
		"a company that is gone": {[]typeform.Field{nps}, `, company = "account"`, []string{`"answer.account", which cId is mapped to by the setting company`}},
	} {
		t.Run(name, func(t *testing.T) {
			r, a := newTypeform(t, `, form = "fOrm02"`+c.settings)
			form := a.AddForm("Survey", c.fields...)
			id := a.Submit(form, typeform.Response{Answers: typeform.Body{"a": 2, "b": 6, "nps": 6}, Hidden: typeform.Body{"email": "kim@northwind.example"}})
			if name == "one scale" {
				a.SetSilently(id, typeform.Body{"a": 6}, nil)
			}
			r.clock.Advance(time.Hour)
			_, err := r.sync(t, ``)
			if c.says == nil {
				require.NoError(t, err)
				assert.EqualValues(t, 6, r.records("nps")["tf-"+form+"-"+id]["score"])
				return
			}
			for _, part := range c.says {
				assert.ErrorContains(t, err, part)
			}
		})
	}
}

// Wrong settings are refused, with what to do.
func TestTypeformSettings(t *testing.T) {
	for settings, says := range map[string]string{
		``:                               "set settings.form to the id of a form",
		`, forms = {}`:                   "set settings.form to the id of a form",
		`, form = "https://x.typeform"`:  "the id of form 1 must be a text such as \"lT4Z3j\"",
		`, forms = { "a", { id = "a" }}`: "the form a is in settings.forms twice",
		`, form = "a", region = "asia"`:  "the setting region is us or eu, not \"asia\"",
		`, form = "a", late = "long"`:    "the setting late takes a number of minutes",
		`, form = "fOrm09"`:              "Non existing form with uid fOrm09",
	} {
		r, _ := newTypeform(t, settings)
		_, err := r.sync(t, ``)
		assert.ErrorContains(t, err, says, settings)
	}
	r, _ := newTypeform(t, `, form = "fOrm01"`)
	r.env = nil
	_, err := r.sync(t, ``)
	assert.ErrorContains(t, err, "set the environment variable TYPEFORM_TOKEN to the token")
}

// Responses that were not completed are left out even if Typeform lists them, and a filter
// sees what the map reads.
func TestTypeformLeavesOut(t *testing.T) {
	r, a := newTypeform(t, `, form = "fOrm01"`)
	a.Faults.On(r.page, 1, standin.Answer(http.StatusOK, `{"total_items":4,"page_count":1,"items":[
		{"token":"a","response_type":"partial","submitted_at":"2026-11-20T08:00:00Z","hidden":{"email":"a@northwind.example"},"answers":[]},
		{"token":"b","submitted_at":"0001-01-01T00:00:00Z","hidden":{"email":"b@northwind.example"},"answers":null},
		{"token":"c","submitted_at":"2026-11-20T08:00:00Z","hidden":{},"answers":[{"type":"number","number":9,"field":{"id":"fOrm01q2","ref":"nps","type":"nps"}}]},
		{"token":"d","submitted_at":"2026-11-20T08:00:00Z","hidden":{"email":"d@northwind.example"},"answers":[{"type":"number","number":0,"field":{"id":"fOrm01q2","ref":"nps","type":"nps"}}]}
	]}`, "Content-Type", "application/json"))
	did := r.did(t, `filter = { responses = function(response) return response.join.email ~= nil end }`)
	assert.Equal(t, []any{2.0, 1.0, 1.0, 0.0}, []any{did["read"], did["created"], did["skipped"], did["rejected"]})
	assert.Contains(t, r.main(), "d")
	assert.Contains(t, r.log.String(), "responses that were not completed were left out: 2")
}

// The end is found whatever Typeform's total counts, also if the last page is full, and if pages become smaller.
func TestTypeformEnd(t *testing.T) {
	for _, totals := range []typeform.Totals{typeform.Left, typeform.All, typeform.None} {
		for _, n := range []int{0, 1, 99, 100, 200, 250} {
			for _, largest := range []int{100, 30} {
				r, a := newTypeform(t, `, form = "fOrm01", page = 100`)
				a.Count(totals)
				a.Largest(largest)
				ids := r.add(n, r.clock.Now())
				r.clock.Advance(time.Hour)
				r.did(t, ``)
				assert.Len(t, r.main(), n, "total %d, pages of %d", totals, largest)
				all(t, r.main(), ids)
			}
		}
	}
}
