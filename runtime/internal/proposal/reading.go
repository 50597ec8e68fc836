package proposal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/schema"
)

var hex = regexp.MustCompile(`^[0-9a-f]{24}$`)

// read says how the cells become values of a property.
func (m *Mapping) read(model *catalog.Model, prop *catalog.Property) {
	doubt := func(off bool, format string, args ...any) {
		m.Doubts = append(m.Doubts, fmt.Sprintf(format, args...))
		m.Off = m.Off || off
	}
	if prop.ReadOnly {
		doubt(true, "Planhat sets %s itself", prop.Name)
		return
	}
	l := m.look
	if l.filled == 0 {
		doubt(false, "all cells are empty, so nothing is known about them")
		return
	}
	switch prop.Type {
	case catalog.Number, catalog.Integer:
		m.number("")
	case catalog.Date, catalog.Days:
		m.date()
	case catalog.Boolean:
		if l.kind != boolean && !zeroOne(l) {
			doubt(true, "%s is true or false, and some cells are not, such as %q", prop.Name, l.unlike(isBoolean))
		} else if l.kind == boolean {
			m.oddOnes("true or false")
		}
	case catalog.Object:
		doubt(true, "%s is an object, and a cell cannot hold one", prop.Name)
	case catalog.Array:
	default:
		if prop.Ref != "" {
			m.reference(prop)
		}
	}
	if len(prop.Enum) > 0 && !m.Off {
		m.choose(prop)
	}
}

func zeroOne(l look) bool {
	return len(l.values) > 0 && !slices.ContainsFunc(l.values, func(v value) bool { return v.text != "0" && v.text != "1" })
}

// number reads cells as numbers. kind is the type for a custom field.
func (m *Mapping) number(kind string) {
	l := m.look
	m.Type = kind
	switch {
	case l.kind != number && l.kind != money:
		m.Off = true
		m.Doubts = append(m.Doubts, fmt.Sprintf("it takes numbers, and some cells are not numbers, such as %q", l.unlike(isNumber)))
		return
	case l.either != "":
		m.Off = true
		m.Doubts = append(m.Doubts, l.either+": set decimal to \",\" or \".\"")
		return
	case l.kind == money:
		m.Type = "money"
	}
	if l.assumed {
		m.Doubts = append(m.Doubts, "no amount has a decimal sign, so a point is assumed")
	}
	if m.Decimal = l.decimal; m.Decimal == "." && l.kind == number && !l.workbook && !grouped(l) {
		m.Decimal = ""
	}
	m.oddOnes("a number")
}

// grouped reports whether numbers may have groups of digits.
func grouped(l look) bool {
	return len(l.values) == 0 || slices.ContainsFunc(l.values, func(v value) bool { return strings.ContainsAny(v.text, ", '’\u00a0\u202f") })
}

// date reads cells as dates.
func (m *Mapping) date() {
	l := m.look
	switch {
	case l.kind == number && l.decimal == "" && serial(l):
		m.Format = "excel"
		m.Doubts = append(m.Doubts, fmt.Sprintf("its numbers are read as dates of Excel, such as %q", l.any))
	case l.kind != date:
		m.Off = true
		m.Doubts = append(m.Doubts, fmt.Sprintf("it takes dates, and some cells are not dates, such as %q", l.unlike(isDate)))
	case l.either != "":
		m.Off = true
		m.Doubts = append(m.Doubts, l.either+": set date_format to \""+strings.Join(l.forms, `" or "`)+`"`)
	default:
		m.Format = l.format
		m.oddOnes("a date")
	}
}

// serial reports whether numbers can be days of Excel in this century.
func serial(l look) bool {
	return len(l.values) > 0 && !slices.ContainsFunc(l.values, func(v value) bool { return len(v.text) != 5 || v.text < "36526" || v.text > "73050" })
}

func (m *Mapping) oddOnes(what string) {
	if n := m.look.oddCount; n > 0 {
		m.Doubts = append(m.Doubts, fmt.Sprintf("%d of %d cells are not %s, such as %q; their rows will be rejected", n, m.look.filled, what, m.look.odd))
		if n == 1 {
			m.Doubts[len(m.Doubts)-1] = fmt.Sprintf("1 of %d cells is not %s: %q; its row will be rejected", m.look.filled, what, m.look.odd)
		}
	}
}

// reference reads cells as records of another model.
func (m *Mapping) reference(prop *catalog.Property) {
	l := m.look
	switch {
	case schema.RefersToUsers(prop) && l.kind == email:
		m.Users = true
		m.oddOnes("an e-mail address")
	case !slices.ContainsFunc(l.values, func(v value) bool { return !hex.MatchString(v.text) }) && len(l.values) > 0:
	case schema.RefersToUsers(prop):
		m.Off = true
		m.Reference = "externalId"
		m.Doubts = append(m.Doubts, fmt.Sprintf("%s is a user, by _id, e-mail address or externalId, and it is not clear what the cells are, such as %q", prop.Name, l.any))
	default:
		m.Reference = "externalId"
		m.Doubts = append(m.Doubts, fmt.Sprintf("its cells are read as the externalId of %s, such as %q", catalog.WithArticle(strings.ToLower(prop.Ref)), l.any))
	}
}

// choose translates cells to values of a property that takes only some.
func (m *Mapping) choose(prop *catalog.Property) {
	if len(m.look.values) == 0 {
		m.Off = true
		m.Doubts = append(m.Doubts, fmt.Sprintf("%s takes %s, and the cells have too many different values", prop.Name, strings.Join(prop.Enum, ", ")))
		return
	}
	same, lower := true, true
	var unknown []string
	for _, v := range m.look.values {
		i := slices.IndexFunc(prop.Enum, func(known string) bool { return strings.EqualFold(known, v.text) })
		one := Value{Cell: v.text}
		if i >= 0 {
			one.Planhat = prop.Enum[i]
		} else {
			unknown = append(unknown, fmt.Sprintf("%q (%d)", v.text, v.count))
		}
		same = same && one.Planhat == v.text
		lower = lower && one.Planhat == strings.ToLower(v.text)
		m.Values = append(m.Values, one)
	}
	if m.Lower = lower && !same; same || m.Lower {
		m.Values = nil
		return
	}
	if len(unknown) > 0 {
		m.Doubts = append(m.Doubts, fmt.Sprintf("%s takes %s, so choose what to make of %s; until then, these rows are rejected", prop.Name, strings.Join(prop.Enum, ", "), strings.Join(unknown, ", ")))
	}
}

// custom_ maps a column to a custom field.
func (m *Mapping) customField(model *catalog.Model, known *schema.Schema) {
	if model.Property("custom") == nil {
		m.Doubts = append(m.Doubts, "no property has this name")
		m.Off = true
		return
	}
	fields := known.Custom(model)
	i := slices.IndexFunc(fields, func(f *schema.Field) bool { return words(f.Name) == words(m.Column) })
	if i < 0 {
		m.Property, m.Off = "custom."+m.Column, true
		why := "the account may or may not have this custom field; 'phscript schema pull' finds out"
		if known != nil {
			why = "neither Planhat nor the account has this property"
		}
		m.Doubts = append(m.Doubts, why)
		return
	}
	f := fields[i]
	m.custom, m.Property, m.score = f, "custom."+f.Name, 9
	switch {
	case f.Formula:
		m.Off = true
		m.Doubts = append(m.Doubts, "it is a formula, which Planhat computes")
	case m.look.filled == 0:
		m.Doubts = append(m.Doubts, "all cells are empty, so nothing is known about them")
	case f.Type == "number" || f.Type == "rating":
		m.number("number")
	case f.Type == "day":
		m.Type = "days"
		m.date()
	case f.Type == "date":
		m.Type = "date"
		m.date()
	case f.Type == "checkbox":
		m.Type = "boolean"
		if m.look.kind != boolean && !zeroOne(m.look) {
			m.Off = true
			m.Doubts = append(m.Doubts, fmt.Sprintf("it is true or false, and some cells are not, such as %q", m.look.unlike(isBoolean)))
		} else if m.look.kind == boolean {
			m.oddOnes("true or false")
		}
	case f.Type == "multipicklist":
		m.Type = "list"
	case f.Type == "list" && len(f.Values) > 0:
		m.choose(&catalog.Property{Name: m.Property, Enum: f.Values})
	case f.Type == "team member":
		m.reference(&catalog.Property{Name: m.Property, Ref: catalog.Load().With(catalog.TeamMember).Name})
	}
	if f.Locked {
		m.Doubts = append(m.Doubts, "the field is locked: people cannot edit it in Planhat")
	}
}
