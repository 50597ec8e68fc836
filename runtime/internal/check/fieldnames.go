package check

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
)

// fieldNames checks the names of fields that functions such as tables.sum and
// tables.sort_by take in the place of a function, where the list is known to
// hold records.
func (c *script) fieldNames(callee knowledge, args []ast.Expr) {
	f := callee.function()
	if len(args) < 2 || len(f.Params) < 2 || f.Params[0].Name != "list" || f.Params[1].Name != "by" {
		return
	}
	text, ok := args[1].(*ast.StringExpr)
	if !ok {
		return
	}
	item := c.element(c.infer(args[0]))
	model := c.model(item.typ)
	if model == nil || c.setFields[text.Value] {
		return
	}
	name, token := text.Value, c.flow.expr[text].at
	switch {
	case model.Property(name) != nil, slices.Contains(catalog.CommonProperties, name):
		c.notSelected(item.selected, name, token)
	case len(catalog.Nearest(name, propertyNames(model))) > 0:
		// Tenants have fields of their own: only a near miss counts.
		c.unknownProperty(model, name, token, false)
		c.found[len(c.found)-1].Severity = Warning
	}
}
