package flow

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/syntax"
)

// evaluate makes a step of an expression.
func (f *Graph) evaluate(e ast.Expr) *Step {
	s := &Step{kind: evaluate, Token: f.Inside(e), expr: e}
	f.scan(s, e)
	return f.emit(s)
}

// readName notes that a name is read.
func (f *Graph) readName(st *Step, name string, token int) *Variable {
	v := f.lookup(name)
	if v == nil {
		return nil
	}
	v.Read = true
	st.Reads = append(st.Reads, Access{v, token})
	for fn := f.fn; fn != v.Fn; fn = fn.Parent {
		fn.reads[v] = append(fn.reads[v], st)
	}
	return v
}

// scan notes what an expression reads.
func (f *Graph) scan(st *Step, e ast.Expr) {
	v := syntax.Visitor{Shallow: true, Expr: func(e ast.Expr) {
		f.StepOf[e] = st
		switch e := e.(type) {
		case *ast.IdentExpr:
			v := f.readName(st, e.Value, f.Expr[e].At)
			f.Resolved[e] = v
			if v == nil {
				f.Globals = append(f.Globals, GlobalUse{Name: e.Value, expr: e, Token: f.Expr[e].At, Fn: f.fn})
			}
		case *ast.Comma3Expr:
			f.readName(st, "...", f.Expr[e].At)
		case *ast.FunctionExpr:
			f.closure(st, e, nil)
		case *ast.FuncCallExpr:
			for _, arg := range e.Args {
				if fn, ok := arg.(*ast.FunctionExpr); ok {
					f.GivenTo[fn] = e
				}
			}
			f.inserted(e)
		}
	}}
	v.Expression(e)
}

// Dotted returns an expression such as a.b.c as text, "" for others.
func Dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value
	case *ast.AttrGetExpr:
		key, ok := e.Key.(*ast.StringExpr)
		if before := Dotted(e.Object); ok && before != "" {
			return before + "." + key.Value
		}
	}
	return ""
}

// closure makes the steps of a function inside of another.
func (f *Graph) closure(st *Step, e *ast.FunctionExpr, method *ast.FuncDefStmt) {
	f.StepOf[e] = st
	fn := f.body(e, e.Stmts, method)
	st.closures = append(st.closures, fn)
	st.closures = append(st.closures, fn.inner...)
}

// Inside is the first token of an expression without the parentheses around it.
func (f *Graph) Inside(e ast.Expr) int {
	span := f.Expr[e]
	for f.Partner[span.From] == span.To && f.Tokens[span.From].Text == "(" {
		span.From++
		span.To--
	}
	return span.From
}
