package check_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/check"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// expectation matches what a line's comment says: "--> rule: part of the
// message".
var expectation = regexp.MustCompile(`--> ([\w-]+): (.*?)\s*(?:$|--> )`)

// expected reads the findings that a line asks for.
func expected(line string) (rules, messages []string) {
	for {
		m := expectation.FindStringSubmatch(line)
		if m == nil {
			return rules, messages
		}
		rules, messages = append(rules, m[1]), append(messages, m[2])
		line = line[strings.Index(line, "--> ")+4:]
		if i := strings.Index(line, "--> "); i >= 0 {
			line = line[i:]
		} else {
			line = ""
		}
	}
}

func exists(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

func newChecker() *check.Checker {
	return check.New(builtins.Manual(), check.Options{Exists: exists, Read: os.ReadFile})
}

// pedantic finds all that the rules can find.
func pedantic() *check.Checker {
	return check.New(builtins.Manual(), check.Options{Exists: exists, Read: os.ReadFile, Pedantic: true})
}

// TestRules checks the scripts in testdata: each line finds what its comment
// says, and nothing else.
func TestRules(t *testing.T) {
	checker := pedantic()
	files, err := filepath.Glob("testdata/*.lua")
	require.NoError(t, err)
	tested := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			found := map[int][]report.Finding{}
			for _, f := range checker.Source(file, src) {
				found[f.Line] = append(found[f.Line], f)
				for _, p := range f.Also {
					found[p.Line] = append(found[p.Line], f)
				}
			}
			for i, line := range strings.Split(string(src), "\n") {
				rules, messages := expected(line)
				left := found[i+1]
				for j, rule := range rules {
					tested[rule] = true
					at := -1
					for k, f := range left {
						if f.Rule == rule && strings.Contains(f.Message, messages[j]) {
							at = k
							break
						}
					}
					if at < 0 {
						t.Errorf("%s:%d: no %s: %q among %v", file, i+1, rule, messages[j], messagesOf(left))
						continue
					}
					left = append(left[:at:at], left[at+1:]...)
				}
				for _, f := range left {
					t.Errorf("%s:%d:%d: unexpected %s: %s (%s)", file, f.Line, f.Column, f.Rule, f.Message, f.Hint)
				}
			}
		})
	}
	for _, r := range report.Rules() {
		assert.True(t, tested[r.Name], "no script in testdata expects %s", r.Name)
	}
}

func messagesOf(list []report.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Rule+": "+f.Message)
	}
	return out
}

// TestSecretsAreNotShown: no finding shows a secret, in whatever form, even if it is
// about something else or the script is not valid.
func TestSecretsAreNotShown(t *testing.T) {
	const hidden = "q7Zk3Vb9Lm2Xc8Rt5Yw1Hs6J"
	for _, src := range []string{
		`local api_token = "` + hidden + `"`,
		`local unused, api_token = 1, '` + hidden + `' print(api_token)`,
		`planhat.new{ api_token = "` + hidden + `", tokn = 1 }`,
		`local api_token = "` + hidden + `" if api_token == "a" or "` + hidden + `" then end`,
		`local password = [[` + hidden + `]] planhat.company.create{ name = "A", status = password }`,
		`local api_token = "` + hidden + `" ++ 1`,
		`settings["api_token"] = "` + hidden + `" ++ 1`,
		`local password = "` + hidden + ` print(1)`,
		`print("ghp_` + hidden + hidden + `") x = = 1`,
		`-- ghp_` + hidden + hidden + "\nlocal a",
		`--[[ one` + "\n" + `ghp_` + hidden + hidden + "]] local a = prnt(1)",
	} {
		all := &report.Report{Files: 1, Findings: newChecker().Source("a.lua", []byte(src))}
		require.NotEmpty(t, all.Findings, src)
		var text, asJSON, sarif bytes.Buffer
		require.NoError(t, all.WriteText(&text, false))
		require.NoError(t, all.WriteJSON(&asJSON))
		require.NoError(t, all.WriteSARIF(&sarif, "1"))
		for _, out := range []string{text.String(), asJSON.String(), sarif.String(), fmt.Sprintf("%#v", all.Findings)} {
			assert.False(t, strings.Contains(out, hidden[:8]), src) //nolint:testifylint // a long text, and what is in it should not be shown
		}
	}
}

// TestExamples holds each rule's example against the rule: it finds that, and
// nothing else. In the look-alike, no rule finds anything.
func TestExamples(t *testing.T) {
	for _, r := range report.Rules() {
		checker := newChecker()
		if r.OptIn() {
			assert.Empty(t, checker.Source("example.lua", []byte(r.Example)), "%s is only found if somebody asks for it", r.Name)
			checker = pedantic()
		}
		findings := checker.Source("example.lua", []byte(r.Example))
		assert.NotEmpty(t, findings, r.Name)
		for _, f := range findings {
			assert.Equal(t, r.Name, f.Rule, r.Example)
			assert.Equal(t, r.Severity, f.Severity, r.Example)
		}
		assert.NotEmpty(t, r.Silent, r.Name)
		assert.NotEqual(t, r.Example, r.Silent)
		for _, f := range newChecker().Source("silent.lua", []byte(r.Silent)) {
			t.Errorf("%s: the look-alike has %s: %s\n%s", r.Name, f.Rule, f.Message, r.Silent)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for src, want := range map[string]struct {
		line, column int
		message      string
	}{
		"x += 1":         {1, 3, "unexpected symbol near '+='"},
		"\n\nif x then":  {3, 0, "'end' expected to close 'if' at line 3 near '<eof>'"},
		"local s = 'abc": {1, 11, "unfinished string near ''abc'"},
		"local a" + strings.Repeat(", a", 250) + " = 1": {1, 0, "more than 200 local variables"},
	} {
		findings := newChecker().Source("a.lua", []byte(src))
		if assert.Len(t, findings, 1, src) {
			f := findings[0]
			assert.Equal(t, "syntax", f.Rule)
			assert.Equal(t, [2]int{want.line, want.column}, [2]int{f.Line, f.Column}, src)
			assert.Contains(t, f.Message, want.message)
		}
	}
}

func TestOptions(t *testing.T) {
	src := []byte("prnt(HostName)\nlocal x = 1\n")
	rulesOf := func(o check.Options, name string) []string {
		var names []string
		for _, f := range check.New(builtins.Manual(), o).Source(name, src) {
			names = append(names, f.Rule+" "+f.Subject)
		}
		return names
	}
	assert.Equal(t, []string{"undefined-global prnt", "undefined-global HostName", "unused-local x"}, rulesOf(check.Options{}, "a.lua"))
	assert.Equal(t, []string{"undefined-global prnt", "unused-local x"}, rulesOf(check.Options{Globals: []string{"HostName"}}, "a.lua"))
	assert.Equal(t, []string{"unused-local x"}, rulesOf(check.Options{Only: []string{"unused-local"}}, "a.lua"))
	assert.Equal(t, []string{"unused-local x"}, rulesOf(check.Options{Disable: []string{"undefined-global"}}, "a.lua"))
	tests := builtins.Manual(&testsModule)
	assert.Equal(t, []string{"undefined-global prnt", "unused-local x"}, rulesOf(check.Options{ForTests: tests}, "a_test.lua"))
	assert.Equal(t, []string{"undefined-global prnt", "undefined-global HostName", "unused-local x"}, rulesOf(check.Options{ForTests: tests}, "a.lua"))
}

var update = flag.Bool("update", false, "rewrite testdata/findings.txt")

// TestFindings holds all that is said about the scripts in testdata, with hints
// and places, against testdata/findings.txt. After a change that is meant, run:
// go test ./runtime/internal/check -run TestFindings -update
func TestFindings(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lua")
	require.NoError(t, err)
	var out strings.Builder
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		fmt.Fprintf(&out, "%s\n", filepath.Base(file))
		for _, f := range pedantic().Source(file, src) {
			fmt.Fprintf(&out, "  %d:%d-%d:%d %s %s [%s %s]\n", f.Line, f.Column, f.EndLine, f.EndColumn, f.Severity, f.Message, f.Rule, f.Subject)
			if f.Hint != "" {
				fmt.Fprintf(&out, "    %s\n", f.Hint)
			}
		}
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/findings.txt", []byte(out.String()), 0o644))
	}
	want, err := os.ReadFile("testdata/findings.txt")
	require.NoError(t, err)
	assert.Equal(t, string(want), out.String())
}

func TestSourceLines(t *testing.T) {
	findings := newChecker().Source("a.lua", []byte("\xef\xbb\xbfprnt(1)\r\nlocal x = f[[\n]]"))
	require.NotEmpty(t, findings)
	assert.Equal(t, []any{1, 1, 4, "prnt(1)"}, []any{findings[0].Line, findings[0].Column, findings[0].EndColumn, findings[0].SourceLine})
	findings = newChecker().Source("a.lua", []byte("x +++ 1"))
	require.Len(t, findings, 1)
	assert.Equal(t, []int{1, 3, 4}, []int{findings[0].Line, findings[0].Column, findings[0].EndColumn}, "the whole token is marked")
	findings = newChecker().Source("a.lua", []byte("local s = [[a\nb"))
	require.Len(t, findings, 1)
	assert.Equal(t, []int{1, 11, 13}, []int{findings[0].Line, findings[0].Column, findings[0].EndColumn}, "a token of several lines is marked on its first line")
	findings = newChecker().Source("a.lua", []byte("if x then"))
	require.Len(t, findings, 1)
	assert.Equal(t, 0, findings[0].EndColumn, "the end of the file has no column")
	findings = newChecker().Source("a.lua", []byte("print(1)\nprnt(2)"))
	require.Len(t, findings, 1)
	assert.Equal(t, "prnt(2)", findings[0].SourceLine, "the last line")
}

// TestNamesOfTypes: a value that is compared with other names of types may be the
// text "nil" as well.
func TestNamesOfTypes(t *testing.T) {
	assert.Len(t, newChecker().Source("a.lua", []byte(`print(args[1] == "nil")`)), 1)
	assert.Empty(t, newChecker().Source("a.lua", []byte(`print(args[1] == "nil", args[1] == "table", args[1] ~= "nil")`)))
}

// account is a schema of an account.
func account() *schema.Schema {
	s := &schema.Schema{
		Fields: []schema.Field{
			{Model: "company", Name: "Tier", Type: "list", Values: []string{"Gold", "Silver"}},
			{Model: "company", Name: "Next Review", Type: "day"},
			{Model: "company", Name: "Score", Type: "number", Formula: true},
			{Model: "company", Name: "ERP id", Type: "text", Locked: true},
			{Model: "task", Name: "Effort", Type: "number", Mandatory: true},
		},
		Phases: []string{"Adoption", "Onboarding"}, Users: []schema.User{{ID: "65920080b97f4a7a33000001", Name: "Ada Castillo"}},
		Workflows: []string{"Kick-off"},
	}
	s.Sort()
	return s
}

// TestTheAccount: what the checker finds with a schema, and that it is silent without one.
func TestTheAccount(t *testing.T) {
	with := check.New(builtins.Manual(), check.Options{Schema: account()})
	for _, c := range []struct{ source, rule, severity, message string }{
		{`planhat.company.create{ name = "A", phase = "Adoption", owner = "65920080b97f4a7a33000001", custom = { Tier = "Gold", ["Next Review"] = time.epoch_days("2026-01-15") } }`, "", "", ""},
		{`planhat.company.create{ name = "A", custom = { Teir = "Gold" } }`, "unknown-property", "error", `a company has no custom field "Teir" (did you mean 'Tier'?)`},
		{`planhat.company.create{ name = "A", custom = { ["Renewal risk"] = "high" } }`, "unknown-property", "warning", `no custom field "Renewal risk"`},
		{`planhat.company.update("extid-1", { custom = { Tier = "gold" } })`, "wrong-value", "error", `no value "gold" (did you mean 'Gold'?)`},
		{`planhat.company.update("extid-1", { custom = { Tier = "Bronze" } })`, "wrong-value", "warning", `no value "Bronze"`},
		{`planhat.company.bulk_upsert{ { externalId = "1", custom = { Score = 5 } } }`, "read-only-property", "error", "is a formula"},
		{`planhat.company.bulk_upsert{ { externalId = "1", custom = { ["ERP id"] = "x" } } }`, "read-only-property", "warning", "is locked"},
		{`local row = { externalId = "1" }` + "\n" + `row.custom = { ["Next Review"] = "2026-01-15" }` + "\nplanhat.company.bulk_upsert{ row }", "wrong-value", "error", "takes the number of days since 1970-01-01"},
		{`local c = planhat.company.get_by_id("extid-1")` + "\nc.custom.Teir = 1\nprint(c.name)", "unknown-property", "error", `"Teir"`},
		{`local c = planhat.company.get_by_id("extid-1")` + "\nprint(c.custom.Teir)", "unknown-property", "warning", `"Teir"`},
		{`local c = planhat.company.get_by_id("extid-1")` + "\nif c.custom.Tier == \"Golden\" then print(c) end", "wrong-value", "warning", `no value "Golden"`},
		{`for c in planhat.company.each{ select = "name,custom.Teir" } do print(c.name) end`, "unknown-property", "error", `"Teir"`},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", T = "custom.Teir" } }`, "unknown-property", "error", `"Teir"`},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", T = { property = "custom.Score", type = "number" } } }`, "read-only-property", "error", "is a formula"},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId" }, constants = { ["custom.Tier"] = "gold" } }`, "wrong-value", "error", `no value "gold"`},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = "custom.Next Review" } }`, "wrong-value", "error", "has the type day, and the column is imported as text"},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = { property = "custom.Next Review", type = "text" } } }`, "wrong-value", "error", "has the type day, and the column is imported as text"},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = { property = "custom.Next Review", type = "date" } } }`, "wrong-value", "error", "has the type day, and the column is imported as date"},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = { property = "custom.Next Review", type = "days" } } }`, "", "", ""},
		{`planhat.company.import{ from = "a.csv", key = "externalId", columns = { ID = "externalId", R = { property = "custom.Next Review", convert = function() return 1 end } } }`, "", "", ""},
		{`planhat.company.create{ name = "A", phase = "Onbording" }`, "wrong-value", "error", `no company has the phase "Onbording" (did you mean 'Onboarding'?)`},
		{`planhat.company.create{ name = "A", phase = "Paused" }`, "wrong-value", "warning", `the phase "Paused"`},
		{`planhat.company.create{ name = "A", owner = "65920080b97f4a7a33000009" }`, "wrong-value", "warning", "there is no user"},
		{`planhat.company.create{ name = "A", owner = "Ada Castillo" }`, "wrong-value", "error", "takes the id of a user"},
		{`for _, w in ipairs(planhat.workflow.get_list()) do if w.name == "Kick off" then print(w._id) end end`, "wrong-value", "warning", `no workflow has the name "Kick off" (did you mean 'Kick-off'?)`},
		{`planhat.task.create{ mainType = "task", action = "Call", companyId = "extid-1" }`, "missing-property", "warning", `a new task needs the custom field "Effort"`},
		{`planhat.task.create{ mainType = "task", action = "Call", companyId = "extid-1", custom = { Effort = 1 } }`, "", "", ""},
		{`planhat.task.bulk_upsert{ { sourceId = "1", mainType = "task", action = "Call", companyId = "extid-1" } }`, "", "", ""},
		{`planhat.task.update("67d000000000000000000001", { action = "Call" })`, "", "", ""},
		{`local sandbox = planhat.new{ api_token = "x" }` + "\n" + `sandbox.company.create{ name = "A", custom = { Teir = 1 } }`, "", "", ""},
		{`planhat.enduser.create{ email = "a@example.com", companyId = "extid-1", custom = { Anything = 1 } }`, "", "", ""},
	} {
		found := with.Source("a.lua", []byte(c.source))
		if c.rule == "" {
			assert.Empty(t, found, c.source)
			continue
		}
		if assert.Len(t, found, 1, "%s: %v", c.source, found) {
			assert.Equal(t, c.rule, found[0].Rule, c.source)
			assert.Equal(t, report.Severity(c.severity), found[0].Severity, c.source)
			assert.Contains(t, found[0].Message, c.message, c.source)
		}
		assert.Empty(t, newChecker().Source("a.lua", []byte(c.source)), "without a schema: %s", c.source)
		assert.Empty(t, with.Source("a_test.lua", []byte(c.source)), "a test: %s", c.source)
	}
}
