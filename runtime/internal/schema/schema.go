// Package schema is what a project knows about its tenant: the custom fields with their
// types and values, the phases, users and workflows. 'phscript schema pull' writes it to a
// file. The checker, completion, editor types and runs ask it.
//
// The tenant may have changed since. So nothing here is a reason to refuse a write.
package schema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// Schema is what a tenant had when its schema was pulled. It is not changed after it was
// read, and safe for concurrent use.
type Schema struct {
	// Tenant tells the account from others.
	Tenant Tenant
	// Fields are sorted by model and name, the others by name.
	Fields    []Field
	Phases    []string
	Users     []User
	Workflows []string

	fields map[string]map[string]*Field
	users  map[string]*User
}

// Tenant is an account: the host, and the id of its first user.
type Tenant struct {
	Host      string `json:"host" doc:"the host"`
	FirstUser string `json:"first_user,omitempty" doc:"the id of the first user, which tells the account from others"`
}

// Field is a custom field. Model is the snake_case name of the model, or what Planhat calls
// one that the catalog does not know.
type Field struct {
	Model     string   `json:"model" doc:"the model"`
	Name      string   `json:"name" doc:"the name, as a key of custom"`
	Type      string   `json:"type" doc:"the type, as Planhat calls it"`
	Values    []string `json:"values,omitempty" doc:"the values of a list"`
	Mandatory bool     `json:"mandatory,omitempty" doc:"whether new records need it"`
	Formula   bool     `json:"formula,omitempty" doc:"whether Planhat computes it"`
	Locked    bool     `json:"locked,omitempty" doc:"whether people cannot edit it in Planhat"`
}

// User is a member of the team.
type User struct {
	ID       string `json:"id" doc:"the id"`
	Name     string `json:"name,omitempty" doc:"the name"`
	Email    string `json:"email,omitempty" doc:"the e-mail address, if the file was pulled with --emails"`
	Inactive bool   `json:"inactive,omitempty" doc:"whether the user cannot log in"`
}

// The types of custom fields that have a form.
const (
	typeNumber   = "number"
	typeRating   = "rating"
	typeCheckbox = "checkbox"
	typeDay      = "day"
	typeDate     = "date"
	typeList     = "list"
	typeSeveral  = "multipicklist"
	typeUser     = "team member"
	typeUsers    = "team members"
	typeEnduser  = "enduser"
	typeEndusers = "endusers"
)

// Users reports whether the field holds ids of users.
func (f *Field) Users() bool { return f.Type == typeUser || f.Type == typeUsers }

// Form is what values of the field are in scripts: string, number, integer, boolean, or list
// for a list of strings.
func (f *Field) Form() string {
	switch f.Type {
	case typeNumber, typeRating:
		return "number"
	case typeDay:
		return "integer"
	case typeCheckbox:
		return "boolean"
	case typeSeveral, typeUsers, typeEndusers:
		return "list"
	}
	return "string"
}

// Sort orders everything and indexes it. Call it after a Schema was filled.
func (s *Schema) Sort() {
	slices.SortFunc(s.Fields, func(a, b Field) int { return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Name, b.Name)) })
	s.Fields = slices.CompactFunc(s.Fields, func(a, b Field) bool { return a.Model == b.Model && a.Name == b.Name })
	for i := range s.Fields {
		s.Fields[i].Values = sorted(s.Fields[i].Values)
	}
	s.Phases, s.Workflows = sorted(s.Phases), sorted(s.Workflows)
	slices.SortFunc(s.Users, func(a, b User) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	s.fields, s.users = map[string]map[string]*Field{}, map[string]*User{}
	for i := range s.Fields {
		f := &s.Fields[i]
		if s.fields[f.Model] == nil {
			s.fields[f.Model] = map[string]*Field{}
		}
		s.fields[f.Model][f.Name] = f
	}
	for i := range s.Users {
		s.users[s.Users[i].ID] = &s.Users[i]
	}
}

func sorted(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(text string) bool { return text == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// ModelName returns the name under which the fields of a model are kept, given what Planhat
// calls it.
func ModelName(parent string) string {
	fold := func(text string) string {
		return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(text))
	}
	for _, m := range catalog.Load().Models {
		if fold(parent) == fold(m.Snake) || fold(parent) == fold(m.Name) {
			return m.Snake
		}
	}
	return strings.TrimSpace(parent)
}

// Other reports whether an account whose first user has an id certainly is not that of the
// schema. If the first user was deleted, another one of the schema follows.
func (s *Schema) Other(firstUser string) bool {
	return s.Tenant.FirstUser != "" && firstUser != "" && s.Tenant.FirstUser != firstUser && s.users[firstUser] == nil
}

// Custom returns the custom fields of a model, by name. A model whose records are stored
// among those of another one has its fields as well.
func (s *Schema) Custom(m *catalog.Model) []*Field {
	if s == nil || m == nil || m.Property("custom") == nil && !m.Open {
		return nil
	}
	var out []*Field
	for _, f := range s.fields[m.Snake] {
		out = append(out, f)
	}
	if m.Part != nil {
		for name, f := range s.fields[m.Part.Of] {
			if s.fields[m.Snake][name] == nil {
				out = append(out, f)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Field) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Field returns a custom field of a model, or nil.
func (s *Schema) Field(m *catalog.Model, name string) *Field {
	f := s.fields[m.Snake][name]
	if f == nil && m.Part != nil {
		f = s.fields[m.Part.Of][name]
	}
	return f
}

// IsDay reports whether the values of a field are days, as numbers.
func (f *Field) IsDay() bool { return f != nil && f.Type == typeDay }

// Known returns the values that a property of a model has in the tenant, such as the
// phases of companies, or nil if it says nothing about it.
func (s *Schema) Known(m *catalog.Model, property string) []string {
	switch {
	case s == nil || m == nil:
	case m.Has(catalog.Account) && property == "phase":
		return s.Phases
	case m.Has(catalog.Playbook) && property == "name":
		return s.Workflows
	}
	return nil
}

// RefersToUsers reports whether a property holds ids of users.
func RefersToUsers(p *catalog.Property) bool {
	return p.Ref != "" && p.Ref == catalog.Load().With(catalog.TeamMember).Name
}
