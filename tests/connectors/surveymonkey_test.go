package connectors

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/surveymonkey"
)

// monkey is a rig with an account that has a survey.
func monkey(t *testing.T) (*rig, *surveymonkey.Server, string) {
	t.Helper()
	r := rigOf(t, surveyMonkeyVendor())
	s := r.handler.(*surveymonkey.Server)
	survey := s.AddSurvey("Buyers", surveymonkey.Choice, surveymonkey.Essay, surveymonkey.NPS, surveymonkey.Essay)
	r.clock.Advance(time.Hour)
	return r, s, survey
}

// replies are the answers in Planhat by the ids of the responses.
func replies(r *rig) map[string]map[string]any {
	all := map[string]map[string]any{}
	for key, record := range r.records("nps") {
		all[key[strings.LastIndex(key, "-")+1:]] = record
	}
	return all
}

// designs matches requests for the design of a survey.
var designs = standin.Is("GET", "/details")

// A response becomes an answer, field by field. What was not completed or has no score
// is left out and counted, and nothing is sent twice.
func TestSurveyMonkey(t *testing.T) {
	r, s, survey := monkey(t)
	id := s.Add(survey, surveymonkey.Reply{Score: 0, Comment: "About the product", Email: "kim@northwind.example"})
	none := s.Add(survey, surveymonkey.Reply{Score: -1, Email: "kim@northwind.example"})
	partial := s.Add(survey, surveymonkey.Reply{Score: 7, Email: "lee@northwind.example", Status: "partial"})
	first := s.Clock.Now()
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	got := replies(r)
	require.Len(t, got, 1)
	assert.Equal(t, []any{"kim@northwind.example", 0.0, "surveymonkey:" + survey, first.Format("2006-01-02T15:04:05.000Z")},
		[]any{got[id]["email"], got[id]["score"], got[id]["source"], got[id]["dateAnswered"]})
	assert.Nil(t, got[id]["comment"], "the text before the question is not its comment")
	assert.Contains(t, r.log.String(), "responses_without_answer=1")
	assert.NotContains(t, r.log.String(), surveymonkey.Token)

	sent := r.upserts("nps")
	for _, options := range []string{``, `full = true`, `since = "2026-01-01"`} {
		r.did(t, options)
	}
	assert.Equal(t, sent, r.upserts("nps"), "nothing is sent again")
	assert.Len(t, s.Log.Requests(designs), 2, "the designs are read once")

	// Responses without their answers are not taken for ones that are not answered.
	s.Configure(func(o *surveymonkey.Settings) { o.NoAnswers = true })
	_, err := r.sync(t, `full = true`)
	require.ErrorContains(t, err, `no record of responses has "pages", which score is mapped to; check whether it exists, and whether the token may read it`)
	s.Configure(func(o *surveymonkey.Settings) { o.NoAnswers = false })

	// Later, the rest is completed, the answer changes, and others are deleted.
	s.Change(none, func(r *surveymonkey.Reply) { r.Score = 10 })
	s.Change(partial, func(r *surveymonkey.Reply) { r.Status = "" })
	s.Change(id, func(r *surveymonkey.Reply) { r.Score = 8 })
	r.clock.Advance(time.Hour)
	did := r.did(t, ``)
	got = replies(r)
	assert.Equal(t, []any{8.0, 10.0, 7.0}, []any{got[id]["score"], got[none]["score"], got[partial]["score"]})
	assert.EqualValues(t, 3, did["read"])
}

// The address is that of the contact, of a variable, or one that was typed in.
func TestSurveyMonkeyAddresses(t *testing.T) {
	r, s, survey := monkey(t)
	typed := s.AddSurvey("Visitors", surveymonkey.NPS, surveymonkey.Email, surveymonkey.Essay)
	contact := s.AddSurvey("Guests", surveymonkey.NPS, surveymonkey.Contact)
	ids := []string{
		s.Add(survey, surveymonkey.Reply{Variables: map[string]string{"email": "a@one.example"}}),
		s.Add(survey, surveymonkey.Reply{Email: "b@one.example", Variables: map[string]string{"email": "wrong@one.example"}}),
		s.Add(survey, surveymonkey.Reply{Fields: map[string]any{"email_address": "c@one.example"}}),
		s.Add(typed, surveymonkey.Reply{Typed: "d@one.example", Comment: "Fine"}),
		s.Add(contact, surveymonkey.Reply{Typed: "e@one.example"}),
	}
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	for i, id := range ids {
		assert.Equal(t, string(rune('a'+i))+"@one.example", replies(r)[id]["email"])
	}
	assert.Equal(t, "Fine", replies(r)[ids[3]]["comment"], "a question for the address is not the comment")
}

// The company is the one with the key in a custom variable. Without a key, Planhat finds it.
func TestSurveyMonkeyCompanies(t *testing.T) {
	r, s, survey := monkey(t)
	for _, company := range []map[string]any{
		{"_id": "c00000000000000000000001", "name": "By key", "externalId": "n-1"},
		{"_id": "c00000000000000000000002", "name": "By source", "sourceId": "n-2"},
		{"_id": "c00000000000000000000003", "name": "By domain", "domains": []any{"northwind.example"}},
	} {
		require.NoError(t, r.planhat.Put("company", company))
	}
	add := func(variable, key string) string {
		return s.Add(survey, surveymonkey.Reply{Score: 9, Email: "kim@northwind.example", Variables: map[string]string{variable: key}})
	}
	external, source, unknown, other := add("company_id", "n-1"), add("company_id", "n-2"), add("company_id", "n-9"), add("account", "n-1")
	r.clock.Advance(time.Hour)
	company := func(id string) any { return replies(r)[id]["cId"] }
	r.did(t, ``)
	assert.Equal(t, []any{"c00000000000000000000001", "c00000000000000000000002", "c00000000000000000000003", "c00000000000000000000003"},
		[]any{company(external), company(source), company(unknown), company(other)})
	assert.Contains(t, r.log.String(), "1 customers, such as n-9, match no company")
	r.settings = `, company = "account"`
	r.did(t, `full = true`)
	assert.Equal(t, "c00000000000000000000001", company(other))
}

// Which question gives the score and which the comment follows from the design of each
// survey, or is named. A survey without or with several such questions is left out aloud.
func TestSurveyMonkeyDesign(t *testing.T) {
	r, s, survey := monkey(t)
	by := s.AddSurvey("By hand", surveymonkey.Eleven, surveymonkey.Essay)
	several := s.AddSurvey("Twice", surveymonkey.NPS, surveymonkey.NPS)
	reply := surveymonkey.Reply{Score: 6, Comment: "Why", Email: "kim@northwind.example"}
	inHand, inTwice := s.Add(by, reply), s.Add(several, reply)
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	assert.Empty(t, replies(r))
	assert.Contains(t, r.log.String(), "Twice) has 2 NPS questions, so its answers are not read; name one in settings.questions: "+s.Questions(several)[0])
	assert.Contains(t, r.log.String(), "surveys_without_question=1")

	// Surveys that are asked for must be fine.
	fails := func(settings string, parts ...string) {
		t.Helper()
		r.settings = settings
		_, err := r.sync(t, ``)
		for _, part := range parts {
			assert.ErrorContains(t, err, part)
		}
	}
	fails(`, surveys = { "`+several+`" }`, "has 2 NPS questions")
	fails(`, surveys = "`+by+`"`, "has no NPS question; name another one with choices from 0 to 10", s.Questions(by)[0]+" (From zero to ten?)")
	fails(`, surveys = { "7" }`, "has no survey 7", "settings.host")
	fails(`, surveys = {}`, "settings.surveys has no ids")
	fails(`, host = "surveymonkey.com"`, "must be api.surveymonkey.com, api.eu.surveymonkey.com or api.surveymonkey.ca")
	fails(`, questions = { ["`+survey+`"] = "7" }`, "names the question 7 of the survey "+survey, s.Questions(survey)[2])
	fails(`, comments = { ["`+survey+`"] = "7" }`, "not one that is answered with text", s.Questions(survey)[1])

	r.settings = `, questions = { ["` + by + `"] = "` + s.Questions(by)[0] + `", ["` + several + `"] = "` + s.Questions(several)[1] + `" }, comments = { ["` + survey + `"] = "` + s.Questions(survey)[1] + `" }`
	first := s.Add(survey, reply)
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	got := replies(r)
	assert.Equal(t, []any{6.0, 6.0, "Why", "Why"}, []any{got[inHand]["score"], got[inTwice]["score"], got[first]["comment"], got[inHand]["comment"]})

	// A comment that is taken back is cleared.
	s.Change(first, func(r *surveymonkey.Reply) { r.Comment = "" })
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	assert.Nil(t, replies(r)[first]["comment"])

	// A design that changes is read again, also in the minute in which it was read.
	r.settings = ``
	late := s.AddSurvey("Late", surveymonkey.Essay)
	r.did(t, ``)
	s.AddQuestion(late, surveymonkey.NPS, "")
	id := s.Add(late, reply)
	r.clock.Advance(10 * time.Second)
	r.did(t, ``)
	assert.Equal(t, 6.0, replies(r)[id]["score"])

	// A question that is gone leaves its survey out; the answers in Planhat are reported.
	s.RemoveQuestion(late, s.Questions(late)[1])
	r.clock.Advance(time.Hour)
	did := r.did(t, `full = true, missing = "delete", max_missing = 0`)
	assert.Positive(t, number(did["missing"]))
	assert.Contains(t, replies(r), id)
}

// Responses that are deleted while the pages are read move others to pages that were read.
func TestSurveyMonkeyDeletions(t *testing.T) {
	r, s, survey := monkey(t)
	var ids []string
	for i := range 350 {
		ids = append(ids, s.AddAt(start.Add(time.Duration(i)*time.Second), survey, surveymonkey.Reply{Score: 9, Email: "kim@northwind.example"}))
	}
	r.clock.Advance(time.Hour)
	pages := 0
	r.server.Before(func(req *standin.Request) {
		if r.page(req) {
			if pages++; pages == 2 || pages == 3 {
				s.Delete(ids[len(ids)-pages*10]) // of the first page, which is the newest
			}
		}
	})
	r.did(t, ``)
	for i, id := range ids {
		if i != len(ids)-20 && i != len(ids)-30 {
			require.Contains(t, replies(r), id)
		}
	}
}

// A run spends few requests, stops before the day's last one is exceeded, and says what is
// left. The next day's run continues.
func TestSurveyMonkeyQuota(t *testing.T) {
	r, s, survey := monkey(t)
	s.Configure(func(o *surveymonkey.Settings) { o.Day, o.Lenient = 7, true }) // it would accept some more
	for i := range 450 {
		s.Add(survey, surveymonkey.Reply{Score: i % 11, Email: "kim@northwind.example"})
	}
	r.clock.Advance(time.Hour)
	_, err := r.sync(t, `batch = 100`) // the list, two designs, an empty survey, three pages
	require.ErrorContains(t, err, "SurveyMonkey accepts no more requests for now: the 7 requests of the day are used up")
	assert.Contains(t, said(err), "run it again in 840 minutes")
	assert.Len(t, s.Log.Requests(nil), 7, "none is above the limit")
	assert.Len(t, replies(r), 300)
	r.clock.Advance(14 * time.Hour)
	r.did(t, ``)
	assert.Len(t, replies(r), 450)
	assert.Contains(t, r.log.String(), "3 of the 7 requests of the day are left")
}

// Scripts that read different surveys of one account, or two accounts, leave the answers of
// the others alone.
func TestSurveyMonkeyTwoScripts(t *testing.T) {
	r, s, survey := monkey(t)
	other := s.AddSurvey("Other", surveymonkey.NPS)
	reply := surveymonkey.Reply{Score: 9, Email: "kim@northwind.example"}
	mine, doomed, theirs := s.Add(survey, reply), s.Add(survey, reply), s.Add(other, reply)
	r.clock.Advance(time.Hour)
	r.did(t, `account = "all"`)
	require.Len(t, replies(r), 3)

	const whole = `full = true, missing = "delete", max_missing = 1`
	r.settings = `, surveys = { "` + survey + `" }`
	s.Delete(doomed)
	r.clock.Advance(time.Hour)
	did := r.did(t, `account = "one", `+whole)
	assert.EqualValues(t, 1, did["deleted"])
	assert.Contains(t, replies(r), theirs)
	assert.Contains(t, r.records("nps"), "sm-"+survey+"-"+mine)

	// Another account does not have the survey.
	s.RemoveSurvey(other)
	r.settings = ``
	did = r.did(t, `account = "two", `+whole)
	assert.EqualValues(t, 0, did["missing"])
	assert.Contains(t, replies(r), theirs)
	did = r.did(t, `account = "all", `+whole)
	assert.EqualValues(t, 1, did["deleted"], "the one that had it knows that it is gone")
	assert.NotContains(t, replies(r), theirs)
}
