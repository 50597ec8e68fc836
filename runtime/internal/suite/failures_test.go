package suite

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/suite/report"
)

func TestSwallowedExpectationsFail(t *testing.T) {
	r := runIn(t, folder(t, map[string]string{"a_test.lua": `
it("catches it", function()
  pcall(function() expect(1).to_equal(2) end)
end)
it("tries it", function()
  local result, err = planhat.try(function() expect("a").to_contain("b") end)
end)
it("means it", function()
  expect(function() expect(1).to_equal(2) end).to_raise{ kind = "expectation" }
  expect(function() expect(1).to_equal(2) end).to_raise("should equal")
end)
it("takes it for an error of the script", function()
  expect(function() expect(1).to_equal(2) end).to_raise()
end)
it("expects another one", function()
  pcall(function() expect(function() expect(1).to_equal(2) end).to_raise("else") end)
end)`}), Options{})
	assert.Equal(t, []string{
		"catches it failed", "tries it failed", "means it passed", "takes it for an error of the script failed", "expects another one failed",
	}, outcomes(r.Files[0]))
	assert.Contains(t, text(r, false), `✗ a_test.lua › catches it
  a_test.lua:3: the value should equal the expected one, but the test caught the error and ended as if it had passed
    expected  2
    got       1
`)
}

func TestHooksThatFailAfterATest(t *testing.T) {
	r := runIn(t, folder(t, map[string]string{"a_test.lua": `
describe("each", function()
  after_each(function() error("left a mess") end)
  after_each(function() error("left another") end)
  it("fails", function() expect(1).to_equal(2) end)
  it("is skipped", function() skip("later") end)
end)`}), Options{})
	shown := text(r, false)
	assert.Contains(t, shown, `    expected  2
    got       1
  after it, a hook failed as well:
    error: a_test.lua:3: left a mess
        3 |   after_each(function() error("left a mess") end)
  after it, a hook failed as well:
    error: a_test.lua:4: left another
`)
	assert.Contains(t, shown, "✗ a_test.lua › each › is skipped\n  error: a_test.lua:3: left a mess")
	for _, format := range []func() (string, error){
		func() (string, error) { return report.JSON(r) },
		func() (string, error) { return report.TAP(r), nil },
		func() (string, error) { return report.JUnit(r, time.Now()) },
	} {
		out, err := format()
		require.NoError(t, err)
		assert.Contains(t, out, "left a mess")
		assert.Contains(t, out, "left another")
	}
}

func TestMemoryLimitsNameTheirTest(t *testing.T) {
	f := runOne(t, `
it("takes much", function()
  local t = {}
  for i = 1, 1e9 do t[i] = { i, tostring(i) } end
end)
it("takes much in a script", function()
  expect(run_script("much.lua").error.message).to_contain("of memory")
end)
it("comes after it", function() expect(1).to_equal(1) end)`, Options{MaxHeap: 32 << 20})
	require.NoError(t, f.Err)
	require.Len(t, f.Tests, 3)
	assert.Equal(t, "the test used more than 32 MiB of memory", scriptError(f.Tests[0].Err).Message)
	assert.Equal(t, "read records one by one (each, csv.rows) and write them in chunks", scriptError(f.Tests[0].Err).Hint)
	assert.Equal(t, 4, scriptError(f.Tests[0].Err).Line)
	assert.Equal(t, report.Passed, f.Tests[2].Status)
}

// TestErrorsOfScripts: a test sees of an error what the script would have seen.
func TestErrorsOfScripts(t *testing.T) {
	const caught = `
local ok, err = pcall(function()
%s
end)
for k, v in pairs(err) do print(k, type(v) == "table" and "table" or v) end`
	files := map[string]string{"a_test.lua": `
local function fields(t)
  local out = {}
  for k, v in pairs(t) do if k ~= "line" and k ~= "script" and k ~= "traceback" then out[k] = type(v) == "table" and "table" or tostring(v) end end
  return out
end
for _, name in ipairs{ "missing", "invalid", "rejected", "table" } do
  it(name, function()
    local run = run_script(name .. ".lua")
    expect(run.error).never.to_be_nil()
    expect(run.error.line).to_be_greater_than(0)
    expect(run.error.traceback).to_contain(name .. ".lua:")
    local inside = run_script(name .. "_caught.lua")
    local seen = {}
    for line in inside.stdout:gmatch("[^\n]+") do
      local k, v = line:match("^(%S+)\t(.*)$")
      if k and k ~= "line" and k ~= "script" and k ~= "traceback" then seen[k] = v end
    end
    seen.message = seen.message or run.error.message
    expect(fields(run.error)).to_equal(seen)
  end)
end
it("text", function()
  local e = run_script("text.lua").error
  expect(e.kind).to_be_nil()
  expect(e).to_include{ message = "not good", script = "text.lua", line = 1 }
end)
it("no parameter", function()
  expect(run_script("parameter.lua").error.kind).never.to_be("")
end)`, "text.lua": `error("not good")`, "parameter.lua": "-- @param region:string\nprint(params.region)"}
	for name, code := range map[string]string{
		"missing":  `csv.read("missing.csv")`,
		"invalid":  `planhat.company.create{ externalId = "a" }`,
		"rejected": `planhat.company.bulk_upsert({ { externalId = "a" } }, { strict = true })`,
		"table":    `error({ kind = "bad row", row = 3 })`,
	} {
		files[name+".lua"], files[name+"_caught.lua"] = code, strings.Replace(caught, "%s", code, 1)
	}
	r := runIn(t, folder(t, files), Options{})
	passed, failed, _ := r.Counts()
	assert.Equal(t, [2]int{6, 0}, [2]int{passed, failed}, text(r, true))
}

// TestHintsFitTests: no error proposes a flag that phscript test does not have.
func TestHintsFitTests(t *testing.T) {
	r := runIn(t, folder(t, map[string]string{
		"a_test.lua": `
for _, name in ipairs{ "env", "read", "write", "param", "event" } do
  it(name, function() error(inspect(run_script(name .. ".lua").error)) end)
end
it("direct env", function() env.get("CRM_TOKEN") end)
it("direct write", function() fs.write("reports/a.csv", "x") end)
it("direct event", function() require("webhook").event() end)
it("follows them", function()
  expect(run_script("env.lua", { env = { ["CRM_TOKEN"] = "..." } }).ok).to_be(true)
  expect(run_script("write.lua", { allow_write = { "reports" } }).ok).to_be(true)
  expect(run_script("param.lua", { params = { ["region"] = "..." } }).ok).to_be(true)
  expect(run_script("event.lua", { event = {} }).ok).to_be(true)
end)`,
		"env.lua":   `env.get("CRM_TOKEN")`,
		"read.lua":  `fs.read("/etc/hostname")`,
		"write.lua": `fs.write("reports/a.csv", "x")`,
		"param.lua": "-- @param region:string\nprint(params.region)",
		"event.lua": `print(require("webhook").event())`,
	}), Options{})
	shown := text(r, false)
	assert.NotContains(t, shown, "--")
	assert.NotContains(t, shown, "phscript-test-", "the name of a working folder")
	for _, proposal := range []string{
		`pass env = { ["CRM_TOKEN"] = "..." } to run_script`, `pass its text to run_script: files = { ["NAME"] = "..." }`,
		`pass allow_write = { "reports" } to run_script`, `params = { ["region"] = "..." }`, `pass the body of an event to run_script: event = { ... }`,
	} {
		assert.Contains(t, shown, proposal)
	}
	assert.Equal(t, report.Passed, r.Files[0].Tests[8].Status, shown)
}

func TestNamesShowNoControlCharacters(t *testing.T) {
	r := runIn(t, folder(t, map[string]string{"a_test.lua": `
describe("group\27[2J", function()
  it("name\27[31m\nof two lines\8", function() expect(1).to_equal(2) end)
  it("later\7", function() skip("because\27[0m") end)
end)`}), Options{})
	junit, err := report.JUnit(r, time.Now())
	require.NoError(t, err)
	for _, out := range []string{text(r, true), report.TAP(r), junit} {
		assert.False(t, strings.ContainsAny(out, "\x1b\x07\x08\ufffd"), "%q", out)
		assert.Contains(t, strings.ReplaceAll(strings.ReplaceAll(out, "&lt;", "<"), "&gt;", ">"), "name<U+001B>[31m")
	}
}

func TestNothingWasStored(t *testing.T) {
	r := runIn(t, folder(t, map[string]string{"a_test.lua": `
it("forgets to seed", function() expect(#planhat.company.get_list()).to_equal(1) end)
it("asks for one record", function() planhat.enduser.get_by_id("extid-a") end)
it("has seeded", function()
  simulator.seed("company", { externalId = "a", name = "A" })
  expect(#planhat.company.get_list()).to_equal(2)
end)
it("has written", function()
  planhat.company.create{ name = "A" }
  expect(#planhat.company.get_list()).to_equal(2)
end)
it("passes", function() expect(#planhat.company.get_list()).to_equal(0) end)`}), Options{})
	var notes []string
	for _, test := range r.Files[0].Tests {
		notes = append(notes, test.Note)
	}
	const note = `the simulated Planhat of the test had no company when the test read it; store records first: simulator.seed("company", { ... })`
	assert.Equal(t, []string{note, strings.ReplaceAll(note, "company", "enduser"), "", "", ""}, notes)
	assert.Contains(t, text(r, false), "  note: "+note+"\n")
}

// junitRule says what an element of a JUnit report may have. The attributes are all required
// but those with a question mark.
type junitRule struct{ attributes, children []string }

// junitRules are what both the schema of Apache Ant's reports and Jenkins's accept. The
// children come in this order.
var junitRules = map[string]junitRule{
	"testsuites": {nil, []string{"testsuite"}},
	"testsuite": {
		[]string{"name", "package", "id", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
		[]string{"properties", "testcase", "system-out", "system-err"},
	},
	"properties": {},
	"testcase":   {[]string{"name", "classname", "time"}, []string{"skipped", "failure", "error"}},
	"skipped":    {[]string{"message?"}, nil},
	"failure":    {[]string{"message", "type"}, nil},
	"error":      {[]string{"message", "type"}, nil},
	"system-out": {},
	"system-err": {},
}

func TestJUnitKeepsToTheSchemas(t *testing.T) {
	_, r := mixed(t)
	out, err := report.JUnit(r, time.Now())
	require.NoError(t, err)
	d := xml.NewDecoder(strings.NewReader(out))
	var open []xml.StartElement
	var last []string
	seen := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			seen[name] = true
			rule, known := junitRules[name]
			require.True(t, known, name)
			if len(open) > 0 {
				order := junitRules[open[len(open)-1].Name.Local].children
				require.Contains(t, order, name)
				if before := last[len(last)-1]; before != "" {
					require.LessOrEqual(t, slices.Index(order, before), slices.Index(order, name), "%s after %s", name, before)
				}
				last[len(last)-1] = name
			}
			var has []string
			for _, a := range token.Attr {
				has = append(has, a.Name.Local)
			}
			for _, attribute := range has {
				require.True(t, slices.Contains(rule.attributes, attribute) || slices.Contains(rule.attributes, attribute+"?"), "%s.%s", name, attribute)
			}
			for _, attribute := range rule.attributes {
				require.True(t, strings.HasSuffix(attribute, "?") || slices.Contains(has, attribute), "%s lacks %s", name, attribute)
			}
			open, last = append(open, token), append(last, "")
		case xml.EndElement:
			open, last = open[:len(open)-1], last[:len(last)-1]
		}
	}
	for name := range junitRules {
		assert.True(t, seen[name], name)
	}
}
