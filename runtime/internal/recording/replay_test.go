package recording

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
)

func TestUnmatchedRequestsNameTheNearest(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	s.send("GET", "/companies?limit=100&offset=0", "", "")
	s.send("PUT", "/companies", "application/json", `[{"externalId":"a","name":"Acme","custom":{"Tier":"A"}}]`)
	s.send("GET", "/users/1", "", "")
	s.write(&Masks{})
	for _, c := range []struct{ method, path, body, message, hint string }{
		{"GET", "/companies?limit=200&offset=0", "", "r.jsonl has no GET URL/companies?limit=200&offset=0", `the nearest is line 2, GET URL/companies?limit=100&offset=0, where parameter limit is "100", not "200"; if you have changed the script, record`},
		{"GET", "/companies?limit=100", "", "", `where parameter offset is "0", and the script sent none`},
		{"PUT", "/companies", `[{"externalId":"a","name":"Bolt","custom":{"Tier":"A"}}]`, "", `line 3, PUT URL/companies, where body[0].name is "Acme", not "Bolt"`},
		{"PUT", "/companies", `[{"externalId":"a","name":"Acme","custom":{"Tier":2}}]`, "", `body[0].custom.Tier is "A", not 2`},
		{"PUT", "/companies", `[]`, "", `body has 1 entries, not 0`},
		{"PUT", "/companies", `[{"externalId":"a","name":"Acme","custom":{"Tier":"A"},"x":1}]`, "", `there is no body[0].x, and the script sent 1`},
		{"DELETE", "/users/1", "", "", `line 4, GET URL/users/1, where the method is GET, not DELETE`},
		{"GET", "/users/2", "", "", `the path is /users/1, not /users/2`},
	} {
		r, client := s.replay(&Masks{})
		kind := ""
		if c.body != "" {
			kind = "application/json"
		}
		_, _, err := send(t, client, c.method, s.server.URL+c.path, kind, c.body)
		missed, ok := errors.AsType[*planhat.Error](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, planhat.KindConfig, missed.Kind)
		assert.Contains(t, missed.Message, strings.ReplaceAll(c.message, "URL", s.server.URL))
		assert.Contains(t, missed.Hint, strings.ReplaceAll(c.hint, "URL", s.server.URL))
		assert.Equal(t, missed, r.Missed())
		assert.Len(t, r.Unused(), 3)
	}
	r, client := s.replay(&Masks{})
	_, _, err := send(t, client, "GET", s.server.URL+"/users/1", "", "")
	require.NoError(t, err)
	_, _, err = send(t, client, "GET", s.server.URL+"/users/1", "", "")
	assert.ErrorContains(t, err, "r.jsonl has GET "+s.server.URL+"/users/1 once, and the script sent it once more")
	assert.Len(t, r.Unused(), 2)
}

func TestRequestsInAnyOrderAtOnce(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Query().Get("i"))) })
	const each, rounds = 20, 3
	all := func(client *http.Client) {
		var wait sync.WaitGroup
		for i := range each * rounds {
			wait.Go(func() {
				n := fmt.Sprint(i % each)
				_, answer, err := send(t, client, "GET", s.server.URL+"/x?i="+n, "", "")
				assert.NoError(t, err)
				assert.Equal(t, n, answer)
			})
		}
		wait.Wait()
	}
	all(s.client)
	s.write(&Masks{})
	r, client := s.replay(&Masks{})
	all(client)
	assert.Empty(t, r.Unused())
}

func TestAttemptsThatWereRepeatedAreLeftOut(t *testing.T) {
	calls := 0
	s := begin(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		if r.URL.Path == "/down" || calls < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = fmt.Fprint(w, calls)
	})
	for range 4 {
		s.send("GET", "/up", "", "")
	}
	for range 2 {
		s.send("GET", "/down", "", "")
	}
	s.write(&Masks{})
	r, client := s.replay(&Masks{})
	for _, want := range []string{"3", "4"} {
		_, answer, err := send(t, client, "GET", s.server.URL+"/up", "", "")
		require.NoError(t, err)
		assert.Equal(t, want, answer)
	}
	for range 5 { // a client that tries again finds it as it was
		status, _, err := send(t, client, "GET", s.server.URL+"/down", "", "")
		require.NoError(t, err)
		assert.Equal(t, http.StatusServiceUnavailable, status)
	}
	assert.Empty(t, r.Unused())
}

func TestTimesAreThoseOfTheRun(t *testing.T) {
	then := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	now := time.Date(2026, 3, 2, 23, 59, 59, 0, time.UTC)
	r := NewReplay(&File{Header: Header{Start: then, Took: 3}}, "r", &Masks{}, func() time.Time { return now })
	for _, c := range []struct {
		recorded, asked string
		want            bool
	}{
		{"2026-01-15T09:00:02.120Z", "2026-03-02T23:59:59Z", true},
		{"2026-01-14T09:00:00Z", "2026-03-01T23:59:58Z", true},
		{"2026-01-14T09:00:00Z", "2026-03-02T23:59:58Z", false},
		{"2026-01-15", "2026-03-02", true},
		{"2026-01-08", "2026-02-23", true},
		{"2026-01-08", "2026-02-24", false},
		{"2026-01-15", "2026-03-02T00:00:00Z", false},
		{"1768467600", "1772495999", true},
		{"1768467600000", "1772495999500", true},
		{"1768467600", "1772399999", false},
		{"17", "18", false},
		{"then", "now", false},
	} {
		assert.Equal(t, c.want, r.sameTime(c.recorded, c.asked), "%s, %s", c.recorded, c.asked)
	}
	assert.False(t, NewReplay(&File{}, "r", &Masks{}, time.Now).sameTime("2026-01-15", "2026-03-02"), "nothing says when it was recorded")
}

func TestTokensThatWereNotRecorded(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	s.send("GET", "/x", "", "")
	s.write(&Masks{})
	r, client := s.replay(&Masks{})
	_, answer, err := send(t, client, "POST", s.server.URL+"/token", formType, "grant_type=refresh_token&refresh_token=abc")
	require.NoError(t, err)
	assert.Contains(t, answer, `"access_token":"replayed-access-token"`)
	assert.NoError(t, r.Missed())
	_, _, err = send(t, client, "POST", s.server.URL+"/form", formType, "a=b")
	assert.Error(t, err)
}

func TestIdsThatAreNamedTokensStayDistinct(t *testing.T) {
	s := begin(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"items":[{"token":"first-response-1"},{"token":"second-response"},{"token":"first-response-1"}]}`))
	})
	s.send("GET", "/x", "", "")
	s.send("PUT", "/y", "application/json", `[{"id":"tf-first-response-1"},{"id":"tf-second-response"}]`)
	assert.Contains(t, s.write(&Masks{}), `{"items":[{"token":"[redacted:1]"},{"token":"[redacted:2]"},{"token":"[redacted:1]"}]}`)
	_, client := s.replay(&Masks{})
	_, _, err := send(t, client, "PUT", s.server.URL+"/y", "application/json", `[{"id":"tf-[redacted:1]"},{"id":"tf-[redacted:2]"}]`)
	require.NoError(t, err)
}
