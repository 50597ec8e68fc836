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

// selection returns the properties that a call reads, nil for all of
// them or if that is unknown.
func (c *script) selection(callee infer.Value, args []ast.Expr) *infer.Selection {
	if callee.Topic == nil || callee.Topic.Func == nil {
		return nil
	}
	model := c.modelOf(callee)
	if model == nil {
		return nil
	}
	if op := model.Operation(callee.Topic.Func.Name); op != nil && len(op.Returns) > 0 && model.Operation("get_list") != nil {
		return &infer.Selection{Names: op.Returns, Fixed: callee.Topic.Name}
	}
	for i := range callee.Topic.Func.Params {
		p := &callee.Topic.Func.Params[i]
		if i >= len(args) || !slices.ContainsFunc(p.Fields, func(f spec.Field) bool { return f.Name == "select" }) {
			continue
		}
		if wanted := c.optionValue(args[i], "select"); wanted != nil {
			return c.wanted(wanted)
		}
	}
	return nil
}

// modelOf returns the model that a function belongs to, or nil.
func (c *script) modelOf(callee infer.Value) *catalog.Model {
	return c.manual.Catalog().Model(strings.TrimPrefix(callee.Topic.Module.Name, "planhat."))
}

// optionValue returns what a table of options gives an option, or nil if it
// gives nothing or may be changed later.
func (c *script) optionValue(arg ast.Expr, name string) ast.Expr {
	table, direct := c.tableOf(arg)
	if table == nil {
		return nil
	}
	if !direct {
		v, settled := c.holder(arg, table)
		if !settled || c.escapes(v) || len(v.Items) > 0 || v.SetsField(name) {
			return nil
		}
	}
	var found ast.Expr
	for _, f := range table.Fields {
		key, named := f.Key.(*ast.StringExpr)
		if f.Key != nil && !named {
			return nil
		}
		if named && key.Value == name {
			found = f.Value
		}
	}
	return found
}

// wanted reads the option select: names in one text, or a list of texts.
func (c *script) wanted(e ast.Expr) *infer.Selection {
	s := &infer.Selection{}
	items := []ast.Expr{e}
	if table, ok := e.(*ast.TableExpr); ok {
		items = nil
		for _, f := range table.Fields {
			if f.Key != nil {
				return nil
			}
			items = append(items, f.Value)
		}
	}
	for _, item := range items {
		text, ok := c.Value(item).Literal.(*ast.StringExpr)
		if !ok {
			return nil
		}
		for name := range strings.SplitSeq(text.Value, ",") {
			name, _, _ = strings.Cut(strings.TrimSpace(name), ".")
			if name != "" {
				s.Names = append(s.Names, name)
			}
		}
	}
	if len(s.Names) == 0 {
		return nil
	}
	return s
}

// notSelected reports a property that the records do not come with, unless the
// script gives it to records itself.
func (c *script) notSelected(s *infer.Selection, name string, token int) {
	if s == nil || s.Has(name) || c.setFields[name] {
		return
	}
	if s.Fixed != "" {
		f := c.at(token, "not-selected", fmt.Sprintf("%s does not return '%s', so it is nil in all of these records", s.Fixed, name))
		f.Hint, f.Subject = "the records have "+strings.Join(s.Names, ", ")+"; get_list also returns the others", name
		return
	}
	f := c.at(token, "not-selected", fmt.Sprintf("select does not include '%s', so it is nil in all of these records", name))
	f.Hint, f.Subject = fmt.Sprintf("add it: select = { %s }", quoted(append(slices.Clone(s.Names), name))), name
}

// quoted lists names as a script writes them in a table.
func quoted(names []string) string {
	const most = 5
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = `"` + name + `"`
	}
	if n := len(texts); n > most {
		return "..., " + texts[n-1]
	}
	return strings.Join(texts, ", ")
}

// fieldNames checks the names of fields that functions such as tables.sum and
// tables.sort_by take in place of a function, if the list is known to hold
// records.
func (c *script) fieldNames(callee infer.Value, args []ast.Expr) {
	f := callee.Function()
	if len(args) < 2 || len(f.Params) < 2 || f.Params[0].Name != "list" || f.Params[1].Name != "by" {
		return
	}
	text, ok := args[1].(*ast.StringExpr)
	if !ok {
		return
	}
	item := c.Element(c.Value(args[0]))
	model := c.manual.Record(item.Type)
	if model == nil || c.setFields[text.Value] {
		return
	}
	name, token := text.Value, c.flow.Expr[text].At
	switch {
	case model.Property(name) != nil, slices.Contains(catalog.CommonProperties, name):
		c.notSelected(item.Selected, name, token)
	case len(catalog.Nearest(name, propertyNames(model))) > 0:
		// Tenants have fields of their own: only a near miss counts.
		c.unknownProperty(model, name, token, false)
		c.found[len(c.found)-1].Severity = report.Warning
	}
}
