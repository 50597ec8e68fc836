package check

import "github.com/yuin/gopher-lua/ast"

// give notes that a step stores something in a variable.
func (f *flow) give(s *step, v *variable, token int, expr ast.Expr, place int, first bool) *value {
	val := &value{v: v, token: token, expr: expr, place: place, first: first, step: s}
	val.empty = first && expr == nil && v.kind == localVar
	s.sets = append(s.sets, val)
	v.values = append(v.values, val)
	for fn := f.fn; fn != v.fn; fn = fn.parent {
		fn.sets[v] = append(fn.sets[v], s)
	}
	return val
}

func (f *flow) local(s *ast.LocalAssignStmt) {
	st := &step{kind: declare, token: f.stmt[s].from, stmt: s}
	tokens := f.names[s]
	if f.isFunction(s) {
		v := f.declare(s.Names[0], localVar, tokens[0])
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
		targets[i] = target{f.declare(name, localVar, tokens[i]), tokens[i]}
	}
	f.share(st, targets, s.Exprs, true)
}

// target is what an assignment stores in; v is nil where it is no local.
type target struct {
	v     *variable
	token int
}

// share hands the values of an assignment to its targets.
func (f *flow) share(st *step, targets []target, exprs []ast.Expr, first bool) {
	var spread ast.Expr
	if n := len(exprs); n > 0 && unpacks(exprs[n-1]) {
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
		val.many = many && i >= len(exprs)-1
		f.store(st, val)
	}
}

// unpacks reports whether an expression may give several values.
func unpacks(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// store ties a function that is written out to the value that holds it.
func (f *flow) store(st *step, val *value) {
	if !val.isFunction() {
		return
	}
	for _, fn := range st.closures {
		if ast.Expr(fn.expr) == val.expr {
			fn.value = val
		}
	}
}

func (f *flow) assignment(s *ast.AssignStmt) {
	st := &step{kind: assign, token: f.stmt[s].from, stmt: s}
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
func (f *flow) definition(s *ast.FuncDefStmt) {
	st := &step{kind: assign, token: f.stmt[s].from, stmt: s}
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
func (f *flow) target(st *step, e ast.Expr, rhs ast.Expr) target {
	name, ok := e.(*ast.IdentExpr)
	if !ok {
		index := e.(*ast.AttrGetExpr)
		f.stepOf[e] = st
		f.scanTarget(st, index.Object)
		f.scan(st, index.Key)
		f.keep(index, rhs)
		return target{}
	}
	token := f.expr[e].at
	f.stepOf[e] = st
	v := f.lookup(name.Value)
	f.resolved[name] = v
	if v == nil {
		f.globals = append(f.globals, globalUse{name: name.Value, expr: name, token: token, set: true, value: rhs})
		made := f.global(name.Value)
		made.values = append(made.values, &value{v: made, token: token, expr: rhs})
	}
	return target{v, token}
}

// keep remembers what is put into the table of a variable.
func (f *flow) keep(index *ast.AttrGetExpr, rhs ast.Expr) {
	name, ok := index.Object.(*ast.IdentExpr)
	if !ok {
		return
	}
	v := f.resolved[name]
	if v == nil {
		v = f.global(name.Value)
	}
	if rhs == nil {
		return
	}
	if _, named := index.Key.(*ast.StringExpr); named {
		v.fields = append(v.fields, entry{through: name, field: &ast.Field{Key: index.Key, Value: rhs}})
		return
	}
	v.items = append(v.items, entry{through: name, field: &ast.Field{Value: rhs}, key: index.Key})
}

// scanTarget notes that a field of an expression's value is set.
func (f *flow) scanTarget(st *step, e ast.Expr) {
	f.stepOf[e] = st
	switch e := e.(type) {
	case *ast.IdentExpr:
		v := f.lookup(e.Value)
		f.resolved[e] = v
		if v == nil {
			f.globals = append(f.globals, globalUse{name: e.Value, expr: e, token: f.expr[e].at, member: true})
			return
		}
		v.changed = true
		st.changes = append(st.changes, access{v, f.expr[e].at})
		for fn := f.fn; fn != v.fn; fn = fn.parent {
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
func (f *flow) inserted(e *ast.FuncCallExpr) {
	if e.Func == nil || len(e.Args) < 2 || dotted(e.Func) != "table.insert" {
		return
	}
	if name, ok := e.Args[0].(*ast.IdentExpr); ok {
		v := f.resolved[name]
		if v == nil {
			v = f.global(name.Value)
		}
		v.items = append(v.items, entry{through: name, field: &ast.Field{Value: e.Args[len(e.Args)-1]}})
	}
}
