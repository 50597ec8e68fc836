package connectors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/standin"
)

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

// start is the time at which the clocks of the tests begin.
var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// rig is a vendor, a Planhat, and a runtime that keeps what scripts store.
type rig struct {
	*system
	clock   *standin.Clock
	web     *httptest.Server // the vendor
	planhat *simulator.Server
	target  *httptest.Server // Planhat
	log     safeBuffer
	options runtime.Options
	runtime *runtime.Runtime
	dry     bool // writes are withheld

	// toVendor and toPlanhat, if set, handle requests in place of the servers; they get
	// the server's own handler.
	mu                  sync.Mutex
	toVendor, toPlanhat func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// rigOf starts a vendor whose clock stands still, and a Planhat.
func rigOf(t *testing.T, v vendor) *rig {
	t.Helper()
	return newRigAt(t, v, standin.NewClock(start))
}

// newRig is a rig with HubSpot.
func newRig(t *testing.T) *rig {
	t.Helper()
	return rigOf(t, hubspotVendor())
}

// serve starts a vendor, and returns its address.
func serve(t *testing.T, vendor http.Handler) string {
	t.Helper()
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	return web.URL
}

func newRigAt(t *testing.T, v vendor, clock *standin.Clock) *rig {
	t.Helper()
	r := &rig{clock: clock, system: v.start(clock)}
	r.limit(false)
	r.web = httptest.NewServer(r.through(r.handler, func() func(http.ResponseWriter, *http.Request, http.Handler) { return r.toVendor }))
	t.Cleanup(r.web.Close)
	var err error
	r.planhat, err = simulator.New(simulator.Options{CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	if r.seed != nil {
		r.seed(t, r.planhat)
	}
	r.target = httptest.NewServer(r.through(r.planhat, func() func(http.ResponseWriter, *http.Request, http.Handler) { return r.toPlanhat }))
	t.Cleanup(r.target.Close)
	r.options = runtime.Options{
		WorkDir: t.TempDir(), Stdout: &r.log, Now: clock.Now, AllowNet: []string{"127.0.0.1"},
		Logger: slog.New(slog.NewTextHandler(&r.log, nil)),
		Env: func(name string) (string, bool) {
			value, ok := r.env[name]
			return value, ok
		},
		Planhat: planhat.Config{APIToken: r.planhat.APIToken(), TenantToken: r.planhat.TenantToken(), BaseURL: r.target.URL, AnalyticsURL: r.target.URL},
		Quota:   planhat.LimiterConfig{CallsPerMinute: -1},
	}
	r.start(t)
	return r
}

// through lets a test handle requests.
func (r *rig) through(next http.Handler, hook func() func(http.ResponseWriter, *http.Request, http.Handler)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		own := hook()
		r.mu.Unlock()
		if own == nil {
			next.ServeHTTP(w, req)
		} else {
			own(w, req, next)
		}
	})
}

// intercept sets how requests are handled; nil is by the servers.
func (r *rig) intercept(vendor, planhat func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.toVendor, r.toPlanhat = vendor, planhat
}

// start makes a new runtime, which has no values that scripts kept.
func (r *rig) start(t *testing.T) {
	t.Helper()
	var err error
	r.runtime, err = runtime.New(r.options)
	require.NoError(t, err)
}

// script is a script that synchronizes with options in Lua: the fields of a table.
func (r *rig) script(options string) string {
	return `local F = require "connector.fields"
local options = { ` + options + ` }
options.streams = options.streams or { "` + r.stream + `" }
options.settings = { base = "` + r.web.URL + `", rate = ` + r.rate() + r.settings + ` }
return require("` + r.module + `").sync(options)`
}

// rate is nil for the connector's own rate.
func (r *rig) rate() string {
	if r.limited {
		return "nil"
	}
	text := `{ "1000000/1s"`
	for _, class := range r.classes {
		text += `, ` + class + ` = "1000000/1s"`
	}
	return text + " }"
}

// sync runs a synchronization of the main stream, unless the options name others,
// and returns what it did, by stream.
func (r *rig) sync(t *testing.T, options string) (map[string]any, error) {
	t.Helper()
	return r.run(t, r.script(options), "")
}

// run runs a script with parameters as JSON, and returns the table that it returns.
func (r *rig) run(t *testing.T, script, params string) (map[string]any, error) {
	t.Helper()
	result, err := r.result(t, script, params)
	if err != nil {
		return nil, err
	}
	values, _ := result.Values[0].(map[string]any)
	return values, nil
}

func (r *rig) result(t *testing.T, script, params string) (*runtime.Result, error) {
	t.Helper()
	options := runtime.RunOptions{Params: []byte(params), DryRun: r.dry}
	if params != "" {
		var given map[string]any
		require.NoError(t, json.Unmarshal([]byte(params), &given))
		options.Expected = slices.Collect(maps.Keys(given))
	}
	program, err := r.runtime.Compile(t.Context(), runtime.Script{Name: "sync.lua", Source: []byte(script)})
	require.NoError(t, err)
	return program.Run(t.Context(), options)
}

func (r *rig) must(t *testing.T, options string) map[string]any {
	t.Helper()
	values, err := r.sync(t, options)
	require.NoError(t, err, r.log.String())
	return values
}

// did synchronizes the main stream, and returns what was done with it.
func (r *rig) did(t *testing.T, options string) map[string]any {
	t.Helper()
	return r.must(t, options)[r.stream].(map[string]any)
}

// upserts counts the bulk calls that Planhat received for a model.
func (r *rig) upserts(model string) int {
	return r.planhat.Count(simulator.Filter{Model: model, Operation: "bulk_upsert"})
}

// records are Planhat's records by their sourceId.
func (r *rig) records(model string) map[string]map[string]any { return r.recordsBy(model, "sourceId") }

func (r *rig) recordsBy(model, key string) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, record := range r.planhat.Records(model) {
		if id, ok := record[key].(string); ok {
			all[id] = record
		}
	}
	return all
}

// main are Planhat's records of the main stream by the vendor's ids.
func (r *rig) main() map[string]map[string]any {
	all := map[string]map[string]any{}
	for key, record := range r.recordsBy(r.model, r.key) {
		if id, ok := strings.CutPrefix(key, r.prefix); ok {
			all[id] = record
		}
	}
	return all
}

// text is the property of a record that [system.touch] changes.
func (r *rig) text(record map[string]any) string {
	text, _ := record[r.property].(string)
	return text
}

// edit changes the property of a record in Planhat, as a user does there.
func (r *rig) edit(t *testing.T, id, value string) {
	t.Helper()
	record := r.main()[id]
	require.NotNil(t, record, id)
	record[r.property] = value
	require.NoError(t, r.planhat.Put(r.model, record))
}

// stored returns how many bytes of state the connector keeps, apart from rejected rows,
// and all of it as text.
func (r *rig) stored(t *testing.T) (int, string) {
	t.Helper()
	values, err := r.run(t, `local kept, all, size = require("state").open("connector `+r.name+` `+cmp.Or(r.account, "default")+`"), {}, 0
for _, key in ipairs(kept:keys()) do
	local text = json.encode((kept:get(key)))
	size = size + #key + #text
	all[#all + 1] = key .. " = " .. text
end
return { size = size, text = table.concat(all, "\n") }`, "")
	require.NoError(t, err)
	text, _ := values["text"].(string)
	return int(number(values["size"])), text
}

// pages counts the pages of the main stream that the vendor was asked for.
func (r *rig) pages() int { return r.server.Log.Count(r.page) }

var address = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// said is an error and its hint without addresses, which differ in each run.
func said(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if script, ok := errors.AsType[*runtime.ScriptError](err); ok {
		text += " - " + script.Hint
	}
	return address.ReplaceAllString(text, "HOST")
}

// all fails unless all records are there.
func all(t *testing.T, there map[string]map[string]any, ids []string) {
	t.Helper()
	for _, id := range ids {
		if there[id] == nil {
			require.FailNow(t, "a record is lost", "%s, one of %d; %d are there", id, len(ids), len(there))
		}
	}
}

// number is a number that a script returned.
func number(v any) float64 {
	n, _ := v.(float64)
	return n
}

// safeBuffer is a buffer that several goroutines use.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *safeBuffer) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Reset()
}
