package connectors

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/asknicely"
)

func askNicelyVendor() vendor {
	return vendor{
		name:  "asknicely",
		start: func(clock *standin.Clock) *system { return askNicelySystem(asknicely.New(clock)) },
		without: map[string]string{
			"F": "API keys do not expire",
			"I": "an answer that is given again has another time: see TestAskNicely",
			"H": "answers refer to nothing",
			"M": "the map translates no values",
			"N": "nothing is written back to AskNicely",
			"R": "no end of version 1 is announced",
			"S": "the connector registers no webhooks",
		},
	}
}

func askNicelySystem(a *asknicely.Server) *system {
	set := func(text string) asknicely.Response { return asknicely.Response{"comment": text} }
	fields := asknicely.Response{} // all responses have all fields
	n := 0
	return &system{
		name: "asknicely", handler: a, server: a.Server, env: map[string]string{"ASKNICELY_KEY": asknicely.Key},
		module: "connectors.asknicely", settings: `, domain = "northwind", page = 100`, stream: "responses", model: "nps", key: "sourceId", prefix: "an-",
		property: "comment", path: "comment", settle: time.Minute + time.Second, swept: true, missing: "delete",
		add: func(count int, at time.Time) []string {
			ids := make([]string, count)
			for i := range ids {
				n++
				own := set("Comment " + strconv.Itoa(n))
				maps.Copy(own, fields)
				ids[i] = a.AddAt(at, own)
			}
			return ids
		},
		touch:    func(id, text string) { a.Answer(id, set(text)) },
		value:    func(id string) string { text, _ := a.Fields(id)["comment"].(string); return text },
		bump:     func(id string) { a.Answer(id, nil) },
		silently: func(id, text string) { a.SetSilently(id, set(text)) },
		remove:   a.Delete,
		page:     func(r *standin.Request) bool { return strings.Contains(r.Path, "/responses/") }, pageSize: 100,
		lastPage: `{"success":true,"total":"0","totalpages":"0","pagenumber":"1","data":[]}`,
		limit:    a.Limited,
		most:     []limit{{nil, 200, 10 * time.Second}, {nil, 1000, time.Minute}},
		hide:     func() { a.Hide("comment", "") },
		rename:   func() { a.Hide("comment", "remark") },
		drop:     func() { a.Hide("comment", "") },
		create: func(name, value string) string {
			fields[name] = nil
			for _, id := range a.IDs() {
				a.SetSilently(id, asknicely.Response{name: value})
			}
			return name
		},
		bad: func() (ids, reasons []string) {
			bad := func(reason string, fields asknicely.Response) {
				ids, reasons = append(ids, a.Add(fields)), append(reasons, reason)
			}
			for range 2 {
				bad("the answer has no e-mail address", asknicely.Response{"email": nil})
				bad(`"many" is not a number`, asknicely.Response{"answer": "many"})
				bad("11", asknicely.Response{"answer": "11"}) // Planhat itself rejects these
			}
			bad("the record has no id", asknicely.Response{"response_id": nil, "note": "none"})
			return ids, reasons
		},
		errors: []failure{
			{status: 401, body: `{"success":false,"msg":"Invalid API key"}`, says: []string{"AskNicely", "401", "Invalid API key", "check the credentials"}},
			{status: 400, body: `{"success":false,"msg":"Invalid parameters"}`, says: []string{"400", "Invalid parameters"}},
			{status: 403, body: `{"success":false,"msg":"Not an admin"}`, says: []string{"403", "Not an admin", "permission"}},
			{status: 429, body: `{"success":false,"msg":"Rate limit exceeded","type":"req-60s"}`, header: []string{"Retry-After", "4000"},
				says: []string{"accepts no more requests for now", "Rate limit exceeded", "run it again in 67 minutes"}},
			{status: 200, body: `<html><title>Login</title></html>`, header: []string{"Content-Type", "text/html"}, says: []string{"is not JSON", "HTML page"}},
			{status: 200, body: `{"success":true,"data":null}`, says: []string{`has no list "data"`}},
			{status: 200, body: `{"success":true,"data":[]}`, says: []string{"does not say how many pages there are"}},
		},
	}
}

// The key is sent in its header, and in nothing that a script can read. Answers to other
// questions are left out, and counted.
func TestAskNicely(t *testing.T) {
	r := rigOf(t, askNicelyVendor())
	a := r.handler.(*asknicely.Server)
	id := a.Add(asknicely.Response{"email": "kim@northwind.example", "answer": "9", "comment": "Fast"})
	a.Add(asknicely.Response{"question_type": "csat", "answer": "4", "sent": "0"})
	first := a.Clock.Now()
	r.clock.Advance(time.Hour)
	r.must(t, ``)
	records := r.records("nps")
	assert.Len(t, records, 1)
	got := records["an-"+id]
	assert.Equal(t, []any{"kim@northwind.example", 9.0, "Fast", "asknicely"}, []any{got["email"], got["score"], got["comment"], got["source"]})
	assert.Equal(t, first.UTC().Format("2006-01-02T15:04:05.000Z"), got["dateAnswered"])
	sent := r.upserts("nps")
	r.must(t, ``)
	r.must(t, `full = true`)
	assert.Equal(t, sent, r.upserts("nps"), "nothing is sent again")
	assert.Contains(t, r.log.String(), "answers to other questions than NPS were left out: 1")
	assert.NotContains(t, r.log.String(), asknicely.Key)
}
