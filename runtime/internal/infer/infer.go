package infer

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// Inference tells what expressions are. Manual and Name are required. It
// remembers its answers and is not safe for concurrent use.
type Inference struct {
	Manual *manual.Manual
	// Name returns what a variable or a global stands for.
	Name func(*ast.IdentExpr) Value
	// Member, if set, comes before the manual: it returns what a module has
	// under a name, unless ok is false.
	Member func(module *manual.Topic, name string) (v Value, ok bool)
	// Replaced, if set, reports whether require finds something else than the
	// manual's module under a name.
	Replaced func(module string) bool
	// Selected, if set, returns the properties that come with the records of a
	// call, nil for all.
	Selected func(function Value, args []ast.Expr) *Selection

	// Module, if set, returns what requiring a file of the project returns.
	Module func(name string) Value
	// Tables, if set, knows the tables and functions of the script.
	Tables Tables

	known map[ast.Expr]Value
	depth int
}

// Tables knows what the tables of a script contain and what its functions return. Each
// method returns the zero value for what is unknown.
type Tables interface {
	// Field is what a table that is written out has under a name.
	Field(table *ast.TableExpr, name string) Value
	// Item is what an item of such a table may be.
	Item(table *ast.TableExpr) Value
	// Returned is what a function that is written out returns at a place, counted
	// from 0.
	Returned(fn *ast.FunctionExpr, place int) Value
	// Names are the names in a table that is written out; known is false if it may
	// have others.
	Names(table *ast.TableExpr) (names []string, known bool)
}

// deepest bounds how far values are followed.
const deepest = 12

// Forget drops the answers, after what the functions return has changed.
func (n *Inference) Forget() { n.known = nil }

// Value returns what is known about an expression's value.
func (n *Inference) Value(e ast.Expr) Value {
	if v, ok := n.known[e]; ok {
		return v
	}
	if n.depth > deepest {
		return Value{}
	}
	if n.known == nil {
		n.known = map[ast.Expr]Value{}
	}
	// A value that depends on itself is unknown.
	n.known[e] = Value{}
	n.depth++
	v := n.value(e)
	n.depth--
	n.known[e] = v
	return v
}

func (n *Inference) value(e ast.Expr) Value {
	switch e := e.(type) {
	case *ast.StringExpr:
		return Value{Type: "string", Literal: e}
	case *ast.NumberExpr:
		return Value{Type: "number", Literal: e}
	case *ast.TrueExpr, *ast.FalseExpr:
		return Value{Type: "boolean", Literal: e}
	case *ast.NilExpr:
		return Value{Type: "nil", Literal: e}
	case *ast.TableExpr:
		return Value{Type: "table", Literal: e}
	case *ast.FunctionExpr:
		return Value{Type: "function", Literal: e}
	case *ast.StringConcatOpExpr:
		// Other operands may be objects with operators of their own.
		if n.Value(e.Lhs).IsText() || n.Value(e.Rhs).IsText() {
			return Value{Type: "string"}
		}
	case *ast.ArithmeticOpExpr:
		if n.Value(e.Lhs).IsNumber() && n.Value(e.Rhs).IsNumber() {
			return Value{Type: "number"}
		}
	case *ast.UnaryMinusOpExpr:
		if n.Value(e.Expr).IsNumber() {
			return Value{Type: "number"}
		}
	case *ast.UnaryLenOpExpr:
		return Value{Type: "number"}
	case *ast.RelationalOpExpr, *ast.UnaryNotOpExpr:
		return Value{Type: "boolean"}
	case *ast.LogicalOpExpr:
		return n.choice(e)
	case *ast.IdentExpr:
		return n.Name(e)
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok {
			return n.member(n.Value(e.Object), key.Value)
		}
		if n.Value(e.Key).Type != "string" {
			return n.Element(n.Value(e.Object))
		}
	case *ast.FuncCallExpr:
		return n.Result(e, 0)
	}
	return Value{}
}

// typed returns a value of a type. planhat.new returns another planhat.
func (n *Inference) typed(typ spec.Type) Value {
	v := Value{Type: typ.NonNil()}
	if len(v.Type.Alternatives()) < 2 && v.Type.Nilable() {
		return Value{} // anything
	}
	v.Maybe = v.Type != typ && typ.Nilable()
	if t := n.Manual.Topic(string(v.Type)); t != nil && t.Module != nil && t.Module.Name == t.Name && len(v.Type.Names()) > 0 {
		return Of(t)
	}
	return v
}

// choice is the value of "a and b" and "a or b".
func (n *Inference) choice(e *ast.LogicalOpExpr) Value {
	left, right := n.Value(e.Lhs), n.Value(e.Rhs)
	maybeFalse, maybeTrue := left.truth()
	var types []spec.Type
	nilable := right.Maybe || right.Type == "nil"
	switch and := e.Operator == "and"; {
	case and && !maybeTrue, !and && !maybeFalse:
		return left
	case and && !maybeFalse, !and && !maybeTrue:
		return right
	case and:
		// What counts as false in the left value remains.
		nilable = nilable || left.Maybe || left.Type == ""
		if left.Type == "" || left.Type.Accepts(spec.Boolean) {
			types = append(types, "false")
		}
	default:
		types = slices.DeleteFunc(slices.Clone(left.alternatives()), func(t spec.Type) bool { return t == "false" })
	}
	v := n.typed(spec.Union(append(types, right.alternatives()...)...))
	v.Maybe = nilable
	return v
}

// member is what a value has under a name.
func (n *Inference) member(owner Value, name string) Value {
	if owner.IsModule() {
		if n.Member != nil {
			if v, ok := n.Member(owner.Topic, name); ok {
				return v
			}
		}
		return Of(n.Manual.Topic(owner.Topic.Name + "." + name))
	}
	if table, ok := owner.Literal.(*ast.TableExpr); ok {
		if v := n.literalField(table, name); v.Topic != nil || n.Tables == nil {
			return v
		}
		return n.Tables.Field(table, name)
	}
	if table, ok := owner.foreign.(*ast.TableExpr); ok {
		return owner.home.Field(table, name).From(owner.home)
	}
	if owner.choices != nil && n.Tables != nil {
		j := n.Joiner()
		for _, choice := range *owner.choices {
			if choice.Type == "nil" || choice.Type == Nothing {
				continue
			}
			if choice.Maybe = false; !j.Add(n.member(choice, name)) {
				return Value{}
			}
		}
		return j.Value()
	}
	return n.each(owner, func(typ spec.Type) Value {
		for _, f := range n.Manual.Fields(typ) {
			if f.Name == name {
				v := n.typed(f.Type)
				if model := n.Manual.Record(typ); model != nil {
					v.Property = model.Property(name)
				}
				return v
			}
		}
		return Value{}
	})
}

// each returns the union of what the alternatives of a type lead to.
func (n *Inference) each(of Value, to func(spec.Type) Value) Value {
	all := of.alternatives()
	if len(all) == 1 {
		return to(all[0])
	}
	var types []spec.Type
	nilable := false
	for _, one := range all {
		v := to(one)
		types = append(types, v.alternatives()...)
		nilable = nilable || v.Maybe
	}
	v := n.typed(spec.Union(types...))
	v.Maybe = nilable
	return v
}

// literalField is a function or value of the manual that a table literal
// contains. Other fields may have changed since.
func (n *Inference) literalField(table *ast.TableExpr, name string) Value {
	for _, f := range table.Fields {
		if key, ok := f.Key.(*ast.StringExpr); ok && key.Value == name {
			if v := n.Value(f.Value); v.Topic != nil {
				return v
			}
		}
	}
	return Value{}
}

// Element returns an item of a list, which may be nil.
func (n *Inference) Element(list Value) Value {
	if table, ok := list.foreign.(*ast.TableExpr); ok {
		v := list.home.Item(table).From(list.home)
		v.Maybe = v != Value{} && v.Type != "nil"
		return v
	}
	if table, ok := list.Literal.(*ast.TableExpr); ok && n.Tables != nil {
		v := n.Tables.Item(table)
		v.Maybe = v != Value{} && v.Type != "nil"
		return v
	}
	v := n.each(list, func(typ spec.Type) Value {
		if of := typ.Element(); of != "" {
			return n.typed(of)
		}
		return Value{}
	})
	v.Maybe, v.Selected = v.Type != "", list.Selected
	return v
}

// Callee returns the function that a call names; a method of a string is one of
// the library string.
func (n *Inference) Callee(e *ast.FuncCallExpr) Value {
	if e.Func != nil {
		return n.Value(e.Func)
	}
	switch receiver := n.Value(e.Receiver); {
	case receiver.IsText():
		return Of(n.Manual.Topic("string." + e.Method))
	case receiver.IsModule():
		return n.member(receiver, e.Method)
	}
	return Value{}
}

// Result returns what a call returns at a place, counted from 0.
func (n *Inference) Result(e *ast.FuncCallExpr, place int) Value {
	callee := n.Callee(e)
	if name, ok := syntax.Required(e); ok && callee.Is("require") {
		return n.required(name, place)
	}
	f := callee.Function()
	if f == nil {
		if fn, ok := callee.foreign.(*ast.FunctionExpr); ok {
			if returnsNothing(fn) {
				return Value{Type: Nothing}
			}
			return callee.home.Returned(fn, place).From(callee.home)
		}
		fn, ok := callee.Literal.(*ast.FunctionExpr)
		switch {
		case !ok:
			return Value{}
		case returnsNothing(fn):
			return Value{Type: Nothing}
		case n.Tables != nil:
			return n.Tables.Returned(fn, place)
		}
		return Value{}
	}
	if callee.Is("planhat.model") && place == 0 && len(e.Args) == 1 { // options may replace keys
		if name, ok := e.Args[0].(*ast.StringExpr); ok {
			if model := n.Manual.ModelModule(name.Value); model != nil {
				return Of(model)
			}
		}
	}
	if callee.Is("planhat.try") && place == 0 && len(e.Args) > 0 {
		tried := n.Value(e.Args[0])
		if f = tried.Function(); f == nil || len(f.Returns) == 0 {
			return Value{}
		}
		v := n.returned(tried, e.Args[1:], 0)
		v.Maybe = true
		return v
	}
	if len(f.Returns) == 0 {
		return Value{Type: Nothing}
	}
	return n.returned(callee, e.Args, place)
}

// returned is what a function of the manual returns at a place.
func (n *Inference) returned(callee Value, args []ast.Expr, place int) Value {
	f := callee.Function()
	if place >= len(f.Returns) {
		return Value{}
	}
	v := n.typed(f.Returns[place].Type)
	if n.Selected != nil && v.Topic == nil {
		v.Selected = n.Selected(callee, args)
	}
	return v
}

// required is what require returns: a module of the manual or of the project, or unknown.
func (n *Inference) required(name string, place int) Value {
	t := n.Manual.Topic(name)
	if place == 0 && n.Module != nil && n.Replaced != nil && n.Replaced(name) {
		return n.Module(name)
	}
	if place > 0 || t == nil || t.Kind != manual.KindModule || n.Replaced != nil && n.Replaced(name) {
		return Value{}
	}
	return Of(t)
}

// returnsNothing reports whether a function of the script ends without a result.
// One that always raises an error does not end.
func returnsNothing(fn *ast.FunctionExpr) bool {
	if n := len(fn.Stmts); n > 0 {
		if last, ok := fn.Stmts[n-1].(*ast.FuncCallStmt); ok {
			if name, ok := last.Expr.(*ast.FuncCallExpr).Func.(*ast.IdentExpr); ok && name.Value == "error" {
				return false
			}
		}
	}
	returns := false
	v := syntax.Visitor{Shallow: true, Stmt: func(s ast.Stmt) {
		if r, ok := s.(*ast.ReturnStmt); ok && len(r.Exprs) > 0 {
			returns = true
		}
	}}
	v.Statements(fn.Stmts)
	return !returns
}

// Variable returns what the variable at a place, counted from 0, of a loop over
// an expression is.
func (n *Inference) Variable(over ast.Expr, place int) Value {
	call, ok := over.(*ast.FuncCallExpr)
	if !ok {
		return Value{}
	}
	if callee := n.Callee(call); (callee.Is("ipairs") || callee.Is("pairs")) && len(call.Args) == 1 {
		switch {
		case place == 1:
			v := n.Element(n.Value(call.Args[0]))
			v.Maybe = false
			return v
		case callee.Is("ipairs"):
			return Value{Type: "integer"}
		}
		return Value{}
	}
	iterator := n.Result(call, 0)
	v := n.each(iterator, func(typ spec.Type) Value { return n.typed(typ.Result(place)) })
	v.Maybe, v.Selected = v.Maybe && place > 0, iterator.Selected
	return v
}
