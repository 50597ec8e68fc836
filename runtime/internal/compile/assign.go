package compile

import (
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// assignment rewrites an assignment so that every value is computed before the
// first target changes. gopher-lua's compiler writes values straight into local
// targets, which breaks swaps, and evaluates logical expressions in the
// target's register, which breaks those that read the target.
func (r *rewriter) assignment(s *ast.AssignStmt) ast.Stmt {
	for i, lhs := range s.Lhs {
		if name, ok := lhs.(*ast.IdentExpr); ok {
			if _, v := r.fn.resolve(name.Value); v != nil && v.made != nil {
				v.made.Changed = true
			}
		}
		s.Lhs[i] = r.expression(lhs)
	}
	r.expressions(s.Rhs)
	if len(s.Lhs) == 1 && len(s.Rhs) == 1 && !needsFreshLocal(s.Rhs[0]) {
		return s
	}
	body := make([]ast.Stmt, 0, 2*len(s.Lhs)+2)
	targets := s.Lhs
	if len(s.Lhs) > 1 {
		body, targets = r.holdPrefixes(body, s)
	}
	values := make([]string, len(targets))
	for i := range targets {
		values[i] = r.freshName()
	}
	body = append(body, localOf(s, values, s.Rhs))
	for i := len(targets) - 1; i >= 0; i-- {
		store := lined(targets[i], &ast.AssignStmt{Lhs: []ast.Expr{targets[i]}, Rhs: []ast.Expr{identOf(s, values[i])}})
		body = append(body, store)
	}
	return blockOf(s, body)
}

// holdPrefixes puts the tables and keys of the targets into fresh locals, in
// order, so the stores that follow use their old values.
func (r *rewriter) holdPrefixes(body []ast.Stmt, s *ast.AssignStmt) ([]ast.Stmt, []ast.Expr) {
	targets := make([]ast.Expr, len(s.Lhs))
	for i, lhs := range s.Lhs {
		field, ok := lhs.(*ast.AttrGetExpr)
		if !ok {
			targets[i] = lhs
			continue
		}
		held := lined(field, &ast.AttrGetExpr{Object: field.Object, Key: field.Key})
		body, held.Object = r.hold(body, s, field.Object)
		if !constant(field.Key) {
			body, held.Key = r.hold(body, s, field.Key)
		}
		targets[i] = held
	}
	return body, targets
}

func (r *rewriter) hold(body []ast.Stmt, at ast.PositionHolder, value ast.Expr) ([]ast.Stmt, ast.Expr) {
	name := r.freshName()
	return append(body, localOf(at, []string{name}, []ast.Expr{single(value)})), identOf(at, name)
}

// needsFreshLocal reports whether the code generator would compute an
// expression in the register that it is assigned to. If the target is the last
// parameter, it would even make a single-value call from there, which clears
// the registers of the variables after it.
func needsFreshLocal(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return e.AdjustRet
	case *ast.LogicalOpExpr, *ast.RelationalOpExpr, *ast.UnaryNotOpExpr:
		return true
	}
	return false
}

// constant reports whether an expression is a literal without parts.
func constant(e ast.Expr) bool {
	_, ok := e.(ast.ConstExpr)
	return ok
}

// localAssignment rewrites the expressions of a local statement and keeps
// "local f = function" apart from "local function f": only in the second does
// the function see the new variable, and the parser's trees differ only in the
// last line.
func (r *rewriter) localAssignment(s *ast.LocalAssignStmt) ast.Stmt {
	recursive := isRecursive(s)
	if recursive {
		r.fn.declare(s.Names[0])
	}
	made := madeBy(s)
	r.expressions(s.Exprs)
	if recursive {
		return s
	}
	for i, name := range s.Names {
		r.fn.declare(name).made = made[i]
	}
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if _, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			none := lined(s, &ast.NilExpr{})
			s.Exprs = append(s.Exprs, none)
		}
	}
	return s
}

// isRecursive tells "local function f" from "local f = function".
func isRecursive(s *ast.LocalAssignStmt) bool {
	return len(s.Names) == 1 && len(s.Exprs) == 1 && s.LastLine() > 0
}

// freshName returns the name of a variable that no source can contain.
func (r *rewriter) freshName() string {
	r.fresh++
	return "(" + strconv.Itoa(r.fresh) + ")"
}

// lined gives a node that rewriting makes the line of another one.
func lined[T ast.PositionHolder](at ast.PositionHolder, node T) T {
	node.SetLine(at.Line())
	return node
}

func localOf(at ast.PositionHolder, names []string, values []ast.Expr) *ast.LocalAssignStmt {
	return lined(at, &ast.LocalAssignStmt{Names: names, Exprs: values})
}

func identOf(at ast.PositionHolder, name string) *ast.IdentExpr {
	return lined(at, &ast.IdentExpr{Value: name})
}

func blockOf(at ast.PositionHolder, body []ast.Stmt) *ast.DoBlockStmt {
	s := lined(at, &ast.DoBlockStmt{Stmts: body})
	s.SetLastLine(max(at.Line(), at.LastLine()))
	return s
}
