package check

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/explain"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// inference makes what tells the types of the script's expressions.
func (c *script) inference() *infer.Inference {
	return &infer.Inference{
		Manual: c.manual, Name: c.nameValue, Member: c.memberValue, Replaced: c.fileFor, Selected: c.selection, Tables: lateContents{c}, Module: c.module,
	}
}

// lateContents knows nothing until the script's contents are known.
type lateContents struct{ *script }

func (c lateContents) Field(table *ast.TableExpr, name string) infer.Value {
	if c.made == nil {
		return infer.Value{}
	}
	return c.made.Field(table, name)
}

func (c lateContents) Item(table *ast.TableExpr) infer.Value {
	if c.made == nil {
		return infer.Value{}
	}
	return c.made.Item(table)
}

func (c lateContents) Returned(fn *ast.FunctionExpr, place int) infer.Value {
	if c.made == nil {
		return infer.Value{}
	}
	return c.made.Returned(fn, place)
}

func (c lateContents) Names(table *ast.TableExpr) ([]string, bool) {
	if c.made == nil {
		return nil, false
	}
	return c.made.Names(table)
}

// nameValue is the value of a variable, one of those that can have reached it, or
// of a global.
func (c *script) nameValue(e *ast.IdentExpr) infer.Value {
	v := c.flow.VariableOf(e)
	if c.flow.Resolved[e] == nil && !c.setGlobals[e.Value] {
		if !c.known[e.Value] || c.declared[e.Value] {
			return infer.Value{}
		}
		return infer.Of(c.manual.Topic(e.Value))
	}
	values, ok := c.flow.Reaching(e)
	switch {
	case !ok:
		return infer.Value{}
	case len(values) == 1:
		return c.assigned(v, values[0])
	}
	j := c.Joiner()
	for _, val := range values {
		if val.Empty {
			j.Add(infer.Value{Type: "nil"})
		} else if !j.Add(c.assigned(v, val)) {
			return infer.Value{}
		}
	}
	return j.Value()
}

// assigned is one of the values of a variable.
func (c *script) assigned(v *flow.Variable, val *flow.Value) infer.Value {
	switch {
	case v.Loop != nil && val.First:
		return c.loopValue(v)
	case v.Kind == flow.Argument && val.First && !v.Implicit:
		return c.parameterValue(v)
	case val.Expr == nil:
	case val.Place == 0 && !val.Many:
		return c.Value(val.Expr)
	default:
		if call, ok := val.Expr.(*ast.FuncCallExpr); ok {
			return c.Result(call, val.Place)
		}
	}
	return infer.Value{}
}

// onlyValue returns the one value that a name can have where it is read, or nil
// if it may have several.
func (c *script) onlyValue(e *ast.IdentExpr) *flow.Value {
	v, s := c.flow.Resolved[e], c.flow.StepOf[e]
	if made := c.flow.Made[e.Value]; v == nil && made != nil && len(made.Values) == 1 {
		// A global that is set in one place only.
		return made.Values[0]
	}
	if v == nil || s == nil {
		return nil
	}
	if used := s.Used[v]; len(used) == 1 {
		return used[0]
	}
	// A field of the table is set in a circular way: the flow has no use of it.
	if len(s.Used[v]) == 0 && len(v.Values) == 1 {
		return v.Values[0]
	}
	return nil
}

// memberValue takes a model that does not exist for the one that is meant, and a
// function that differs in capital letters only, so that what follows is
// checked as well. What the script itself puts into a module is unknown.
func (c *script) memberValue(module *manual.Topic, name string) (v infer.Value, ok bool) {
	full := module.Name + "." + name
	if c.setMembers[full] || c.manual.Topic(full) != nil {
		return infer.Value{}, c.setMembers[full]
	}
	near := explain.Likeliest(name, memberNames(module))
	if len(near) != 1 {
		return infer.Value{}, false
	}
	t := c.manual.Topic(module.Name + "." + near[0])
	if t == nil || t.Kind != manual.KindModel && plainName(name) != plainName(near[0]) {
		return infer.Value{}, false
	}
	return infer.Of(t), true
}

// plainName is a name without capital letters and underscores.
func plainName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// loopValue is the value of a loop's variable.
func (c *script) loopValue(v *flow.Variable) infer.Value {
	loop, ok := v.Loop.(*ast.GenericForStmt)
	switch {
	case !ok:
		return infer.Value{Type: "number"}
	case len(loop.Exprs) == 1:
		return c.Variable(loop.Exprs[0], v.Place)
	}
	return infer.Value{}
}

// parameterValue is the value of a parameter: what the calls of a local function
// pass, or an item of a list, as in tables.filter(companies, function(company) ... end).
func (c *script) parameterValue(v *flow.Variable) infer.Value {
	fn := v.Fn.Expr
	call := c.flow.GivenTo[fn]
	if fn == nil || call == nil {
		if c.made == nil {
			return infer.Value{}
		}
		return c.made.Parameter(v)
	}
	callee := c.Callee(call)
	f := callee.Function()
	if f == nil || len(f.Params) == 0 || f.Params[0].Name != "list" || call.Func == nil {
		return infer.Value{}
	}
	at, place := slices.Index(call.Args, ast.Expr(fn)), slices.Index(fn.ParList.Names, v.Name)
	if at < 1 || at >= len(f.Params) || place < 0 {
		return infer.Value{}
	}
	if !callee.Is("table.sort") && !takesItem(f.Params[at].Type, place) {
		return infer.Value{}
	}
	k := c.Element(c.Value(call.Args[0]))
	k.Maybe = false
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
