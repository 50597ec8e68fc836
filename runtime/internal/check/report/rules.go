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

var rules = slices.Concat(nameRules, apiRules, truthRules, quotaRules, valueRules, literalRules, slipRules, headerRules)
