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

	"github.com/phscript/phscript/runtime"
)

// surveys is a connector whose answers belong to surveys, each with its own position.
const surveys = `local C, F = require "connector", require "connector.fields"
local conn = C.new{ name = "surveys", title = "Surveys", base = "http://unset", auth = function() return {} end }
conn:stream("answers", { into = "company", cursor = C.since{ overlap = 60 },
  owns = function(_, key) return not key:find("^foreign") end,
  parts = function(conn) return conn:call{ get = "/surveys" }.surveys end,
  scan = function(_, _, _, survey) return { get = "/surveys/" .. survey.id, items = "answers", next = "next", send = "page" } end,
  delta = function(_, since, survey) return { get = "/surveys/" .. survey.id, query = { since = since }, items = "answers", next = "next", send = "page" } end,
  map = { sourceId = "id", name = F.required("name", "no name") },
})
return conn
`

// Each part of a stream has its own position: a new one is read from its start, and one
// that fails or is not reached holds up no other for good.
func TestParts(t *testing.T) {
	r := newRig(t)
	type answer struct{ ID, Name, At string }
	answers := map[string][]answer{}
	var order, asked []string
	fails, reading := "", func() {}
	add := func(survey, id string) {
		if answers[survey] == nil {
			order = append(order, survey)
		}
		answers[survey] = append(answers[survey], answer{id, "Answer " + id, r.clock.Now().Format(time.RFC3339)})
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Date", r.clock.Now().UTC().Format(http.TimeFormat))
		survey := strings.TrimPrefix(req.URL.Path, "/surveys/")
		list := []map[string]string{}
		if survey == req.URL.Path {
			for _, id := range order {
				list = append(list, map[string]string{"id": id})
			}
			assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"surveys": list}))
			return
		}
		reading()
		asked = append(asked, survey+" "+req.URL.Query().Get("since"))
		if survey == fails {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		for _, a := range answers[survey] {
			if a.At >= req.URL.Query().Get("since") {
				list = append(list, map[string]string{"id": a.ID, "name": a.Name})
			}
		}
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"answers": list, "next": nil}))
	}))
	defer web.Close()
	require.NoError(t, os.WriteFile(filepath.Join(r.options.WorkDir, "surveys.lua"), []byte(surveys), 0o600))
	sync := func(options string) (map[string]any, error) {
		result, err := r.runtime.Run(t.Context(), runtime.Script{Name: "main.lua", Path: filepath.Join(r.options.WorkDir, "main.lua"),
			Source: []byte(`return require("surveys"):sync{ settings = { base = "` + web.URL + `" }, ` + options + `}`)})
		asked = append(asked, "-")
		if err != nil {
			return nil, err
		}
		return result.Values[0].(map[string]any)["answers"].(map[string]any), nil
	}
	add("s1", "a")
	add("s2", "b")
	r.clock.Advance(time.Hour)
	_, err := sync(``)
	require.NoError(t, err)
	r.clock.Advance(24 * time.Hour)
	answers["s3"] = []answer{{"old", "Old answer", "2026-01-01T00:00:00Z"}} // shared with the account today
	order = append(order, "s3")
	asked = nil
	_, err = sync(``)
	require.NoError(t, err)
	assert.Contains(t, r.records("company"), "old")
	require.Len(t, asked, 4)
	assert.Equal(t, "s3 ", asked[0], "the one that was never read comes first, from its start")
	assert.Greater(t, asked[1], "s1 2026-11-20")

	// A part that fails does not take back the others, and is read from where it was.
	add("s1", "c")
	add("s2", "d")
	r.clock.Advance(time.Hour)
	fails = "s2"
	_, err = sync(``)
	require.ErrorContains(t, err, "403")
	fails = ""
	r.clock.Advance(48 * time.Hour)
	_, err = sync(``)
	require.NoError(t, err)
	there := r.records("company")
	for _, id := range []string{"a", "b", "c", "d", "old"} {
		assert.Contains(t, there, id)
	}

	// Limited to some minutes, each run reads the part that waits longest.
	r.clock.Advance(time.Hour)
	reading = func() { r.clock.Advance(10 * time.Minute) }
	asked = nil
	for range 3 {
		did, err := sync(`minutes = 5`)
		require.NoError(t, err)
		assert.Equal(t, false, did["complete"])
	}
	read := map[string]bool{}
	for _, request := range asked {
		read[strings.Fields(request)[0]] = true
	}
	assert.Len(t, read, 4, "three surveys, and the separators: %v", asked)

	// Records are missing only if all parts were read whole, and if they belong to one of them.
	reading = func() {}
	require.NoError(t, r.planhat.Put("company", map[string]any{"_id": "5f1e1e1e1e1e1e1e1e1e1e09", "name": "Of another script", "sourceId": "foreign"}))
	answers["s1"] = answers["s1"][1:]
	did, err := sync(``)
	require.NoError(t, err)
	assert.Nil(t, did["missing"])
	did, err = sync(`full = true`)
	require.NoError(t, err)
	assert.EqualValues(t, 1, did["missing"])
}
