package check

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
)

// parameterValue is the value of a parameter of a function that is written as an
// argument of a function that goes through a list, as in
// tables.filter(companies, function(company) ... end).
func (c *script) parameterValue(v *variable) knowledge {
	fn := v.fn.expr
	call := c.flow.givenTo[fn]
	if fn == nil || call == nil {
		return knowledge{}
	}
	callee := c.callee(call)
	f := callee.function()
	if f == nil || len(f.Params) == 0 || f.Params[0].Name != "list" || call.Func == nil {
		return knowledge{}
	}
	at, place := slices.Index(call.Args, ast.Expr(fn)), slices.Index(fn.ParList.Names, v.name)
	if at < 1 || at >= len(f.Params) || place < 0 {
		return knowledge{}
	}
	if callee.topic.Name != "table.sort" && !takesItem(f.Params[at].Type, place) {
		return knowledge{}
	}
	k := c.element(c.infer(call.Args[0]))
	k.maybe = false
	return k
}

// takesItem reports whether functions of a type, such as
// string|fun(item: any, index: integer): any, take an item of the list at a
// place.
func takesItem(typ spec.Type, place int) bool {
	return slices.ContainsFunc(typ.Alternatives(), func(one spec.Type) bool {
		f := one.Function()
		return f != nil && place < len(f.Params) && f.Params[place].Name == "item"
	})
}
