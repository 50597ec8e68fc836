package check

import "github.com/yuin/gopher-lua/ast"

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
		f.exit(jump)
	}
}

// exit leaves the loop around it.
func (f *flow) exit(kind stepKind) {
	s := f.emit(&step{kind: kind, token: -1, to: -1})
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
		f.exit(jump)
	case sometimes:
		f.exit(branch)
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
		f.exit(branch)
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

// certainty reports whether a condition holds.
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
