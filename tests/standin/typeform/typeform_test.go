package typeform_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/typeform"
)

type account struct {
	*typeform.Server
	t    *testing.T
	url  string
	form string
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{Server: typeform.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC))), t: t}
	web := httptest.NewServer(a)
	t.Cleanup(web.Close)
	a.url, a.form = web.URL, a.Survey()
	a.Limited(false)
	return a
}

func (a *account) get(path, token string) (int, map[string]any) {
	a.t.Helper()
	request, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.url+"/forms/"+path, http.NoBody)
	require.NoError(a.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(a.t, err)
	defer func() { _ = answer.Body.Close() }()
	var body map[string]any
	require.NoError(a.t, json.NewDecoder(answer.Body).Decode(&body))
	return answer.StatusCode, body
}

// tokens returns the tokens of a page, and the total.
func (a *account) tokens(query string) ([]string, any) {
	a.t.Helper()
	status, body := a.get(a.form+"/responses?"+query, typeform.Token)
	require.Equal(a.t, 200, status, body)
	tokens := []string{}
	for _, item := range body["items"].([]any) {
		tokens = append(tokens, item.(map[string]any)["token"].(string))
	}
	return tokens, body["total_items"]
}

func TestPages(t *testing.T) {
	a := newAccount(t)
	var ids []string
	for range 5 {
		ids = append(ids, a.Submit(a.form, typeform.Response{}))
		a.Clock.Advance(time.Second)
	}
	first, total := a.tokens("page_size=2")
	assert.Equal(t, []string{ids[4], ids[3]}, first)
	assert.EqualValues(t, 5, total)
	second, total := a.tokens("page_size=2&before=" + ids[3])
	assert.Equal(t, []string{ids[2], ids[1]}, second)
	assert.EqualValues(t, 3, total)
	// Also for the last response of a page that was submitted again meanwhile.
	a.Resubmit(ids[1], nil)
	last, _ := a.tokens("page_size=2&before=" + ids[1])
	assert.Equal(t, ids[:1], last)
	newest, _ := a.tokens("page_size=1")
	assert.Equal(t, ids[1:2], newest)

	// A token that is not known is refused, or ignored.
	a.Delete(ids[3])
	status, _ := a.get(a.form+"/responses?before="+ids[3], typeform.Token)
	assert.Equal(t, 400, status)
	a.Forget()
	again, _ := a.tokens("before=" + ids[3])
	assert.Len(t, again, 4)
}

func TestTimesAreInclusive(t *testing.T) {
	a := newAccount(t)
	id := a.SubmitAt(a.Clock.Now().Add(300*time.Millisecond), a.form, typeform.Response{})
	at := a.Clock.Now().Unix()
	a.Clock.Advance(time.Minute)
	for query, found := range map[string]int{
		"since=" + strconv.FormatInt(at, 10): 1, "since=" + strconv.FormatInt(at+1, 10): 0, "until=" + strconv.FormatInt(at, 10): 1,
		"until=2026-11-20T07:59:59": 0, "since=2026-11-20T08:00:00": 1,
	} {
		tokens, _ := a.tokens(query)
		assert.Len(t, tokens, found, query)
	}
	_, body := a.get(a.form+"/responses", typeform.Token)
	item := body["items"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{id, "2026-11-20T08:00:00Z", "completed"}, []any{item["token"], item["submitted_at"], item["response_type"]})
}

func TestTypesAndLateResponses(t *testing.T) {
	a := newAccount(t)
	partial := a.Submit(a.form, typeform.Response{Type: "partial"})
	tokens, _ := a.tokens("")
	assert.Empty(t, tokens)
	tokens, _ = a.tokens("response_type=started,partial")
	assert.Equal(t, []string{partial}, tokens)
	a.Complete(partial)
	tokens, _ = a.tokens("")
	assert.Equal(t, []string{partial}, tokens)
	a.Late(30 * time.Minute)
	a.Submit(a.form, typeform.Response{})
	a.Clock.Advance(29 * time.Minute)
	tokens, _ = a.tokens("")
	assert.Len(t, tokens, 1)
	a.Clock.Advance(time.Minute)
	tokens, _ = a.tokens("")
	assert.Len(t, tokens, 2)
}

func TestAnswers(t *testing.T) {
	a := newAccount(t)
	a.Submit(a.form, typeform.Response{Answers: typeform.Body{"nps": 9, "mail": "kim@northwind.example"}, Hidden: typeform.Body{"company_id": "ext-42"}})
	_, body := a.get(a.form+"/responses", typeform.Token)
	item := body["items"].([]any)[0].(map[string]any)
	assert.Equal(t, map[string]any{"company_id": "ext-42"}, item["hidden"])
	answers := item["answers"].([]any)
	require.Len(t, answers, 2, "what was not answered is left out")
	assert.Equal(t, map[string]any{"field": map[string]any{"id": a.form + "q2", "ref": "nps", "type": "nps"}, "type": "number", "number": 9.0}, answers[0])
	assert.Equal(t, "kim@northwind.example", answers[1].(map[string]any)["email"], "also in a group")
	_, body = a.get(a.form, typeform.Token)
	assert.Equal(t, []any{"email", "company_id"}, body["hidden"])
	group := body["fields"].([]any)[3].(map[string]any)["properties"].(map[string]any)["fields"].([]any)
	assert.Equal(t, "mail", group[0].(map[string]any)["ref"])
}

func TestRefusals(t *testing.T) {
	a := newAccount(t)
	for path, want := range map[string]int{
		"other": 404, "other/responses": 404, a.form + "/responses?page_size=1001": 400, a.form + "/responses?since=yesterday": 400,
		a.form + "/responses?sort=submitted_at,asc&before=x": 400,
	} {
		status, body := a.get(path, typeform.Token)
		assert.Equal(t, want, status, path)
		assert.NotEmpty(t, body["code"])
	}
	status, body := a.get(a.form, "other")
	assert.Equal(t, []any{403, "AUTHENTICATION_FAILED"}, []any{status, body["code"]})
	a.Limited(true)
	for range 3 {
		status, _ = a.get(a.form, typeform.Token)
	}
	assert.Equal(t, 429, status)
	a.Clock.Advance(time.Second)
	status, _ = a.get(a.form, typeform.Token)
	assert.Equal(t, 200, status)
}
