package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// clean returns what of a client's row may be stored: properties that only
// Planhat writes are left out, values are brought to their property's type as
// MongoDB's mapper does. It changes a copy.
func (s *Server) clean(m *catalog.Model, in fields) (fields, *failure) {
	out := make(fields, 0, len(in)+8)
	for _, f := range in {
		if f.name == "_id" || f.name == "__v" {
			continue
		}
		p := m.Property(f.name)
		if p == nil {
			if m.Open || s.switches.is(swUnknownProperties, "keep") {
				out = append(out, f)
			}
			continue
		}
		if p.ReadOnly {
			continue
		}
		value, refused := s.check(p, f.value)
		if refused != nil {
			return nil, refused
		}
		if f.name == "custom" && present(value) {
			custom := s.definedOnly(m, members(value))
			if refused := s.checkCustom(m, custom); refused != nil {
				return nil, refused
			}
			value = custom.encode()
		}
		out = append(out, field{f.name, value})
	}
	return out, nil
}

// check returns the value as it is stored, or refuses it.
func (s *Server) check(p *catalog.Property, v jsontext.Value) (jsontext.Value, *failure) {
	if !present(v) {
		return v, nil
	}
	cast, fits := castTo(p, v)
	if !fits {
		if s.switches.is(swTypes, "store") {
			return v, nil
		}
		return nil, &failure{status: 400, message: fmt.Sprintf("%s must be %s, not %s.", p.Name, typeNames[p.Type], brief(v)), value: true}
	}
	if len(p.Enum) > 0 && s.switches.is(swEnums, "check") && cast.Kind() == '"' && len(cast) > 2 && !slices.Contains(p.Enum, textOf(cast)) {
		return nil, &failure{status: 400, message: fmt.Sprintf("%s must be one of %s, not %s.", p.Name, strings.Join(p.Enum, ", "), brief(v)), value: true}
	}
	if len(p.Builtin) > 0 && !slices.Contains(p.Builtin, textOf(cast)) {
		return p.Default, nil
	}
	return cast, nil
}

var typeNames = map[catalog.Type]string{
	catalog.String: "text", catalog.Number: "a number", catalog.Integer: "a number", catalog.Boolean: "true or false",
	catalog.Date: "a date (ISO 8601 text)", catalog.Days: "a whole number of days since 1970-01-01",
	catalog.ObjectID: "an id of 24 hexadecimal digits", catalog.Array: "a list", catalog.Object: "an object",
}

// castTo brings a value to a property's type and reports whether that is
// possible. Empty text counts as no value for everything but text.
func castTo(p *catalog.Property, v jsontext.Value) (jsontext.Value, bool) {
	kind := v.Kind()
	if string(v) == `""` && p.Type != catalog.String && p.Type != catalog.Array && p.Type != catalog.Object {
		return null, true
	}
	switch p.Type {
	case catalog.String:
		if kind == '0' || kind == 't' || kind == 'f' {
			return quote(string(v)), true
		}
		return v, kind == '"'
	case catalog.Number, catalog.Integer:
		return castNumber(v)
	case catalog.Boolean:
		return castBoolean(v)
	case catalog.Date:
		return castDate(v)
	case catalog.Days:
		cast, fits := castNumber(v)
		if n, isNumber := numberOf(cast); isNumber && n != float64(int64(n)) {
			return v, false
		}
		return cast, fits
	case catalog.ObjectID:
		return castID(p, v)
	case catalog.Array:
		if kind == '"' || kind == '0' {
			return array([]jsontext.Value{v}), true
		}
		return v, kind == '['
	case catalog.Object:
		return v, kind == '{'
	}
	return v, true
}

var null = jsontext.Value("null")

func castNumber(v jsontext.Value) (jsontext.Value, bool) {
	if v.Kind() == '0' {
		return v, true
	}
	text := jsontext.Value(strings.TrimSpace(textOf(v)))
	return text, v.Kind() == '"' && text.IsValid() && text.Kind() == '0'
}

func castBoolean(v jsontext.Value) (jsontext.Value, bool) {
	if v.Kind() == 't' || v.Kind() == 'f' {
		return v, true
	}
	switch textOf(v) {
	case "true", "1", "yes":
		return jsontext.Value("true"), true
	case "false", "0", "no":
		return jsontext.Value("false"), true
	}
	return v, false
}

func castDate(v jsontext.Value) (jsontext.Value, bool) {
	t, known := parseDate(textOf(v))
	if !known {
		return v, false
	}
	return stamp(t), true
}

// castID lets references to companies through, whose forms are checked when
// they are resolved.
func castID(p *catalog.Property, v jsontext.Value) (jsontext.Value, bool) {
	id := idOf(v)
	if p.NamesCompany() && v.Kind() == '"' {
		return v, true
	}
	return quote(strings.ToLower(id)), isID(id)
}

// idOf returns an id, or the id that an object carries.
func idOf(v jsontext.Value) string {
	if v.Kind() != '{' {
		return textOf(v)
	}
	m := members(v)
	if id := m.text("_id"); id != "" {
		return id
	}
	return m.text("id")
}

func brief(v jsontext.Value) string {
	if len(v) > 60 {
		return strings.ToValidUTF8(string(v[:57]), "") + "..."
	}
	return string(v)
}

// definedOnly drops custom keys without a custom field, if the switch says
// so.
func (s *Server) definedOnly(m *catalog.Model, custom fields) fields {
	if !s.switches.is(swCustomUndefined, "drop") {
		return custom
	}
	var kept fields
	for _, f := range custom {
		for _, def := range s.store.with(catalog.FieldDefinition).order {
			if def.text("name") == f.name && sameModel(def.text("parent"), m) {
				kept.set(f.name, f.value)
				break
			}
		}
	}
	return kept
}

func sameModel(name string, m *catalog.Model) bool {
	return strings.EqualFold(name, m.Name) || strings.EqualFold(name, m.Snake)
}

// missing lists the required properties that a new record lacks.
func missing(m *catalog.Model, f fields, bulk bool) *failure {
	required := m.RequiredOnCreate
	if bulk {
		required = m.RequiredOnBulkCreate
	}
	var absent []string
	for _, name := range required {
		if p := m.Property(name); !f.has(name) && (p.Substitute == "" || !f.has(p.Substitute)) {
			absent = append(absent, name)
		}
	}
	if len(m.RequiredOneOf) > 0 && !slices.ContainsFunc(m.RequiredOneOf, f.has) {
		absent = append(absent, "one of "+strings.Join(m.RequiredOneOf, ", "))
	}
	if len(absent) == 0 {
		return nil
	}
	return invalid("Missing required field: ", strings.Join(absent, ", "), ".")
}

// cleared refuses an update that empties a required property.
func cleared(m *catalog.Model, in fields) *failure {
	for _, name := range m.RequiredOnCreate {
		if v := in.get(name); v != nil && !in.has(name) {
			return invalid(name, " is required and cannot be emptied.")
		}
	}
	return nil
}

func formatNumber(n float64) jsontext.Value {
	return jsontext.Value(strconv.FormatFloat(round2(n), 'f', -1, 64))
}

var dateForms = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.000Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly,
}

// parseDate reads ISO 8601 text as JavaScript does, and numbers as epoch
// milliseconds.
func parseDate(text string) (time.Time, bool) {
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), true
		}
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC(), true
	}
	return time.Time{}, false
}

// epochDay counts days since 1970-01-01 in UTC.
func epochDay(t time.Time) int {
	const day = 24 * 60 * 60
	seconds := t.Unix()
	if seconds < 0 {
		seconds -= day - 1
	}
	return int(seconds / day)
}

// definitions are the custom fields of a model.
func (s *Server) definitions(m *catalog.Model) (list []*record) {
	for _, def := range s.store.with(catalog.FieldDefinition).order {
		if parent := def.text("parent"); sameModel(parent, m) || m.Part != nil && strings.EqualFold(parent, m.Part.Of) {
			list = append(list, def)
		}
	}
	return list
}

// checkCustom refuses values that custom fields do not take, if the switch says so.
func (s *Server) checkCustom(m *catalog.Model, custom fields) *failure {
	if !s.switches.is(swCustomValues, "check") {
		return nil
	}
	for _, def := range s.definitions(m) {
		name := def.text("name")
		v := custom.get(name)
		if !present(v) {
			continue
		}
		if def.isTrue("isFormula") {
			return invalid("custom.", name, " is a formula and cannot be written.")
		}
		if !s.takes(def, v) {
			return invalid("custom.", name, " (", def.text("type"), ") does not take ", brief(v), ".")
		}
	}
	return nil
}

// takes reports whether a custom field takes a value (§10). Empty text is not a value.
func (s *Server) takes(def *record, v jsontext.Value) bool {
	kind, text := v.Kind(), textOf(v)
	if string(v) == `""` {
		return !slices.Contains([]string{"checkbox", "multipicklist", "team members", "endusers"}, def.text("type"))
	}
	switch def.text("type") {
	case "checkbox":
		return kind == 't' || kind == 'f'
	case "number", "rating":
		_, isNumber := castNumber(v)
		return isNumber
	case "day":
		_, err := strconv.Atoi(text)
		return err == nil && (kind == '0' || kind == '"')
	case "date":
		if len(text) < len(time.DateOnly) || kind != '"' {
			return false
		}
		_, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
		return err == nil
	case "list":
		return kind == '"' && s.offers(def, text)
	case "multipicklist":
		return kind == '[' && !slices.ContainsFunc(elements(v), func(item jsontext.Value) bool { return item.Kind() != '"' || !s.offers(def, textOf(item)) })
	case "team member":
		return kind == '"' && s.isUser(text)
	case "team members":
		return kind == '[' && !slices.ContainsFunc(elements(v), func(item jsontext.Value) bool { return item.Kind() != '"' || !s.isUser(textOf(item)) })
	case "enduser":
		return kind == '"'
	case "endusers":
		return kind == '['
	}
	return kind != '[' && kind != '{'
}

// offers reports whether a list has a value. One without values takes all.
func (s *Server) offers(def *record, text string) bool {
	values := elements(def.get("listValues"))
	return len(values) == 0 || slices.ContainsFunc(values, func(v jsontext.Value) bool { return textOf(v) == text })
}

func (s *Server) isUser(id string) bool {
	return s.store.with(catalog.TeamMember).byID[strings.ToLower(id)] != nil
}

// mandatory refuses a new record without a mandatory custom field, if the switch says so.
func (s *Server) mandatory(m *catalog.Model, in fields) *failure {
	if !s.switches.is(swCustomValues, "check") {
		return nil
	}
	custom := members(in.get("custom"))
	for _, def := range s.definitions(m) {
		if def.isTrue("isMandatory") && !def.isTrue("isFormula") && custom.get(def.text("name")) == nil {
			return invalid("Missing required field: custom.", def.text("name"), ".")
		}
	}
	return nil
}
