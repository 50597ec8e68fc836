package check

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/explain"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// deepest bounds how far values are followed.
const deepest = 12

// infer tells what is known about an expression's value.
func (c *script) infer(e ast.Expr) knowledge {
	if k, ok := c.inferred[e]; ok {
		return k
	}
	if c.depth > deepest {
		return knowledge{}
	}
	// A value that depends on itself is unknown.
	c.inferred[e] = knowledge{}
	c.depth++
	k := c.guess(e)
	c.depth--
	c.inferred[e] = k
	return k
}

func (c *script) guess(e ast.Expr) knowledge {
	switch e := e.(type) {
	case *ast.StringExpr:
		return knowledge{typ: "string", literal: e}
	case *ast.NumberExpr:
		return knowledge{typ: "number", literal: e}
	case *ast.TrueExpr, *ast.FalseExpr:
		return knowledge{typ: "boolean", literal: e}
	case *ast.NilExpr:
		return knowledge{typ: "nil", literal: e}
	case *ast.TableExpr:
		return knowledge{typ: "table", literal: e}
	case *ast.FunctionExpr:
		return knowledge{typ: "function", literal: e}
	case *ast.StringConcatOpExpr:
		// What else is joined or calculated with may be objects that bring
		// operators of their own.
		if c.isText(e.Lhs) || c.isText(e.Rhs) {
			return knowledge{typ: "string"}
		}
	case *ast.ArithmeticOpExpr:
		if c.isNumber(c.infer(e.Lhs)) && c.isNumber(c.infer(e.Rhs)) {
			return knowledge{typ: "number"}
		}
	case *ast.UnaryMinusOpExpr:
		if c.isNumber(c.infer(e.Expr)) {
			return knowledge{typ: "number"}
		}
	case *ast.UnaryLenOpExpr:
		return knowledge{typ: "number"}
	case *ast.RelationalOpExpr, *ast.UnaryNotOpExpr:
		return knowledge{typ: "boolean"}
	case *ast.LogicalOpExpr:
		return c.choice(e)
	case *ast.IdentExpr:
		return c.nameValue(e)
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok {
			return c.member(c.infer(e.Object), key.Value)
		}
		return c.item(c.infer(e.Object), e)
	case *ast.FuncCallExpr:
		return c.result(e, 0)
	}
	return knowledge{}
}

// choice is the value of "a or b" and "a and b", known where both agree.
func (c *script) choice(e *ast.LogicalOpExpr) knowledge {
	left, right := c.infer(e.Lhs), c.infer(e.Rhs)
	if e.Operator == "and" {
		if left.typ == "boolean" || left.typ == "" || left.maybe {
			return knowledge{}
		}
		return right
	}
	if left.topic == nil && right.topic == nil && left.typ == right.typ {
		return knowledge{typ: left.typ}
	}
	return knowledge{}
}

// nameValue is the value of a variable, where only one can have reached it, or
// of a global.
func (c *script) nameValue(e *ast.IdentExpr) knowledge {
	v := c.flow.VariableOf(e)
	if c.flow.Resolved[e] == nil && !c.setGlobals[e.Value] {
		if !c.known[e.Value] {
			return knowledge{}
		}
		return c.topicValue(c.manual.Topic(e.Value))
	}
	val := c.onlyValue(e)
	switch {
	case val == nil:
		return knowledge{}
	case v.Loop != nil && val.First:
		return c.loopValue(v)
	case v.Kind == flow.Argument && val.First && !v.Implicit:
		return c.parameterValue(v)
	case val.Expr == nil:
		return knowledge{}
	case val.Place == 0 && !val.Many:
		return c.infer(val.Expr)
	}
	call, ok := val.Expr.(*ast.FuncCallExpr)
	if !ok {
		return knowledge{}
	}
	return c.result(call, val.Place)
}

// onlyValue returns the one value that a name can have where it is read, or nil
// where it may have several.
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

// member is the value of a field.
func (c *script) member(owner knowledge, name string) knowledge {
	if owner.isModule() {
		full := owner.topic.Name + "." + name
		if c.setMembers[full] {
			return knowledge{}
		}
		if t := c.manual.Topic(full); t != nil {
			return c.topicValue(t)
		}
		return c.misspelt(owner.topic, name)
	}
	if table, ok := owner.literal.(*ast.TableExpr); ok {
		return c.literalField(table, name)
	}
	if fields := c.manual.Fields(owner.typ); fields != nil {
		for i := range fields {
			if fields[i].Name == name {
				k := typed(fields[i].Type)
				if model := c.manual.Record(owner.typ); model != nil && !c.setFields[name] {
					k.property = model.Property(name)
				}
				return k
			}
		}
	}
	return knowledge{}
}

// misspelt takes a model that does not exist for the one that is meant, and a
// function that differs in capital letters only, so that what follows is
// checked as well.
func (c *script) misspelt(owner *manual.Topic, name string) knowledge {
	near := explain.Likeliest(name, memberNames(owner))
	if len(near) != 1 {
		return knowledge{}
	}
	t := c.manual.Topic(owner.Name + "." + near[0])
	if t == nil || t.Kind != manual.KindModel && plainName(name) != plainName(near[0]) {
		return knowledge{}
	}
	return c.topicValue(t)
}

// plainName is a name without capital letters and underscores.
func plainName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// literalField is the value of a field that a table literal gives a module's
// function or value. Other fields may have changed since.
func (c *script) literalField(table *ast.TableExpr, name string) knowledge {
	for _, f := range table.Fields {
		if key, ok := f.Key.(*ast.StringExpr); ok && key.Value == name {
			if k := c.infer(f.Value); k.topic != nil {
				return k
			}
		}
	}
	return knowledge{}
}

// item is the value at a computed key: of a list of records, a record.
func (c *script) item(owner knowledge, e *ast.AttrGetExpr) knowledge {
	if c.infer(e.Key).typ == "string" {
		return knowledge{}
	}
	return c.element(owner)
}

// element is the value of a list's items.
func (c *script) element(list knowledge) knowledge {
	if of := list.typ.Element(); of != "" {
		k := typed(of)
		k.maybe, k.selected = true, list.selected
		return k
	}
	return knowledge{}
}

// result is what a call returns at a place, counted from 0.
func (c *script) result(e *ast.FuncCallExpr, place int) knowledge {
	if name, ok := syntax.Required(e); ok && place == 0 && c.flow.Resolved[e.Func.(*ast.IdentExpr)] == nil {
		return c.required(name)
	}
	callee := c.callee(e)
	f := callee.function()
	if f == nil {
		if fn, ok := callee.literal.(*ast.FunctionExpr); ok && givesNothing(fn) {
			return knowledge{typ: nothing}
		}
		return knowledge{}
	}
	if callee.topic.Name == "planhat.try" && place == 0 && len(e.Args) > 0 {
		tried := c.infer(e.Args[0]).function()
		if tried == nil || len(tried.Returns) == 0 {
			return knowledge{}
		}
		k := typed(tried.Returns[0].Type)
		k.maybe, k.selected = true, c.selection(c.infer(e.Args[0]), e.Args[1:])
		return k
	}
	if len(f.Returns) == 0 {
		return knowledge{typ: nothing}
	}
	if place >= len(f.Returns) {
		return knowledge{}
	}
	k := typed(f.Returns[place].Type)
	if topic := c.manual.Topic(string(k.typ)); topic != nil && (topic.Kind == manual.KindModule || topic.Kind == manual.KindModel) && c.known[string(k.typ)] && len(k.typ.Names()) > 0 {
		// planhat.new returns another planhat.
		return knowledge{topic: topic}
	}
	k.selected = c.selection(callee, e.Args)
	return k
}

// givesNothing reports whether a function of the script ends without a result.
// One that always raises an error does not end.
func givesNothing(fn *ast.FunctionExpr) bool {
	if n := len(fn.Stmts); n > 0 {
		if last, ok := fn.Stmts[n-1].(*ast.FuncCallStmt); ok {
			if name, ok := last.Expr.(*ast.FuncCallExpr).Func.(*ast.IdentExpr); ok && name.Value == "error" {
				return false
			}
		}
	}
	gives, inner := false, map[ast.Stmt]bool{}
	inspect(fn.Stmts, func(s ast.Stmt) {
		if r, ok := s.(*ast.ReturnStmt); ok && len(r.Exprs) > 0 && !inner[s] {
			gives = true
		}
	}, func(e ast.Expr) {
		if f, ok := e.(*ast.FunctionExpr); ok {
			each(f.Stmts, func(s ast.Stmt) { inner[s] = true })
		}
	})
	return !gives
}

// required is what require returns: a module, unless a file of that name comes
// before it.
func (c *script) required(name string) knowledge {
	topic := c.manual.Topic(name)
	if topic == nil || topic.Kind != manual.KindModule || c.fileFor(name) {
		return knowledge{}
	}
	return knowledge{topic: topic}
}

// callee is the function that a call names; a method of a text is one of the
// library string.
func (c *script) callee(e *ast.FuncCallExpr) knowledge {
	if e.Func != nil {
		return c.infer(e.Func)
	}
	receiver := c.infer(e.Receiver)
	if receiver.typ == "string" && receiver.topic == nil {
		return c.topicValue(c.manual.Topic("string." + e.Method))
	}
	if receiver.isModule() {
		return c.member(receiver, e.Method)
	}
	return knowledge{}
}

// loopValue is the value of a loop's variable.
func (c *script) loopValue(v *flow.Variable) knowledge {
	loop, ok := v.Loop.(*ast.GenericForStmt)
	if !ok {
		return knowledge{typ: "number"}
	}
	if len(loop.Exprs) != 1 {
		return knowledge{}
	}
	call, ok := loop.Exprs[0].(*ast.FuncCallExpr)
	if !ok {
		return knowledge{}
	}
	callee := c.callee(call)
	if callee.topic != nil && len(call.Args) == 1 {
		switch callee.topic.Name {
		case "ipairs":
			if v.Place == 0 {
				return knowledge{typ: "integer"}
			}
			k := c.element(c.infer(call.Args[0]))
			k.maybe = false
			return k
		case "pairs":
			if v.Place == 1 {
				k := c.element(c.infer(call.Args[0]))
				k.maybe = false
				return k
			}
			return knowledge{}
		}
	}
	k := c.result(call, 0)
	selected := k.selected
	k = typed(k.typ.Result(v.Place))
	k.maybe, k.selected = k.maybe && v.Place > 0, selected
	return k
}
