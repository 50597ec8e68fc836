package plan

import (
	"cmp"
	"slices"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// doubt is why the record of a row may be another one than the plan says, "" if it is
// clear. It follows "1 row has" and "2 rows have", and names no values.
type doubt string

// doubtAt is where rows are in doubt: several rows of a call mostly are for the same reason.
type doubtAt struct {
	place
	what string
	why  doubt
}

// laterKey is the doubt of a row whose first key finds nothing and whose next one does. The
// documentation of the API does not say whether Planhat then takes the next one.
func laterKey(m *catalog.Model, missed, found string) doubt {
	return doubt(article(missed) + " that no " + m.Noun + " has, and " + article(found) + " that one has: it is not documented whether Planhat updates that one")
}

// severalCompanies is the doubt of a row without a company: an externalId is unique within one.
func severalCompanies(m *catalog.Model, name string) doubt {
	return doubt(article(name) + " that several " + m.Plural + " have, and no company to tell them apart")
}

// severalEmails is the doubt of a row whose email several records have.
func severalEmails(m *catalog.Model) doubt {
	return doubt("an email that several " + m.Plural + " have: Planhat may create a new " + m.Noun)
}

// otherKind is the doubt of a key that is a number on one side and a text on the other.
func otherKind(m *catalog.Model, name string, ours jsontext.Value) doubt {
	mine, theirs := "a number", "a text"
	if ours.Kind() == '"' {
		mine, theirs = theirs, mine
	}
	return doubt(article(name) + " that is " + mine + ", and that of the " + m.Noun + " is " + theirs + ": it is not documented whether they are the same")
}

func article(name string) string {
	if slices.Contains([]byte("aeiou_"), name[0]) {
		return "an " + name
	}
	return "a " + name
}

// differs reports whether two values are a number and a text.
func differs(a, b jsontext.Value) bool {
	return a.Kind() == '0' && b.Kind() == '"' || a.Kind() == '"' && b.Kind() == '0'
}

// doubts notes that the record of a row is in doubt, if it is.
func (s *session) doubts(m *catalog.Model, operation string, why doubt) {
	if why == "" {
		return
	}
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	s.run.doubts[doubtAt{placeOf(s.ctx), m.Snake + "." + operation, why}]++
}

// inDoubt returns the doubts as what is not known, in the order of their lines.
func (r *Run) inDoubt() (out []Unknown) {
	for at, rows := range r.doubts {
		has := " has "
		if rows > 1 {
			has = " have "
		}
		out = append(out, Unknown{Script: at.script, Line: at.line, Text: english.Plural(rows, "row", "") + " of " + at.what + has + string(at.why)})
	}
	slices.SortFunc(out, func(a, b Unknown) int {
		return cmp.Or(cmp.Compare(a.Script, b.Script), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
	return out
}
