package check

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/suggest"
)

// purpose is what becomes of a record.
type purpose int

const (
	creating purpose = iota
	updating
	upserting
)

// purposeOf tells what a function does with the records that it takes.
func purposeOf(name string) purpose {
	switch {
	case strings.HasPrefix(name, "update"):
		return updating
	case name == "bulk_upsert":
		return upserting
	}
	return creating
}

// records checks the records that a call hands over, as far as they are
// written out.
func (c *script) records(callee knowledge, args []ast.Expr) {
	f := callee.function()
	for i, arg := range args {
		if i >= len(f.Params) {
			return
		}
		p := &f.Params[i]
		for typ := range strings.SplitSeq(p.Type, "|") {
			if list, ok := strings.CutSuffix(typ, "[]"); ok {
				if model := c.model(list); model != nil {
					c.rows(callee, model, purposeOf(f.Name), arg)
				}
			} else if model := c.model(typ); model != nil {
				c.record(callee, model, purposeOf(f.Name), arg)
			}
		}
	}
}

// rows checks a list of records: a literal, or the table of a variable with all
// that the script puts into it.
func (c *script) rows(callee knowledge, model *catalog.Model, to purpose, arg ast.Expr) {
	if table, ok := arg.(*ast.TableExpr); ok {
		c.literalRows(callee, model, to, table)
		return
	}
	name, ok := arg.(*ast.IdentExpr)
	if !ok {
		return
	}
	v := c.flow.variableOf(name)
	val := c.onlyValue(name)
	if v == nil || val == nil {
		return
	}
	if table, ok := val.expr.(*ast.TableExpr); ok && val.place == 0 {
		c.literalRows(callee, model, to, table)
		for _, item := range v.items {
			if c.onlyValue(item.through) == val {
				c.record(callee, model, to, item.field.Value)
			}
		}
	}
}

func (c *script) literalRows(callee knowledge, model *catalog.Model, to purpose, table *ast.TableExpr) {
	named := 0
	for _, field := range table.Fields {
		if field.Key == nil {
			c.record(callee, model, to, field.Value)
			continue
		}
		if _, ok := field.Key.(*ast.StringExpr); ok {
			named++
		}
	}
	if named > 0 && named == len(table.Fields) && !c.alternatives(callee, model) {
		f := c.at(c.flow.expr[table].from, "wrong-arguments", fmt.Sprintf("%s: this is a single record, not a list of records", callee.topic.Name))
		f.Hint = "a single record goes into a list of its own: { { " + fieldName(table.Fields[0]) + " = ... } }"
	}
}

func fieldName(f *ast.Field) string { return f.Key.(*ast.StringExpr).Value }

// alternatives tells whether a function takes single records as well.
func (c *script) alternatives(callee knowledge, model *catalog.Model) bool {
	for _, p := range callee.function().Params {
		if slices.Contains(strings.Split(p.Type, "|"), model.Name) {
			return true
		}
	}
	return false
}

// record checks one record: a literal, or the table of a variable with the
// fields that the script sets.
func (c *script) record(callee knowledge, model *catalog.Model, to purpose, arg ast.Expr) {
	var fields []*ast.Field
	table, direct := c.tableOf(arg)
	if table == nil {
		return
	}
	fields = append(fields, table.Fields...)
	if name, ok := arg.(*ast.IdentExpr); ok {
		val := c.onlyValue(name)
		for _, set := range c.fieldsSet(name) {
			if c.onlyValue(set.through) == val {
				fields = append(fields, set.field)
			}
		}
	}
	if c.alternatives(callee, model) && len(table.Fields) > 0 && table.Fields[0].Key == nil {
		return
	}
	given := map[string]bool{}
	computed := false
	for _, field := range fields {
		key, named := field.Key.(*ast.StringExpr)
		if !named {
			computed = true
			continue
		}
		given[key.Value] = true
		if !c.checkedField[field] && !c.checkedKey[key] {
			c.checkedField[field], c.checkedKey[key] = true, true
			c.writesProperty(model, to, key, field.Value)
		}
	}
	if !direct || computed || c.checked[table] {
		return
	}
	c.checked[table] = true
	c.missing(callee, model, to, table, given)
}

// fieldsSet is what the script puts into the table of a name.
func (c *script) fieldsSet(name *ast.IdentExpr) []entry {
	if v := c.flow.variableOf(name); v != nil {
		return v.fields
	}
	return nil
}

// missing reports what a new record lacks.
func (c *script) missing(callee knowledge, model *catalog.Model, to purpose, table *ast.TableExpr, given map[string]bool) {
	// A field that is set somewhere may be meant for this record.
	has := func(name string) bool { return given[name] || c.setFields[name] }
	for name := range given {
		// One that is misspelt is reported as such.
		if near := suggest.Nearest(name, propertyNames(model)); model.Property(name) == nil && len(near) > 0 {
			given[near[0]] = true
		}
	}
	for _, name := range bindings.TranslatedNames(model.Snake) {
		if given[name] {
			return
		}
	}
	at := c.flow.expr[table].from
	needed, oneOf := model.RequiredOnCreate, model.RequiredOneOf
	switch to {
	case updating:
		return
	case upserting:
		if slices.ContainsFunc(model.Keyables.Bulk, has) {
			// It may be there already.
			return
		}
		if keys := without(model.Keyables.Bulk, "_id"); len(keys) > 0 {
			f := c.at(at, "row-without-key", fmt.Sprintf("this row has no key, so each run of the script makes another %s of it", model.Snake))
			f.Hint = "give it one of: " + strings.Join(keys, ", ")
		}
		if len(model.RequiredOnBulkCreate) > 0 {
			needed = model.RequiredOnBulkCreate
		}
	}
	for _, name := range needed {
		if !has(name) {
			f := c.at(at, "missing-property", fmt.Sprintf("a new %s needs '%s'", model.Snake, name))
			f.Hint, f.Subject = c.aboutProperty(model, name), name
		}
	}
	if len(oneOf) > 0 && !slices.ContainsFunc(oneOf, has) {
		c.at(at, "missing-property", fmt.Sprintf("a new %s needs one of '%s'", model.Snake, strings.Join(oneOf, "', '")))
	}
}

func without(names []string, name string) []string {
	var rest []string
	for _, one := range names {
		if one != name {
			rest = append(rest, one)
		}
	}
	return rest
}

// aboutProperty is what the manual says about a property.
func (c *script) aboutProperty(model *catalog.Model, name string) string {
	topic := c.manual.Topic(model.Name + "." + name)
	if topic == nil || topic.Doc == "" {
		return ""
	}
	return name + ": " + strings.TrimSpace(topic.Doc)
}

// writesProperty checks a property that a record is given.
func (c *script) writesProperty(model *catalog.Model, to purpose, key *ast.StringExpr, arg ast.Expr) {
	name, token := key.Value, c.flow.expr[key].at
	if strings.HasPrefix(name, "custom.") || slices.Contains(bindings.TranslatedNames(model.Snake), name) {
		return
	}
	property := model.Property(name)
	if property == nil {
		c.unknownProperty(model, name, token, true)
		return
	}
	if property.ReadOnly && !keyFor(model, to, name) {
		f := c.at(token, "read-only-property", fmt.Sprintf("'%s' of a %s cannot be written: Planhat sets it itself", name, model.Snake))
		f.Hint, f.Subject = c.aboutProperty(model, name), name
		return
	}
	c.propertyValue(model, property, arg)
}

// keyFor tells whether a property is there to find the record.
func keyFor(model *catalog.Model, to purpose, name string) bool {
	return to == updating && name == "_id" || to == upserting && slices.Contains(model.Keyables.Bulk, name) || name == "custom"
}

// unknownProperty reports a name that a model is not known to have. Tenants
// have fields of their own, but those belong into custom.
func (c *script) unknownProperty(model *catalog.Model, name string, token int, writing bool) {
	if slices.Contains(bindings.CommonProperties(), name) {
		return
	}
	names := propertyNames(model)
	if writing {
		names = writableNames(model)
	}
	near := suggest.Nearest(name, names)
	message := fmt.Sprintf("%s has no property '%s' that is known%s", model.Snake, name, suggest.Phrase(name, names))
	f := c.at(token, "unknown-property", message)
	f.Subject = name
	switch {
	case len(near) > 0:
		f.Hint = c.aboutProperty(model, near[0])
	case writing:
		f.Severity = Warning
		f.Hint = "fields of your own belong into custom = { ... }"
	default:
		f.Severity = Warning
	}
}

func propertyNames(model *catalog.Model) []string {
	names := make([]string, len(model.Properties))
	for i, p := range model.Properties {
		names[i] = p.Name
	}
	return names
}

func writableNames(model *catalog.Model) []string {
	var names []string
	for _, p := range model.Properties {
		if !p.ReadOnly {
			names = append(names, p.Name)
		}
	}
	return names
}

// propertyValue checks a value that is written out against the property.
func (c *script) propertyValue(model *catalog.Model, p *catalog.Property, arg ast.Expr) {
	value, described, known := c.sample(arg)
	if !known || value == lua.LNil {
		return
	}
	at := c.flow.expr[arg]
	if text, ok := value.(lua.LString); ok && len(p.Enum) > 0 {
		if !slices.Contains(p.Enum, string(text)) {
			f := c.between(at.from, at.to, "wrong-value", fmt.Sprintf("'%s' of a %s is one of '%s', not %s%s",
				p.Name, model.Snake, strings.Join(p.Enum, "', '"), described, suggest.Phrase(string(text), p.Enum)))
			f.Subject = p.Name
		}
		return
	}
	if typ := valueType(p.Type); typ != "" && !bindings.Accepts(typ, value) {
		f := c.between(at.from, at.to, "wrong-value", fmt.Sprintf("'%s' of a %s is %s, not %s", p.Name, model.Snake, describedType(p.Type), described))
		f.Hint, f.Subject = c.aboutProperty(model, p.Name), p.Name
	}
}

// valueType is the type that a property takes from scripts, "" for any.
func valueType(t catalog.Type) string {
	switch t {
	case catalog.Number:
		return "number"
	case catalog.Integer:
		return "integer"
	case catalog.Boolean:
		return "boolean"
	case catalog.Days:
		return "integer|string"
	case catalog.Date:
		return "string|number"
	case catalog.Array, catalog.Object:
		return "table"
	case catalog.String, catalog.ObjectID:
		return "string"
	}
	return ""
}

func describedType(t catalog.Type) string {
	switch t {
	case catalog.Date:
		return "a date, such as \"2024-01-15\""
	case catalog.Days:
		return "a day, such as \"2024-01-15\""
	case catalog.Array:
		return "a list (table)"
	case catalog.ObjectID:
		return "an id (text)"
	case catalog.Boolean:
		return "true or false"
	}
	return bindings.DescribeType(valueType(t))
}

// optionProperties checks the names of properties in the options select and
// sort.
func (c *script) optionProperties(callee knowledge, option string, arg ast.Expr) {
	model := c.manual.Catalog().Model(strings.TrimPrefix(callee.topic.Module.Name, "planhat."))
	if model == nil || option != "select" && option != "sort" {
		return
	}
	check := func(e ast.Expr) {
		text, ok := e.(*ast.StringExpr)
		if !ok {
			return
		}
		for name := range strings.SplitSeq(text.Value, ",") {
			name, _, _ = strings.Cut(strings.TrimSpace(name), ".")
			if option == "sort" {
				name = strings.TrimPrefix(name, "-")
			}
			if name != "" && model.Property(name) == nil {
				c.unknownProperty(model, name, c.flow.expr[e].at, false)
			}
		}
	}
	check(arg)
	if table, ok := arg.(*ast.TableExpr); ok {
		for _, f := range table.Fields {
			check(f.Value)
		}
	}
}

// readsProperty reports a misspelt field of a record or of another table whose
// fields are known.
func (c *script) readsProperty(e *ast.AttrGetExpr, owner knowledge, name string) {
	if model := c.model(owner.typ); model != nil {
		if model.Property(name) != nil || slices.Contains(bindings.CommonProperties(), name) || slices.Contains(bindings.TranslatedNames(model.Snake), name) {
			return
		}
		// Tenants have fields of their own: only a near miss counts.
		if near := suggest.Nearest(name, propertyNames(model)); len(near) > 0 && !c.isWritten(e, name) {
			c.unknownProperty(model, name, c.flow.expr[e].at, false)
			c.found[len(c.found)-1].Severity = Warning
		}
		return
	}
	fields := c.fieldsOf(owner.typ)
	if fields == nil || c.isWritten(e, name) {
		return
	}
	names := make([]string, len(fields))
	for i := range fields {
		if fields[i].Name == name {
			return
		}
		names[i] = fields[i].Name
	}
	f := c.at(c.flow.expr[e].at, "unknown-property", fmt.Sprintf("a %s has no field '%s'%s", owner.typ, name, suggest.Phrase(name, names)))
	f.Subject = name
	if len(suggest.Nearest(name, names)) == 0 {
		f.Hint = "its fields are: " + strings.Join(names, ", ")
	}
}

// isWritten tells whether the script itself gives the table that field.
func (c *script) isWritten(e *ast.AttrGetExpr, name string) bool {
	object, ok := e.Object.(*ast.IdentExpr)
	if !ok {
		return false
	}
	v := c.flow.variableOf(object)
	return v != nil && slices.ContainsFunc(v.fields, func(set entry) bool {
		key, ok := set.field.Key.(*ast.StringExpr)
		return ok && key.Value == name
	})
}
