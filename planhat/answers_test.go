package planhat

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oddAnswers have a good status, and do not say that a record is there.
var oddAnswers = []string{
	"", "null", "{}", "[]", `[{"_id":"1"}]`, `"stored"`, "OK", "<html><title>Login</title></html>",
	`{"name":"a"}`, `{"error":"something failed","statusCode":400}`, `{"created":1}`, `{"_id":""}`,
}

func TestAWriteIsDoneOnlyIfItsRecordComesBack(t *testing.T) {
	for _, status := range []int{200, 201, 202} {
		c := newClient(t, newServer(t, always(status, `{"_id":"1","name":"b"}`)))
		got, err := c.Company.Create(t.Context(), Record(`{"name":"a"}`))
		require.NoError(t, err)
		assert.JSONEq(t, `{"_id":"1","name":"b"}`, string(got))
		_, err = c.Company.Update(t.Context(), "1", Record(`{"name":"a"}`))
		require.NoError(t, err)
	}
	for _, body := range oddAnswers {
		writes := 0
		c := newClient(t, newServer(t, func(w http.ResponseWriter, q request, _ int) {
			if q.method == http.MethodGet {
				answerWith(w, 404, `{}`)
				return
			}
			writes++
			answerWith(w, 200, body)
		}))
		_, err := c.Company.Create(t.Context(), Record(`{"name":"a"}`))
		e := in(t, err)
		assert.Equal(t, []any{KindServer, true, 1}, []any{e.Kind, e.Uncertain, writes}, "a create answered by %s", body)
		_, err = c.Company.Update(t.Context(), "1", Record(`{"name":"a"}`))
		e = in(t, err)
		assert.Equal(t, []any{KindServer, true}, []any{e.Kind, e.Uncertain}, "an update answered by %s", body)
	}
}

func TestAnUpdateWithoutAnAnswerIsLookedUp(t *testing.T) {
	stored := `{"_id":"1","name":"a","custom":{"x":1,"y":[2]}}`
	c := newClient(t, newServer(t, func(w http.ResponseWriter, q request, _ int) {
		if q.method == http.MethodGet {
			answerWith(w, 200, stored)
			return
		}
		answerWith(w, 200, `{}`)
	}))
	got, err := c.Company.Update(t.Context(), "1", Record(`{"name":"a","custom":{"y":[2],"x":1.0}}`))
	require.NoError(t, err)
	assert.JSONEq(t, stored, string(got))
	_, err = c.Company.Update(t.Context(), "1", Record(`{"name":"b"}`))
	assert.True(t, in(t, err).Uncertain, "the record has another name")
}

func TestAGetWithoutARecordIsNoAnswer(t *testing.T) {
	for _, body := range oddAnswers {
		s := newServer(t, always(200, body))
		_, err := newClient(t, s).Company.GetByID(t.Context(), "1")
		assert.Equal(t, KindServer, in(t, err).Kind, body)
		assert.Len(t, s.requests(), 5, "a read is repeated")
	}
	s := newServer(t, func(w http.ResponseWriter, _ request, n int) {
		answerWith(w, 200, []string{"", `{"_id":"1"}`}[min(n, 2)-1])
	})
	_, err := newClient(t, s).Company.GetByID(t.Context(), "1")
	assert.NoError(t, err)
}

func TestOddAnswersToDeletes(t *testing.T) {
	for body, fine := range map[string]bool{
		"": true, "{}": true, `{"_id":"1"}`: true, `"OK"`: true, `{"deletedCount":1}`: true,
		"null": false, "[]": false, `{"error":"no"}`: false, `{"statusCode":500}`: false, "<html></html>": false,
	} {
		s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
			if q.method == http.MethodGet {
				answerWith(w, 404, "")
				return
			}
			answerWith(w, 200, body)
		})
		_, err := newClient(t, s).Company.Delete(t.Context(), "1")
		if fine {
			assert.NoError(t, err, body)
			continue
		}
		assert.True(t, in(t, err).Uncertain, body)
	}
}

// An answer that says nothing about the record is checked.
func TestADeleteThatMayHaveDeletedNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		// deletes and gets are the statuses of the answers in turn; a 200 of a
		// delete says nothing.
		deletes, gets []int
		kind          Kind
		uncertain     bool
	}{
		{"gone", []int{200}, []int{404}, "", false},
		{"deleted by the second request", []int{200, 200}, []int{200, 404}, "", false},
		{"deleted by the first, late", []int{200, 404}, []int{200}, "", false},
		{"still there", []int{200, 200, 200, 200, 200}, []int{200, 200, 200, 200, 200}, KindServer, false},
		{"it can't be looked for", []int{200}, []int{403}, KindServer, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			deletes, gets := 0, 0
			s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
				if q.method == http.MethodGet {
					gets++
					answerWith(w, tt.gets[gets-1], `{"_id":"1"}`)
					return
				}
				deletes++
				answerWith(w, tt.deletes[deletes-1], "{}")
			})
			_, err := newClient(t, s).Company.Delete(t.Context(), "1")
			assert.Equal(t, []int{len(tt.deletes), len(tt.gets)}, []int{deletes, gets})
			assert.Equal(t, tt.kind, KindOf(err))
			if err != nil {
				assert.Equal(t, tt.uncertain, in(t, err).Uncertain)
			}
		})
	}
}

// A list of something else is not a list of records.
func TestListsOfSomethingElse(t *testing.T) {
	for _, body := range []string{`[[{"_id":"1"}]]`, `["1"]`, `[null]`, `[{"_id":"1"},{"error":"no"}]`, `[{"statusCode":500}]`} {
		s := newServer(t, always(200, body))
		list, err := newClient(t, s).Company.GetList(t.Context(), ListOptions{})
		assert.Equal(t, KindServer, KindOf(err), body)
		assert.Empty(t, list)
		assert.Len(t, s.requests(), 5, "a read is repeated")
	}
	list, err := newClient(t, newServer(t, always(200, `[{"name":"a"}]`))).Company.GetList(t.Context(), ListOptions{})
	assert.NoError(t, err)
	assert.Len(t, list, 1, "a record without an id is one")
}

func TestADeleteThatDeletedNothing(t *testing.T) {
	const none = `{"n":0,"ok":1,"deletedCount":0}`
	tally := new(Tally)
	c := newClient(t, newServer(t, always(200, none)), func(c *Config) { c.Observer = tally })
	_, err := c.Company.Delete(t.Context(), "1")
	e := in(t, err)
	assert.Equal(t, KindNotFound, e.Kind)
	assert.Equal(t, "/companies/1", e.Path)
	assert.Zero(t, tally.Snapshot().Deleted)

	s := newServer(t, func(w http.ResponseWriter, _ request, n int) {
		if n == 1 {
			cut(w)
			return
		}
		answerWith(w, 200, none)
	})
	_, err = newClient(t, s).Company.Delete(t.Context(), "1")
	assert.NoError(t, err, "the attempt whose answer was lost deleted it")
}

// A page from a proxy or a sign-in portal must not pass for a yes, least of all
// where Planhat's own answer is not documented.
func TestAnHTMLPageIsNoAnswer(t *testing.T) {
	page := "<!DOCTYPE html><html><title>Sign in " + tenantToken + "</title></html>"
	var log bytes.Buffer
	o := new(recorder)
	c := newClient(t, newServer(t, always(200, page)), func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Observer = o
	})
	fails := func(name string, err error, uncertain bool) {
		t.Helper()
		e := in(t, err)
		assert.Equal(t, KindServer, e.Kind, name)
		assert.Contains(t, e.Message, "the response is not JSON but an HTML page", name)
		assert.Equal(t, uncertain, e.Uncertain, name)
		assert.NotContains(t, e.Error(), tenantToken, name)
	}
	_, err := c.Company.Delete(t.Context(), "1")
	fails("delete", err, true)
	_, err = c.UserActivity.CreateActivity(t.Context(), Record(`{"email":"a@b.c"}`))
	fails("activity", err, true)
	_, err = c.TimeEntry.Duplicate(t.Context(), []string{"1"})
	fails("duplicate", err, true)
	_, err = c.Metrics.BulkInsertMetrics(t.Context(), []Record{Record(`{"dimensionId":"d","value":1,"externalId":"1"}`)}, BulkOptions{})
	fails("metrics", err, true)
	_, err = c.Company.GetList(t.Context(), ListOptions{})
	fails("list", err, false)

	assert.Contains(t, log.String(), "reason=")
	assert.NotContains(t, log.String(), tenantToken)
	for _, a := range o.attempts {
		assert.NotContains(t, a.RetryReason, tenantToken)
	}
}

// JavaScript writes half of a surrogate pair where a text was cut in an emoji.
func TestHalfACharacterDoesNotSpoilAnAnswer(t *testing.T) {
	s := newServer(t, always(200, `[{"_id":"1","n":9007199254740993.0,"name":"ok \ud83d\ude00"},{"_id":"2","name":"cut \ud83d"},{"_id":"3","name":"bad `+"\xff"+`"}]`))
	list, err := newClient(t, s).Company.GetList(t.Context(), ListOptions{})
	require.NoError(t, err)
	require.Len(t, list, 3)
	for i, want := range []string{"ok 😀", "cut \uFFFD", "bad \uFFFD"} {
		var record struct{ Name string }
		require.NoError(t, json.Unmarshal(list[i], &record))
		assert.Equal(t, want, record.Name)
	}
	assert.Contains(t, string(list[0]), "9007199254740993.0", "the rest stays as it is")

	s = newServer(t, always(400, `{"created":1,"insertsKeys":[{"_id":"1","externalId":"c1"}],"createdErrors":[{"externalId":"c2","message":"bad \ud83d"}]}`))
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
	require.NoError(t, err)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, "bad \uFFFD", result.Errors[0].Message)

	_, err = newClient(t, s).Company.Create(t.Context(), Record("{\"name\":\"caf\xe9\"}"))
	assert.Contains(t, in(t, err).Message, "contains text that is not UTF-8")
}

func TestErrorsSayHowLongToWait(t *testing.T) {
	for _, status := range []int{429, 503} {
		s := newServer(t, func(w http.ResponseWriter, _ request, _ int) {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(status)
		})
		_, err := newClient(t, s).Company.GetByID(t.Context(), "1")
		e := in(t, err)
		assert.Contains(t, e.Message, "asks to wait 24h0m0s")
		assert.Contains(t, e.Hint, "after that time")
		assert.Len(t, s.requests(), 1, "a pause beyond MaxElapsed is not waited for")
	}

	s := newServer(t, always(200, `{"_id":"1"}`))
	c := newClient(t, s)
	require.NoError(t, c.Limiter().Block(t.Context(), time.Hour))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := c.Company.Create(ctx, Record(`{"name":"a"}`))
	e := in(t, err)
	assert.Equal(t, KindTimeout, e.Kind)
	assert.Contains(t, e.Message, "while waiting for quota")
	assert.False(t, e.Uncertain)
	assert.Empty(t, s.requests())
}

func TestATokenThatBeginsLikeAnother(t *testing.T) {
	r := NewRedactor("abcdefgh", "abcdefgh-and-more")
	assert.Equal(t, "[redacted] [redacted]", r.Text("abcdefgh-and-more abcdefgh"))
}

func TestAnswersAboutMetrics(t *testing.T) {
	rows := []Record{
		Record(`{"dimensionId":"d","value":1,"externalId":"a-1"}`), Record(`{"dimensionId":"d","value":2,"externalId":"b-1"}`),
	}
	for _, tt := range []struct {
		status  int
		body    string
		created int
		// errors are the messages of the rejected rows by their position.
		errors map[int]string
		kind   Kind
	}{
		{200, `{"processed":2,"errors":[]}`, 2, nil, ""},
		{200, `{"processed":"2"}`, 2, nil, ""},
		{200, `ok`, 0, map[int]string{0: "can't be read", 1: "can't be read"}, KindServer},
		{200, ``, 0, map[int]string{0: "incomplete", 1: "incomplete"}, KindNetwork},
		{200, `{}`, 0, map[int]string{0: "how many", 1: "how many"}, KindServer},
		{200, `{"processed":3}`, 0, map[int]string{0: "counts 3 rows", 1: "counts 3 rows"}, KindServer},
		{200, `[{"ok":true},{"error":"no such dimension"}]`, 1, map[int]string{1: "no such dimension"}, ""},
		{200, `{"processed":1,"errors":[{"externalId":"b-1","message":"unknown"}]}`, 1, map[int]string{1: "unknown"}, ""},
		{200, `{"processed":0,"errors":[]}`, 0, map[int]string{0: "did not process", 1: "did not process"}, ""},
		{200, `{"error":"no such tenant"}`, 0, map[int]string{0: "no such tenant", 1: "no such tenant"}, KindServer},
		{400, `{"processed":1,"errors":[{"externalId":"b-1","message":"unknown"}]}`, 1, map[int]string{1: "unknown"}, ""},
		{400, `{"errors":[{"index":1,"message":"no value"}]}`, 0, map[int]string{0: "rejected the request", 1: "no value"}, ""},
		{400, `{"errors":["bad JSON"]}`, 0, map[int]string{0: "bad JSON", 1: "bad JSON"}, KindValidation},
		{403, `no`, 0, map[int]string{0: "no", 1: "no"}, KindPermission},
	} {
		s := newServer(t, always(tt.status, tt.body))
		result, err := newClient(t, s).Metrics.BulkInsertMetrics(t.Context(), rows, BulkOptions{})
		assert.Equal(t, tt.kind, KindOf(err), tt.body)
		assert.Equal(t, tt.created, result.Created, tt.body)
		require.Len(t, result.Errors, len(tt.errors), tt.body)
		for _, e := range result.Errors {
			assert.Contains(t, e.Message, tt.errors[e.Index], tt.body)
			assert.NotEmpty(t, tt.errors[e.Index], tt.body)
		}
		assert.Len(t, s.requests(), 1)
	}
}

func TestARefusalThatListsErrorsInItsOwnWay(t *testing.T) {
	s := newServer(t, always(400, `{"message":"invalid","errors":[{"index":1,"message":"name is missing"}]}`))
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
	require.NoError(t, err)
	require.Len(t, result.Errors, 2)
	assert.Contains(t, result.Errors[0].Message, "rejected the request with this row")
	assert.Equal(t, "name is missing", result.Errors[1].Message)
}

func TestRecordsOfAnything(t *testing.T) {
	rows, err := Records([]any{struct {
		A int `json:"a"`
	}{1}, map[string]string{"b": "x"}, Record(`{"c":1}`)})
	require.NoError(t, err)
	assert.Equal(t, []string{`{"a":1}`, `{"b":"x"}`, `{"c":1}`}, asStrings(rows))
	_, err = Records([]any{map[string]int{}, "text"})
	e := in(t, err)
	assert.Equal(t, KindValidation, e.Kind)
	assert.Equal(t, "row 2 must be an object, not text", e.Message)
}

func TestABulkRefusalThatBreaksOff(t *testing.T) {
	const whole = `{"created":1,"insertsKeys":[{"_id":"1","externalId":"c1"}],"createdErrors":[{"externalId":"c2","message":"no"}]}`
	s := newServer(t, func(w http.ResponseWriter, _ request, n int) {
		if n == 1 {
			w.Header().Set("Content-Length", "120")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(whole[:40]))
			return
		}
		answerWith(w, 400, whole)
	})
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Created)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, 1, result.Errors[0].Index)
}

// Counts that can't be read say nothing about the rows: none is blamed, and those
// that may be stored are uncertain.
func TestCountsThatCannotBeRead(t *testing.T) {
	rows := []Record{Record(`{"name":"a","externalId":"1"}`), Record(`{"name":"b","externalId":"2"}`)}
	for _, body := range []string{`{"created":1e300}`, `{"created":"two"}`, `{"created":null}`, `{"created":true}`, `{"created":2.5}`, `{"created":-2}`, `{"created":2,"updated":{}}`} {
		c := newClient(t, newServer(t, always(200, body)))
		got, err := c.Company.BulkUpsert(t.Context(), rows, BulkOptions{})
		assert.Equal(t, KindServer, KindOf(err), body)
		require.Len(t, got.Errors, 2, body)
		for _, e := range got.Errors {
			assert.True(t, e.Uncertain, body)
		}
	}
	c := newClient(t, newServer(t, always(200, `{"insertsKeys":[{"_id":"x","externalId":"1"},{"_id":"y","externalId":"2"}]}`)))
	got, err := c.Company.BulkUpsert(t.Context(), rows, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 2, got.Created)
	assert.Empty(t, got.Errors)
}
