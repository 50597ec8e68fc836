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
	{"unknown-rule", Warning, "A comment `phscript: ignore` that names no rule of this list.", "-- phscript: ignore spelling"},
	{"unused-ignore", Warning, "A comment `phscript: ignore` that nothing is wrong with.", "print(1) -- phscript: ignore syntax"},
}
