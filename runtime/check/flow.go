package check

import (
	"github.com/yuin/gopher-lua/ast"
)

// flow turns a chunk into steps, and finds what each name stands for.
type flow struct {
	*places
	functions []*function
	fn        *function
	scopes    []*scope
	// resolved is the variable that a name stands for, nil for a global; stepOf
	// is the step that an expression is part of.
	resolved map[*ast.IdentExpr]*variable
	stepOf   map[ast.Expr]*step
	globals  []globalUse
	// shadows are declarations of a name that is a variable already.
	shadows []shadow
	vars    []*variable
}

// globalUse is a place where a global is read or set.
type globalUse struct {
	name  string
	expr  *ast.IdentExpr
	token int
	set   bool
	// top holds in the main part of the script.
	top bool
	// member holds where a field of the global is set or read.
	member bool
	// value is what is assigned.
	value ast.Expr
}

// shadow is a declaration that hides another one.
type shadow struct {
	v, hidden *variable
	sameScope bool
}

// scope is a block.
type scope struct {
	fn    *function
	names map[string]*variable
	// breaks are the jumps out of a loop, nil in other blocks.
	loop   bool
	breaks []*step
}

// trace makes the flow of a chunk.
func trace(chunk []ast.Stmt, p *places) *flow {
	f := &flow{places: p, resolved: map[*ast.IdentExpr]*variable{}, stepOf: map[ast.Expr]*step{}}
	f.body(nil, chunk, nil)
	for _, fn := range f.functions {
		fn.propagate()
	}
	return f
}

// body makes the steps of a function. names are the tokens of its parameters.
func (f *flow) body(expr *ast.FunctionExpr, stmts []ast.Stmt, method *ast.FuncDefStmt) *function {
	fn := &function{
		parent: f.fn, expr: expr,
		reads: map[*variable][]*step{}, changes: map[*variable][]*step{}, sets: map[*variable][]*step{},
	}
	outer := f.fn
	f.fn = fn
	f.functions = append(f.functions, fn)
	f.enter()
	s := f.emit(&step{kind: declare, token: -1})
	if method != nil {
		v := f.declare("self", argument, f.stmt[method].from)
		v.implicit = true
		f.give(s, v, v.token, nil, 0, true)
	}
	if expr != nil {
		tokens := f.names[expr.ParList]
		for i, name := range expr.ParList.Names {
			v := f.declare(name, argument, tokens[i])
			f.give(s, v, tokens[i], nil, 0, true)
		}
		if expr.ParList.HasVargs {
			token := tokens[len(tokens)-1]
			f.give(s, f.declare("...", argument, token), token, nil, 0, true)
		}
	}
	f.enter()
	f.statements(stmts)
	f.leave()
	f.leave()
	end := len(fn.steps)
	for _, s := range fn.steps {
		if s.kind == jump && s.to < 0 {
			s.to = end
		}
	}
	f.fn = outer
	for up := outer; up != nil; up = up.parent {
		up.inner = append(up.inner, fn)
	}
	return fn
}

func (f *flow) enter() { f.scopes = append(f.scopes, &scope{fn: f.fn, names: map[string]*variable{}}) }

func (f *flow) leave() {
	last := f.scopes[len(f.scopes)-1]
	f.scopes = f.scopes[:len(f.scopes)-1]
	for _, v := range last.names {
		v.to = len(f.fn.steps) - 1
	}
	for _, s := range last.breaks {
		s.to = len(f.fn.steps)
	}
}

func (f *flow) emit(s *step) *step {
	f.fn.steps = append(f.fn.steps, s)
	return s
}

// declare makes a name known from the next step on.
func (f *flow) declare(name string, kind varKind, token int) *variable {
	v := &variable{name: name, kind: kind, token: token, fn: f.fn, from: len(f.fn.steps)}
	top := f.scopes[len(f.scopes)-1]
	if hidden := f.lookup(name); hidden != nil && name != "..." {
		f.shadows = append(f.shadows, shadow{v: v, hidden: hidden, sameScope: top.names[name] != nil})
	}
	if old := top.names[name]; old != nil {
		old.to = len(f.fn.steps) - 1
	}
	top.names[name] = v
	f.vars = append(f.vars, v)
	return v
}

func (f *flow) lookup(name string) *variable {
	for i := len(f.scopes) - 1; i >= 0; i-- {
		if v := f.scopes[i].names[name]; v != nil {
			return v
		}
	}
	return nil
}

// give notes that a step stores something in a variable.
func (f *flow) give(s *step, v *variable, token int, expr ast.Expr, place int, first bool) *value {
	val := &value{v: v, token: token, expr: expr, place: place, first: first, step: s}
	val.empty = first && expr == nil && v.kind == localVar
	s.sets = append(s.sets, val)
	v.values = append(v.values, val)
	if v.fn != f.fn {
		f.fn.sets[v] = append(f.fn.sets[v], s)
	}
	return val
}

func (f *flow) statements(stmts []ast.Stmt) {
	for _, s := range stmts {
		f.statement(s)
	}
}

func (f *flow) block(stmts []ast.Stmt) {
	f.enter()
	f.statements(stmts)
	f.leave()
}

func (f *flow) statement(s ast.Stmt) {
	at := f.stmt[s].from
	switch s := s.(type) {
	case *ast.AssignStmt:
		f.assignment(s)
	case *ast.LocalAssignStmt:
		f.local(s)
	case *ast.FuncDefStmt:
		f.definition(s)
	case *ast.FuncCallStmt:
		f.evaluate(s.Expr).token = at
	case *ast.DoBlockStmt:
		f.emit(&step{token: at})
		f.block(s.Stmts)
	case *ast.WhileStmt:
		f.emit(&step{token: at})
		f.loop(at, func() {
			f.evaluate(s.Condition)
			f.leaveUnless(s.Condition)
			f.block(s.Stmts)
		})
	case *ast.RepeatStmt:
		f.repeat(s, at)
	case *ast.IfStmt:
		f.emit(&step{token: at})
		f.conditional(s)
	case *ast.NumberForStmt:
		f.emit(&step{token: at})
		f.evaluate(s.Init)
		f.evaluate(s.Limit)
		if s.Step != nil {
			f.evaluate(s.Step)
		}
		f.forLoop(s, at, []string{s.Name}, s.Stmts)
	case *ast.GenericForStmt:
		f.emit(&step{token: at})
		for _, e := range s.Exprs {
			f.evaluate(e)
		}
		f.forLoop(s, at, s.Names, s.Stmts)
	case *ast.ReturnStmt:
		f.emit(&step{token: at})
		for _, e := range s.Exprs {
			f.evaluate(e)
		}
		f.emit(&step{kind: jump, token: -1, to: -1})
	case *ast.BreakStmt:
		f.exit(jump, at)
	}
}

// exit leaves the loop around it.
func (f *flow) exit(kind stepKind, token int) {
	s := f.emit(&step{kind: kind, token: -1, to: -1})
	_ = token
	for i := len(f.scopes) - 1; i >= 0 && f.scopes[i].fn == f.fn; i-- {
		if f.scopes[i].loop {
			f.scopes[i].breaks = append(f.scopes[i].breaks, s)
			return
		}
	}
}

// leaveUnless leaves the loop where a condition does not hold.
func (f *flow) leaveUnless(condition ast.Expr) {
	switch truth(condition) {
	case never:
		f.exit(jump, -1)
	case sometimes:
		f.exit(branch, -1)
	}
}

// loop makes the steps of a loop; its body comes with the way out.
func (f *flow) loop(at int, body func()) {
	f.enter()
	f.scopes[len(f.scopes)-1].loop = true
	start := len(f.fn.steps)
	body()
	f.emit(&step{token: at, loopEnd: true})
	f.emit(&step{kind: jump, token: -1, to: start})
	f.leave()
}

func (f *flow) forLoop(s ast.Stmt, at int, names []string, stmts []ast.Stmt) {
	f.loop(at, func() {
		f.exit(branch, -1)
		f.enter()
		declared := f.emit(&step{kind: declare, token: -1, stmt: s})
		for i, name := range names {
			token := f.names[s][i]
			v := f.declare(name, loopVar, token)
			v.loop, v.place = s, i
			f.give(declared, v, token, nil, 0, true)
		}
		f.statements(stmts)
		f.leave()
	})
}

// repeat sees the locals of its body in the condition.
func (f *flow) repeat(s *ast.RepeatStmt, at int) {
	f.emit(&step{token: at})
	f.enter()
	f.scopes[len(f.scopes)-1].loop = true
	start := len(f.fn.steps)
	f.enter()
	f.statements(s.Stmts)
	f.evaluate(s.Condition)
	f.leave()
	switch truth(s.Condition) {
	case never:
		f.emit(&step{kind: jump, token: -1, to: start})
	case sometimes:
		f.emit(&step{kind: branch, token: -1, to: start})
	}
	f.leave()
}

func (f *flow) conditional(s *ast.IfStmt) {
	var ends []*step
	for {
		f.evaluate(s.Condition)
		var skip *step
		switch truth(s.Condition) {
		case never:
			skip = f.emit(&step{kind: jump, token: -1})
		case sometimes:
			skip = f.emit(&step{kind: branch, token: -1})
		}
		f.block(s.Then)
		ends = append(ends, f.emit(&step{kind: jump, token: -1}))
		if skip != nil {
			skip.to = len(f.fn.steps)
		}
		next := elseif(f.places, s)
		if next == nil {
			f.block(s.Else)
			break
		}
		s = next
	}
	for _, end := range ends {
		end.to = len(f.fn.steps)
	}
}

// elseif returns the elseif that follows, or nil.
func elseif(p *places, s *ast.IfStmt) *ast.IfStmt {
	if len(s.Else) != 1 {
		return nil
	}
	next, ok := s.Else[0].(*ast.IfStmt)
	if !ok || !p.isElseif(next) {
		return nil
	}
	return next
}

// certainty tells whether a condition holds.
type certainty int

const (
	sometimes certainty = iota
	always
	never
)

func truth(e ast.Expr) certainty {
	switch e.(type) {
	case *ast.NilExpr, *ast.FalseExpr:
		return never
	case *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr, *ast.TableExpr, *ast.FunctionExpr:
		return always
	}
	return sometimes
}

// evaluate makes a step of an expression.
func (f *flow) evaluate(e ast.Expr) *step {
	s := &step{kind: evaluate, token: f.expr[e].from, expr: e}
	f.scan(s, e)
	return f.emit(s)
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
	var shared *sharing
	if spread != nil && len(targets) > len(exprs) {
		shared = &sharing{}
	}
	for i, t := range targets {
		var expr ast.Expr
		place := 0
		switch {
		case i < len(exprs):
			expr = exprs[i]
		case spread != nil:
			expr, place = spread, i-len(exprs)+1
		}
		member := shared != nil && i >= len(exprs)-1
		if t.v == nil {
			if member {
				shared.used = true
			}
			continue
		}
		val := f.give(st, t.v, t.token, expr, place, first)
		if member {
			val.shared = shared
		}
		f.store(st, val)
	}
}

// unpacks tells whether an expression may give several values.
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
		f.globals = append(f.globals, globalUse{name: name.Value, expr: name, token: token, set: true, top: f.fn.parent == nil, value: rhs})
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
	if v == nil || rhs == nil {
		return
	}
	if _, named := index.Key.(*ast.StringExpr); named {
		v.fields = append(v.fields, &ast.Field{Key: index.Key, Value: rhs})
		return
	}
	v.items = append(v.items, rhs)
}

// scanTarget notes that a field of an expression's value is set.
func (f *flow) scanTarget(st *step, e ast.Expr) {
	f.stepOf[e] = st
	switch e := e.(type) {
	case *ast.IdentExpr:
		v := f.lookup(e.Value)
		f.resolved[e] = v
		if v == nil {
			f.globals = append(f.globals, globalUse{name: e.Value, expr: e, token: f.expr[e].at, member: true, top: f.fn.parent == nil})
			return
		}
		v.changed = true
		st.changes = append(st.changes, access{v, f.expr[e].at})
		if v.fn != f.fn {
			f.fn.changes[v] = append(f.fn.changes[v], st)
		}
	case *ast.AttrGetExpr:
		f.scanTarget(st, e.Object)
		f.scan(st, e.Key)
	default:
		f.scan(st, e)
	}
}

// readName notes that a name is read.
func (f *flow) readName(st *step, name string, token int) *variable {
	v := f.lookup(name)
	if v == nil {
		return nil
	}
	v.read = true
	st.reads = append(st.reads, access{v, token})
	if v.fn != f.fn {
		f.fn.reads[v] = append(f.fn.reads[v], st)
	}
	return v
}

// scan notes what an expression reads.
func (f *flow) scan(st *step, e ast.Expr) {
	f.stepOf[e] = st
	switch e := e.(type) {
	case *ast.IdentExpr:
		v := f.readName(st, e.Value, f.expr[e].at)
		f.resolved[e] = v
		if v == nil {
			f.globals = append(f.globals, globalUse{name: e.Value, expr: e, token: f.expr[e].at, top: f.fn.parent == nil})
		}
	case *ast.Comma3Expr:
		f.readName(st, "...", f.expr[e].at)
	case *ast.FunctionExpr:
		f.closure(st, e, nil)
	case *ast.TableExpr:
		for _, field := range e.Fields {
			if field.Key != nil {
				f.scan(st, field.Key)
			}
			f.scan(st, field.Value)
		}
	case *ast.FuncCallExpr:
		f.scanCall(st, e)
	default:
		for _, part := range operands(e) {
			f.scan(st, part)
		}
	}
}

func (f *flow) scanCall(st *step, e *ast.FuncCallExpr) {
	if e.Func != nil {
		f.scan(st, e.Func)
	} else {
		f.scan(st, e.Receiver)
	}
	for _, arg := range e.Args {
		f.scan(st, arg)
	}
	f.inserted(e)
}

// inserted remembers the item of table.insert(list, item).
func (f *flow) inserted(e *ast.FuncCallExpr) {
	if e.Func == nil || len(e.Args) < 2 || dotted(e.Func) != "table.insert" {
		return
	}
	if name, ok := e.Args[0].(*ast.IdentExpr); ok {
		if v := f.resolved[name]; v != nil {
			v.items = append(v.items, e.Args[len(e.Args)-1])
		}
	}
}

// dotted returns an expression such as a.b.c as text, "" for others.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value
	case *ast.AttrGetExpr:
		key, ok := e.Key.(*ast.StringExpr)
		if before := dotted(e.Object); ok && before != "" {
			return before + "." + key.Value
		}
	}
	return ""
}

// closure makes the steps of a function inside of another.
func (f *flow) closure(st *step, e *ast.FunctionExpr, method *ast.FuncDefStmt) {
	f.stepOf[e] = st
	fn := f.body(e, e.Stmts, method)
	st.closures = append(st.closures, fn)
	st.closures = append(st.closures, fn.inner...)
}

// operands are the parts of an operation, in the order of the source.
func operands(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		return []ast.Expr{e.Object, e.Key}
	case *ast.LogicalOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.RelationalOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.ArithmeticOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.StringConcatOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.UnaryMinusOpExpr:
		return []ast.Expr{e.Expr}
	case *ast.UnaryNotOpExpr:
		return []ast.Expr{e.Expr}
	case *ast.UnaryLenOpExpr:
		return []ast.Expr{e.Expr}
	}
	return nil
}
