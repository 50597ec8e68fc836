package proposal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// placeholders are texts by which programs and people say that there is no value, in lower case.
var placeholders = []string{"null", "(null)", "<null>", "nil", "none", "n/a", "#n/a", "n.a.", "na", "nan", "-", "--", "\u2013", "\u2014", "?", "#ref!", "#value!", "#name?", "#div/0!"}

// isText reports whether the cells of a column are imported as text.
func (m *Mapping) isText(model *catalog.Model) bool {
	if m.Off || m.Property == "" || m.Users || len(m.Values) > 0 || m.Type != "" || m.Format != "" {
		return false
	}
	p := model.Property(m.Property)
	return p == nil || !slices.Contains([]catalog.Type{catalog.Number, catalog.Integer, catalog.Boolean, catalog.Date, catalog.Days, catalog.Array}, p.Type)
}

// missing finds cells of a column of text that seem to say that there is no value.
func (m *Mapping) missing(model *catalog.Model) {
	if !m.isText(model) {
		return
	}
	n := 0
	for _, cell := range m.look.cells {
		if !slices.Contains(placeholders, strings.ToLower(cell)) {
			continue
		}
		n++
		if !slices.Contains(m.absent, cell) {
			m.absent = append(m.absent, cell)
		}
	}
	if n == 0 {
		return
	}
	var shown []string
	for _, cell := range m.absent[:min(len(m.absent), 3)] {
		shown = append(shown, fmt.Sprintf("%q", cell))
	}
	cells := "1 cell seems to say that there is no value"
	if n > 1 {
		cells = fmt.Sprintf("%d cells seem to say that there is no value", n)
	}
	they, them := "they are", "them"
	if n == 1 {
		they, them = "it is", "it"
	}
	advice := fmt.Sprintf("%s imported as text, and a comment in the script says how to leave %s out", they, them)
	if slices.Contains(model.Keyables.Bulk, m.Property) {
		advice = fmt.Sprintf("%s imported as %s, so correct %s in the file", they, m.Property, them)
		m.absent = nil // a row without its key would create a record
	}
	m.Doubts = append(m.Doubts, cells+", such as "+strings.Join(shown, ", ")+"; "+advice)
}

// withoutMissing returns a comment on how to leave out the cells that are no values, or "".
func (m *Mapping) withoutMissing() string {
	if len(m.absent) == 0 {
		return ""
	}
	var tests []string
	for _, cell := range m.absent {
		tests = append(tests, "cell ~= "+Quote(cell))
	}
	value := "cell"
	switch {
	case m.Reference != "":
		value = fmt.Sprintf("%q .. cell", map[string]string{"externalId": "extid-", "sourceId": "srcid-"}[m.Reference])
	case m.Lower:
		value = "cell:lower()"
	}
	return fmt.Sprintf("    -- To leave them out: { property = %s, convert = function(cell) if %s then return %s end end },\n",
		Quote(m.Property), strings.Join(tests, " and "), value)
}

// zeros finds ids that may have lost zeros: a workbook that holds some as numbers, and others as
// texts that begin with zeros.
func (m *Mapping) zeros(model *catalog.Model) {
	if m.look.kind != id || !m.isText(model) || len(m.look.texts) == len(m.look.cells) {
		return
	}
	number := m.look.unlike(func(cell string) bool { return slices.Contains(m.look.texts, cell) })
	text := m.look.texts[max(0, slices.IndexFunc(m.look.texts, patterns().zeros.MatchString))]
	doubt := fmt.Sprintf("some ids are numbers, which have lost any zeros at their start, and others are texts that have them, such as %q, %q", number, text)
	m.Doubts = append(m.Doubts, doubt)
}
