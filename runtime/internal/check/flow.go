package check

import "github.com/yuin/gopher-lua/ast"

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
	// givenTo are the calls that functions are handed to where they are written.
	givenTo map[*ast.FunctionExpr]*ast.FuncCallExpr
	// shadows are declarations of a name that is a variable already.
	shadows []shadow
	vars    []*variable
	// made are the globals that the script sets, as far as their values go.
	made map[string]*variable
}

// globalUse is a place where a global is read or set.
type globalUse struct {
	name  string
	expr  *ast.IdentExpr
	token int
	set   bool
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
	f := &flow{places: p, resolved: map[*ast.IdentExpr]*variable{}, stepOf: map[ast.Expr]*step{}, made: map[string]*variable{}, givenTo: map[*ast.FunctionExpr]*ast.FuncCallExpr{}}
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
		v := f.declare("self", argument, f.names[method.Name][0]-1)
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
	s.fn = f.fn
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

// variableOf returns the variable that a name stands for. A global counts where
// the script itself sets it; nil otherwise.
func (f *flow) variableOf(name *ast.IdentExpr) *variable {
	if v := f.resolved[name]; v != nil {
		return v
	}
	return f.made[name.Value]
}

// global returns the variable that keeps what the script stores in a global.
func (f *flow) global(name string) *variable {
	if f.made[name] == nil {
		f.made[name] = &variable{name: name}
	}
	return f.made[name]
}
