package compile

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// maxDepth bounds how deep statements and expressions nest, so neither
// rewriting nor code generation overflows the stack. Lua itself stops at 200
// levels; here, chains such as a + b + c + ... count too.
const maxDepth = 4000

// rewriter walks a chunk once, in source order, and replaces what the code
// generator gets wrong. On the way it records the names in expressions, for
// error messages.
type rewriter struct {
	fn    *scopeFunction
	names *Names
	// heads are the heads of loops that have not been reached yet.
	heads heads
	depth int
	// line is the line of the innermost node with a known line.
	line int
	// fresh numbers the local variables that rewriting adds.
	fresh int
	// cover, if set, counts executed statements.
	cover *Lines
	// counting is the line that was counted last.
	counting int
}

// rewriteChunk rewrites a whole chunk. It panics with a *limitError if the
// chunk exceeds the compiler's limits.
func rewriteChunk(chunk []ast.Stmt, names *Names, heads heads, cover *Lines) []ast.Stmt {
	r := &rewriter{names: names, heads: heads, cover: cover, fn: &scopeFunction{vararg: true}}
	r.fn.open(nil)
	return r.statements(chunk)
}

func (r *rewriter) enter(node ast.PositionHolder) {
	if line := node.Line(); line > 0 {
		r.line = line
	}
	r.depth++
	if r.depth > maxDepth {
		panic(&limitError{line: r.line, message: "the code is nested too deep", hint: "split it into several statements or functions"})
	}
}

func (r *rewriter) leave() { r.depth-- }

// statements rewrites a list of statements in the current block.
func (r *rewriter) statements(list []ast.Stmt) []ast.Stmt {
	if r.cover != nil {
		return r.counted(list)
	}
	for i, stmt := range list {
		list[i] = r.statement(stmt)
	}
	return list
}

// block rewrites a list of statements in a new block.
func (r *rewriter) block(list []ast.Stmt) []ast.Stmt {
	r.fn.open(nil)
	defer r.fn.close()
	return r.statements(list)
}

func (r *rewriter) statement(stmt ast.Stmt) ast.Stmt {
	r.enter(stmt)
	defer r.leave()
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		return r.assignment(s)
	case *ast.LocalAssignStmt:
		return r.localAssignment(s)
	case *ast.FuncCallStmt:
		s.Expr = r.call(s.Expr.(*ast.FuncCallExpr))
	case *ast.DoBlockStmt:
		s.Stmts = r.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.expression(s.Condition)
		s.Stmts = r.loop(s, s.Stmts, nil, nil, nil)
	case *ast.RepeatStmt:
		s.Stmts = r.loop(s, s.Stmts, nil, nil, func() { s.Condition = r.expression(s.Condition) })
	case *ast.IfStmt:
		return r.conditional(s)
	case *ast.NumberForStmt:
		return r.numberFor(s)
	case *ast.GenericForStmt:
		return r.genericFor(s)
	case *ast.FuncDefStmt:
		r.definition(s)
	case *ast.ReturnStmt:
		r.expressions(s.Exprs)
	case *ast.BreakStmt:
		r.fn.leave()
	}
	return stmt
}

// conditional rewrites an if statement. Its elseif parts nest in the tree, so a
// loop follows them: a long chain is not deep.
func (r *rewriter) conditional(s *ast.IfStmt) ast.Stmt {
	for part := s; ; {
		part.Condition = r.expression(part.Condition)
		part.Then = r.block(part.Then)
		next, chained := elseif(part)
		if !chained {
			part.Else = r.block(part.Else)
			return s
		}
		part = next
	}
}

// elseif returns the next part of an if statement if it is an elseif.
func elseif(s *ast.IfStmt) (next *ast.IfStmt, ok bool) {
	if len(s.Else) != 1 {
		return nil, false
	}
	next, ok = s.Else[0].(*ast.IfStmt)
	return next, ok
}

// definition rewrites "function a.b.c() end" and "function a.b:c() end".
func (r *rewriter) definition(s *ast.FuncDefStmt) {
	if s.Name.Func == nil {
		s.Name.Receiver = r.expression(s.Name.Receiver)
		r.function(s.Func, true)
		return
	}
	s.Name.Func = r.expression(s.Name.Func)
	r.function(s.Func, false)
}

func (r *rewriter) function(f *ast.FunctionExpr, method bool) {
	r.fn = &scopeFunction{parent: r.fn, vararg: f.ParList.HasVargs}
	r.fn.open(nil)
	if method {
		r.fn.declare("self")
	}
	for _, name := range f.ParList.Names {
		r.fn.declare(name)
	}
	if f.ParList.HasVargs {
		r.fn.declare("arg")
	}
	f.Stmts = r.statements(f.Stmts)
	r.fn = r.fn.parent
}

func (r *rewriter) expressions(list []ast.Expr) {
	for i, expr := range list {
		list[i] = r.expression(expr)
	}
}

func (r *rewriter) expression(expr ast.Expr) ast.Expr {
	r.enter(expr)
	defer r.leave()
	switch e := expr.(type) {
	case *ast.StringExpr:
		if strings.HasPrefix(e.Value, intrinsicPrefix) {
			panic(&limitError{line: r.line, message: "a string starts with a sequence reserved for the compiler"})
		}
	case *ast.NumberExpr:
		return numberLiteral(e)
	case *ast.IdentExpr:
		r.fn.resolve(e.Value)
	case *ast.AttrGetExpr:
		r.note(e.Line(), fault.Index, siteKey(e.Key), e.Object)
		e.Object = r.expression(e.Object)
		e.Key = r.expression(e.Key)
	case *ast.TableExpr:
		return r.table(e)
	case *ast.FuncCallExpr:
		return r.call(e)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	case *ast.RelationalOpExpr:
		r.note(e.Lhs.Line(), fault.Compare, "", e.Lhs, e.Rhs)
		e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	case *ast.ArithmeticOpExpr:
		return r.arithmetic(e)
	case *ast.UnaryMinusOpExpr:
		r.note(e.Expr.Line(), fault.Arithmetic, "", e.Expr)
		e.Expr = r.expression(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expression(e.Expr)
	case *ast.UnaryLenOpExpr:
		r.note(e.Expr.Line(), fault.Length, "", e.Expr)
		e.Expr = r.expression(e.Expr)
	case *ast.FunctionExpr:
		r.function(e, false)
	}
	return expr
}

func (r *rewriter) call(e *ast.FuncCallExpr) *ast.FuncCallExpr {
	r.noteCall(e)
	if e.Func != nil {
		e.Func = r.expression(e.Func)
	} else {
		e.Receiver = r.expression(e.Receiver)
	}
	r.expressions(e.Args)
	return e
}
