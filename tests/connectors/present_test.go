package connectors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/intercom"
)

// An issue that is deleted while pages are read moves another one out of the list. That
// one stays in Planhat.
func TestJiraKeepsWhatTheListLeftOut(t *testing.T) {
	r, j := newJira(t)
	ids := r.add(300, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	pages := 0
	j.After(func(req *standin.Request) {
		if r.page(req) {
			if pages++; pages == 1 {
				j.Delete(ids[3])
			}
		}
	})
	r.did(t, `full = true, missing = "delete"`)
	there := r.main()
	all(t, there, append(ids[:3:3], ids[4:]...))
	assert.Contains(t, r.log.String(), "the list left out records that are there, so they stay as they are: 1")
	j.ClearHooks()
	r.clock.Advance(time.Hour)
	r.did(t, `full = true, missing = "delete"`)
	assert.NotContains(t, r.main(), ids[3], "what was deleted is removed by the next complete pass at the latest")
}

// Intercom does not list companies that have lost their last user.
func TestIntercomKeepsCompaniesWithoutUsers(t *testing.T) {
	r := rigOf(t, intercomVendor())
	z := r.handler.(*intercom.Server)
	idle := z.Add(intercom.Companies, intercom.Body{"name": "Idle"})
	gone := z.Add(intercom.Companies, intercom.Body{"name": "Gone"})
	for range 30 {
		z.Add(intercom.Companies, intercom.Body{"name": "Busy"})
	}
	r.clock.Advance(time.Hour)
	r.must(t, `streams = { "companies" }`)
	before := len(r.records("company"))
	assert.GreaterOrEqual(t, before, 32)
	z.Update(intercom.Companies, idle, intercom.Body{"user_count": 0})
	z.Delete(intercom.Companies, gone)
	r.clock.Advance(time.Hour)
	r.must(t, `streams = { "companies" }, full = true, missing = "delete", max_missing = 0.2`)
	there := r.records("company")
	assert.Contains(t, there, "ic-"+idle)
	assert.NotContains(t, there, "ic-"+gone)
	assert.Len(t, there, before-1)
}

// A search of Intercom can miss a contact that changes between two pages. It stays, and one that was deleted does not.
func TestIntercomKeepsContactsThatASearchMissed(t *testing.T) {
	r := rigOf(t, intercomVendor())
	z := r.handler.(*intercom.Server)
	var ids []string
	for i := range 40 {
		ids = append(ids, z.Add(intercom.Contacts, intercom.Body{"email": fmt.Sprintf("p%d@northwind.example", i), "role": "user"}))
	}
	r.clock.Advance(time.Hour)
	r.must(t, `streams = { "companies", "contacts" }, companies = "domains"`)
	before := r.records("enduser")
	z.Delete(intercom.Contacts, ids[1])
	r.clock.Advance(time.Hour)
	r.intercept(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		sent, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		req.Body = io.NopCloser(bytes.NewReader(sent))
		if !strings.HasSuffix(req.URL.Path, "/contacts/search") || bytes.Contains(sent, []byte(`"IN"`)) {
			next.ServeHTTP(w, req)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, req)
		var body map[string]any
		assert.NoError(t, json.Unmarshal(answer.Body.Bytes(), &body))
		body["data"] = slices.DeleteFunc(body["data"].([]any), func(one any) bool { return one.(map[string]any)["id"] == ids[0] })
		maps.Copy(w.Header(), answer.Header())
		w.Header().Del("Content-Length")
		assert.NoError(t, json.NewEncoder(w).Encode(body))
	}, nil)
	r.must(t, `streams = { "contacts" }, companies = "domains", full = true, missing = "delete", max_missing = 0.2`)
	there := r.records("enduser")
	assert.Contains(t, before, "ic-"+ids[0])
	assert.Contains(t, there, "ic-"+ids[0])
	assert.NotContains(t, there, "ic-"+ids[1])
}
