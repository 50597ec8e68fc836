package flow

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/position"
)

func (f *Graph) statements(stmts []ast.Stmt) {
	for _, s := range stmts {
		f.statement(s)
	}
}

func (f *Graph) block(stmts []ast.Stmt) {
	f.enter()
	f.statements(stmts)
	f.leave()
}

func (f *Graph) statement(s ast.Stmt) {
	at := f.Stmt[s].From
	switch s := s.(type) {
	case *ast.AssignStmt:
		f.assignment(s)
	case *ast.LocalAssignStmt:
		f.local(s)
	case *ast.FuncDefStmt:
		f.definition(s)
	case *ast.FuncCallStmt:
		f.evaluate(s.Expr).Token = at
	case *ast.DoBlockStmt:
		f.emit(&Step{Token: at})
		f.block(s.Stmts)
	case *ast.WhileStmt:
		f.emit(&Step{Token: at})
		f.loop(at, func() {
			f.evaluate(s.Condition)
			f.leaveUnless(s.Condition)
			f.block(s.Stmts)
		})
	case *ast.RepeatStmt:
		f.repeat(s, at)
	case *ast.IfStmt:
		f.emit(&Step{Token: at})
		f.conditional(s)
	case *ast.NumberForStmt:
		f.emit(&Step{Token: at})
		f.evaluate(s.Init)
		f.evaluate(s.Limit)
		if s.Step != nil {
			f.evaluate(s.Step)
		}
		f.forLoop(s, at, []string{s.Name}, s.Stmts)
	case *ast.GenericForStmt:
		f.emit(&Step{Token: at})
		for _, e := range s.Exprs {
			f.evaluate(e)
		}
		f.forLoop(s, at, s.Names, s.Stmts)
	case *ast.ReturnStmt:
		f.emit(&Step{Token: at})
		for _, e := range s.Exprs {
			f.evaluate(e)
		}
		f.emit(&Step{kind: jump, Token: -1, to: -1, returns: true})
	case *ast.BreakStmt:
		f.exit(jump)
	}
}

// exit leaves the loop around it.
func (f *Graph) exit(kind stepKind) {
	s := f.emit(&Step{kind: kind, Token: -1, to: -1})
	for i := len(f.scopes) - 1; i >= 0 && f.scopes[i].fn == f.fn; i-- {
		if f.scopes[i].loop {
			f.scopes[i].breaks = append(f.scopes[i].breaks, s)
			return
		}
	}
}

// leaveUnless leaves the loop if a condition does not hold.
func (f *Graph) leaveUnless(condition ast.Expr) {
	switch Truth(condition) {
	case Never:
		f.exit(jump)
	case Sometimes:
		f.exit(branch)
	}
}

// loop makes the steps of a loop; its body comes with the way out.
func (f *Graph) loop(at int, body func()) {
	f.enter()
	f.scopes[len(f.scopes)-1].loop = true
	start := len(f.fn.Steps)
	body()
	f.emit(&Step{Token: at, LoopEnd: true})
	f.emit(&Step{kind: jump, Token: -1, to: start})
	f.leave()
}

func (f *Graph) forLoop(s ast.Stmt, at int, names []string, stmts []ast.Stmt) {
	f.loop(at, func() {
		f.exit(branch)
		f.enter()
		declared := f.emit(&Step{kind: declare, Token: -1, stmt: s})
		for i, name := range names {
			token := f.Names[s][i]
			v := f.declare(name, LoopVar, token)
			v.Loop, v.Place = s, i
			f.give(declared, v, token, nil, 0, true)
		}
		f.statements(stmts)
		f.leave()
	})
}

// repeat sees the locals of its body in the condition.
func (f *Graph) repeat(s *ast.RepeatStmt, at int) {
	f.emit(&Step{Token: at})
	f.enter()
	f.scopes[len(f.scopes)-1].loop = true
	start := len(f.fn.Steps)
	f.enter()
	f.statements(s.Stmts)
	f.evaluate(s.Condition)
	f.leave()
	switch Truth(s.Condition) {
	case Never:
		f.emit(&Step{kind: jump, Token: -1, to: start})
	case Sometimes:
		f.emit(&Step{kind: branch, Token: -1, to: start})
	}
	f.leave()
}

func (f *Graph) conditional(s *ast.IfStmt) {
	var ends []*Step
	for {
		f.evaluate(s.Condition)
		var skip *Step
		switch Truth(s.Condition) {
		case Never:
			skip = f.emit(&Step{kind: jump, Token: -1})
		case Sometimes:
			skip = f.emit(&Step{kind: branch, Token: -1})
		}
		f.block(s.Then)
		ends = append(ends, f.emit(&Step{kind: jump, Token: -1}))
		if skip != nil {
			skip.to = len(f.fn.Steps)
		}
		next := Elseif(f.Places, s)
		if next == nil {
			f.block(s.Else)
			break
		}
		s = next
	}
	for _, end := range ends {
		end.to = len(f.fn.Steps)
	}
}

// Elseif returns the elseif that follows, or nil.
func Elseif(p *position.Places, s *ast.IfStmt) *ast.IfStmt {
	if len(s.Else) != 1 {
		return nil
	}
	next, ok := s.Else[0].(*ast.IfStmt)
	if !ok || !p.IsElseif(next) {
		return nil
	}
	return next
}

// Certainty reports whether a condition holds.
type Certainty int

// Whether a condition holds.
const (
	Sometimes Certainty = iota
	Always
	Never
)

// Truth returns what a condition is for certain by its own form.
func Truth(e ast.Expr) Certainty {
	switch e.(type) {
	case *ast.NilExpr, *ast.FalseExpr:
		return Never
	case *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr, *ast.TableExpr, *ast.FunctionExpr:
		return Always
	}
	return Sometimes
}
