package drawn

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/phscript/phscript/planhat/simulator"
)

// fixed are the switches that are not drawn, with the reason.
var fixed = map[string]string{
	"body-limit":        "no request is that large",
	"comma-lists":       "lists are not filtered",
	"currency":          "a plan can't know whether Planhat wants one",
	"custom-undefined":  "see custom-values",
	"custom-values":     "a plan does not know the custom fields of the account",
	"default-order":     "a random order would make two runs of a script differ",
	"duplicate-rows":    "apply may send rows of a bulk upsert apart",
	"enums":             "all values are valid",
	"external-id-scope": "a plan can't know it",
	"fall-through":      "a plan can't know it",
	"filter-prefixes":   "lists are not filtered",
	"minute-window":     "there is no quota",
	"page-cap":          "lists are shorter than what the client takes for a page",
	"rate-headers":      "there is no quota",
	"rate-reset":        "there is no quota",
	"retry-after":       "there is no quota",
	"task-main-type":    "a plan can't know it",
	"ticket-s":          "lists are not filtered",
	"ties":              "a random order would make two runs of a script differ",
	"types":             "all values are valid",
	"unknown-tenant":    "the tenant is known",
}

// Switches draws how a simulated Planhat behaves, of all that does not matter to a plan.
func Switches(t *rapid.T) simulator.Switches {
	all := simulator.Switches{}
	for _, doc := range simulator.SwitchDocs() {
		if fixed[doc.Name] != "" || rapid.IntRange(0, 2).Draw(t, "switch "+doc.Name) > 0 {
			continue
		}
		value := rapid.SampledFrom(doc.Values).Draw(t, doc.Name)
		if value == simulator.AnyNumber {
			value = "3"
		}
		all[doc.Name] = value
	}
	return all
}

// Fixed returns the names of the switches that are not drawn.
func Fixed() []string {
	var names []string
	for name := range fixed {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
