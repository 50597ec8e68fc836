package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// everywhere lists what changes the values of all records: custom fields that are deleted or
// get another type.
func (p *planText) everywhere() {
	for _, name := range slices.Sorted(maps.Keys(p.report.Models)) {
		m := p.report.Models[name]
		count := m.Everywhere()
		if count == 0 {
			continue
		}
		fmt.Fprintf(p, "  %s changes that affect the values in all records and cannot be undone: %s\n", display.OneLine(name), humanize.Comma(int64(count)))
		for i := range m.All {
			mark := '~'
			if m.All[i].Action == plan.Delete {
				mark = '-'
			}
			p.record(mark, &m.All[i])
		}
		if more := count - len(m.All); more > 0 {
			fmt.Fprintf(p, "    and %s more\n", humanize.Comma(int64(more)))
		}
	}
}

// granted says what the plan assumes, and what apply cannot do or will ask for.
func (p *planText) granted() {
	if n := p.report.Customs(); n > 0 && p.header.Undo == nil { // an undo sends them all
		fmt.Fprintf(p, "  assumes that setting a custom property leaves the others as they are, in %s; apply tests that first\n", english.Plural(n, "row", ""))
	}
	keyless := 0
	for _, m := range p.report.Models {
		keyless += m.Keyless
	}
	if keyless > 0 {
		verb, exist := "has", "it exists"
		if keyless > 1 {
			verb, exist = "have", "they exist"
		}
		fmt.Fprintf(p, "  %s to create %s no key, so apply cannot tell whether %s if the response is lost: %s\n", english.Plural(keyless, "record", ""), verb, exist, display.OneLine(places(p.report.Keyless())))
	}
	for _, f := range p.header.Files {
		switch deleted := p.report.Sum().Deleted; {
		case !f.Empty:
		case deleted == 0:
			fmt.Fprintf(p, "  %s has no data\n", display.OneLine(f.Name))
		default:
			fmt.Fprintf(p, "  %s has no data, and the plan deletes %s: apply needs --allow-empty-source\n", display.OneLine(f.Name), english.Plural(deleted, "record", ""))
		}
	}
	for _, t := range p.header.Tenants {
		if !t.Default {
			fmt.Fprintf(p, "  apply will refuse this plan: the script writes to account %d on %s with its own token, and plans hold no tokens; run the script instead\n",
				t.Client, display.OneLine(t.Host))
		}
	}
}

// places lists the first places of a script.
func places(all []plan.Unknown) string {
	var shown []string
	for _, one := range all[:min(len(all), shownFiles)] {
		shown = append(shown, strings.TrimSuffix(at(one.Script, one.Line), ": "))
	}
	if more := len(all) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("%d more", more))
	}
	return english.WordSeries(shown, "and")
}
