package connectors

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/gcal"
	"github.com/phscript/phscript/tests/standin/hubspot"
	"github.com/phscript/phscript/tests/standin/surveymonkey"
	"github.com/phscript/phscript/tests/standin/typeform"
)

// panel is an account with surveys, whose answers have the names of their ids.
type panel struct {
	*rig
	web     *httptest.Server
	surveys []string
	answers map[string][]string
	asked   []string // the surveys and from when
	refuse  map[string]http.HandlerFunc
}

func newPanel(t *testing.T, surveysOf ...string) *panel {
	t.Helper()
	p := &panel{rig: newRig(t), surveys: surveysOf, answers: map[string][]string{}, refuse: map[string]http.HandlerFunc{}}
	for _, survey := range surveysOf {
		p.answers[survey] = []string{survey + "-1", survey + "-2"}
	}
	p.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Date", p.clock.Now().UTC().Format(http.TimeFormat))
		survey, list := strings.TrimPrefix(req.URL.Path, "/surveys/"), []map[string]string{}
		if refuse := p.refuse[survey]; refuse != nil {
			p.asked = append(p.asked, survey)
			refuse(w, req)
			return
		}
		if survey == req.URL.Path {
			for _, id := range p.surveys {
				list = append(list, map[string]string{"id": id, "title": "Survey " + id})
			}
			assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"surveys": list}))
			return
		}
		p.asked = append(p.asked, strings.TrimSpace(survey+" "+req.URL.Query().Get("since")))
		for _, id := range p.answers[survey] {
			list = append(list, map[string]string{"id": id, "name": id})
		}
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"answers": list, "next": nil}))
	}))
	t.Cleanup(p.web.Close)
	require.NoError(t, os.WriteFile(filepath.Join(p.options.WorkDir, "surveys.lua"), []byte(surveys), 0o600))
	return p
}

func (p *panel) sync(t *testing.T, options string) error {
	t.Helper()
	p.asked = nil
	p.clock.Advance(24 * time.Hour)
	_, err := p.runtime.Run(t.Context(), runtime.Script{Name: "main.lua", Path: filepath.Join(p.options.WorkDir, "main.lua"),
		Source: []byte(`return require("surveys"):sync{ settings = { base = "` + p.web.URL + `" }, sole_source = true, ` + options + `}`)})
	return err
}

// answering refuses requests with a status.
func answering(status int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
	}
}

// A part that fails for good is named in an error, and the parts after it are read in each
// run. What it has stays in Planhat, and its position stays, too.
func TestPartsThatFail(t *testing.T) {
	p := newPanel(t, "s1", "s2", "s3")
	require.NoError(t, p.sync(t, ``))
	stopped := p.clock.Now()
	p.refuse["s1"] = answering(http.StatusNotFound)
	for _, survey := range p.surveys {
		p.answers[survey] = append(p.answers[survey][1:], survey+"-3") // the first was deleted
	}
	for _, options := range []string{``, `full = true, missing = "delete", max_missing = 1`, ``} {
		err := p.sync(t, options)
		require.ErrorContains(t, err, "surveys answers, s1 (Survey s1): Surveys: ")
		require.ErrorContains(t, err, "404")
		assert.Equal(t, planhat.KindNotFound, planhat.KindOf(err), "as when a stream fails")
		require.Len(t, p.asked, 3)
		there := p.records("company")
		for _, id := range []string{"s1-1", "s1-2", "s2-1", "s2-2", "s2-3", "s3-1", "s3-3"} {
			assert.Contains(t, there, id, options)
		}
		assert.NotContains(t, p.log.String(), "no longer exist")
	}

	// Limited to some minutes, a part that fails late does not take the time of the others in each run.
	p.refuse["s1"] = func(w http.ResponseWriter, req *http.Request) {
		p.clock.Advance(time.Hour)
		answering(http.StatusNotFound)(w, req)
	}
	p.answers["s3"] = append(p.answers["s3"], "s3-4")
	require.Error(t, p.sync(t, `minutes = 5`))
	assert.Len(t, p.asked, 1)
	require.ErrorContains(t, p.sync(t, `minutes = 5`), "s1")
	assert.Len(t, p.asked, 3)
	assert.Contains(t, p.records("company"), "s3-4")
	p.refuse["s1"] = answering(http.StatusNotFound)

	// Several that fail are all named, with what to do.
	p.refuse["s3"] = answering(http.StatusForbidden)
	err := p.sync(t, ``)
	require.ErrorContains(t, err, "Surveys: 2 could not be read")
	require.ErrorContains(t, err, "surveys answers, s1 (Survey s1): ")
	require.ErrorContains(t, err, "surveys answers, s3 (Survey s3): ")
	require.ErrorContains(t, err, "; give the credentials the permission that the message names")

	// A part that comes back is read from where it was.
	p.refuse = map[string]http.HandlerFunc{}
	require.NoError(t, p.sync(t, ``))
	at := map[string]string{}
	for _, asked := range p.asked {
		survey, since, _ := strings.Cut(asked, " ")
		at[survey] = since
	}
	assert.Less(t, at["s1"], stopped.Format(time.RFC3339), "%v", p.asked)
	assert.NotEmpty(t, at["s1"])
	assert.Greater(t, at["s2"], stopped.Format(time.RFC3339))
	assert.Contains(t, p.records("company"), "s1-3")
	require.NoError(t, p.sync(t, `full = true, missing = "delete", max_missing = 1`))
	assert.NotContains(t, p.records("company"), "s1-1")
}

// What concerns more than a part ends the run: no request follows.
func TestPartsEndTheRun(t *testing.T) {
	p := newPanel(t, "s1", "s2", "s3", "s4")
	broken := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		refuse http.HandlerFunc
		kind   planhat.Kind
		after  bool // a failure of one part is not the system's
	}{
		"not authenticated": {answering(http.StatusUnauthorized), planhat.KindAuth, false},
		"the day's limit":   {answering(http.StatusTooManyRequests, "Retry-After", "4000"), planhat.KindRateLimited, false},
		"the network":       {broken, planhat.KindNetwork, false},
		"the system":        {answering(http.StatusNotImplemented), planhat.KindServer, true},
	} {
		t.Run(name, func(t *testing.T) {
			p.refuse = map[string]http.HandlerFunc{"s1": c.refuse, "s2": c.refuse, "s3": c.refuse, "s4": c.refuse}
			err := p.sync(t, ``)
			assert.Equal(t, c.kind, planhat.KindOf(err), "%v", err)
			seen := map[string]bool{}
			for _, asked := range p.asked {
				seen[asked] = true
			}
			if c.after {
				assert.Len(t, seen, 2, "a second part fails in the same way")
				require.ErrorContains(t, err, "Before that, these failed:\n  surveys answers, s")
			} else {
				assert.Len(t, seen, 1)
			}
		})
	}
	p.refuse = map[string]http.HandlerFunc{"s2": answering(http.StatusNotImplemented)}
	require.ErrorContains(t, p.sync(t, `full = true`), "surveys answers, s2 (Survey s2): ")
	assert.Len(t, p.records("company"), 6)

	// Planhat's failures are not the part's.
	p.intercept(nil, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if req.Method != http.MethodGet {
			answering(http.StatusForbidden)(w, req)
			return
		}
		next.ServeHTTP(w, req)
	})
	p.refuse, p.answers["s1"], p.answers["s2"] = nil, []string{"s1-9"}, []string{"s2-9"}
	err := p.sync(t, `full = true`)
	assert.Equal(t, planhat.KindPermission, planhat.KindOf(err), "%v", err)
	assert.NotContains(t, err.Error(), "surveys answers,")
}

// A form that was deleted and one with two questions for the score hold up no other.
func TestTypeformFormsThatFail(t *testing.T) {
	r, a := newTypeform(t, `, forms = { "fOrm01", "fOrm02", "fOrm03" }`)
	for _, title := range []string{"Two scores", "Last"} {
		a.AddForm(title, typeform.Questions()...)
	}
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	a.DeleteForm("fOrm01")
	nps := typeform.Field{Ref: "again", Title: "Again?", Type: "nps"}
	a.SetFields("fOrm02", append(typeform.Questions(), nps)...)
	id := a.Submit("fOrm03", typeform.Response{Answers: typeform.Body{"nps": 9, "mail": "kim@northwind.example"}})
	r.clock.Advance(time.Hour)
	_, err := r.sync(t, ``)
	for _, part := range []string{
		"Typeform: 2 could not be read", "typeform responses, fOrm01 (", "Non existing form with uid fOrm01", "; compare the form's id with the end of the form's address",
		`the form "Two scores" (fOrm02) has several questions with a score`, "again (Again?)",
	} {
		require.ErrorContains(t, err, part)
	}
	assert.Contains(t, r.records("nps"), "tf-fOrm03-"+id)
	a.SetFields("fOrm02", typeform.Questions()...)
	_, err = r.sync(t, ``)
	require.ErrorContains(t, err, "fOrm01")
	assert.NotContains(t, err.Error(), "fOrm02")
}

// A survey that was deleted, one whose design cannot be read, and one with two questions for
// the score hold up no other.
func TestSurveyMonkeySurveysThatFail(t *testing.T) {
	r, s, survey := monkey(t)
	twice, closed := s.AddSurvey("Twice", surveymonkey.NPS, surveymonkey.NPS), s.AddSurvey("Closed", surveymonkey.NPS)
	r.settings = `, surveys = { "` + survey + `", "` + twice + `", "` + closed + `", "7" }`
	s.Faults.On(standin.Is(http.MethodGet, "/v3/surveys/"+closed+"/details"), -1, standin.Answer(http.StatusForbidden,
		`{"error":{"id":"1016","name":"Permission Error","message":"You do not have permission to view this survey."}}`, "Content-Type", "application/json"))
	id := s.Add(survey, surveymonkey.Reply{Score: 9, Email: "kim@northwind.example"})
	r.clock.Advance(time.Hour)
	_, err := r.sync(t, ``)
	for _, part := range []string{
		"SurveyMonkey: 3 could not be read", twice + " (Twice) has 2 NPS questions", "surveymonkey responses, " + closed + " (Closed): ",
		"; share the survey with the account of the token", "the account of the token has no survey 7",
	} {
		require.ErrorContains(t, err, part)
	}
	assert.Contains(t, replies(r), id)
}

// What is refused for all forms or surveys ends the run, whatever its status: requests are
// not spent on the others.
func TestRefusedForAllParts(t *testing.T) {
	const kind = "Content-Type"
	r, a := newTypeform(t, `, forms = { "fOrm01", "fOrm02" }`)
	a.AddForm("Second", typeform.Questions()...)
	a.Faults.On(nil, -1, standin.Answer(http.StatusForbidden, `{"code":"AUTHENTICATION_FAILED","description":"Authentication credentials not found"}`, kind, "application/json"))
	_, err := r.sync(t, ``)
	require.ErrorContains(t, err, "AUTHENTICATION_FAILED")
	assert.Equal(t, 1, a.Log.Count(nil))

	r, s, _ := monkey(t)
	s.AddSurvey("Second", surveymonkey.NPS)
	r.clock.Advance(time.Hour)
	s.Faults.On(r.page, -1, standin.Answer(http.StatusForbidden, monkeyError(1014, "Permission has not been granted by the user to make this request."), kind, "application/json"))
	_, err = r.sync(t, ``)
	require.ErrorContains(t, err, "1014")
	assert.Equal(t, 1, r.pages())
}

// A calendar that is no longer shared holds up no other.
func TestGoogleCalendarsThatFail(t *testing.T) {
	a := newAgenda(t)
	a.google.Put(gcal.Account, "review", meeting("Review", "kim@northwind.example"))
	_, err := a.sync(t, `calendars = { "nobody@ours.example", "`+gcal.Account+`" }`, ``)
	require.ErrorContains(t, err, "google_calendar events, nobody@ours.example: ")
	require.ErrorContains(t, err, "404")
	assert.Len(t, a.planhat.Records("task"), 1)
}

// A stream that fails holds up only those that refer to it.
func TestStreamsThatFail(t *testing.T) {
	r := newHubSpot(t)
	company := r.hubspot.Add("companies", map[string]string{"name": "Northwind"})
	contact := r.hubspot.Add("contacts", map[string]string{"email": "ada@northwind.example"})
	ticket := r.hubspot.Add("tickets", map[string]string{"subject": "Help"})
	r.hubspot.Associate("contacts", contact, "companies", company, hubspot.Primary)
	r.hubspot.Associate("tickets", ticket, "contacts", contact)
	r.clock.Advance(time.Hour)
	refused := func(name string) {
		r.hubspot.Faults.Clear()
		r.hubspot.Faults.On(func(req *standin.Request) bool {
			return strings.Contains(req.Path, "/objects/") && strings.HasSuffix(req.Path, "/"+name)
		}, -1,
			standin.Answer(http.StatusForbidden, `{"message":"This app hasn't been granted all required scopes","category":"MISSING_SCOPES"}`, "Content-Type", "application/json"))
	}
	refused("contacts")
	_, err := r.sync(t, `streams = { "contacts", "tickets", "companies" }`)
	require.ErrorContains(t, err, "hubspot contacts: HubSpot: ")
	require.ErrorContains(t, err, "MISSING_SCOPES")
	assert.Equal(t, planhat.KindPermission, planhat.KindOf(err))
	assert.Len(t, r.records("company"), 1)
	assert.Empty(t, r.planhat.Records("ticket"))
	assert.Contains(t, r.log.String(), "HubSpot tickets: not read, because it refers to contacts, which failed")

	refused("deals")
	_, err = r.sync(t, `streams = { "companies", "contacts", "deals", "tickets" }`)
	require.ErrorContains(t, err, "hubspot deals: HubSpot: ")
	assert.Len(t, r.records("enduser"), 1)
	assert.Len(t, r.planhat.Records("ticket"), 1)
}
