package compile

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

// sessionVariable is one local variable of a session as an input sees it.
type sessionVariable struct {
	name  string
	fresh bool
	uses  []*ast.IdentExpr
}

// sessionScope turns the locals that an input declares at its top level, and
// those of earlier inputs that it uses, into variables of an enclosing function.
// A variable that is declared again is another one, as in a chunk of Lua:
// functions that use the first one keep it.
type sessionScope struct {
	known func(name string) bool
	// current is what names stand for at the top level so far; all are the
	// variables in the order in which they came up.
	current map[string]*sessionVariable
	all     []*sessionVariable
	// globals are the names that the input used as globals.
	globals map[string]bool
	// blocks are the scopes inside of the top level, the innermost last.
	blocks []map[string]bool
}

// topLevel rewrites the statements of the top level.
func (s *sessionScope) topLevel(list []ast.Stmt) []ast.Stmt {
	for i, stmt := range list {
		local, ok := stmt.(*ast.LocalAssignStmt)
		if !ok {
			s.statement(stmt)
			continue
		}
		store := &ast.AssignStmt{Rhs: local.Exprs}
		store.SetLine(local.Line())
		if !isRecursive(local) {
			s.expressions(local.Exprs)
		}
		for _, name := range local.Names {
			v := s.add(name, true)
			target := identOf(local, name)
			v.uses = append(v.uses, target)
			store.Lhs = append(store.Lhs, target)
		}
		if isRecursive(local) {
			s.expressions(local.Exprs)
		}
		if len(store.Rhs) == 0 {
			none := &ast.NilExpr{}
			none.SetLine(local.Line())
			store.Rhs = []ast.Expr{none}
		}
		list[i] = store
	}
	return list
}

// add makes a name of the top level stand for another variable.
func (s *sessionScope) add(name string, fresh bool) *sessionVariable {
	v := &sessionVariable{name: name, fresh: fresh}
	s.current[name] = v
	s.all = append(s.all, v)
	return v
}

// use notes a use of a name.
func (s *sessionScope) use(e *ast.IdentExpr) {
	for i := len(s.blocks) - 1; i >= 0; i-- {
		if s.blocks[i][e.Value] {
			return
		}
	}
	v := s.current[e.Value]
	if v == nil && s.known(e.Value) {
		v = s.add(e.Value, false)
	}
	if v == nil {
		s.globals[e.Value] = true
		return
	}
	v.uses = append(v.uses, e)
}

// nameAll gives each variable a name of its own: the last one of a name keeps
// it, unless the input means a global by it as well.
func (s *sessionScope) nameAll() map[string]*sessionVariable {
	byName := map[string]*sessionVariable{}
	for i, v := range s.all {
		name := v.name
		if s.current[name] != v || s.globals[name] {
			name = fmt.Sprintf("%s (%d)", name, i+1)
		}
		byName[name] = v
		for _, use := range v.uses {
			use.Value = name
		}
	}
	return byName
}

// wrap makes a chunk that declares the variables around a function with the
// input as its body.
func (s *sessionScope) wrap(body []ast.Stmt, vararg bool) []ast.Stmt {
	fn := &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: vararg}, Stmts: body}
	var chunk []ast.Stmt
	if len(s.all) > 0 {
		declare := &ast.LocalAssignStmt{}
		for _, v := range s.all {
			declare.Names = append(declare.Names, v.uses[0].Value)
		}
		chunk = append(chunk, declare)
	}
	return append(chunk, &ast.ReturnStmt{Exprs: []ast.Expr{fn}})
}

// inside visits what has a scope of its own, in which names are declared.
func (s *sessionScope) inside(names []string, visit func()) {
	scope := map[string]bool{}
	for _, name := range names {
		scope[name] = true
	}
	s.blocks = append(s.blocks, scope)
	visit()
	s.blocks = s.blocks[:len(s.blocks)-1]
}

func (s *sessionScope) block(names []string, list []ast.Stmt) {
	s.inside(names, func() { s.statements(list) })
}

func (s *sessionScope) statements(list []ast.Stmt) {
	for _, stmt := range list {
		s.statement(stmt)
	}
}

// statement visits a statement; a local one is of an inner scope.
func (s *sessionScope) statement(stmt ast.Stmt) {
	switch stmt := stmt.(type) {
	case *ast.AssignStmt:
		s.expressions(stmt.Lhs)
		s.expressions(stmt.Rhs)
	case *ast.LocalAssignStmt:
		scope := s.blocks[len(s.blocks)-1]
		if isRecursive(stmt) {
			scope[stmt.Names[0]] = true
		}
		s.expressions(stmt.Exprs)
		for _, name := range stmt.Names {
			scope[name] = true
		}
	case *ast.FuncCallStmt:
		s.expression(stmt.Expr)
	case *ast.DoBlockStmt:
		s.block(nil, stmt.Stmts)
	case *ast.WhileStmt:
		s.expression(stmt.Condition)
		s.block(nil, stmt.Stmts)
	case *ast.RepeatStmt:
		s.inside(nil, func() {
			s.statements(stmt.Stmts)
			s.expression(stmt.Condition)
		})
	case *ast.IfStmt:
		s.expression(stmt.Condition)
		s.block(nil, stmt.Then)
		s.block(nil, stmt.Else)
	case *ast.NumberForStmt:
		s.expressions([]ast.Expr{stmt.Init, stmt.Limit, stmt.Step})
		s.block([]string{stmt.Name}, stmt.Stmts)
	case *ast.GenericForStmt:
		s.expressions(stmt.Exprs)
		s.block(stmt.Names, stmt.Stmts)
	case *ast.FuncDefStmt:
		s.expression(stmt.Name.Func)
		s.expression(stmt.Name.Receiver)
		s.function(stmt.Func, stmt.Name.Func == nil)
	case *ast.ReturnStmt:
		s.expressions(stmt.Exprs)
	}
}

func (s *sessionScope) function(f *ast.FunctionExpr, method bool) {
	names := append([]string{"arg"}, f.ParList.Names...)
	if !f.ParList.HasVargs {
		names = names[1:]
	}
	if method {
		names = append(names, "self")
	}
	s.block(names, f.Stmts)
}

func (s *sessionScope) expressions(list []ast.Expr) {
	for _, e := range list {
		s.expression(e)
	}
}

// expression visits an expression; nil stands for one that was left out.
func (s *sessionScope) expression(e ast.Expr) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		s.use(e)
	case *ast.AttrGetExpr:
		s.expression(e.Object)
		s.expression(e.Key)
	case *ast.TableExpr:
		for _, field := range e.Fields {
			s.expression(field.Key)
			s.expression(field.Value)
		}
	case *ast.FuncCallExpr:
		s.expression(e.Func)
		s.expression(e.Receiver)
		s.expressions(e.Args)
	case *ast.LogicalOpExpr:
		s.expressions([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.RelationalOpExpr:
		s.expressions([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.StringConcatOpExpr:
		s.expressions([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.ArithmeticOpExpr:
		s.expressions([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.UnaryMinusOpExpr:
		s.expression(e.Expr)
	case *ast.UnaryNotOpExpr:
		s.expression(e.Expr)
	case *ast.UnaryLenOpExpr:
		s.expression(e.Expr)
	case *ast.FunctionExpr:
		s.function(e, false)
	}
}
