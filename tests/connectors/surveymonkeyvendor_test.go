package connectors

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/surveymonkey"
)

func surveyMonkeyVendor() vendor {
	return vendor{
		name:  "surveymonkey",
		start: func(clock *standin.Clock) *system { return surveyMonkeySystem(surveymonkey.New(clock)) },
		without: map[string]string{
			"F": "access tokens do not expire",
			"G": "answers belong to questions, which the survey's design names: see TestSurveyMonkeyDesign",
			"I": "a response that is changed has another time: see TestSurveyMonkey",
			"N": "nothing is written back to SurveyMonkey",
			"R": "no end of version 3 is announced",
			"S": "the connector registers no webhooks",
		},
		own: map[string]func(t *testing.T){"H": TestSurveyMonkeyCompanies},
	}
}

func surveyMonkeySystem(s *surveymonkey.Server) *system {
	survey := s.AddSurvey("Customers", surveymonkey.NPS, surveymonkey.Essay)
	variables := map[string]string{} // of all responses that are added
	n := 0
	one := func() surveymonkey.Reply {
		n++
		text := strconv.Itoa(n)
		return surveymonkey.Reply{Score: n % 11, Comment: "Comment " + text, Email: "person" + text + "@northwind.example", Variables: variables}
	}
	comment := func(text string) func(*surveymonkey.Reply) {
		return func(r *surveymonkey.Reply) { r.Comment = text }
	}
	return &system{
		name: "surveymonkey", handler: s, server: s.Server, env: map[string]string{"SURVEYMONKEY_TOKEN": surveymonkey.Token},
		module: "connectors.surveymonkey", stream: "responses", model: "nps", key: "sourceId", prefix: "sm-" + survey + "-",
		property: "comment", path: "join.comment", settle: time.Minute + time.Second, swept: true, missing: "delete",
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				ids[i] = s.AddAt(at, survey, one())
			}
			return ids
		},
		touch:    func(id, text string) { s.Change(id, comment(text)) },
		value:    func(id string) string { return s.Reply(id).Comment },
		bump:     func(id string) { s.Change(id, func(*surveymonkey.Reply) {}) },
		silently: func(id, text string) { s.ChangeSilently(id, comment(text)) },
		remove:   s.Delete,
		page:     func(r *standin.Request) bool { return strings.HasSuffix(r.Path, "/responses/bulk") }, pageSize: 100,
		lastPage: `{"per_page":100,"total":0,"page":1,"data":[],"links":{"self":"https://api.surveymonkey.com/v3"}}`,
		limit:    s.Limited,
		most:     []limit{{nil, 120, time.Minute}},
		daily:    func(n int) { s.Configure(func(o *surveymonkey.Settings) { o.Day = n }) }, careful: true,
		create: func(name, value string) string {
			variables[name] = value // the map is shared by all responses
			return "custom_variables." + name
		},
		mapped: `["custom.Mode"] = F.enum("collection_mode", { default = "Web" }), dateAnswered = F.date("date_created")`,
		unmapped: func(ids []string) string {
			for _, id := range ids {
				s.Change(id, func(r *surveymonkey.Reply) { r.Fields = map[string]any{"collection_mode": "data_entry"} })
			}
			return "data_entry"
		},
		bad: func() (ids, reasons []string) {
			bad := func(reason string, change func(*surveymonkey.Reply)) {
				reply := one()
				change(&reply)
				ids, reasons = append(ids, s.Add(survey, reply)), append(reasons, reason)
			}
			for range 2 {
				bad("the response has no e-mail address", func(r *surveymonkey.Reply) { r.Email = "" })
				bad("the survey no longer has the choice", func(r *surveymonkey.Reply) { r.Pick = "7" })
				bad(`"later" is not a date`, func(r *surveymonkey.Reply) { r.Fields = map[string]any{"date_modified": "later"} })
			}
			bad("12", func(r *surveymonkey.Reply) { r.Variables = map[string]string{"score": "12"} }) // Planhat itself rejects it
			return ids, reasons
		},
		badMap: `score = function(item) return tonumber(item.custom_variables.score) or item.join.score, not item.join.score and "the survey no longer has the choice" or nil end`,
		errors: []failure{
			{status: 401, body: monkeyError(1011, "The authorization token provided was invalid."), says: []string{"SurveyMonkey", "401", "was invalid", "1011", "check the credentials"}},
			{status: 401, body: `{"status":1,"errmsg":"Client revoked access grant"}`, says: []string{"401", "Client revoked access grant", "create another token"}},
			{status: 403, body: monkeyError(1014, "Permission has not been granted by the user to make this request."), says: []string{"403", "1014", "View Response Details"}},
			{status: 403, body: monkeyError(1015, "The user does not have the required plan to make this request."), says: []string{"403", "paid plan"}},
			{status: 403, body: monkeyError(1018, "The user does not have permission to access the host in this region."), says: []string{"settings.host", "api.eu.surveymonkey.com"}},
			{status: 404, body: monkeyError(1020, "There was an error retrieving the requested resource."), says: []string{"404", "1020"}},
			{status: 410, body: monkeyError(1053, "The user you are making this request for has been deleted."), says: []string{"410", "use the token of another one"}},
			{status: 400, body: monkeyError(1003, "Invalid URL parameters."), says: []string{"400", "Invalid URL parameters", "1003"}},
			{status: 429, body: monkeyError(1040, "Too many requests were made, try again later."),
				header: []string{"X-Ratelimit-App-Global-Day-Remaining", "0", "X-Ratelimit-App-Global-Day-Reset", "40000"},
				says:   []string{"accepts no more requests for now", "1040", "run it again in 667 minutes"}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"data":null}`, says: []string{`has no list "data"`}},
			{status: 200, body: `{"data":[]}`, says: []string{"does not say which page it is"}},
		},
	}
}

// monkeyError is a body of SurveyMonkey's errors.
func monkeyError(id int, message string) string {
	return `{"error":{"docs":"https://developer.surveymonkey.com/api/v3/#error-codes","message":"` + message + `","id":"` + strconv.Itoa(id) + `","name":"Error","http_status_code":0}}`
}
