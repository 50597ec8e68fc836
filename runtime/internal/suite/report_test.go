package suite

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// mixed is a folder with everything that a report has to show.
func mixed(t *testing.T) (dir string, r *report.Report) {
	t.Helper()
	dir = folder(t, map[string]string{
		"clean_test.lua": `local clean = require "clean"
describe("cleaning", function()
  it("trims", function()
    print("a <tag> & \27[31mcolor\27[0m")
    expect(clean.trim(" a ")).to_equal("a")
  end)
  it("keeps records", function()
    expect({ name = "Acme", owner = "ada", tags = { "a", "b" }, address = { city = "Berlin", zip = "10115" } })
      .to_equal({ name = "Acme", owner = "bob", tags = { "a", "b" }, address = { city = "Berlin", zip = "10115" } })
  end)
  it("is # not a \\ directive")
  it("fails elsewhere", function() clean.check(3) end)
  it("is lost", function() local x; return x.y end)
end)
`,
		"clean.lua": `local clean = {}
function clean.trim(s)
  if s == nil then
    return nil
  end
  return s:match("^%s*(.-)%s*$")
end
function clean.check(n)
  expect(n).to_be_less_than(3)
end
return clean
`,
		"broken_test.lua": "it('x', function()\n",
		"empty_test.lua":  "",
	})
	return dir, runIn(t, dir, Options{Coverage: true})
}

func TestText(t *testing.T) {
	_, r := mixed(t)
	want := `✗ broken_test.lua  could not be loaded (5 ms)
✗ clean_test.lua  1 passed, 3 failed, 1 skipped (5 ms)
- empty_test.lua  no tests (5 ms)

✗ broken_test.lua could not be loaded
  error: broken_test.lua:1: 'end' expected to close 'function' at line 1 near '<eof>'
      1 | it('x', function()
  hint: every if, for, while, do and function needs its own end

✗ clean_test.lua › cleaning › keeps records
  clean_test.lua:9: the value should equal the expected one
      9 |       .to_equal({ name = "Acme", owner = "bob", tags = { "a", "b" }, address = { city = "Berlin", zip = "10115" } })
    - expected, + got
      {
        address = { city = "Berlin", zip = "10115" },
        name = "Acme",
    -   owner = "bob",
    +   owner = "ada",
        tags = { "a", "b" },
      }

✗ clean_test.lua › cleaning › fails elsewhere
  clean.lua:9: the value should be less than 3
      9 |   expect(n).to_be_less_than(3)
    got  3
  called from clean_test.lua:12

✗ clean_test.lua › cleaning › is lost
  error: clean_test.lua:13: attempt to index local 'x' (a nil value)
     13 |   it("is lost", function() local x; return x.y end)
  hint: 'x' has no value here; where it may be missing, write (x or {}).y

1 passed, 4 failed, 1 skipped in 5 ms
`
	assert.Equal(t, want, text(r, false))
	var b strings.Builder
	out := &report.Text{W: &b, Color: true, Verbose: true}
	for _, f := range r.Files {
		out.File(f)
	}
	out.Failures()
	out.Close(r)
	assert.Contains(t, b.String(), string(display.Red)+"  +   owner")
	assert.Contains(t, b.String(), "is # not a \\ directive"+string(display.Dim)+" (skipped: not written yet)")
	assert.Contains(t, text(r, true), "        a <tag> & \x1b[31mcolor")
}

func TestJUnit(t *testing.T) {
	_, r := mixed(t)
	xmlText, err := report.JUnit(r, time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	type message struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	var got struct {
		Suites []struct {
			Name      string `xml:"name,attr"`
			Tests     int    `xml:"tests,attr"`
			Failures  int    `xml:"failures,attr"`
			Errors    int    `xml:"errors,attr"`
			Skipped   int    `xml:"skipped,attr"`
			Timestamp string `xml:"timestamp,attr"`
			Cases     []struct {
				Name    string   `xml:"name,attr"`
				Skipped *message `xml:"skipped"`
				Failure *message `xml:"failure"`
				Error   *message `xml:"error"`
			} `xml:"testcase"`
			Output string `xml:"system-out"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal([]byte(xmlText), &got))
	require.Len(t, got.Suites, 3)
	s := got.Suites[1]
	assert.Equal(t, [4]int{5, 2, 1, 1}, [4]int{s.Tests, s.Failures, s.Errors, s.Skipped})
	assert.Equal(t, "clean_test.lua", s.Name)
	assert.Equal(t, "2026-01-15T09:00:00", s.Timestamp)
	require.Len(t, s.Cases, 5)
	assert.Equal(t, "cleaning › trims", s.Cases[0].Name)
	assert.Contains(t, s.Output, "cleaning › trims\n  a <tag> & ")
	assert.Contains(t, s.Cases[1].Failure.Text, "-   owner = \"bob\"")
	assert.Equal(t, "not written yet", s.Cases[2].Skipped.Message)
	assert.Equal(t, "attempt to index local 'x' (a nil value)", s.Cases[4].Error.Message)
	assert.NotNil(t, got.Suites[0].Cases[0].Error)
}

func TestTAP(t *testing.T) {
	dir, r := mixed(t)
	tap := report.TAP(r)
	assert.Contains(t, tap, "TAP version 13\nnot ok 1 - broken_test.lua › could not be loaded\n  ---\n")
	assert.Contains(t, tap, `ok 4 - clean_test.lua › cleaning › is \# not a \\ directive # SKIP not written yet`)
	assert.True(t, strings.HasSuffix(tap, "\n1..6\n"))
	prove, err := exec.LookPath("prove")
	if err != nil {
		t.Skip("prove is not installed; apt-get install perl brings it")
	}
	file := filepath.Join(dir, "out.tap")
	require.NoError(t, os.WriteFile(file, []byte(tap), 0o644))
	out, err := exec.Command(prove, "--exec", "cat", file).CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "Failed 4/6 subtests")
	assert.Contains(t, string(out), "(less 1 skipped subtest: 1 okay)")
}

func TestJSON(t *testing.T) {
	_, r := mixed(t)
	text, err := report.JSON(r)
	require.NoError(t, err)
	type failure struct{ At, Expected string }
	var got struct {
		Passed, Failed, Skipped int
		Files                   []struct {
			Name  string
			Error failure
			Tests []struct {
				Name   string
				Groups []string
				Line   int
				Status string
				Error  failure
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &got))
	assert.NotContains(t, text, `"groups": null`)
	assert.Equal(t, [3]int{1, 4, 1}, [3]int{got.Passed, got.Failed, got.Skipped})
	assert.Equal(t, "broken_test.lua:1", got.Files[0].Error.At)
	one := got.Files[1].Tests[1]
	assert.Equal(t, []string{"cleaning"}, one.Groups)
	assert.Contains(t, one.Error.Expected, `owner = "bob"`)
	assert.Equal(t, 7, one.Line)
}

func TestCoverage(t *testing.T) {
	dir, r := mixed(t)
	c, err := r.Coverage(dir)
	require.NoError(t, err)
	require.Len(t, c.Files, 1, "tests are not under test")
	f := c.Files[0]
	assert.Equal(t, "clean.lua", f.Name)
	assert.Equal(t, []int{1, 1, 1, 0, -1, 1, -1, 1, 1, -1, 1}, f.Counts)
	assert.Equal(t, "\n  coverage            lines           not executed\n  clean.lua   87.5 %      7 of 8     4\n", c.Table(false))

	info := c.LCOV()
	assert.Equal(t, "TN:\nSF:clean.lua\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,0\nDA:6,1\nDA:8,1\nDA:9,1\nDA:11,1\nLF:8\nLH:7\nend_of_record\n", info)
	if genhtml, err := exec.LookPath("genhtml"); err == nil {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "lcov.info"), []byte(info), 0o644))
		cmd := exec.Command(genhtml, "-o", "html", "lcov.info")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, string(out), "lines......: 87.5% (7 of 8 lines)")
	}

	pages := map[string]string{}
	require.NoError(t, c.HTML(func(name string, page []byte) error {
		pages[name] = string(page)
		return nil
	}))
	require.Len(t, pages, 2)
	index, page := pages["index.html"], pages["clean.lua.html"]
	assert.Contains(t, index, `<a href="clean.lua.html">clean.lua</a>`)
	assert.Contains(t, index, `<i style="width: 87.5%">`)
	assert.Contains(t, page, `<tr id="L4" class="miss">`)
	assert.Contains(t, page, `<strong class="good">87.5 %</strong>: 7 of 8 lines`)
	assert.Contains(t, page, `s:match(&#34;^%s*(.-)%s*$&#34;)`)
	assert.NotContains(t, page+index, "http", "a page needs nothing beside it")
}

func TestCoverageOfRunsAddsUp(t *testing.T) {
	files := map[string]string{
		"s.lua":      "if args[1] == 'x' then\n  print('x')\nelse\n  print('other')\nend\n",
		"a_test.lua": `it("a", function() run_script("s.lua", { args = { "x" } }) run_script("s.lua", { args = { "x" } }) end)`,
		"b_test.lua": `it("b", function() run_script("s.lua") end)`,
	}
	dir := folder(t, files)
	r := runIn(t, dir, Options{Coverage: true, Parallel: 2})
	c, err := r.Coverage(dir)
	require.NoError(t, err)
	assert.Equal(t, []int{3, 2, -1, 1, -1}, c.Files[0].Counts)
}

// However much there is to show, a report can be read.
func TestLongReportsAreCut(t *testing.T) {
	started := time.Now()
	f := runOne(t, `
		it("lines", function() expect(("x\n"):rep(30000)).to_equal(("y\n"):rep(30000)) end)
		it("one line", function() expect(("é"):rep(5000) .. "abc" .. ("z"):rep(5000)).to_equal(("é"):rep(5000) .. "abd") end)
		it("prints", function() for i = 1, 5000 do print("line " .. i) end error("x") end)
		it("tables", function()
			local a, b = {}, {}
			for i = 1, 3000 do a[i] = { id = i } b[i] = { id = i + i % 2 } end
			expect(a).to_equal(b)
		end)`, Options{Timeout: time.Minute})
	assert.Equal(t, 4, f.Count(report.Failed))
	got := text(&report.Report{Files: []*report.File{f}}, false)
	assert.Less(t, len(got), 20_000)
	assert.Contains(t, got, "more lines\n")
	assert.Contains(t, got, "éééabd\"\n")
	assert.Contains(t, got, "éééabczzz")
	assert.Contains(t, got, "(15005 bytes)")
	assert.Contains(t, got, "… 4900 earlier lines")
	assert.Contains(t, got, "line 5000\n")
	t.Log(time.Since(started))
}
