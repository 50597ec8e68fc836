package compile

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/syntax"
)

// sessionVariable is one local of a session as an input sees it.
type sessionVariable struct {
	name  string
	fresh bool
	uses  []*ast.IdentExpr
}

// sessionScope turns the locals that an input declares at its top level, and
// those of earlier inputs that it uses, into variables of an enclosing
// function. Declaring a name again makes another variable, as in a chunk of
// Lua: functions that use the first one keep it.
type sessionScope struct {
	known func(name string) bool
	// current is what names mean at the top level so far; all are the variables
	// in order of appearance.
	current map[string]*sessionVariable
	all     []*sessionVariable
	// globals are the names that the input used as globals.
	globals map[string]bool
	// blocks are the scopes inside the top level, innermost last.
	blocks []map[string]bool
}

func (s *sessionScope) topLevel(list []ast.Stmt) []ast.Stmt {
	v := s.visitor()
	for i, stmt := range list {
		local, ok := stmt.(*ast.LocalAssignStmt)
		if !ok {
			v.Statement(stmt)
			continue
		}
		store := lined(local, &ast.AssignStmt{Rhs: local.Exprs})
		if !isRecursive(local) {
			v.Expressions(local.Exprs)
		}
		for _, name := range local.Names {
			added := s.add(name, true)
			target := identOf(local, name)
			added.uses = append(added.uses, target)
			store.Lhs = append(store.Lhs, target)
		}
		if isRecursive(local) {
			v.Expressions(local.Exprs)
		}
		if len(store.Rhs) == 0 {
			none := lined(local, &ast.NilExpr{})
			store.Rhs = []ast.Expr{none}
		}
		list[i] = store
	}
	return list
}

// add makes a name of the top level mean another variable.
func (s *sessionScope) add(name string, fresh bool) *sessionVariable {
	v := &sessionVariable{name: name, fresh: fresh}
	s.current[name] = v
	s.all = append(s.all, v)
	return v
}

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

// nameAll gives each variable its own name. The last one of a name keeps it,
// unless the input also means a global by it.
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

// visitor notes the uses of names below the top level, and what hides them.
func (s *sessionScope) visitor() *syntax.Visitor {
	method := false
	declare := func(names ...string) {
		for _, name := range names {
			s.blocks[len(s.blocks)-1][name] = true
		}
	}
	return &syntax.Visitor{
		Stmt: func(stmt ast.Stmt) {
			switch stmt := stmt.(type) {
			case *ast.LocalAssignStmt:
				if isRecursive(stmt) {
					declare(stmt.Names[0])
				}
			case *ast.FuncDefStmt:
				method = stmt.Name.Func == nil
			}
		},
		Left: func(stmt ast.Stmt) {
			if local, ok := stmt.(*ast.LocalAssignStmt); ok {
				declare(local.Names...)
			}
		},
		Expr: func(e ast.Expr) {
			if name, ok := e.(*ast.IdentExpr); ok {
				s.use(name)
			}
		},
		Open: func(of ast.PositionHolder) {
			s.blocks = append(s.blocks, map[string]bool{})
			switch of := of.(type) {
			case *ast.NumberForStmt:
				declare(of.Name)
			case *ast.GenericForStmt:
				declare(of.Names...)
			case *ast.FunctionExpr:
				declare(of.ParList.Names...)
				if of.ParList.HasVargs {
					declare("arg")
				}
				if method {
					declare("self")
				}
				method = false
			}
		},
		Close: func() { s.blocks = s.blocks[:len(s.blocks)-1] },
	}
}

// lined gives a node that is made here the lines of another one.
func lined[T ast.PositionHolder](at ast.PositionHolder, node T) T {
	lineUp(node, at.Line(), at.Line())
	return node
}

func identOf(at ast.PositionHolder, name string) *ast.IdentExpr {
	return lined(at, &ast.IdentExpr{Value: name})
}
