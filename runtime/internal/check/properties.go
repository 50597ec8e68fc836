package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/position"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

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
	name, token := key.Value, c.flow.Expr[key].At
	if field, ok := strings.CutPrefix(name, "custom."); ok {
		c.writesCustom(model, field, token, arg)
		return
	}
	if model.Alias(name) {
		return
	}
	property := model.Property(name)
	if property == nil {
		c.unknownProperty(model, name, token, true)
		return
	}
	if property.ReadOnly && !keyFor(model, to, name) {
		f := c.at(token, "read-only-property", fmt.Sprintf("'%s' of %s is read-only: Planhat sets it", name, catalog.WithArticle(model.Noun)))
		f.Hint, f.Subject = c.aboutProperty(model, name), name
		return
	}
	if name == customProperty {
		c.custom(model, arg)
	}
	c.propertyValue(model, property, arg)
}

// keyFor reports whether a property is there to find the record.
func keyFor(model *catalog.Model, to purpose, name string) bool {
	return to == updating && name == "_id" || to == upserting && slices.Contains(model.Keyables.Bulk, name) || name == "custom"
}

// unknownProperty reports a name that a model is not known to have. Tenants
// have fields of their own, but those belong into custom.
func (c *script) unknownProperty(model *catalog.Model, name string, token int, writing bool) {
	if slices.Contains(catalog.CommonProperties, name) {
		return
	}
	names := propertyNames(model)
	if writing {
		names = writableNames(model)
	}
	near := catalog.Nearest(name, names)
	message := fmt.Sprintf("unknown %s property '%s'%s", model.Noun, name, catalog.DidYouMean(name, names))
	f := c.at(token, "unknown-property", message)
	f.Subject = name
	switch {
	case len(near) > 0:
		f.Hint = c.aboutProperty(model, near[0])
	case writing:
		f.Severity = report.Warning
		f.Hint = "put your own fields in custom = { ... }"
	default:
		f.Severity = report.Warning
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
	if c.eachConstant(arg, func(constant ast.Expr) { c.propertyValue(model, p, constant) }) {
		return
	}
	value, described, known := c.sample(arg)
	if !known || value == spec.Nil {
		return
	}
	at := c.flow.Expr[arg]
	text, isText := c.Value(arg).Literal.(*ast.StringExpr)
	if isText && len(p.Enum) > 0 {
		if !slices.Contains(p.Enum, text.Value) {
			f := c.between(at.From, at.To, "wrong-value", fmt.Sprintf("'%s' of %s must be one of '%s', not %s%s",
				p.Name, catalog.WithArticle(model.Noun), strings.Join(p.Enum, "', '"), described, catalog.DidYouMean(text.Value, p.Enum)))
			f.Subject = p.Name
		}
		return
	}
	if isText && (c.writtenDate(p, text.Value, at) || c.writtenID(model, p, text.Value, at)) {
		return
	}
	if typ := valueType(p.Type); typ != "" && !typ.Accepts(value) {
		f := c.between(at.From, at.To, "wrong-value", fmt.Sprintf("'%s' of %s must be %s, not %s", p.Name, catalog.WithArticle(model.Noun), describedType(p.Type), described))
		f.Hint, f.Subject = c.aboutProperty(model, p.Name), p.Name
		return
	}
	c.knownValue(model, p, arg)
}

// valueType is the type that a property takes from scripts, "" for any.
func valueType(t catalog.Type) spec.Type {
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
		return "an id (string)"
	case catalog.Boolean:
		return "true or false"
	}
	return valueType(t).Expected()
}

// optionProperties checks the names of properties in the options select, sort and
// columns. A column may also be a field that the script sets.
func (c *script) optionProperties(callee infer.Value, option string, arg ast.Expr) {
	model := c.modelOf(callee)
	if model == nil || option != "select" && option != "sort" && option != "columns" {
		return
	}
	check := func(e ast.Expr) {
		text, ok := e.(*ast.StringExpr)
		if !ok {
			return
		}
		for name := range strings.SplitSeq(text.Value, ",") {
			name = strings.TrimSpace(name)
			if option == "sort" {
				name = strings.TrimPrefix(name, "-")
			}
			if c.optionCustom(model, name, e, false) {
				continue
			}
			name, _, _ = strings.Cut(name, ".")
			if name == "" || model.Property(name) != nil || option == "columns" && (c.setFields[name] || len(catalog.Nearest(name, propertyNames(model))) == 0) {
				continue
			}
			c.unknownProperty(model, name, c.flow.Expr[e].At, false)
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
func (c *script) readsProperty(e *ast.AttrGetExpr, owner infer.Value, name string) {
	if c.readsCustom(e, owner, name) {
		return
	}
	if p := owner.Property; p != nil && p.Type == catalog.ObjectID {
		c.fieldOfID(e, p, name)
		return
	}
	if model := c.manual.Record(owner.Type); model != nil {
		if model.Property(name) != nil || slices.Contains(catalog.CommonProperties, name) || model.Alias(name) {
			if !c.isWritten(e, name) {
				c.notSelected(owner.Selected, name, c.flow.Expr[e].At)
			}
			return
		}
		// Tenants have fields of their own: only a near miss counts.
		if near := catalog.Nearest(name, propertyNames(model)); len(near) > 0 && !c.isWritten(e, name) && !c.setFields[name] {
			c.unknownProperty(model, name, c.flow.Expr[e].At, false)
			c.found[len(c.found)-1].Severity = report.Warning
		}
		return
	}
	if owner.IsList() && owner.Topic == nil {
		c.fieldOfList(e, name)
		return
	}
	fields := c.manual.Fields(owner.Type)
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
	f := c.at(c.flow.Expr[e].At, "unknown-property", fmt.Sprintf("%s has no field '%s'%s", catalog.WithArticle(string(owner.Type)), name, catalog.DidYouMean(name, names)))
	f.Subject = name
	if len(catalog.Nearest(name, names)) == 0 {
		f.Hint = "its fields are: " + strings.Join(names, ", ")
	}
}

// fieldOfList reports a field of a list, which only its items have.
func (c *script) fieldOfList(e *ast.AttrGetExpr, name string) {
	if c.setFields[name] || name == "n" || c.manual.Topic("table."+name) != nil {
		return
	}
	list := c.code(e.Object)
	f := c.at(c.flow.Expr[e].At, "unknown-property", fmt.Sprintf("'%s' is a list, so it has no field '%s'", list, name))
	f.Severity, f.Subject = report.Warning, name
	switch name {
	case "length", "size", "count", "len":
		f.Hint = "its length is #" + list
	default:
		f.Hint = fmt.Sprintf("its items may have one; that of the first item is %s[1].%s", list, name)
	}
}

// fieldOfID reports a field of a property that holds the id of another record. A list
// may show an object instead of some ids.
func (c *script) fieldOfID(e *ast.AttrGetExpr, p *catalog.Property, name string) {
	inLists := p.ObjectInLists && slices.Contains([]string{"id", "_id", "nickName"}, name)
	if p.Confidence == catalog.Low || inLists || c.setFields[p.Name] || c.manual.Topic("string."+name) != nil {
		return
	}
	f := c.at(c.flow.Expr[e].At, "unknown-property", fmt.Sprintf("'%s' is an id, so it has no field '%s'", p.Name, name))
	f.Subject = name
	if model := c.manual.Catalog().ModelNamed(p.Ref); model != nil && model.Operation("get_by_id") != nil {
		id := c.code(e.Object)
		f.Hint = fmt.Sprintf("read the record that it is the id of: local %s = %s and planhat.%s.get_by_id(%s)", model.Snake, id, model.Snake, id)
	}
}

// isWritten reports whether the script itself gives the table that field.
func (c *script) isWritten(e *ast.AttrGetExpr, name string) bool {
	object, ok := e.Object.(*ast.IdentExpr)
	if !ok {
		return false
	}
	v := c.flow.VariableOf(object)
	return v != nil && v.SetsField(name)
}

// objectID matches the ids that Planhat makes.
var objectID = pattern.Lazy(`^[0-9a-fA-F]{24}$`)

// writtenID reports an id of the caller's own in a property that points to the
// owning company.
func (c *script) writtenID(model *catalog.Model, p *catalog.Property, text string, at position.Span) bool {
	if p.Type == catalog.ObjectID && strings.Contains(text, "@") && !strings.Contains(text, "-") && p.Confidence != catalog.Low {
		f := c.between(at.From, at.To, "wrong-value", fmt.Sprintf("'%s' takes the id of a record, not an e-mail address", p.Name))
		f.Subject = p.Name
		if other := c.manual.Catalog().ModelNamed(p.Ref); other != nil && other.Operation("get_list") != nil && other.Operation("get_list").Parameter("email") != nil {
			f.Hint = fmt.Sprintf("use the id of the record with that address: planhat.%s.get_list{ email = %q }[1]._id", other.Snake, text)
		}
		return true
	}
	if p.Name != model.CompanyRef() || p.Type != catalog.ObjectID || text == "" || objectID().MatchString(text) {
		return false
	}
	// What a company can be asked for by may come before an id of one's own.
	company := c.manual.Catalog().Model("company")
	if company != nil && slices.ContainsFunc(without(company.Keyables.Get, "_id"), func(prefix string) bool { return strings.HasPrefix(text, prefix) }) {
		return false
	}
	f := c.between(at.From, at.To, "wrong-value", fmt.Sprintf("'%s' takes Planhat's id of the company (24 hexadecimal digits), not %q", p.Name, text))
	f.Severity, f.Subject = report.Warning, p.Name
	f.Hint = fmt.Sprintf("to use your own id, put extid- before it: %q", "extid-"+text)
	return true
}
