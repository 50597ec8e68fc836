package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Rule is one kind of mistake.
type Rule struct {
	// Name is what findings, ignore comments and flags call it.
	Name     string
	Severity Severity
	// Doc says what it finds. Example is a whole script in which only this rule
	// finds something.
	Doc, Example string
}

// Rules returns all rules, in the order of the guide. The caller may
// change the result.
func Rules() []Rule { return slices.Clone(rules) }

// RuleNamed returns the rule with a name, or nil.
func RuleNamed(name string) *Rule {
	for i := range rules {
		if rules[i].Name == name {
			return &rules[i]
		}
	}
	return nil
}

// RuleNames are the names of all rules, in the same order.
func RuleNames() []string {
	names := make([]string, len(rules))
	for i := range rules {
		names[i] = rules[i].Name
	}
	return names
}

// WriteRules writes the table of rules for people.
func WriteRules(w io.Writer) error {
	width := 0
	for i := range rules {
		width = max(width, len(rules[i].Name))
	}
	out := &strings.Builder{}
	for i := range rules {
		fmt.Fprintf(out, "%-*s  %-7s  %s\n", width, rules[i].Name, rules[i].Severity, rules[i].Doc)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

var rules = []Rule{
	{"syntax", Error, "The script is not valid Lua, so it cannot start.", "if a = 1 then end"},
	{"undefined-global", Error, "A name that is not defined anywhere, so it is nil at run time.", "prnt(1)"},
	{"global-set", Warning, "A variable assigned without `local` is global: other functions and files can change it.", "count = 0"},
	{"global-overwritten", Warning, "The script replaces a built-in function or module for the rest of the run.", "print = nil"},
	{"unused-local", Warning, "A local variable that is never used.", "local total = 0"},
	{"unused-function", Warning, "A local function that is never called.", "local function key() end"},
	{"unused-argument", Warning, "A parameter that its function does not use. Start its name with `_` if this is intended.", "return function(row) end"},
	{"unused-loop-variable", Warning, "A loop variable that the loop does not use. Call it `_` if this is intended.", `for i, name in ipairs({ "Acme" }) do print(name) end`},
	{"unused-assignment", Warning, "A value that is overwritten or goes out of scope before it is read.", "local n = 1\nn = 2\nprint(n)"},
	{"never-set", Warning, "A local variable that is read but never assigned.", "local n\nprint(n)"},
	{"read-before-set", Warning, "A variable that is read before it is first assigned.", "local n\nprint(n)\nn = 1\nprint(n)"},
	{"shadowed-name", Warning, "A local variable with the same name as another variable or a built-in function or module.", "local type = \"customer\"\nprint(type)"},
	{"unreachable-code", Warning, "Code that never runs.", "do return end\nprint(1)"},
	{"loop-runs-once", Warning, "A loop that always ends in its first iteration.", "for i = 1, 9 do return i end"},
	{"duplicate-field", Warning, "A field that a table sets twice. Only the last value is kept.", "return { a = 1, a = 2 }"},
	{"unknown-module", Error, "A `require` that finds neither a file nor a built-in module.", `print(require "cvs")`},
	{"unknown-function", Error, "A function or model that a module does not have.", "print(planhat.compny.get_list())"},
	{"wrong-arguments", Error, "A call with missing arguments, too many arguments, or arguments of the wrong type.", "planhat.company.get_by_id()"},
	{"unknown-option", Error, "An option that a function does not have.", "print(#planhat.company.get_list{ limt = 5 })"},
	{"unknown-property", Error, "A property that a model does not have, in a record, in `select` or `sort`, or read from a record. It is a warning if no property has a similar name, or if the script only reads it.", `planhat.company.create{ naem = "Acme" }`},
	{"not-selected", Warning, "A property read from a record although `select` does not include it, so it is always nil.", `for c in planhat.company.each{ select = "name" } do print(c.owner) end`},
	{"read-only-property", Error, "A property that only Planhat can set.", `planhat.company.update("extid-1", { mrr = 5 })`},
	{"missing-property", Error, "A new record without a property that Planhat requires.", `planhat.license.create{ fromDate = "2026-01-01" }`},
	{"wrong-value", Error, "A property value that has the wrong type or is not one of the allowed values.", `planhat.company.create{ name = "Acme", status = "good" }`},
	{"date", Error, "A date in a format Planhat does not accept, a date compared with something else, or arithmetic on a date.", `print(time.today() + 30)`},
	{"row-without-key", Warning, "A row for `bulk_upsert` without a key, so every run creates a new record.", `planhat.company.bulk_upsert{ { name = "Acme" } }`},
	{"deprecated", Warning, "A deprecated function.", "print(table.getn({ 1, 2 }))"},
	{"field-of-number", Error, "A field of a number, often of the position in an `ipairs` loop.", `for row in ipairs({ "Acme" }) do print(row.name) end`},
	{"constant-condition", Warning, "A comparison or condition whose result is always the same.", "local c = planhat.company.get_by_id(\"extid-1\")\nif not c.owner == nil then print(c.owner) end"},
	{"length-of-record", Error, "`#` of a value that is neither a list nor a string.", `print(#{ name = "Acme" })`},
	{"loop-over-table", Error, "A `for ... in` loop over a table, a number, or a function that must be called first.", "for c in planhat.company.each do print(c) end"},
	{"ipairs-over-record", Warning, "`ipairs` over a table that has named fields but no items.", "for _, v in ipairs({ a = 1 }) do print(v) end"},
	{"loop-bounds", Warning, "A counting loop that starts at 0, goes past the end of the list, or never runs; also item 0 of a list.", "local rows = { 1, 2 }\nfor i = 0, #rows do print(rows[i]) end"},
	{"fraction-as-index", Warning, "A division used as a list index.", "local rows = { 1, 2 }\nprint(rows[#rows / 2])"},
	{"text-arithmetic", Error, "Arithmetic on a string, or a value that `..` cannot join to a string.", `print("total: " + 5)`},
	{"ignored-result", Warning, "A call whose result is ignored, although it has no other effect or reports rejected rows.", "local name = \"Acme\"\nname:upper()"},
	{"no-result", Warning, "A value taken from a function that returns nothing.", "local rows = { 2, 1 }\nlocal sorted = table.sort(rows)\nprint(sorted)"},
	{"further-results", Warning, "A second result that a call receives as an extra argument by mistake.", `print(tonumber(("1,500"):gsub(",", "")))`},
	{"escape", Warning, "A backslash in a string that Lua drops because it does not start an escape sequence.", `fs.read("C:\Users\me.csv")`},
	{"pattern", Warning, "A pattern character with a special meaning, used where the character itself is meant.", `print((("1.500"):gsub(".", "")))`},
	{"call-in-loop", Warning, "A list that is read again in every iteration of a loop.", "for _, id in ipairs({ 1, 2 }) do print(id, planhat.user.get_list()) end"},
	{"empty-block", Warning, "A branch or loop that contains nothing, not even a comment.", "for _ = 1, 3 do end"},
	{"header", Error, "A mistake in what the comments at the top say about the script: an unknown tag, an invalid parameter, or a model that does not exist.", "-- @parm path:file \"CSV to import\"\nprint(1)"},
	{"undeclared-parameter", Error, "A parameter that the script reads and does not declare, although it declares others.", "-- @param path:file\nprint(params.path, params.pth)"},
	{"unread-parameter", Warning, "A parameter that the header declares and the script never reads.", "-- @param path:file\n-- @param days:integer\nprint(params.path)"},
	{"undeclared-write", Error, "A write to a model that `@writes` does not name, so the run ends there.", "-- @writes company\nplanhat.user.delete(\"65920080b97f4a7a33000001\")"},
	{"unknown-rule", Warning, "A `phscript: ignore` comment that names a rule that does not exist.", "print(1) -- phscript: ignore spelling"},
	{"unused-ignore", Warning, "A `phscript: ignore` comment that has nothing to ignore.", "print(1) -- phscript: ignore syntax"},
}
