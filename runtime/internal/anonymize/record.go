package anonymize

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// kind is what a property holds, and so how it is replaced.
type kind int

const (
	// Free text, and what is not known, is 0.
	_ kind = iota
	// mixed is text that may also be an id of Planhat or a date.
	mixed
	// label is one of a few values to choose from, which are kept.
	label
	keep
	name
	mail
	phone
	host
	link
	key
	slug
	hash
	identity
	date
	// number is a number, or true or false, written as text.
	number
	// choice is a value of a custom field that lists its values.
	choice
)

// kinds are those of properties, at the top of records and within objects, by name. All
// others are text.
var kinds = map[kind][]string{
	label: {
		"phase", "status", "stage", "type", "subType", "mainType", "priority", "severity", "repeat", "noticeUnit", "invoiceCycle",
		"assignedModel", "targetModel", "timesheetStatus", "lastTouchType", "source", "churnReason",
	},
	keep:  {"currency", "_currency", "defaultCurrencyId", "currencyId", "timeBucket", "color", "model", "dimensionId"},
	name:  {"name", "firstName", "lastName", "nickName", "companyName", "cName", "ownerName", "assigneeName", "targetName"},
	mail:  {"email", "agentEmail", "endUserEmail", "otherEmails", "emails"},
	phone: {"phone", "phonePrimary", "mobile"},
	host:  {"domains", "domain"},
	link:  {"web", "url", "sourceUrl", "link", "href"},
	key: {
		"externalId", "extId", "sourceId", "companyExternalId", "companySourceId", "serialNumber", "billingCode",
		"companyMatchingValue",
	},
	slug:     {"slug"},
	hash:     {"emailMd5"},
	mixed:    {"orgPath"},
	identity: {"_id", "id"},
	date:     {"time", "date"},
}

var kindOf = sync.OnceValue(func() map[string]kind {
	out := map[string]kind{}
	for k, names := range kinds {
		for _, n := range names {
			out[n] = k
		}
	}
	return out
})

// customKinds are the kinds of custom fields, by their type in Planhat.
var customKinds = map[string]kind{
	"number": number, "checkbox": number, "rating": number, "day": date, "date": date, "list": choice, "multipicklist": choice,
	"team member": identity, "team members": identity, "enduser": identity, "endusers": identity,
	"phone": phone, "email": mail, "url": link,
}

// Records masks whole records. It is not safe for concurrent use.
type Records struct {
	*Masker
	// keep holds what is kept, and whether anything was.
	keep map[string]bool
	// custom are the custom fields by model, in lower case, and name.
	custom map[string]map[string]field
}

type field struct {
	kind   kind
	values map[string]bool
}

// NewRecords returns what masks records with m, and keeps the properties that are named as
// name, company.name, custom.Tier, company.custom.Tier or custom.
func NewRecords(m *Masker, kept []string) *Records {
	r := &Records{Masker: m, keep: map[string]bool{}, custom: map[string]map[string]field{}}
	for _, k := range kept {
		r.keep[k] = false
	}
	return r
}

// Unused returns what was to be kept and was in no record, sorted.
func (r *Records) Unused() (names []string) {
	for name, used := range r.keep {
		if !used {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Define takes the definition of a custom field.
func (r *Records) Define(definition []byte) error {
	var d struct {
		Name, Type, Parent string
		ListValues         []any
	}
	if err := json.Unmarshal(definition, &d, json.MatchCaseInsensitiveNames(true)); err != nil {
		return fmt.Errorf("a custom field cannot be read: %w", err)
	}
	k, known := customKinds[d.Type]
	if !known {
		return nil
	}
	f := field{kind: k, values: map[string]bool{}}
	for _, v := range d.ListValues {
		if s, ok := v.(string); ok {
			f.values[s] = true
		}
	}
	parent := strings.ToLower(d.Parent)
	if r.custom[parent] == nil {
		r.custom[parent] = map[string]field{}
	}
	r.custom[parent][d.Name] = f
	return nil
}

// fieldOf returns a custom field of a model.
func (r *Records) fieldOf(m *catalog.Model, name string) field {
	models := []string{m.Name, m.Snake}
	if m.Part != nil {
		models = append(models, m.Part.Of)
	}
	for _, model := range models {
		if f, ok := r.custom[strings.ToLower(model)][name]; ok {
			return f
		}
	}
	return field{}
}

// kept reports whether a property was named as one to keep.
func (r *Records) kept(m *catalog.Model, path string) bool {
	found := false
	for _, name := range []string{path, m.Snake + "." + path} {
		if _, ok := r.keep[name]; ok {
			r.keep[name], found = true, true
		}
	}
	return found
}

// Property masks the value of a property.
func (r *Records) Property(m *catalog.Model, property string, value jsontext.Value) (jsontext.Value, error) {
	if r.kept(m, property) || m.Has(catalog.FieldDefinition) {
		return value, nil
	}
	if property == "custom" && value.Kind() == '{' {
		return eachMember(value, func(name string, inner jsontext.Value) (jsontext.Value, error) {
			if r.kept(m, "custom."+name) {
				return inner, nil
			}
			return r.value(r.fieldOf(m, name), inner)
		})
	}
	return r.value(r.kindIn(m, property), value)
}

// kindIn returns the kind of a model's property.
func (r *Records) kindIn(m *catalog.Model, property string) field {
	p := m.Property(property)
	k, known := kindOf()[property]
	if p == nil {
		return field{kind: k}
	}
	values := map[string]bool{}
	for _, v := range slices.Concat(p.Enum, p.Builtin) {
		values[v] = true
	}
	switch {
	case p.Type == catalog.Date || p.Type == catalog.Days:
		return field{kind: date}
	case p.Type == catalog.ObjectID || p.Ref != "":
		return field{kind: identity}
	case known:
		return field{kind: k, values: values}
	case len(values) > 0:
		return field{kind: choice, values: values}
	case p.Type == catalog.Array || p.Type == catalog.Object:
		return field{kind: mixed}
	}
	return field{}
}

// value masks a value. Objects have members of their own kinds, lists have several values of
// one kind.
func (r *Records) value(f field, v jsontext.Value) (jsontext.Value, error) {
	switch {
	case f.kind == keep:
		return v, nil
	case v.Kind() == '{':
		return eachMember(v, func(name string, inner jsontext.Value) (jsontext.Value, error) {
			k, known := kindOf()[name]
			if !known {
				k = mixed
			}
			return r.value(field{kind: k}, inner)
		})
	case v.Kind() == '[':
		var list []jsontext.Value
		if err := json.Unmarshal(v, &list); err != nil {
			return nil, err
		}
		for i := range list {
			var err error
			if list[i], err = r.value(f, list[i]); err != nil {
				return nil, err
			}
		}
		return json.Marshal(list)
	case v.Kind() == '0' && slices.Contains([]kind{phone, key, mail, name, identity}, f.kind):
		return jsontext.AppendQuote(nil, r.text(f, string(v)))
	case v.Kind() != '"':
		return v, nil
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return nil, err
	}
	return jsontext.AppendQuote(nil, r.text(f, s))
}

// text masks a text.
func (m *Masker) text(f field, s string) string {
	switch {
	case s == "", f.kind == keep:
		return s
	case f.values[s], f.kind == label && isLabel(s), f.kind == date && (isDate(s) || isNumber(s)),
		f.kind == number && isNumber(s), f.kind == identity && isID(s), f.kind == mixed && (isID(s) || isDate(s)):
		return s
	}
	switch f.kind {
	case name:
		if isEmail(s) || isDomain(s) {
			return m.Text(s)
		}
		return m.Name(s)
	case mail:
		return m.Email(s)
	case phone:
		return m.Phone(s)
	case host:
		return m.Domain(s)
	case link:
		return m.URL(s)
	case key, identity:
		return m.Key(s)
	case slug:
		return m.Slug(s)
	case hash:
		return m.Hash(s)
	default:
		return m.Text(s)
	}
}

// eachMember replaces the members of an object, and sorts them by name.
func eachMember(object jsontext.Value, replace func(string, jsontext.Value) (jsontext.Value, error)) (jsontext.Value, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for i, n := range slices.Sorted(maps.Keys(members)) {
		v, err := replace(n, members[n])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = jsontext.AppendQuote(out, n); err != nil {
			return nil, err
		}
		out = append(append(out, ':'), v...)
	}
	return append(out, '}'), nil
}
