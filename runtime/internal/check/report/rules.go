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
	// finds something, and Silent one that resembles it and is right, in which no
	// rule does.
	Doc, Example, Silent string
}

// optIn are the rules of which findings are true and seldom help. They are only looked for
// with --pedantic, or if they are named.
var optIn = map[string]bool{"unused-argument": true}

// OptIn reports whether a rule is only looked for if somebody asks for it.
func (r *Rule) OptIn() bool { return optIn[r.Name] }

// once are the rules that say the same about each use of a name: it has one cause, so
// the first use is reported, with the places of the others.
var once = map[string]bool{
	"undefined-global": true, "global-set": true, "global-overwritten": true, "unknown-function": true, "unknown-module": true,
	"deprecated": true, "escape": true,
}

// Once merges the findings of a file that have the same cause. They must be in order.
func Once(list []Finding) []Finding {
	type cause struct{ rule, subject, hint string }
	first := map[cause]int{}
	merged := list[:0]
	for _, f := range list {
		if f.Subject == "" || !once[f.Rule] {
			merged = append(merged, f)
			continue
		}
		because := cause{rule: f.Rule, subject: f.Subject}
		if f.Rule == "unknown-function" {
			because.hint = f.Hint // may say what to call in this place
		}
		at, told := first[because]
		if !told {
			first[because] = len(merged)
			merged = append(merged, f)
			continue
		}
		merged[at].Also = append(merged[at].Also, Place{f.Line, f.Column})
	}
	return merged
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

// WriteRule writes the page of a rule for people: what it finds, such a script, and one that
// resembles it and is right.
func WriteRule(w io.Writer, r *Rule) error {
	indented := func(script string) string { return "    " + strings.ReplaceAll(script, "\n", "\n    ") }
	when := ""
	if r.OptIn() {
		when = ", only with --pedantic or --rule"
	}
	_, err := fmt.Fprintf(w, "%s (%s%s)\n\n%s\n\nReported:\n\n%s\n\nNot reported:\n\n%s\n", r.Name, r.Severity, when, r.Doc, indented(r.Example), indented(r.Silent))
	return err
}

var rules = slices.Concat(nameRules, apiRules, truthRules, quotaRules, valueRules, literalRules, useRules, slipRules, headerRules)
