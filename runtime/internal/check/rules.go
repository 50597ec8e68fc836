package check

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
	// Doc says in a sentence what it finds; Example is a piece of a script in
	// which it finds something.
	Doc, Example string
}

// Rules returns all rules, in the order of the guide. The result is the
// caller's own.
func Rules() []Rule { return slices.Clone(rules) }

// rule returns the rule of a name, or nil.
func rule(name string) *Rule {
	for i := range rules {
		if rules[i].Name == name {
			return &rules[i]
		}
	}
	return nil
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
	{"syntax", Error, "The text is no Lua, so the script cannot start.", "if a = 1 then end"},
	{"undefined-global", Error, "A name that nothing defines: it is nil when the script comes to it.", "prnt(1)"},
	{"global-set", Warning, "A name without `local` belongs to the whole program, so that other functions and files can change it.", "count = 0"},
	{"global-overwritten", Warning, "A function or module of phscript or of Lua is replaced for the rest of the run.", "print = nil"},
	{"unused-local", Warning, "A local name whose value nobody reads.", "local total = 0"},
	{"unused-function", Warning, "A local function that nobody calls.", "local function key() end"},
	{"unused-argument", Warning, "A parameter that its function does not use; a name that starts with `_` says that this is meant.", "local f = function(row) end"},
	{"unused-loop-variable", Warning, "A loop's variable that the loop does not use; `_` says that this is meant.", "for i, row in ipairs(rows) do print(row) end"},
	{"unused-assignment", Warning, "A value that is stored and then replaced or forgotten before anybody reads it.", "local n = 1\nn = 2\nprint(n)"},
	{"never-set", Warning, "A local name that is read but never gets a value.", "local n\nprint(n)"},
	{"read-before-set", Warning, "A name that is read before it gets its first value.", "local n\nprint(n)\nn = 1"},
	{"shadowed-name", Warning, "A local name that hides another one, or a function or module of phscript or of Lua.", "local name = 1\nlocal name = 2"},
	{"unreachable-code", Warning, "Code that never runs.", "do return end\nprint(1)"},
	{"loop-runs-once", Warning, "A loop that always ends in its first round.", "for i = 1, 9 do return i end"},
	{"duplicate-field", Warning, "A field that a table gets twice; only the last one stays.", "local t = { a = 1, a = 2 }"},
	{"unknown-module", Error, "A `require` that finds neither a file nor a module.", `local csv = require "cvs"`},
	{"unknown-function", Error, "A function or model that a module does not have.", "planhat.compny.get_list()"},
	{"wrong-arguments", Error, "A call with arguments that are missing, too many or of the wrong type.", "planhat.company.get_by_id()"},
	{"unknown-option", Error, "An option that a function does not have.", "planhat.company.get_list{ limt = 5 }"},
	{"unknown-property", Error, "A property that a model is not known to have, in a record, in `select` or `sort`, or read from a record. Where nothing is spelt like it, and where it is read, that is a warning.", `planhat.company.create{ naem = "Acme" }`},
	{"not-selected", Warning, "A property that is read from a record, though `select` left it out: it is nil in all of them.", `for c in planhat.company.each{ select = "name" } do print(c.owner) end`},
	{"read-only-property", Error, "A property that Planhat sets itself.", `planhat.company.update(id, { mrr = 5 })`},
	{"missing-property", Error, "A new record without a property that Planhat demands.", `planhat.enduser.create{ email = "a@b.example" }`},
	{"wrong-value", Error, "A property's value of the wrong type, or none of those that it may have.", `planhat.company.create{ name = "Acme", status = "good" }`},
	{"date", Error, "A date in a form that Planhat does not know, compared with something else than a date, or calculated with.", `local due = time.today() + 30`},
	{"row-without-key", Warning, "A row for `bulk_upsert` without a key: every run makes a new record of it.", `planhat.company.bulk_upsert{ { name = "Acme" } }`},
	{"ambiguous-call", Error, "A parenthesis at the start of a line, which calls what the line above ends with.", "local f = print\n(f or print)(1)"},
	{"deprecated", Warning, "A function that is there for old scripts only.", "table.getn(list)"},
	{"field-of-number", Error, "A field of a number, mostly of the position in an `ipairs` loop.", "for row in ipairs(rows) do print(row.name) end"},
	{"constant-condition", Warning, "A comparison or condition that always comes out the same way.", "if not x == nil then print(x) end"},
	{"length-of-record", Error, "`#` of something that is no list and no text.", `print(#{ name = "Acme" })`},
	{"loop-over-table", Error, "A `for ... in` over a table, a number, or a function that has to be called first.", "for c in planhat.company.each do print(c) end"},
	{"ipairs-over-record", Warning, "`ipairs` over a table with named fields, which has no items.", "for _, v in ipairs({ a = 1 }) do print(v) end"},
	{"loop-bounds", Warning, "A counting loop that starts at 0, goes past the end of the list, or never runs; item 0 of a list.", "for i = 0, #rows do print(rows[i]) end"},
	{"fraction-as-index", Warning, "A division as a position in a list.", "print(rows[#rows / 2])"},
	{"text-arithmetic", Error, "A text that is added, or a value that cannot be joined to a text.", `print("total: " + 5)`},
	{"ignored-result", Warning, "A call whose result is all that it is good for, or which tells of rejected rows.", "name:upper()"},
	{"no-result", Warning, "A value that is taken from a function which returns nothing.", "local sorted = table.sort(rows)"},
	{"further-results", Warning, "A second result that gets into the arguments of a call by mistake.", `tonumber(cell:gsub(",", ""))`},
	{"escape", Warning, "A backslash in a text that Lua drops, since it begins none of its escapes.", `fs.read("C:\Users\me.csv")`},
	{"pattern", Warning, "A character of a pattern that stands for others.", `price:gsub(".", "")`},
	{"call-in-loop", Warning, "A list that is read again in each round of a loop.", "for _, id in ipairs(ids) do print(id, planhat.user.get_list()) end"},
	{"empty-block", Warning, "A branch or a loop with nothing in it, not even a comment.", "if x then end"},
	{"unknown-rule", Warning, "A comment `phscript: ignore` that names no rule of this list.", "-- phscript: ignore spelling"},
	{"unused-ignore", Warning, "A comment `phscript: ignore` that nothing is wrong with.", "print(1) -- phscript: ignore syntax"},
}
