package check

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// customProperty is the property that holds the custom fields of a record.
const customProperty = "custom"

// tenant returns the schema of the account that the script works on, or nil if it is
// unknown: tests bring their own records, and a script with a second client may work on
// another account.
func (c *script) tenant() *schema.Schema {
	if c.options.Schema == nil || strings.HasSuffix(c.name, "_test.lua") || strings.Contains(string(c.src), "planhat.new") {
		return nil
	}
	return c.options.Schema
}

// doubtRules are the rules that report what the schema finds.
var doubtRules = map[schema.Kind]string{
	schema.UnknownField: "unknown-property", schema.WrongValue: "wrong-value",
	schema.Computed: "read-only-property", schema.Locked: "read-only-property", schema.Lacks: "missing-property",
}

// doubt reports what the schema finds, with a severity if it is certain. What a change of
// the account may explain is a warning.
func (c *script) doubt(from, to int, d *schema.Doubt, severity report.Severity) {
	if d == nil {
		return
	}
	f := c.between(from, to, doubtRules[d.Kind], d.Message)
	f.Hint, f.Subject = d.Hint, d.Subject
	if f.Severity = severity; !d.Certain {
		f.Severity = report.Warning
	}
}

// custom checks the custom fields that a record is given.
func (c *script) custom(model *catalog.Model, arg ast.Expr) {
	table, _ := c.tableOf(arg)
	if c.tenant() == nil || table == nil {
		return
	}
	for _, field := range table.Fields {
		if key, named := field.Key.(*ast.StringExpr); named && !c.checkedKey[key] {
			c.checkedKey[key] = true
			c.writesCustom(model, key.Value, c.flow.Expr[key].At, field.Value)
		}
	}
}

// writesCustom checks one custom field that a record is given, at a token. Its value is nil
// if it is unknown.
func (c *script) writesCustom(model *catalog.Model, name string, token int, value ast.Expr) {
	s := c.tenant()
	if s == nil {
		return
	}
	if d := s.Unknown(model, name); d != nil {
		c.doubt(token, token, d, report.Error)
		return
	}
	if d := s.Writes(model, name); d != nil {
		c.doubt(token, token, d, report.Error)
		return
	}
	if value != nil {
		span := c.flow.Expr[value]
		c.doubt(span.From, span.To, s.Value(model, name, c.written(value)), report.Error)
	}
}

// known checks a value that is written out against what the account has, such as phases.
func (c *script) knownValue(model *catalog.Model, p *catalog.Property, arg ast.Expr) {
	if s := c.tenant(); s != nil {
		span := c.flow.Expr[arg]
		c.doubt(span.From, span.To, s.Property(model, p, c.written(arg)), report.Error)
	}
}

// written returns a value that is written out as JSON, or nil if it is not known.
func (c *script) written(e ast.Expr) jsontext.Value {
	k := c.Value(e)
	if k.Maybe {
		return nil
	}
	var v any
	switch lit := k.Literal.(type) {
	case *ast.StringExpr:
		v = lit.Value
	case *ast.NumberExpr:
		n, ok := number.Parse(lit.Value)
		if !ok {
			return nil
		}
		v = float64(n)
	case *ast.TrueExpr:
		v = true
	case *ast.FalseExpr:
		v = false
	case *ast.TableExpr:
		items := []string{}
		for _, f := range lit.Fields {
			text, ok := f.Value.(*ast.StringExpr)
			if f.Key != nil || !ok {
				return nil
			}
			items = append(items, text.Value)
		}
		if v = items; len(items) == 0 {
			return nil // filled later, or empty
		}
	default:
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}

// missingCustom reports mandatory custom fields that a new record lacks, as far as its
// custom fields are written out.
func (c *script) missingCustom(model *catalog.Model, at int, fields []*ast.Field) {
	s := c.tenant()
	if s == nil {
		return
	}
	given := map[string]bool{}
	for _, f := range fields {
		key, ok := f.Key.(*ast.StringExpr)
		if !ok || key.Value != customProperty {
			continue
		}
		table, direct := f.Value.(*ast.TableExpr)
		if !direct {
			return
		}
		for _, inner := range table.Fields {
			name, named := inner.Key.(*ast.StringExpr)
			if !named {
				return
			}
			given[name.Value] = true
		}
	}
	for _, d := range s.Missing(model, func(name string) bool { return given[name] || c.setFields[name] }) {
		c.doubt(at, at, &d, report.Error)
	}
}

// customOf returns the model whose custom fields a value holds, or nil.
func (c *script) customOf(owner infer.Value) *catalog.Model {
	if p := owner.Property; p != nil && p.Name == customProperty && c.tenant() != nil {
		for _, m := range c.manual.Catalog().Models {
			if m.Property(customProperty) == p {
				return m
			}
		}
	}
	return nil
}

// readsCustom checks a custom field that is read, and reports whether the owner holds
// custom fields.
func (c *script) readsCustom(e *ast.AttrGetExpr, owner infer.Value, name string) bool {
	model := c.customOf(owner)
	if model == nil {
		return false
	}
	if !c.setFields[name] {
		token := c.flow.Expr[e].At
		c.doubt(token, token, c.tenant().Unknown(model, name), report.Warning)
	}
	return true
}

// assignsCustom checks custom fields that assignments set, and notes the other fields.
func (c *script) assignsCustom(s *ast.AssignStmt) {
	for i, target := range s.Lhs {
		e, ok := target.(*ast.AttrGetExpr)
		if !ok {
			continue
		}
		key, ok := e.Key.(*ast.StringExpr)
		if !ok {
			continue
		}
		var value ast.Expr
		if i < len(s.Rhs) {
			value = s.Rhs[i]
			c.sets = append(c.sets, set{e, value})
		}
		owner := c.Value(e.Object)
		if model := c.customOf(owner); model != nil {
			c.writesCustom(model, key.Value, c.flow.Expr[e].At, value)
		}
	}
}

// optionCustom checks a custom field that an option names, such as custom.Tier, and reports
// whether it is one.
func (c *script) optionCustom(model *catalog.Model, text string, e ast.Expr, writing bool) bool {
	name, ok := strings.CutPrefix(text, customProperty+".")
	if !ok {
		return false
	}
	token := c.flow.Expr[e].At
	if writing {
		c.writesCustom(model, name, token, nil)
	} else if s := c.tenant(); s != nil {
		c.doubt(token, token, s.Unknown(model, name), report.Error)
	}
	return true
}

// comparesKnown reports a comparison with a value that the account does not have: of a
// custom field, a phase or the name of a workflow.
func (c *script) comparesKnown(value, constant ast.Expr) bool {
	s := c.tenant()
	e, isField := value.(*ast.AttrGetExpr)
	text, isText := constant.(*ast.StringExpr)
	if s == nil || !isField || !isText || text.Value == "" {
		return false
	}
	key, ok := e.Key.(*ast.StringExpr)
	if !ok || c.setFields[key.Value] {
		return false
	}
	owner := c.Value(e.Object)
	var d *schema.Doubt
	if model := c.customOf(owner); model != nil {
		if f := s.Field(model, key.Value); f != nil && len(f.Values) > 0 {
			d = s.Value(model, key.Value, c.written(constant))
		}
	} else if model := c.manual.Record(owner.Type); model != nil && slices.ContainsFunc(model.Properties, func(p *catalog.Property) bool { return p.Name == key.Value }) {
		if s.Known(model, key.Value) != nil {
			d = s.Property(model, model.Property(key.Value), c.written(constant))
		}
	}
	span := c.flow.Expr[constant]
	c.doubt(span.From, span.To, d, report.Warning)
	return d != nil
}

// columnOf checks the type of a column that is declared as a table.
func (c *script) columnOf(model *catalog.Model, table *ast.TableExpr) {
	var property, kind *ast.StringExpr
	for _, field := range table.Fields {
		text, isText := field.Value.(*ast.StringExpr)
		switch key, _ := field.Key.(*ast.StringExpr); {
		case key == nil:
		case key.Value == "property" && isText:
			property = text
		case key.Value == "type" && !isText:
			return
		case key.Value == "type":
			kind = text
		}
	}
	switch {
	case property == nil:
	case kind == nil:
		c.columnType(model, property, "")
	default:
		c.columnType(model, property, kind.Value)
	}
}

// columnType checks the type of a column that an import writes into a custom field.
func (c *script) columnType(model *catalog.Model, property *ast.StringExpr, kind string) {
	name, ok := strings.CutPrefix(property.Value, customProperty+".")
	if s := c.tenant(); ok && s != nil {
		token := c.flow.Expr[property].At
		c.doubt(token, token, s.Column(model, name, kind), report.Error)
	}
}
