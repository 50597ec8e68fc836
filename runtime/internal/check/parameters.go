package check

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
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
	names := parametersOf(f.Params[at].Type)
	if callee.topic.Name == "table.sort" {
		names = []string{item, item}
	}
	if place >= len(names) || names[place] != item {
		return knowledge{}
	}
	k := c.element(c.infer(call.Args[0]))
	k.maybe = false
	return k
}

// item is what specs call the parameter that stands for an item of the list.
const item = "item"

// parametersOf returns the names of the parameters in a function's type, such as
// string|fun(item: any, index: integer): any.
func parametersOf(typ string) []string {
	_, rest, found := strings.Cut(typ, "fun(")
	list, _, closed := strings.Cut(rest, ")")
	if !found || !closed {
		return nil
	}
	var names []string
	for one := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(one, ":")
		names = append(names, strings.TrimSpace(name))
	}
	return names
}
