package flow

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/syntax"
)

// give notes that a step stores something in a variable.
func (f *Graph) give(s *Step, v *Variable, token int, expr ast.Expr, place int, first bool) *Value {
	val := &Value{V: v, Token: token, Expr: expr, Place: place, First: first, Step: s}
	val.Empty = first && expr == nil && v.Kind == LocalVar
	s.sets = append(s.sets, val)
	v.Values = append(v.Values, val)
	for fn := f.fn; fn != v.Fn; fn = fn.Parent {
		fn.sets[v] = append(fn.sets[v], s)
	}
	return val
}

func (f *Graph) local(s *ast.LocalAssignStmt) {
	st := &Step{kind: declare, Token: f.Stmt[s].From, stmt: s}
	tokens := f.Names[s]
	if f.IsFunction(s) {
		v := f.declare(s.Names[0], LocalVar, tokens[0])
		f.emit(st)
		f.scan(st, s.Exprs[0])
		f.store(st, f.give(st, v, tokens[0], s.Exprs[0], 0, true))
		return
	}
	f.emit(st)
	for _, e := range s.Exprs {
		f.scan(st, e)
	}
	targets := make([]target, len(s.Names))
	for i, name := range s.Names {
		targets[i] = target{f.declare(name, LocalVar, tokens[i]), tokens[i]}
	}
	f.share(st, targets, s.Exprs, true)
}

// target is what an assignment stores in; v is nil if it is not a local.
type target struct {
	v     *Variable
	token int
}

// share hands the values of an assignment to its targets.
func (f *Graph) share(st *Step, targets []target, exprs []ast.Expr, first bool) {
	var spread ast.Expr
	if n := len(exprs); n > 0 && syntax.Unpacks(exprs[n-1]) {
		spread = exprs[n-1]
	}
	many := spread != nil && len(targets) > len(exprs)
	for i, t := range targets {
		var expr ast.Expr
		place := 0
		switch {
		case i < len(exprs):
			expr = exprs[i]
		case spread != nil:
			expr, place = spread, i-len(exprs)+1
		}
		if t.v == nil {
			continue
		}
		val := f.give(st, t.v, t.token, expr, place, first)
		val.Many = many && i >= len(exprs)-1
		f.store(st, val)
	}
}

// store ties a function that is written out to the value that holds it.
func (f *Graph) store(st *Step, val *Value) {
	if !val.IsFunction() {
		return
	}
	for _, fn := range st.closures {
		if ast.Expr(fn.Expr) == val.Expr {
			fn.Value = val
		}
	}
}

func (f *Graph) assignment(s *ast.AssignStmt) {
	st := &Step{kind: assign, Token: f.Stmt[s].From, stmt: s}
	for _, e := range s.Rhs {
		f.scan(st, e)
	}
	targets := make([]target, len(s.Lhs))
	for i, e := range s.Lhs {
		var rhs ast.Expr
		if i < len(s.Rhs) {
			rhs = s.Rhs[i]
		}
		targets[i] = f.target(st, e, rhs)
	}
	f.share(st, targets, s.Rhs, false)
	f.emit(st)
}

// definition is "function name() ... end".
func (f *Graph) definition(s *ast.FuncDefStmt) {
	st := &Step{kind: assign, Token: f.Stmt[s].From, stmt: s}
	left, method := s.Name.Func, (*ast.FuncDefStmt)(nil)
	if left == nil {
		method = s
	}
	f.closure(st, s.Func, method)
	t := target{}
	if method == nil {
		t = f.target(st, left, s.Func)
	} else {
		f.scanTarget(st, s.Name.Receiver)
	}
	f.share(st, []target{t}, []ast.Expr{s.Func}, false)
	f.emit(st)
}

// target notes what one side of an assignment stores in.
func (f *Graph) target(st *Step, e ast.Expr, rhs ast.Expr) target {
	name, ok := e.(*ast.IdentExpr)
	if !ok {
		index := e.(*ast.AttrGetExpr)
		f.StepOf[e] = st
		f.scanTarget(st, index.Object)
		f.scan(st, index.Key)
		f.keep(index, rhs)
		return target{}
	}
	token := f.Expr[e].At
	f.StepOf[e] = st
	v := f.lookup(name.Value)
	f.Resolved[name] = v
	if v == nil {
		f.Globals = append(f.Globals, GlobalUse{Name: name.Value, expr: name, Token: token, Set: true, Value: rhs, Fn: f.fn})
		made := f.global(name.Value)
		made.Values = append(made.Values, &Value{V: made, Token: token, Expr: rhs})
	}
	return target{v, token}
}

// keep remembers what is put into the table of a variable.
func (f *Graph) keep(index *ast.AttrGetExpr, rhs ast.Expr) {
	name, ok := index.Object.(*ast.IdentExpr)
	if !ok {
		return
	}
	v := f.Resolved[name]
	if v == nil {
		v = f.global(name.Value)
	}
	if rhs == nil {
		return
	}
	if _, named := index.Key.(*ast.StringExpr); named {
		v.Fields = append(v.Fields, Entry{Through: name, Field: &ast.Field{Key: index.Key, Value: rhs}})
		return
	}
	v.Items = append(v.Items, Entry{Through: name, Field: &ast.Field{Value: rhs}, Key: index.Key})
}

// scanTarget notes that a field of an expression's value is set.
func (f *Graph) scanTarget(st *Step, e ast.Expr) {
	f.StepOf[e] = st
	switch e := e.(type) {
	case *ast.IdentExpr:
		v := f.lookup(e.Value)
		f.Resolved[e] = v
		if v == nil {
			f.Globals = append(f.Globals, GlobalUse{Name: e.Value, expr: e, Token: f.Expr[e].At, Member: true, Fn: f.fn})
			return
		}
		v.Changed = true
		st.Changes = append(st.Changes, Access{v, f.Expr[e].At})
		for fn := f.fn; fn != v.Fn; fn = fn.Parent {
			fn.changes[v] = append(fn.changes[v], st)
		}
	case *ast.AttrGetExpr:
		f.scanTarget(st, e.Object)
		f.scan(st, e.Key)
	default:
		f.scan(st, e)
	}
}

// inserted remembers the item of table.insert(list, item).
func (f *Graph) inserted(e *ast.FuncCallExpr) {
	if e.Func == nil || len(e.Args) < 2 || Dotted(e.Func) != "table.insert" {
		return
	}
	if name, ok := e.Args[0].(*ast.IdentExpr); ok {
		v := f.lookup(name.Value)
		if v == nil {
			v = f.global(name.Value)
		}
		v.Items = append(v.Items, Entry{Through: name, Field: &ast.Field{Value: e.Args[len(e.Args)-1]}})
	}
}
