package schema

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

// Kind is what a doubt is about.
type Kind string

// The kinds. A locked field cannot be edited in Planhat's app; the API may take it.
const (
	UnknownField Kind = "unknown field"
	WrongValue   Kind = "wrong value"
	Computed     Kind = "computed"
	Locked       Kind = "locked"
	Lacks        Kind = "lacks"
)

// Doubt is what is probably wrong with a record, as far as the schema knows.
type Doubt struct {
	Kind    Kind
	Subject string
	Message string
	Hint    string
	// Certain says that a change of the tenant hardly explains it: the name is one letter
	// from one that the tenant has, or the value has a form that the field does not take.
	Certain bool
}

// Stale reports whether a newer schema may know better.
func (d *Doubt) Stale() bool { return d.Hint == fresh }

// Access is how a custom field is written in a script, after custom.
func Access(name string) string {
	if spec.IsName(name) {
		return "custom." + name
	}
	return "custom[" + Quoted(name) + "]"
}

// Quoted returns a text as a Lua string. Letters stay as they are.
func Quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		if c < ' ' || c == 0x7f || c == '"' || c == '\\' {
			fmt.Fprintf(&b, "\\%03d", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// fresh is the advice for what a newer schema may know.
const fresh = "if it was added in Planhat since, " + again

// Unknown returns a doubt about a custom field that the model does not have, or nil. Of a
// model without custom fields nothing is known.
func (s *Schema) Unknown(m *catalog.Model, name string) *Doubt {
	fields := s.Custom(m)
	if len(fields) == 0 || s.Field(m, name) != nil {
		return nil
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	d := &Doubt{
		Kind: UnknownField, Subject: name, Certain: catalog.Misspelt(name, names) != "",
		Message: fmt.Sprintf("%s has no custom field %q%s", catalog.WithArticle(m.Noun), name, catalog.DidYouMean(name, names)),
		Hint:    fresh,
	}
	return d
}

// Writes returns a doubt about writing to a custom field at all, or nil.
func (s *Schema) Writes(m *catalog.Model, name string) *Doubt {
	f := s.Field(m, name)
	switch {
	case f == nil:
		return nil
	case f.Formula:
		return &Doubt{Kind: Computed, Subject: name, Certain: true, Message: fmt.Sprintf("the custom field %q of %s is a formula, which Planhat computes", name, catalog.WithArticle(m.Noun)), Hint: "leave it out"}
	case f.Locked:
		return &Doubt{Kind: Locked, Subject: name, Message: fmt.Sprintf("the custom field %q of %s is locked: people cannot edit it in Planhat", name, catalog.WithArticle(m.Noun)), Hint: "make sure that this script is meant to fill it"}
	}
	return nil
}

// Value returns a doubt about the value of a custom field, or nil.
func (s *Schema) Value(m *catalog.Model, name string, v jsontext.Value) *Doubt {
	f := s.Field(m, name)
	if f == nil || len(v) == 0 || v.Kind() == 'n' {
		return nil
	}
	what := fmt.Sprintf("the custom field %q of %s", name, catalog.WithArticle(m.Noun))
	switch f.Type {
	case typeList:
		return s.listed(what, f, v)
	case typeSeveral:
		items, ok := itemsOf(v)
		if !ok {
			return wrongForm(f, what, "a list of texts", v)
		}
		for _, item := range items {
			if d := s.listed(what, f, item); d != nil {
				return d
			}
		}
		return nil
	case typeUser:
		return s.user(what, name, v)
	case typeUsers:
		items, ok := itemsOf(v)
		if !ok {
			return wrongForm(f, what, "a list of ids of users", v)
		}
		return s.each(what, name, items)
	case typeEndusers:
		if _, ok := itemsOf(v); !ok {
			return wrongForm(f, what, "a list of ids", v)
		}
		return nil
	}
	want, fits := form(f.Type, v)
	if fits {
		return nil
	}
	d := wrongForm(f, what, want, v)
	if f.Type == typeDay && isDay(textOf(v)) {
		d.Hint = "convert it with time.epoch_days(...); in import, use type = \"days\""
	}
	return d
}

// importTypes are the types that columns of an import need for fields that take no text.
var importTypes = map[string]string{typeDay: "days", typeCheckbox: "boolean", typeSeveral: "list", typeUsers: "list", typeEndusers: "list"}

// Column returns a doubt about the type of a column that an import writes into a custom
// field, or nil. kind is the type that the column has, "" for text.
func (s *Schema) Column(m *catalog.Model, name, kind string) *Doubt {
	f := s.Field(m, name)
	if f == nil {
		return nil
	}
	want, as := importTypes[f.Type], "text"
	switch {
	case f.Type == typeDay && kind == "date", f.Type == typeDate && kind == "days":
		want, as = cmp.Or(want, "date"), kind
	case want == "" || kind != "" && kind != "text":
		return nil
	}
	return &Doubt{
		Kind: WrongValue, Subject: name, Certain: true,
		Message: fmt.Sprintf("the custom field %q of %s has the type %s, and the column is imported as %s", name, catalog.WithArticle(m.Noun), f.Type, as),
		Hint:    fmt.Sprintf("give the column type = %q", want),
	}
}

// form returns what values of a type look like, and whether one does.
func form(typ string, v jsontext.Value) (want string, fits bool) {
	kind := v.Kind()
	nested := kind == '[' || kind == '{'
	switch typ {
	case typeNumber, typeRating:
		_, err := strconv.ParseFloat(strings.TrimSpace(textOf(v)), 64)
		return "a number", kind == '0' || kind == '"' && (err == nil || textOf(v) == "")
	case typeCheckbox:
		return "true or false", kind == 't' || kind == 'f'
	case typeDay:
		_, err := strconv.Atoi(textOf(v))
		return "the number of days since 1970-01-01", (kind == '0' || kind == '"') && err == nil || string(v) == `""`
	case typeDate:
		return "a date as text, such as \"2024-01-15\"", kind == '"' && (textOf(v) == "" || isDay(textOf(v)[:min(10, len(textOf(v)))]))
	case typeEnduser:
		return "the id of an enduser", kind == '"'
	default:
		return "a text", !nested
	}
}

var days = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{4}-\d\d-\d\d$`) })

func isDay(text string) bool { return days().MatchString(text) }

func wrongForm(f *Field, what, want string, v jsontext.Value) *Doubt {
	return &Doubt{Kind: WrongValue, Subject: f.Name, Certain: true, Message: fmt.Sprintf("%s has the type %s and takes %s, not %s", what, f.Type, want, shown(v))}
}

// listed returns a doubt about a value that a list does not have.
func (s *Schema) listed(what string, f *Field, v jsontext.Value) *Doubt {
	if v.Kind() != '"' {
		return wrongForm(f, what, "a text", v)
	}
	text := textOf(v)
	if text == "" || len(f.Values) == 0 || slices.Contains(f.Values, text) {
		return nil
	}
	return &Doubt{
		Kind: WrongValue, Subject: f.Name, Certain: catalog.Misspelt(text, f.Values) != "",
		Message: fmt.Sprintf("%s has no value %q%s; its values are %s", what, text, catalog.DidYouMean(text, f.Values), quoted(f.Values)),
		Hint:    fresh,
	}
}

// Property returns a doubt about the value of a property of the model itself, or nil: a
// phase that no company has, an id of no user.
func (s *Schema) Property(m *catalog.Model, p *catalog.Property, v jsontext.Value) *Doubt {
	if len(v) == 0 || v.Kind() == 'n' {
		return nil
	}
	if RefersToUsers(p) {
		if v.Kind() == '{' {
			return nil // lists show some users as objects
		}
		what := fmt.Sprintf("'%s' of %s", p.Name, catalog.WithArticle(m.Noun))
		if items, ok := itemsOf(v); ok {
			return s.each(what, p.Name, items)
		}
		return s.user(what, p.Name, v)
	}
	known, text := s.Known(m, p.Name), textOf(v)
	if len(known) == 0 || v.Kind() != '"' || text == "" || slices.Contains(known, text) {
		return nil
	}
	return &Doubt{
		Kind: WrongValue, Subject: p.Name, Certain: catalog.Misspelt(text, known) != "",
		Message: fmt.Sprintf("no %s has the %s %q%s; known: %s", m.Noun, p.Name, text, catalog.DidYouMean(text, known), quoted(known)),
		Hint:    fresh,
	}
}

func (s *Schema) each(what, subject string, items []jsontext.Value) *Doubt {
	for _, item := range items {
		if d := s.user(what, subject, item); d != nil {
			return d
		}
	}
	return nil
}

var objectID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-fA-F]{24}$`) })

// user returns a doubt about the id of a user. Nothing is known if no user was pulled.
func (s *Schema) user(what, subject string, v jsontext.Value) *Doubt {
	text := textOf(v)
	if v.Kind() != '"' {
		return &Doubt{Kind: WrongValue, Subject: subject, Certain: true, Message: fmt.Sprintf("%s takes the id of a user, not %s", what, shown(v))}
	}
	if len(s.Users) == 0 || text == "" || s.users[strings.ToLower(text)] != nil {
		return nil
	}
	d := &Doubt{Kind: WrongValue, Subject: subject, Message: fmt.Sprintf("%s is the id of a user, and there is no user %q", what, text), Hint: fresh}
	if objectID().MatchString(text) || strings.HasPrefix(text, "extid-") {
		if strings.HasPrefix(text, "extid-") {
			return nil
		}
		return d
	}
	d.Message, d.Hint, d.Certain = fmt.Sprintf("%s takes the id of a user (24 hexadecimal digits), not %q", what, text), "", true
	for i := range s.Users {
		if u := &s.Users[i]; strings.EqualFold(u.Name, text) || u.Email != "" && strings.EqualFold(u.Email, text) {
			d.Hint = fmt.Sprintf("the id of %s is %q", u.Name, u.ID)
			break
		}
	}
	return d
}

// Missing returns doubts about mandatory custom fields that a new record lacks.
func (s *Schema) Missing(m *catalog.Model, has func(name string) bool) (out []Doubt) {
	for _, f := range s.Custom(m) {
		if f.Mandatory && !f.Formula && !has(f.Name) {
			out = append(out, Doubt{
				Kind: Lacks, Subject: f.Name, Message: fmt.Sprintf("a new %s needs the custom field %q", m.Noun, f.Name),
				Hint: "set " + Access(f.Name),
			})
		}
	}
	return out
}

// itemsOf returns the items of a JSON list.
func itemsOf(v jsontext.Value) (items []jsontext.Value, ok bool) {
	if v.Kind() != '[' {
		return nil, false
	}
	return elements(v)
}

func textOf(v jsontext.Value) string {
	if v.Kind() != '"' {
		return string(v)
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return string(v)
	}
	return string(text)
}

func shown(v jsontext.Value) string {
	switch v.Kind() {
	case '[':
		return "a list"
	case '{':
		return "an object"
	}
	if len(v) > 60 {
		return strings.ToValidUTF8(string(v[:57]), "") + "..."
	}
	return string(v)
}
