package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/infer"
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
	case name == "bulk_upsert", name == "sync":
		return upserting
	}
	return creating
}

// records checks the records that a call passes, as far as they are
// written out.
func (c *script) records(callee infer.Value, args []ast.Expr) {
	f := callee.Function()
	for i, arg := range args {
		if i >= len(f.Params) {
			return
		}
		p := &f.Params[i]
		for _, typ := range p.Type.Alternatives() {
			if model := c.manual.Record(typ.Element()); model != nil {
				c.sends(model, purposeOf(f.Name), c.Element(c.Value(arg)))
				c.rows(callee, model, purposeOf(f.Name), arg)
			} else if model := c.manual.Record(typ); model != nil {
				c.sends(model, purposeOf(f.Name), c.Value(arg))
				c.record(callee, model, purposeOf(f.Name), arg)
			}
		}
	}
}

// sends notes that records that were read are sent back.
func (c *script) sends(model *catalog.Model, to purpose, record infer.Value) {
	if to != creating && record.Literal == nil && c.manual.Record(record.Type) == model {
		c.sent[model] = to
	}
}

// sentBack checks the properties that the script sets in records that it read, if it sends
// such records back.
func (c *script) sentBack() {
	for _, set := range c.sets {
		key, ok := set.target.Key.(*ast.StringExpr)
		if !ok || c.checkedKey[key] {
			continue
		}
		owner := c.Value(set.target.Object)
		model := c.manual.Record(owner.Type)
		to, sent := c.sent[model]
		if model == nil || !sent || owner.Literal != nil {
			continue
		}
		c.checkedKey[key] = true
		c.writesProperty(model, to, key, set.value)
	}
}

// set is an assignment to a field.
type set struct {
	target *ast.AttrGetExpr
	value  ast.Expr
}

// rows checks a list of records: a literal, or the table of a variable with all
// that the script puts into it.
func (c *script) rows(callee infer.Value, model *catalog.Model, to purpose, arg ast.Expr) {
	if table, ok := arg.(*ast.TableExpr); ok {
		c.literalRows(callee, model, to, table)
		return
	}
	name, ok := arg.(*ast.IdentExpr)
	if !ok {
		return
	}
	v := c.flow.VariableOf(name)
	val := c.onlyValue(name)
	if v == nil || val == nil {
		return
	}
	if table, ok := val.Expr.(*ast.TableExpr); ok && val.Place == 0 {
		c.literalRows(callee, model, to, table)
		if c.keyedByText(table) && !c.alternatives(callee, model) {
			f := c.on(arg, "wrong-arguments", fmt.Sprintf("%s: '%s' is a map, not a list of records", callee.Topic.Name, name.Value))
			f.Hint = fmt.Sprintf("pass the list of its values: require(\"tables\").values(%s)", name.Value)
		}
		for _, item := range v.Items {
			if c.onlyValue(item.Through) == val {
				c.record(callee, model, to, item.Field.Value)
			}
		}
	}
}

func (c *script) literalRows(callee infer.Value, model *catalog.Model, to purpose, table *ast.TableExpr) {
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
		f := c.at(c.flow.Expr[table].From, "wrong-arguments", fmt.Sprintf("%s: this is a single record, not a list of records", callee.Topic.Name))
		f.Hint = "put a single record in a list: { { " + fieldName(table.Fields[0]) + " = ... } }"
	}
}

func fieldName(f *ast.Field) string { return f.Key.(*ast.StringExpr).Value }

// alternatives reports whether a function takes single records as well.
func (c *script) alternatives(callee infer.Value, model *catalog.Model) bool {
	for _, p := range callee.Function().Params {
		if slices.Contains(p.Type.Alternatives(), spec.Type(model.Name)) {
			return true
		}
	}
	return false
}

// record checks one record: a literal, or the table of a variable with the
// fields that the script sets.
func (c *script) record(callee infer.Value, model *catalog.Model, to purpose, arg ast.Expr) {
	if table, direct := c.tableOf(arg); table != nil {
		c.recordOf(callee, model, to, arg, table, direct)
		return
	}
	for _, choice := range c.Value(arg).Choices() {
		if table, ok := choice.Literal.(*ast.TableExpr); ok {
			c.recordOf(callee, model, to, arg, table, false)
		}
	}
}

// recordOf checks one record that a table may be.
func (c *script) recordOf(callee infer.Value, model *catalog.Model, to purpose, arg ast.Expr, table *ast.TableExpr, direct bool) {
	fields := slices.Clone(table.Fields)
	if name, ok := arg.(*ast.IdentExpr); ok {
		val := c.onlyValue(name)
		if v := c.flow.VariableOf(name); v != nil {
			for _, set := range v.Fields {
				if c.onlyValue(set.Through) == val {
					fields = append(fields, set.Field)
				}
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
	if to == creating || to == upserting && !slices.ContainsFunc(model.Keyables.Bulk, func(name string) bool { return given[name] || c.setFields[name] }) {
		c.missingCustom(model, c.flow.Expr[table].From, fields)
	}
}

// missing reports the properties that a new record requires and lacks.
func (c *script) missing(callee infer.Value, model *catalog.Model, to purpose, table *ast.TableExpr, given map[string]bool) {
	// A field that is set somewhere may be meant for this record.
	has := func(name string) bool { return given[name] || c.setFields[name] }
	for name := range given {
		if model.Property(name) != nil {
			continue
		}
		// One that is misspelt is reported as such.
		if near := catalog.Nearest(name, propertyNames(model)); len(near) > 0 {
			given[near[0]] = true
		}
	}
	for _, name := range model.AliasNames() {
		if given[name] {
			return
		}
	}
	at := c.flow.Expr[table].From
	switch to {
	case updating:
		return
	case upserting:
		if slices.ContainsFunc(model.Keyables.Bulk, has) {
			c.missingIfNew(model, at, has)
			return
		}
		if keys := without(model.Keyables.Bulk, "_id"); len(keys) > 0 && len(model.Lacks(has, true)) == 0 && len(model.RequiredOneOf) == 0 {
			f := c.at(at, "row-without-key", fmt.Sprintf("this row has no key, so every run creates a new %s", model.Noun))
			f.Hint = "add one of: " + strings.Join(keys, ", ")
		}
	}
	for _, name := range model.Lacks(has, to == upserting) {
		f := c.at(at, "missing-property", fmt.Sprintf("a new %s needs '%s'", model.Noun, name))
		f.Hint, f.Subject = c.aboutProperty(model, name), name
	}
	if oneOf := model.RequiredOneOf; len(oneOf) > 0 && !slices.ContainsFunc(oneOf, has) {
		c.at(at, "missing-property", fmt.Sprintf("a new %s needs one of '%s'", model.Noun, strings.Join(oneOf, "', '")))
	}
}

// missingIfNew reports a row that Planhat rejects unless it has the record. A row with
// none of the properties that a new record needs is meant for records that are there.
func (c *script) missingIfNew(model *catalog.Model, at int, has func(string) bool) {
	lacks := model.Lacks(has, true)
	if has("_id") || len(lacks) == 0 || !slices.ContainsFunc(model.RequiredOnBulkCreate, has) {
		return
	}
	f := c.at(at, "missing-property", fmt.Sprintf("a new %s needs '%s', so this row is rejected unless Planhat has the %s already", model.Noun, strings.Join(lacks, "' and '"), model.Noun))
	f.Severity, f.Subject = report.Warning, lacks[0]
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(one string) bool { return one == name })
}
