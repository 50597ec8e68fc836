// Package syntax walks the syntax trees of Lua's parser.
//
// Three walks are not visitors. The rewriter of package compile returns other
// nodes in place of those that it meets, check/position reads the tokens between
// the parts of a node, and check/flow makes jumps between them.
package syntax

import "github.com/yuin/gopher-lua/ast"

// Visitor is told of the parts of a tree in the order of the source, outer ones
// first. Functions that are nil are left out.
type Visitor struct {
	// Stmt and Expr are called before the parts of a statement or an expression
	// are visited, Left after those of a statement.
	Stmt func(ast.Stmt)
	Expr func(ast.Expr)
	Left func(ast.Stmt)
	// Open is called before the statements of a block are visited, with the
	// statement or function that it belongs to, and Close after them. The
	// condition of a repeat loop is part of its block; the bounds of a for loop
	// and other conditions are not. An if has one block for each of its branches.
	Open  func(of ast.PositionHolder)
	Close func()
	// Shallow leaves out what is in functions that an expression writes out.
	Shallow bool
}

// Statements visits a list of statements, without a block around them.
func (v *Visitor) Statements(stmts []ast.Stmt) {
	for _, s := range stmts {
		v.Statement(s)
	}
}

// Expressions visits a list of expressions.
func (v *Visitor) Expressions(exprs []ast.Expr) {
	for _, e := range exprs {
		v.Expression(e)
	}
}

// block visits the statements of a block, and what more can see its variables.
func (v *Visitor) block(of ast.PositionHolder, stmts []ast.Stmt, more ...ast.Expr) {
	if v.Open != nil {
		v.Open(of)
	}
	v.Statements(stmts)
	v.Expressions(more)
	if v.Close != nil {
		v.Close()
	}
}

// Statement visits a statement with its parts.
func (v *Visitor) Statement(stmt ast.Stmt) {
	if v.Stmt != nil {
		v.Stmt(stmt)
	}
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		v.Expressions(s.Lhs)
		v.Expressions(s.Rhs)
	case *ast.LocalAssignStmt:
		v.Expressions(s.Exprs)
	case *ast.FuncCallStmt:
		v.Expression(s.Expr)
	case *ast.DoBlockStmt:
		v.block(s, s.Stmts)
	case *ast.WhileStmt:
		v.Expression(s.Condition)
		v.block(s, s.Stmts)
	case *ast.RepeatStmt:
		v.block(s, s.Stmts, s.Condition)
	case *ast.IfStmt:
		v.Expression(s.Condition)
		v.block(s, s.Then)
		v.block(s, s.Else)
	case *ast.NumberForStmt:
		v.Expression(s.Init)
		v.Expression(s.Limit)
		v.Expression(s.Step)
		v.block(s, s.Stmts)
	case *ast.GenericForStmt:
		v.Expressions(s.Exprs)
		v.block(s, s.Stmts)
	case *ast.FuncDefStmt:
		v.Expression(s.Name.Func)
		v.Expression(s.Name.Receiver)
		v.Expression(s.Func)
	case *ast.ReturnStmt:
		v.Expressions(s.Exprs)
	}
	if v.Left != nil {
		v.Left(stmt)
	}
}

// Expression visits an expression with its parts. It does nothing for nil, which
// stands for a part that the source leaves out.
func (v *Visitor) Expression(expr ast.Expr) {
	if expr == nil {
		return
	}
	if v.Expr != nil {
		v.Expr(expr)
	}
	switch e := expr.(type) {
	case *ast.FunctionExpr:
		if !v.Shallow {
			v.block(e, e.Stmts)
		}
	case *ast.TableExpr:
		for _, f := range e.Fields {
			v.Expression(f.Key)
			v.Expression(f.Value)
		}
	case *ast.FuncCallExpr:
		v.Expression(e.Func)
		v.Expression(e.Receiver)
		v.Expressions(e.Args)
	default:
		for _, part := range Operands(e) {
			v.Expression(part)
		}
	}
}

// Operands returns the parts of an operation or an index in the order of the
// source, nil for other expressions.
func Operands(expr ast.Expr) []ast.Expr {
	switch e := expr.(type) {
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

// Unpacks reports whether an expression at the end of a list may stand for any
// number of values.
func Unpacks(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// Required returns what a call of require asks for.
func Required(e ast.Expr) (module string, ok bool) {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	if name, ok := call.Func.(*ast.IdentExpr); !ok || name.Value != "require" {
		return "", false
	}
	name, ok := call.Args[0].(*ast.StringExpr)
	if !ok {
		return "", false
	}
	return name.Value, true
}

// Params adds the parameters that a chunk reads. It reports false if the chunk uses the
// table params in another way, such as in a loop, so that it may read any of them.
func Params(chunk []ast.Stmt, read map[string]bool) (known bool) {
	known = true
	fields := map[ast.Expr]bool{}
	visitor := Visitor{Expr: func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.AttrGetExpr:
			object, _ := e.Object.(*ast.IdentExpr)
			key, ok := e.Key.(*ast.StringExpr)
			if ok && object != nil && object.Value == "params" {
				fields[object], read[key.Value] = true, true
			}
		case *ast.IdentExpr:
			known = known && (e.Value != "params" || fields[e])
		case *ast.StringExpr: // _G.params
			known = known && e.Value != "params"
		}
	}}
	visitor.Statements(chunk)
	return known
}
