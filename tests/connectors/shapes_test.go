package connectors

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/shapes"
)

// declared returns the streams of a connector, each with the paths that it reads. Paths that the connector puts
// together itself begin with join.
const declared = `
local connector, fields = require "connector", require "connector.fields"
local new, made = connector.new, nil
connector.new = function(options) made = new(options) return made end
require("%s")
local streams = {}
for name, spec in pairs(made.streams) do
  local paths = {}
  for _, from in pairs(spec.map) do
    if from then for _, path in ipairs(fields.of(from).paths) do if not path:find("^join%%.") then paths[#paths + 1] = path end end end
  end
  streams[name] = json.array(paths)
end
return streams`

// TestShapes compares what stand-ins answer to connectors with what was recorded of the vendors, and what
// connectors read with it.
func TestShapes(t *testing.T) {
	t.Parallel()
	seen, missing := map[string]*shapes.Shapes{}, map[string]bool{}
	for _, v := range vendors() {
		r := rigOf(t, v)
		name := strings.TrimPrefix(r.module, "connectors.")
		if seen[name] == nil {
			s, err := shapes.Load(name)
			require.NoError(t, err, "%s has no file of recorded answers", name)
			seen[name] = s
		}
		checkReads(t, r, seen[name])
		checkAnswers(t, r, seen[name], missing)
	}
	for problem := range missing {
		t.Error(problem)
	}
	for name, s := range seen {
		for _, line := range s.Unused() {
			t.Errorf("remove the difference of %s that nothing needs: %s", name, line)
		}
	}
	assert.ElementsMatch(t, shapes.Names(), slices.Collect(maps.Keys(seen)))
}

// checkReads compares the paths that a connector reads with the recordings.
func checkReads(t *testing.T, r *rig, s *shapes.Shapes) {
	t.Helper()
	streams, err := r.run(t, fmt.Sprintf(declared, r.module), "")
	require.NoError(t, err)
	for stream, paths := range streams {
		var list []string
		for _, path := range paths.([]any) {
			list = append(list, path.(string))
		}
		for _, problem := range s.Reads(stream, list) {
			t.Errorf("%s: %s", r.name, problem)
		}
	}
}

// checkAnswers runs a connector on records that are added, changed and deleted, and compares all answers.
func checkAnswers(t *testing.T, r *rig, s *shapes.Shapes, problems map[string]bool) {
	t.Helper()
	var mu sync.Mutex
	r.toVendor = func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, req)
		if answer.Code < 300 && strings.Contains(answer.Header().Get("Content-Type"), "json") {
			mu.Lock()
			for _, problem := range s.Check(req.Method, req.URL.Path, answer.Body.Bytes()) {
				problems[r.name+" "+problem] = true
			}
			mu.Unlock()
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}
	ids := r.add(12, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	r.touch(ids[0], "changed")
	if r.remove != nil {
		r.remove(ids[1])
	}
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	r.did(t, `full = true`)
	if r.field != "" {
		r.edit(t, ids[2], "written back")
		r.did(t, `back = { `+r.stream+` = { `+r.field+` = { "`+r.property+`", owner = "planhat" } } }`)
	}
}
