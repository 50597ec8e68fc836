package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/infer"
)

// optionTables checks tables in an option that is a table by names, such as the columns
// of an import: their fields, and what these hold.
func (c *script) optionTables(callee infer.Value, option *spec.Field, arg ast.Expr) {
	var shape spec.Type
	for _, name := range option.Type.Names() {
		if c.manual.Record(spec.Type(name)) == nil && c.manual.Fields(spec.Type(name)) != nil {
			shape = spec.Type(name)
		}
	}
	table, ok := arg.(*ast.TableExpr)
	if !ok || shape == "" || !strings.HasPrefix(string(option.Type), "table<") {
		return
	}
	for _, field := range table.Fields {
		title, named := field.Key.(*ast.StringExpr)
		inner, isTable := field.Value.(*ast.TableExpr)
		if named && isTable {
			c.shaped(callee, fmt.Sprintf("%s: option '%s', %q", callee.Topic.Name, option.Name, title.Value), shape, inner)
		}
	}
}

// shaped checks a table that must have the fields of a shape. what names the table.
func (c *script) shaped(callee infer.Value, what string, shape spec.Type, table *ast.TableExpr) {
	known := c.manual.Fields(shape)
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.Name
	}
	given, computed := map[string]bool{}, false
	for _, field := range table.Fields {
		key, named := field.Key.(*ast.StringExpr)
		if !named {
			computed = true
			continue
		}
		given[key.Value] = true
		i := slices.Index(names, key.Value)
		if i < 0 {
			f := c.at(c.flow.Expr[key].At, "unknown-option", fmt.Sprintf("%s: unknown field '%s'%s", what, key.Value, catalog.DidYouMean(key.Value, names)))
			f.Subject = key.Value
			if near := catalog.Nearest(key.Value, names); len(near) > 0 {
				given[near[0]] = true
			}
			continue
		}
		c.shapedField(callee, what, &known[i], field.Value)
	}
	if model := c.modelOf(callee); model != nil && !given["convert"] && !computed {
		c.columnOf(model, table)
	}
	for i := range known {
		if f := &known[i]; f.Required && !given[f.Name] && !computed {
			c.at(c.flow.Expr[table].From, "wrong-arguments", fmt.Sprintf("%s: field '%s' is missing. %s", what, f.Name, strings.ReplaceAll(f.Doc, "`", "")))
		}
	}
}

// shapedField checks the value of a field.
func (c *script) shapedField(callee infer.Value, what string, f *spec.Field, value ast.Expr) {
	at := c.flow.Expr[value].From
	kind, described, known := c.sample(value)
	if known && kind != spec.Nil && !f.Type.Accepts(kind) {
		c.at(at, "wrong-arguments", fmt.Sprintf("%s: field '%s' must be %s, not %s", what, f.Name, f.Type.Expected(), described))
		return
	}
	c.refusedValue(callee, f, f.Type, value)
	if text, ok := value.(*ast.StringExpr); ok && f.Name == "property" {
		if model := c.modelOf(callee); model != nil {
			c.importedProperty(model, text)
		}
	}
}

// importedProperty checks the name of a property that an import sets.
func (c *script) importedProperty(model *catalog.Model, text *ast.StringExpr) {
	if c.optionCustom(model, text.Value, text, true) {
		return
	}
	name, _, _ := strings.Cut(text.Value, ".")
	token := c.flow.Expr[text].At
	property := model.Property(name)
	switch {
	case name == "" || name == "custom" || model.Alias(name):
	case property == nil:
		c.unknownProperty(model, name, token, true)
	case property.ReadOnly && !keyFor(model, upserting, name):
		f := c.at(token, "read-only-property", fmt.Sprintf("'%s' of %s is read-only: Planhat sets it", name, catalog.WithArticle(model.Noun)))
		f.Hint, f.Subject = c.aboutProperty(model, name), name
	}
}

// imported checks the names in the declaration of an import, and reports whether the
// option is a part of it.
func (c *script) imported(callee infer.Value, option string, arg ast.Expr) bool {
	model := c.modelOf(callee)
	table, ok := arg.(*ast.TableExpr)
	if model == nil || callee.Function().Name != "import" || option != "columns" && option != "constants" {
		return false
	}
	for i := 0; ok && i < len(table.Fields); i++ {
		field := table.Fields[i]
		key, named := field.Key.(*ast.StringExpr)
		if text, isText := field.Value.(*ast.StringExpr); isText && option == "columns" {
			c.importedProperty(model, text)
			c.columnType(model, text, "")
		} else if named && option == "constants" {
			c.writesProperty(model, upserting, key, field.Value)
		}
	}
	return true
}
