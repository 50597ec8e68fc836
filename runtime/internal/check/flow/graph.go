// Package flow follows the values of a script's variables: what each name stands
// for, which values can reach where it is read, and which code never runs.
package flow

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/position"
)

// Graph turns a chunk into steps, and finds what each name stands for.
type Graph struct {
	*position.Places
	Functions []*Function
	fn        *Function
	scopes    []*scope
	// Resolved is the variable that a name stands for, nil for a global; StepOf
	// is the step that an expression is part of.
	Resolved map[*ast.IdentExpr]*Variable
	StepOf   map[ast.Expr]*Step
	Globals  []GlobalUse
	// GivenTo are the calls that take functions written out among the arguments.
	GivenTo map[*ast.FunctionExpr]*ast.FuncCallExpr
	// Shadows are declarations of a name that is a variable already.
	Shadows []Shadow
	Vars    []*Variable
	// Made are the globals that the script sets, as far as their values go.
	Made map[string]*Variable
}

// GlobalUse is a place where a global is read or set.
type GlobalUse struct {
	Name  string
	expr  *ast.IdentExpr
	Token int
	Set   bool
	// Member is set if a field of the global is set or read.
	Member bool
	// Value is what is assigned.
	Value ast.Expr
	// Fn is the function that uses it.
	Fn *Function
}

// Shadow is a declaration that hides another one.
type Shadow struct {
	V, Hidden *Variable
	SameScope bool
}

// scope is a block.
type scope struct {
	fn    *Function
	names map[string]*Variable
	// breaks are the jumps out of a loop, nil in other blocks.
	loop   bool
	breaks []*Step
}

// Trace makes the flow of a chunk.
func Trace(chunk []ast.Stmt, p *position.Places) *Graph {
	f := &Graph{Places: p, Resolved: map[*ast.IdentExpr]*Variable{}, StepOf: map[ast.Expr]*Step{}, Made: map[string]*Variable{}, GivenTo: map[*ast.FunctionExpr]*ast.FuncCallExpr{}}
	f.body(nil, chunk, nil)
	for _, fn := range f.Functions {
		fn.propagate()
	}
	return f
}

// body makes the steps of a function. names are the tokens of its parameters.
func (f *Graph) body(expr *ast.FunctionExpr, stmts []ast.Stmt, method *ast.FuncDefStmt) *Function {
	fn := &Function{
		Parent: f.fn, Expr: expr,
		reads: map[*Variable][]*Step{}, changes: map[*Variable][]*Step{}, sets: map[*Variable][]*Step{},
	}
	outer := f.fn
	f.fn = fn
	f.Functions = append(f.Functions, fn)
	f.enter()
	s := f.emit(&Step{kind: declare, Token: -1})
	if method != nil {
		v := f.declare("self", Argument, f.Names[method.Name][0]-1)
		v.Implicit = true
		f.give(s, v, v.Token, nil, 0, true)
	}
	if expr != nil {
		tokens := f.Names[expr.ParList]
		for i, name := range expr.ParList.Names {
			v := f.declare(name, Argument, tokens[i])
			f.give(s, v, tokens[i], nil, 0, true)
		}
		if expr.ParList.HasVargs {
			token := tokens[len(tokens)-1]
			f.give(s, f.declare("...", Argument, token), token, nil, 0, true)
		}
	}
	f.enter()
	f.statements(stmts)
	f.leave()
	f.leave()
	end := len(fn.Steps)
	for _, s := range fn.Steps {
		if s.kind == jump && s.to < 0 {
			s.to = end
		}
	}
	f.fn = outer
	for up := outer; up != nil; up = up.Parent {
		up.inner = append(up.inner, fn)
	}
	return fn
}

func (f *Graph) enter() { f.scopes = append(f.scopes, &scope{fn: f.fn, names: map[string]*Variable{}}) }

func (f *Graph) leave() {
	last := f.scopes[len(f.scopes)-1]
	f.scopes = f.scopes[:len(f.scopes)-1]
	for _, v := range last.names {
		v.to = len(f.fn.Steps) - 1
	}
	for _, s := range last.breaks {
		s.to = len(f.fn.Steps)
	}
}

func (f *Graph) emit(s *Step) *Step {
	s.Fn = f.fn
	f.fn.Steps = append(f.fn.Steps, s)
	return s
}

// declare makes a name known from the next step on.
func (f *Graph) declare(name string, kind VarKind, token int) *Variable {
	v := &Variable{Name: name, Kind: kind, Token: token, Fn: f.fn, from: len(f.fn.Steps)}
	top := f.scopes[len(f.scopes)-1]
	if hidden := f.lookup(name); hidden != nil && name != "..." {
		f.Shadows = append(f.Shadows, Shadow{V: v, Hidden: hidden, SameScope: top.names[name] != nil})
	}
	if old := top.names[name]; old != nil {
		old.to = len(f.fn.Steps) - 1
	}
	top.names[name] = v
	f.Vars = append(f.Vars, v)
	return v
}

func (f *Graph) lookup(name string) *Variable {
	for i := len(f.scopes) - 1; i >= 0; i-- {
		if v := f.scopes[i].names[name]; v != nil {
			return v
		}
	}
	return nil
}

// VariableOf returns the variable that a name stands for. A global counts if
// the script itself sets it. It is nil otherwise.
func (f *Graph) VariableOf(name *ast.IdentExpr) *Variable {
	if v := f.Resolved[name]; v != nil {
		return v
	}
	return f.Made[name.Value]
}

// global returns the variable that keeps what the script stores in a global.
func (f *Graph) global(name string) *Variable {
	if f.Made[name] == nil {
		f.Made[name] = &Variable{Name: name}
	}
	return f.Made[name]
}
