// Package drawn draws random scripts that write to all models of the catalog. A run, a plan with
// its apply, and an undo are tested with the same statements.
package drawn

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/sample"
)

// Options say which scripts are drawn.
type Options struct {
	// Planhat is a simulated Planhat that was filled as that of the scripts.
	Planhat *simulator.Server
	// Leave leaves operations out, such as "company.create". Most is how many statements a
	// script has at most.
	Leave func(operation string) bool
	Most  int
}

// opening defines what statements use. old is the _id of a listed record, new that of a record
// that the script has created, if it has. Each statement prints whether it failed, and how.
const opening = `local list, made = {}, {}
for _, model in ipairs{ %s } do list[model], made[model] = planhat[model].get_list{ limit = 100 }, {} end
local function old(model, i) return list[model][i]._id end
local function new(model, n, i) return made[model][n] or old(model, i) end
local function keep(model, id) table.insert(made[model], id) end
local function try(n, f)
  local ok, err = pcall(f)
  print(n, ok and "done" or err.kind or err)
end
`

// The positions of listed records that statements write to, and of those that they delete.
const kept, known = 4, sample.Records

// author draws one script.
type author struct {
	*rapid.T
	Options
	maker  sample.Maker
	models []string
	label  string
}

// Script draws a script.
func Script(t *rapid.T, o Options) string {
	a := &author{T: t, Options: o}
	a.maker = sample.Maker{
		Ref:     func(m *catalog.Model) any { return lua(a.id(m)) },
		Company: func() any { return a.key(catalog.Load().With(catalog.Account), "externalId") },
		Domain:  "drawn.example",
	}
	a.choose()
	var body strings.Builder
	for i := range rapid.IntRange(1, o.Most).Draw(t, "statements") {
		a.label = fmt.Sprint("statement ", i+1)
		if s := a.statement(); s != "" {
			fmt.Fprintf(&body, "try(%d, function() %s end)\n", i+1, s)
		}
	}
	return open(body.String()) + body.String()
}

// writes are the operations of a model that write.
func (o *Options) writes(m *catalog.Model) (names []string) {
	for _, op := range m.Operations {
		if op.Method != http.MethodGet && (o.Leave == nil || !o.Leave(m.Snake+"."+op.Name)) {
			names = append(names, op.Name)
		}
	}
	return names
}

// choose draws the models that the script writes to: few, so that statements meet.
func (a *author) choose() {
	var all []string
	for _, m := range catalog.Load().Models {
		if len(a.writes(m)) > 0 {
			all = append(all, m.Snake)
		}
	}
	account, person := catalog.Load().With(catalog.Account).Snake, catalog.Load().With(catalog.Person).Snake
	a.models = append(a.models, account, account, person)
	for i := range 2 {
		a.models = append(a.models, rapid.SampledFrom(all).Draw(a.T, fmt.Sprint("model ", i)))
	}
}

func (a *author) below(n int, what string) int {
	return rapid.IntRange(0, n-1).Draw(a.T, a.label+" "+what)
}

func one[V any](a *author, list []V, what string) V {
	return rapid.SampledFrom(list).Draw(a.T, a.label+" "+what)
}

// lua is an expression in a record.
type lua string

// id is the _id of a record of a model.
func (a *author) id(m *catalog.Model) string {
	i := 1 + a.below(kept, "record of "+m.Snake)
	if n := a.below(4, "new "+m.Snake); n > 0 {
		return fmt.Sprintf("new(%q, %d, %d)", m.Snake, n, i)
	}
	return fmt.Sprintf("old(%q, %d)", m.Snake, i)
}

// key is a value of a property that identifies records: an existing one, or one of few new ones.
func (a *author) key(m *catalog.Model, name string) string {
	values := []string{"new-1", "new-2", "new-3"}
	if name == "email" {
		values = []string{"new.1@drawn.example", "new.2@drawn.example", "New.1@drawn.example"}
	}
	if a.below(2, "existing "+name) == 0 {
		var existing []string
		for _, r := range a.Planhat.Records(m.Snake) {
			if text, ok := r[name].(string); ok && text != "" {
				existing = append(existing, text)
			}
		}
		if len(existing) > 0 {
			slices.Sort(existing)
			values = existing
		}
	}
	return one(a, values, name)
}

// statement draws one statement, or "" if the model has no such record.
func (a *author) statement() string {
	m := catalog.Load().Model(one(a, a.models, "model"))
	op := m.Operation(one(a, a.writes(m), "operation"))
	call := fmt.Sprintf("planhat.%s.%s", m.Snake, op.Name)
	switch op.Name {
	case "create":
		return fmt.Sprintf("keep(%q, %s(%s)._id)", m.Snake, call, object(a.row(m, false)))
	case "update":
		return fmt.Sprintf("%s(%s, %s)", call, a.address(m), object(a.changes(m)))
	case "delete":
		i := kept + 1 + a.below(known-kept, "deleted")
		if n := a.below(3, "new deleted"); n > 0 {
			return fmt.Sprintf("%s(new(%q, %d, %d))", call, m.Snake, n, i)
		}
		return fmt.Sprintf("%s(old(%q, %d))", call, m.Snake, i)
	case "bulk_upsert":
		return fmt.Sprintf("for _, id in ipairs(%s{ %s }.ids) do keep(%q, id) end", call, strings.Join(a.rows(m), ", "), m.Snake)
	case "duplicate":
		return fmt.Sprintf("%s{ %s, %s }", call, a.id(m), a.id(m))
	case "segment":
		return fmt.Sprintf("%s(%s)", call, object(a.maker.Segment(m)))
	}
	if strings.HasPrefix(op.Name, "bulk_") {
		return fmt.Sprintf("%s{ %s, %s }", call, object(a.maker.Record(m)), object(a.maker.Record(m)))
	}
	return fmt.Sprintf("%s(%s)", call, object(a.maker.Record(m)))
}

// address is what an update names its record by.
func (a *author) address(m *catalog.Model) string {
	switch form := one(a, m.Keyables.Update, "address"); form {
	case "extid-":
		return fmt.Sprintf("%q", form+a.key(m, m.ExternalID()))
	case "srcid-":
		return fmt.Sprintf("%q", form+a.key(m, "sourceId"))
	}
	return a.id(m)
}

// rows are those of a bulk upsert.
func (a *author) rows(m *catalog.Model) (rows []string) {
	label := a.label
	defer func() { a.label = label }()
	for i := range 1 + a.below(3, "rows") {
		a.label = fmt.Sprintf("%s row %d", label, i+1)
		var row map[string]any
		switch a.below(4, "kind") {
		case 0: // a change of an existing record
			row = a.changes(m)
			row["_id"] = lua(fmt.Sprintf("old(%q, %d)", m.Snake, 1+a.below(kept, "record")))
		default:
			row = a.row(m, true)
			if a.below(2, "changed") == 0 {
				maps.Copy(row, a.changes(m))
			}
		}
		rows = append(rows, object(row))
	}
	return rows
}

// row is a new record, with or without keys. Sometimes it lacks what it needs.
func (a *author) row(m *catalog.Model, bulk bool) map[string]any {
	row := a.maker.Record(m)
	keys := []string{"sourceId", m.ExternalID(), "email"}
	needs := append(slices.Clone(m.RequiredOnCreate), m.RequiredOneOf...)
	for _, name := range keys {
		if row[name] == nil {
			continue
		}
		if ref := m.Property(m.CompanyRef()); name == m.ExternalID() && ref != nil && ref.ReadOnly {
			delete(row, name) // a plan does not know whose company decides whether it may be used again
			continue
		}
		if a.below(2, "with "+name) == 0 || slices.Contains(needs, name) {
			row[name] = a.key(m, name)
		} else {
			delete(row, name)
		}
	}
	required := m.RequiredOnCreate
	if bulk {
		required = m.RequiredOnBulkCreate
	}
	if len(required) > 0 && a.below(8, "incomplete") == 0 {
		name := one(a, required, "without")
		// Planhat drops some rows without a word, or ties them to a company by what else they have:
		// a plan can't know.
		silent := m.DroppedWithoutCompany && name == m.CompanyRef() || slices.Contains(m.DroppedWithout, name)
		if !m.Property(name).Filled && !silent {
			delete(row, name)
		}
	}
	if ref := m.CompanyRef(); ref != "" && row[ref] != nil && a.below(10, "nobody's") == 0 {
		row[ref] = "extid-nobody"
	}
	return row
}

// changes are new values of some properties.
func (a *author) changes(m *catalog.Model) map[string]any {
	out := map[string]any{}
	names := changeable(m)
	if len(names) == 0 {
		return out
	}
	for i := range 1 + a.below(2, "changes") {
		name := one(a, names, fmt.Sprint("change ", i))
		out[name] = a.value(m, m.Property(name))
	}
	return out
}

// changeable are the properties of a model that statements change.
func changeable(m *catalog.Model) (names []string) {
	for _, p := range m.Properties {
		switch {
		case p.ReadOnly, p.Type == catalog.Object && p.Name != "custom", strings.Contains(strings.ToLower(p.Name), "currency"),
			slices.Contains([]string{"_id", "externalId", "extId", "sourceId", "email", "parent", "companyExternalId", "mainType"}, p.Name):
		case p.Name == "type" && (m.Part != nil || m.Has(catalog.Interaction) || m.Has(catalog.FieldDefinition)): // another kind of record
		default:
			names = append(names, p.Name)
		}
	}
	return names
}

func (a *author) value(m *catalog.Model, p *catalog.Property) any {
	ref := catalog.Load().ModelNamed(p.Ref)
	colors := []string{"red", "green", "blue"}
	switch {
	case ref != nil && ref.Operation("get_list") != nil && p.Type == catalog.Array:
		return []any{lua(a.id(ref))}
	case ref != nil && ref.Operation("get_list") != nil:
		return lua(a.id(ref))
	case a.below(8, "empty") == 0 && !p.Required && p.Name != "custom":
		return lua("json.null")
	case p.Name == "custom":
		custom := map[string]any{}
		for _, name := range []string{"Tier", "Region"}[a.below(2, "first"):] {
			custom[name] = one(a, colors, name)
		}
		return custom
	case len(p.Enum) > 0:
		return one(a, p.Enum, p.Name)
	case p.Name == "description" || p.Name == "comment":
		if a.below(2, "text with an id") == 0 {
			return lua(fmt.Sprintf("%q .. %s", "about ", a.id(m)))
		}
	}
	switch p.Type {
	case catalog.Number, catalog.Integer:
		return 1 + a.below(3, p.Name)
	case catalog.Days:
		return 20_000 + a.below(3, p.Name)
	case catalog.Date:
		return one(a, []string{"2026-01-15", "2026-01-15T00:00:00.000Z", "2026-02-01T10:30:00.000Z"}, p.Name)
	case catalog.Boolean:
		return a.below(2, p.Name) == 0
	case catalog.Array:
		return []any{one(a, colors, p.Name)}
	}
	return one(a, colors, p.Name)
}

// object writes a record as Lua.
func object(v any) string {
	switch v := v.(type) {
	case lua:
		return string(v)
	case string:
		return fmt.Sprintf("%q", v)
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, object(item))
		}
		return "json.array{ " + strings.Join(items, ", ") + " }"
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, fmt.Sprintf("[%q] = %s", name, object(v[name])))
		}
		return "{ " + strings.Join(members, ", ") + " }"
	}
	return fmt.Sprint(v)
}
