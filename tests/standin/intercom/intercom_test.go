package intercom_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/intercom"
)

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// ask sends a request with the token, and returns the status and the value.
func ask(t *testing.T, vendor http.Handler, method, path, body string) (int, intercom.Body) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+intercom.Token)
	w := httptest.NewRecorder()
	vendor.ServeHTTP(w, r)
	var value intercom.Body
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &value), w.Body.String())
	return w.Code, value
}

// found are the ids of a search of contacts or conversations.
func found(t *testing.T, vendor http.Handler, kind, query string) (ids []string, next string) {
	t.Helper()
	status, value := ask(t, vendor, "POST", "/"+kind+"/search", query)
	require.Equal(t, 200, status, value)
	list, _ := value["data"].([]any)
	if kind == intercom.Conversations {
		list, _ = value["conversations"].([]any)
	}
	for _, item := range list {
		ids = append(ids, item.(intercom.Body)["id"].(string))
	}
	if after, ok := value["pages"].(intercom.Body)["next"].(intercom.Body); ok {
		next = after["starting_after"].(string)
	}
	return ids, next
}

func code(value intercom.Body) any { return value["errors"].([]any)[0].(intercom.Body)["code"] }

func TestSearchComparesDaysOfContacts(t *testing.T) {
	vendor := intercom.New(standin.NewClock(start))
	today := vendor.Add(intercom.Contacts, nil)
	yesterday := vendor.AddAt(intercom.Contacts, start.AddDate(0, 0, -1), nil)
	talk := vendor.Add(intercom.Conversations, nil)
	since := func(at time.Time) string {
		return fmt.Sprintf(`{"query":{"operator":"AND","value":[{"field":"updated_at","operator":">","value":%d}]},"sort":{"field":"updated_at","order":"ascending"}}`, at.Unix())
	}
	ids, _ := found(t, vendor, intercom.Contacts, since(start.Add(-time.Hour)))
	assert.Empty(t, ids, "the day after today")
	ids, _ = found(t, vendor, intercom.Contacts, since(start.AddDate(0, 0, -2)))
	assert.Equal(t, []string{yesterday, today}, ids)
	ids, _ = found(t, vendor, intercom.Conversations, since(start.Add(-time.Second)))
	assert.Equal(t, []string{talk}, ids)
	ids, _ = found(t, vendor, intercom.Conversations, since(start))
	assert.Empty(t, ids)

	// Eight in the morning is another day in a zone that is nine hours behind.
	zone := time.FixedZone("west", -9*3600)
	vendor.Configure(func(s *intercom.Settings) { s.Zone = zone })
	ids, _ = found(t, vendor, intercom.Contacts, since(start.Add(-9*time.Hour)))
	assert.Empty(t, ids)
	ids, _ = found(t, vendor, intercom.Contacts, since(start.Add(-25*time.Hour)))
	assert.Equal(t, []string{today}, ids)

	status, value := ask(t, vendor, "POST", "/contacts/search", `{"query":{"field":"updated_at","operator":">=","value":1}}`)
	assert.Equal(t, 400, status, value)
	status, value = ask(t, vendor, "POST", "/contacts/search", `{"query":{"field":"updated_at","operator":">","value":1},"sort":{"field":"updated_at","order":"desc"}}`)
	assert.Equal(t, 400, status)
	assert.Equal(t, "invalid_sort_order", code(value))
}

func TestSearchHasPages(t *testing.T) {
	vendor := intercom.New(standin.NewClock(start))
	want := map[string]bool{}
	for range 7 {
		want[vendor.Add(intercom.Contacts, nil)] = true
	}
	query := func(after string) string {
		return `{"query":{"field":"created_at","operator":">","value":0},"sort":{"field":"created_at","order":"ascending"},"pagination":{"per_page":3,"starting_after":"` + after + `"}}`
	}
	next, pages := "", 0
	for pages == 0 || next != "" {
		var ids []string
		ids, next = found(t, vendor, intercom.Contacts, query(next))
		for _, id := range ids {
			require.True(t, want[id], "each once")
			delete(want, id)
		}
		pages++
	}
	assert.Empty(t, want)
	assert.Equal(t, 3, pages)
}

func TestScroll(t *testing.T) {
	clock := standin.NewClock(start)
	vendor := intercom.New(clock)
	vendor.Configure(func(s *intercom.Settings) { s.CompanyPage = 2 })
	for range 3 {
		vendor.Add(intercom.Companies, nil)
	}
	idle := vendor.Add(intercom.Companies, intercom.Body{"user_count": 0})
	_, first := ask(t, vendor, "GET", "/companies/scroll", "")
	assert.Len(t, first["data"], 2)
	status, value := ask(t, vendor, "GET", "/companies/scroll", "")
	assert.Equal(t, 400, status)
	assert.Equal(t, "scroll_exists", code(value))
	again := "/companies/scroll?scroll_param=" + first["scroll_param"].(string)
	_, second := ask(t, vendor, "GET", again, "")
	assert.Len(t, second["data"], 1, "a company without users is not there")
	_, last := ask(t, vendor, "GET", again, "")
	assert.Empty(t, last["data"])
	status, value = ask(t, vendor, "GET", again, "")
	assert.Equal(t, 404, status)
	assert.Equal(t, "not_found", code(value))
	status, _ = ask(t, vendor, "GET", "/companies/"+idle, "")
	assert.Equal(t, 200, status)

	_, first = ask(t, vendor, "GET", "/companies/scroll", "")
	clock.Advance(time.Minute)
	status, _ = ask(t, vendor, "GET", "/companies/scroll?scroll_param="+first["scroll_param"].(string), "")
	assert.Equal(t, 404, status, "it has expired")
	status, _ = ask(t, vendor, "GET", "/companies/scroll", "")
	assert.Equal(t, 200, status)
}

func TestListOfCompanies(t *testing.T) {
	vendor := intercom.New(standin.NewClock(start))
	for i := range 3 {
		vendor.Add(intercom.Companies, intercom.Body{"user_count": i})
	}
	_, value := ask(t, vendor, "POST", "/companies/list?per_page=1", "")
	assert.Len(t, value["data"], 1)
	assert.NotNil(t, value["pages"].(intercom.Body)["next"])
	_, value = ask(t, vendor, "POST", "/companies/list", "")
	assert.Len(t, value["data"], 2, "a company without users is not there")
	status, _ := ask(t, vendor, "GET", "/companies/scroll", "")
	assert.Equal(t, 200, status, "a list opens no scroll")
}

func TestDeletedConversations(t *testing.T) {
	clock := standin.NewClock(start)
	vendor := intercom.New(clock)
	var ids []string
	for range 3 {
		id := vendor.Add(intercom.Conversations, nil)
		clock.Advance(time.Second)
		vendor.Delete(intercom.Conversations, id)
		ids = append(ids, id)
	}
	_, value := ask(t, vendor, "GET", "/conversations/deleted?per_page=2", "")
	list := value["conversations"].([]any)
	require.Len(t, list, 2)
	assert.Equal(t, ids[2], list[0].(intercom.Body)["id"], "the latest one first")
	assert.NotNil(t, value["pages"].(intercom.Body)["next"])
	_, value = ask(t, vendor, "GET", "/conversations/deleted?per_page=2&page=2", "")
	assert.Len(t, value["conversations"], 1)
	assert.Nil(t, value["pages"].(intercom.Body)["next"])
}

func TestLimitsAndErrors(t *testing.T) {
	clock := standin.NewClock(start)
	vendor := intercom.New(clock)
	vendor.Configure(func(s *intercom.Settings) { s.PerWindow = 1 })
	r := httptest.NewRequest(http.MethodGet, "/admins", nil)
	w := httptest.NewRecorder()
	vendor.ServeHTTP(w, r)
	assert.Equal(t, 401, w.Code)
	assert.Contains(t, w.Body.String(), `"code":"unauthorized"`)
	r.Header.Set("Authorization", "Bearer "+intercom.Token)
	for _, want := range []int{200, 429} {
		w = httptest.NewRecorder()
		vendor.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code)
		assert.Equal(t, fmt.Sprint(start.Add(10*time.Second).Unix()), w.Header().Get("X-RateLimit-Reset"))
	}
	assert.Contains(t, w.Body.String(), "Exceeded rate limit of 1 in 10_seconds")
	clock.Advance(10 * time.Second)
	r.Header.Set("Intercom-Version", "1.0")
	w = httptest.NewRecorder()
	vendor.ServeHTTP(w, r)
	assert.Equal(t, 400, w.Code)
	assert.Contains(t, w.Body.String(), "intercom_version_invalid")
}
