package runtime

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHintsSuggestNames(t *testing.T) {
	b := newBench(t)
	for source, want := range map[string]string{
		`prnt("x")`:                                                "did you mean 'print'?",
		`local n = #rows`:                                          "a list begins with rows = {}",
		`local row = {}; print(row.mrr + 1)`:                       "write (row.mrr or 0)",
		`local row = {}; print("a" .. row.name)`:                   `write (row.name or "")`,
		`rows = {}; print(#rowz)`:                                  "did you mean 'rows'?",
		`tables.map({}, print)`:                                    `write local tables = require "tables" first`,
		`import("csv")`:                                            `local name = require "name"`,
		`it("x", function() end)`:                                  "phscript test FILE",
		"local rows = {} rows:push('x')":                           "write table.insert(the table, ...)",
		"local rows = {} rows.append('x')":                         "write table.insert(the table, ...)",
		"local report = {} report.insert('x')":                     "write table.insert(the table, ...)",
		`print(null.x)`:                                            "'null' is written nil",
		`planhat.compny.get_list()`:                                "did you mean 'company'?",
		`planhat.companies.get_list()`:                             "did you mean 'company'?",
		`planhat.endUsers.get_list()`:                              "did you mean 'enduser'?",
		`planhat.company.find{}`:                                   "did you mean 'get_by_id' or 'get_list'?",
		`planhat.company.get("x")`:                                 "did you mean 'get_by_id' or 'get_list'?",
		`planhat.company.list()`:                                   "did you mean 'get_list' or 'each'?",
		`planhat.company.all()`:                                    "did you mean 'get_list' or 'each'?",
		`planhat.company.getById("x")`:                             "did you mean 'get_by_id'?",
		`planhat.company:save({})`:                                 "did you mean 'create' or 'update' or 'bulk_upsert'?",
		`planhat.company.upsert({})`:                               "did you mean 'bulk_upsert'?",
		`planhat.company.remove("x")`:                              "did you mean 'delete'?",
		`json.stringify({})`:                                       "did you mean 'encode'?",
		`json.parse("{}")`:                                         "did you mean 'decode'?",
		`local j = require "json"; j.dumps({})`:                    "did you mean 'encode'?",
		`json.qqq()`:                                               "json has: array, decode, ",
		`planhat.company.qqq()`:                                    "planhat.company has: ",
		`planhat.qqq()`:                                            " more",
		`string.qqq()`:                                             "string has: ",
		`string.uper("x")`:                                         "did you mean 'upper'",
		`local s = "x"; s:uper()`:                                  "did you mean 'upper'",
		`table.push({}, 1)`:                                        "did you mean 'insert'?",
		`local s = require "inspect" s.inspct(1)`:                  "did you mean 'inspect'",
		`local record = { ownerId = 1 }; print(record.owner.name)`: "did you mean 'ownerId'?",
		`local company = planhat.company
local function f() return company.find() end
print(f())`: "did you mean 'get_by_id' or 'get_list'?",
		`local class = { rename = print }; class.__index = class
setmetatable({}, class)
local object = setmetatable({}, class)
object:renam()`: "did you mean 'rename'?",
	} {
		t.Run(source, func(t *testing.T) {
			assert.Contains(t, b.fails(t, source).Hint, want)
		})
	}
}

func TestHintsLookInTheIndexedTableOnly(t *testing.T) {
	b := newBench(t)
	for _, source := range []string{
		`local planhat = { name = 1 }; planhat.compny.x()`,
		`local string = {}; string.uper()`,
		`local t = {}; t.find()`,
		`local t = { get_env = 1 }; print(t.other.x)`,
		`({}).find()`,
		`local list = { {} }; list[1].find()`,
		`local function f() return {} end f().find()`,
	} {
		t.Run(source, func(t *testing.T) {
			assert.NotContains(t, b.fails(t, source).Hint, "did you mean")
		})
	}
}

func TestHintsForCommonSlips(t *testing.T) {
	b := newBench(t)
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "a.csv"), []byte("id,name\n1,Acme\n"), 0o600))
	const each = `local function each() local n = 0 return function() n = n + 1 if n < 3 then return { name = "Acme" } end end end
`
	for source, want := range map[string]string{
		`for row in csv.read("a.csv") do print(row) end`:                    `for _, row in ipairs(csv.read("a.csv")) do`,
		`local rows = { 1 } for i, row in rows do print(i, row) end`:        "for i, row in ipairs(rows) do",
		"local rows = { 1 }\nfor i, row in rows do print(i, row) end":       "for i, row in ipairs(rows) do",
		`for row in csv.rows do print(row) end`:                             "call the function: for row in csv.rows() do",
		`for c in planhat.company.each do print(c) end`:                     "for c in planhat.company.each() do",
		"local company = planhat.company\nfor c in company.each do end":     "for c in company.each() do",
		each + "for _, c in each() do\n  print(c.name)\nend":                "the loop at line 2 gets the record as its first value: for c in each() do",
		each + "for i, c in ipairs(each()) do print(c) end":                 "an iterator does not need ipairs",
		"for _, row in csv.rows(\"a.csv\") do\n  print(row.name.x)\nend":    `for row in csv.rows("a.csv") do`,
		"for _, c in pairs({ 1 }) do\n  local c\n  print(c.name)\nend":      "'c' has no value here; where it may be missing, write (c or {}).name",
		`local row = { value = 1 } print(row.valu + 1)`:                     "did you mean 'value'?",
		`local lic, totals = "a", {} totals[lic] = totals[lic] + 1`:         "'totals[lic]' has no value here; write (totals[lic] or 0)",
		`local c = { owner = {} } print("x" .. c.owner.nick)`:               `write (c.owner.nick or "")`,
		`local c = {} print("x" .. c["Account Name"])`:                      `write (c["Account Name"] or "")`,
		`local a, b = {}, {} print(a.mrr + b.mrr)`:                          "write (a.mrr or 0)",
		`local c = {} print(c.renewalDate - 3)`:                             "if c.renewalDate then ... end",
		`local c = { renewalDate = "2026-01-01" } print(c.renewalDate - 3)`: `time.diff(later, earlier, "days")`,
		`print(time.today() + 30)`:                                          `time.add(date, "30d")`,
		`print("2026-01-01" < time.now())`:                                  "compare a date with time.today()",
		`local t = {} t[nil] = 1`:                                           "the key between the brackets",
		`local list = { {} } print(list[4].name)`:                           "there is nothing at list[4]; the items of a list are numbered from 1 to #list",
		`local list = { {} } for i = 0, 1 do print(list[i].name.x) end`:     "there is nothing at list[i]",
		`print("a" + 1)`: "joined with ..",
		`local row = { name = "Acme" } print(row.name * 2)`: "tonumber(text)",
		`print("5" > 3)`: `numbers = { "column" }`,
		`print(3 < "5")`: `numbers = { "column" }`,
		`print(nil < 3)`: "check for that first",
		`print({} < {})`: "",
	} {
		t.Run(source, func(t *testing.T) {
			hint := b.fails(t, source).Hint
			if want == "" {
				assert.Empty(t, hint)
				return
			}
			assert.Contains(t, hint, want)
		})
	}
}

func TestListedMembersAreCut(t *testing.T) {
	hint := newBench(t).fails(t, `planhat.qqq()`).Hint
	assert.True(t, strings.HasPrefix(hint, "planhat has: asset, "), hint)
	assert.Equal(t, 12, strings.Count(hint, ", ")+1, hint)
}

// TestHintsComeFromTheErrorNotFromItsWords: an error that a script raises in the
// words of Lua is its own, and Lua's own error stays one that is raised again.
func TestHintsComeFromTheErrorNotFromItsWords(t *testing.T) {
	b := newBench(t)
	for source, want := range map[string]string{
		`error("attempt to call global 'prnt' (a nil value)")`:                                        "",
		`error("attempt to perform arithmetic on local 'x' (a nil value)")`:                           "",
		`error("table index is nil", 0)`:                                                              "",
		`error("stack overflow", 0)`:                                                                  "",
		`local ok, e = pcall(function() prnt("x") end) error(e, 0)`:                                   "did you mean 'print'?",
		`local ok, e = pcall(function() prnt("x") end) error(e)`:                                      "did you mean 'print'?",
		`local ok, e = pcall(function() prnt("x") end) pcall(error, "y") error("import: " .. e, 0)`:   "did you mean 'print'?",
		`local ok, e = pcall(function() prnt("x") end) error("it failed, as " .. e .. " tells")`:      "",
		"coroutine.wrap(function() local record = { ownerId = 1 } print(record.owner.name) end)()":    "did you mean 'ownerId'?",
		`local t = { mrr = 1 } local s = "t.mrrr" print(s, t.mrrr + 1)`:                               "did you mean 'mrr'?",
		"local list = { 1 }\nfor i, v in ipairs(list) do for k in v do print(k) end end":              "",
		`local each = { 1 } for row in each do print(row) end`:                                        "for _, row in ipairs(each) do",
		"for row in csv.rows do print(row) end":                                                       "call the function",
		"local rows = csv.rows\nfor row in rows do print(row) end":                                    "for row in rows() do",
		"local rows = csv.rows\nfor _, name in ipairs({ 1 }) do rows() end":                           "",
		`local a, b = { renewalDate = "2026-01-01" }, 1 local days = "1" print(days + {})`:            "",
		`local name, c = "Acme", { renewalDate = "2026-01-01" } print(c.renewalDate) print(name + 1)`: "joined with ..",
	} {
		t.Run(source, func(t *testing.T) {
			hint := b.fails(t, source).Hint
			if want == "" {
				assert.Empty(t, hint)
				return
			}
			assert.Contains(t, hint, want)
		})
	}
}
