package conformance

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

func specifications() string {
	if folder := os.Getenv("PHSCRIPT_VENDOR_SPECS"); folder != "" {
		return folder
	}
	return filepath.FromSlash("../../../shared/vendor-specs")
}

func checker(t *testing.T, vendor string) *Checker {
	t.Helper()
	c, err := NewChecker(vendor, specifications())
	require.NoError(t, err)
	return c
}

func check(t *testing.T, c *Checker, e standin.Exchange) {
	t.Helper()
	problems, err := c.Check(e)
	require.NoError(t, err)
	for _, p := range problems {
		t.Errorf("%s: %s\nrequest: %.500s\nanswer: %.500s", p.Part, p.Text, e.Body, e.AnswerBody)
	}
}

// exchange sends a request to a handler. A body is JSON, or a form if it starts
// with a name.
func exchange(t *testing.T, handler http.Handler, token, method, target, body string) standin.Exchange {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return standin.Exchange{
		Method: method, URL: target, ContentType: r.Header.Get("Content-Type"), Body: body,
		Status: w.Code, AnswerType: w.Header().Get("Content-Type"), AnswerBody: w.Body.String(),
	}
}

func TestHubSpotStandIn(t *testing.T) {
	vendor := hubspot.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 117_000_000, time.UTC)))
	vendor.Configure(func(s *hubspot.Settings) { s.Search, s.AssociationPage = 0, 1 })
	vendor.Fill(hubspot.Sizes{Companies: 30, Contacts: 20, Deals: 12, Tickets: 12, Owners: 5})
	company, archived := vendor.Records("companies")[0].ID, vendor.Records("companies")[1].ID
	vendor.Archive("companies", archived)
	first, ninth := vendor.Records("contacts")[7].ID, vendor.Records("contacts")[9].ID
	form := func(token string) string {
		return url.Values{"grant_type": {"refresh_token"}, "client_id": {hubspot.ClientID}, "client_secret": {hubspot.ClientSecret}, "refresh_token": {token}, "redirect_uri": {"http://localhost:8976/callback"}}.Encode()
	}
	c := checker(t, "hubspot")
	for _, send := range []struct {
		method, url, body string
		status            int
	}{
		{"GET", "/crm/objects/2026-09/companies?limit=10&properties=name&properties=domain&archived=false", "", 200},
		{"GET", "/crm/objects/2026-09/companies?archived=true", "", 200},
		{"GET", "/crm/objects/2026-09/contacts?limit=100&associations=companies&properties=email,phone", "", 200},
		{"GET", "/crm/objects/2026-09/deals?limit=2", "", 200},
		{"GET", "/crm/objects/2026-09/tickets?limit=2", "", 200},
		{"GET", "/crm/objects/2026-09/companies?limit=101", "", 400},
		{"GET", "/crm/objects/2026-09/companies/" + company, "", 200},
		{"GET", "/crm/objects/2026-09/companies/1", "", 404},
		{"POST", "/crm/objects/2026-09/companies/search", `{"limit":200,"after":"","query":"","properties":["name"],"sorts":["hs_object_id"],"filterGroups":[{"filters":[{"propertyName":"hs_lastmodifieddate","operator":"BETWEEN","value":"0","highValue":"1795600000000"},{"propertyName":"hs_object_id","operator":"GT","value":"0"}]}]}`, 200},
		{"POST", "/crm/objects/2026-09/tickets/search", `{"limit":5,"sorts":[{"propertyName":"createdate","direction":"DESCENDING"}]}`, 200},
		{"POST", "/crm/objects/2026-09/contacts/search", `{"limit":5,"after":"9999"}`, 400},
		{"POST", "/crm/objects/2026-09/companies/batch/read", `{"inputs":[{"id":"` + company + `"},{"id":"1"}],"properties":["name"],"propertiesWithHistory":[]}`, 207},
		{"POST", "/crm/objects/2026-09/companies/batch/read", `{"inputs":[{"id":"` + company + `"}],"properties":[],"propertiesWithHistory":[]}`, 200},
		{"POST", "/crm/objects/2026-09/companies", `{"properties":{"name":"New"}}`, 201},
		{"POST", "/crm/objects/2026-09/companies", `{"properties":{"name":"New"},"associations":[]}`, 201},
		{"PATCH", "/crm/objects/2026-09/companies/" + company, `{"properties":{"health":"7.5","city":""}}`, 200},
		{"PATCH", "/crm/objects/2026-09/companies/" + company, `{"properties":{"nothing":"x"}}`, 400},
		{"POST", "/crm/objects/2026-09/companies/batch/update", `{"inputs":[{"id":"` + company + `","properties":{"health":"8"}}]}`, 200},
		{"POST", "/crm/objects/2026-09/companies/batch/create", `{"inputs":[{"properties":{"name":"A"},"associations":[]}]}`, 201},
		{"POST", "/crm/objects/2026-09/companies/batch/archive", `{"inputs":[{"id":"` + company + `"}]}`, 204},
		{"DELETE", "/crm/objects/2026-09/companies/" + company, "", 204},
		{"POST", "/crm/associations/2026-09/contacts/companies/batch/read", `{"inputs":[{"id":"` + first + `"}]}`, 200},
		{"POST", "/crm/associations/2026-09/contacts/companies/batch/read", `{"inputs":[{"id":"` + first + `"},{"id":"` + ninth + `"},{"id":"1"}]}`, 207},
		{"GET", "/crm/owners/2026-09?limit=2&archived=false", "", 200},
		{"GET", "/crm/properties/2026-09/companies?archived=false", "", 200},
		{"GET", "/crm/properties/2026-09/companies/name", "", 200},
		{"GET", "/crm/pipelines/2026-09/deals", "", 200},
		{"GET", "/crm/pipelines/2026-09/tickets/0", "", 200},
		{"GET", "/crm/pipelines/2026-09/tickets/0/stages", "", 200},
		{"POST", "/oauth/2026-09/token", form(vendor.Install().Refresh), 200},
		{"POST", "/oauth/2026-09/token", form("unknown"), 400},
		{"POST", "/oauth/2026-09/token/introspect", "token=x", 200},
	} {
		e := exchange(t, vendor, hubspot.ServiceKey, send.method, send.url, send.body)
		assert.Equal(t, send.status, e.Status, "%s %s: %s", send.method, send.url, e.AnswerBody)
		check(t, c, e)
	}
	assert.Equal(t, 401, exchange(t, vendor, "", "GET", "/crm/objects/2026-09/deals", "").Status)
	check(t, c, exchange(t, vendor, "", "GET", "/crm/objects/2026-09/deals", ""))
	vendor.Configure(func(s *hubspot.Settings) { s.Burst = 1 })
	check(t, c, exchange(t, vendor, hubspot.ServiceKey, "GET", "/crm/objects/2026-09/deals", ""))
	vendor.Configure(func(s *hubspot.Settings) { s.Burst, s.Scopes = 0, []string{} })
	check(t, c, exchange(t, vendor, hubspot.ServiceKey, "GET", "/crm/objects/2026-09/deals", ""))

	for _, d := range c.Unused() {
		t.Errorf("remove the deviation %s %s: nothing needs it", d.Path, d.Text)
	}
	for _, path := range c.Unchecked() {
		assert.Contains(t, path, "/crm/owners/", "no specification describes it")
	}
}

// TestProblemsAreFound shows that the comparison notices mistakes.
func TestProblemsAreFound(t *testing.T) {
	c := checker(t, "hubspot")
	good := standin.Exchange{
		Method: "POST", URL: "/crm/objects/2026-09/deals/search", ContentType: "application/json", Body: `{"limit":5}`,
		Status: 200, AnswerType: "application/json", AnswerBody: `{"total":0,"results":[]}`,
	}
	check(t, c, good)
	for name, change := range map[string]func(*standin.Exchange){
		"limit is text":    func(e *standin.Exchange) { e.Body = `{"limit":"5"}` },
		"unknown field":    func(e *standin.Exchange) { e.Body = `{"limit":5,"sort":[]}` },
		"sort is misspelt": func(e *standin.Exchange) { e.Body = `{"sorts":[{"property":"name"}]}` },
		"no content type":  func(e *standin.Exchange) { e.ContentType = "" },
		"total is missing": func(e *standin.Exchange) { e.AnswerBody = `{"results":[]}` },
		"id is a number": func(e *standin.Exchange) {
			e.AnswerBody = `{"total":1,"results":[{"id":1,"properties":{},"archived":false,"createdAt":"2026-11-20T08:00:00Z","updatedAt":"2026-11-20T08:00:00Z"}]}`
		},
		"value is a number": func(e *standin.Exchange) {
			e.AnswerBody = `{"total":1,"results":[{"id":"1","properties":{"amount":1},"archived":false,"createdAt":"2026-11-20T08:00:00Z","updatedAt":"2026-11-20T08:00:00Z"}]}`
		},
		"undeclared in answer": func(e *standin.Exchange) { e.AnswerBody = `{"total":0,"results":[],"count":0}` },
		"unknown path":         func(e *standin.Exchange) { e.URL = "/crm/objects/2026-09/deals/find" },
		"unknown parameter": func(e *standin.Exchange) {
			e.Method, e.URL, e.Body, e.ContentType = "GET", "/crm/objects/2026-09/deals?limit=5&offset=3", "", ""
			e.AnswerBody = `{"results":[]}`
		},
	} {
		e := good
		change(&e)
		problems, err := c.Check(e)
		require.NoError(t, err)
		assert.NotEmpty(t, problems, name)
	}
}

// TestRecordings compares what tests of connectors have recorded, if anything.
func TestRecordings(t *testing.T) {
	folder := os.Getenv(standin.Exchanges)
	for name := range vendors {
		c := checker(t, name)
		files, err := filepath.Glob(filepath.Join(folder, name+"-*.jsonl"))
		require.NoError(t, err)
		n := 0
		for _, file := range files {
			for _, e := range read(t, file) {
				check(t, c, e)
				n++
			}
		}
		t.Logf("%s: %d recorded exchanges; without a specification: %v", name, n, c.Unchecked())
	}
}

func read(t *testing.T, name string) (all []standin.Exchange) {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e standin.Exchange
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
		all = append(all, e)
	}
	require.NoError(t, lines.Err())
	return all
}
