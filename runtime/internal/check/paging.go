package check

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// pagesByHand reports a loop that reads pages and gets the same again.
func (w *quotaWalk) pagesByHand(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.WhileStmt:
		w.readsInCondition(s)
		w.pages(s, s.Stmts, flow.Truth(s.Condition) == flow.Always && !ends(s.Stmts) && !w.stops(s.Stmts))
	case *ast.RepeatStmt:
		w.pages(s, s.Stmts, flow.Truth(s.Condition) == flow.Never && !ends(s.Stmts) && !w.stops(s.Stmts))
	case *ast.NumberForStmt:
		w.pages(s, s.Stmts, false)
	}
}

// stops reports whether statements may end the run.
func (w *quotaWalk) stops(stmts []ast.Stmt) bool {
	found := false
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		if call, ok := e.(*ast.FuncCallExpr); ok {
			callee := w.Callee(call)
			found = found || callee.Topic == nil || callee.Is("error") || callee.Is("os.exit") || callee.Is("assert")
		}
	}}
	v.Statements(stmts)
	return found
}

// pages looks at the lists that a loop reads in parts.
func (w *quotaWalk) pages(loop ast.Stmt, stmts []ast.Stmt, endless bool) {
	v := syntax.Visitor{Shallow: true, Expr: func(e ast.Expr) {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok || w.seen[call] {
			return
		}
		callee := w.Callee(call)
		if callee.Topic == nil || callee.Topic.Func == nil || !w.isModel(callee.Topic.Module.Name) || callee.Topic.Func.Name != "get_list" || len(call.Args) != 1 {
			return
		}
		table, ok := call.Args[0].(*ast.TableExpr)
		if !ok {
			return
		}
		limit, offset := w.optionValue(table, "limit"), w.optionValue(table, "offset")
		if limit == nil {
			return
		}
		what := w.wrongPage(loop, stmts, limit, offset)
		if what == "" && endless && offset != nil {
			what = "the loop never ends: nothing leaves it after the last page"
		}
		if what == "" {
			return
		}
		w.seen[call] = true
		f := w.at(w.nameToken(call), "paging", what)
		f.Subject = callee.Topic.Name
		f.Hint = fmt.Sprintf("%s reads all pages if you leave out limit and offset; to loop over the records, write for record in %s.each() do", callee.Topic.Name, callee.Topic.Module.Name)
	}}
	v.Statements(stmts)
}

// wrongPage says what is wrong with the offset of a page, "" if nothing is known to be.
func (w *quotaWalk) wrongPage(loop ast.Stmt, stmts []ast.Stmt, limit, offset ast.Expr) string {
	size, known := constantNumber(limit)
	counted, isCounted := loop.(*ast.NumberForStmt)
	if offset == nil {
		if !isCounted && w.asksLength(loop, stmts) && !w.waits(stmts) {
			return "without offset, every iteration reads the first page again"
		}
		return ""
	}
	if isCounted {
		return w.countedPage(counted, size, known, offset)
	}
	if w.independent([]ast.Expr{offset}, loop) && !w.waits(stmts) {
		return fmt.Sprintf("'%s' does not change in this loop, so every iteration reads the same page", w.text(offset))
	}
	name, ok := offset.(*ast.IdentExpr)
	if !ok || !known || size <= 1 {
		return ""
	}
	v := w.flow.Resolved[name]
	if v == nil || len(v.Values) != 2 {
		return ""
	}
	sum, ok := v.Values[1].Expr.(*ast.ArithmeticOpExpr)
	if !ok || sum.Operator != "+" || !w.names(sum.Lhs, v) {
		return ""
	}
	if by, ok := constantNumber(sum.Rhs); ok && by > 0 && by != size {
		return fmt.Sprintf("'offset' counts records: adding %g to it does not reach the next page of %g", by, size)
	}
	return ""
}

// countedPage is wrongPage for a loop that counts.
func (w *quotaWalk) countedPage(loop *ast.NumberForStmt, size float64, known bool, offset ast.Expr) string {
	first, isFirst := constantNumber(loop.Init)
	if !known || size <= 1 || !isFirst || loop.Step != nil {
		return ""
	}
	if name, ok := offset.(*ast.IdentExpr); ok && name.Value == loop.Name {
		return fmt.Sprintf("'offset' counts records: adding 1 to it does not reach the next page of %g", size)
	}
	product, ok := offset.(*ast.ArithmeticOpExpr)
	if !ok || product.Operator != "*" || first != 1 {
		return ""
	}
	name, ok := product.Lhs.(*ast.IdentExpr)
	if by, constant := constantNumber(product.Rhs); ok && constant && name.Value == loop.Name && by == size {
		return fmt.Sprintf("the first page is left out: the loop begins with the offset %g", size)
	}
	return ""
}

// asksLength reports whether a loop goes on depending on the number of items that it
// read: it is meant to read one page after another.
func (w *quotaWalk) asksLength(loop ast.Stmt, stmts []ast.Stmt) bool {
	found := false
	v := syntax.Visitor{Shallow: true, Expr: func(e ast.Expr) { found = found || isLength(e) }}
	switch s := loop.(type) {
	case *ast.RepeatStmt:
		v.Expression(s.Condition)
	case *ast.WhileStmt:
		v.Expression(s.Condition)
	}
	for _, s := range stmts {
		if branch, ok := s.(*ast.IfStmt); ok && ends(branch.Then) {
			v.Expression(branch.Condition)
		}
	}
	return found && !w.changesRecords(stmts)
}

// changesRecords reports whether statements may change what a list has: they write, or
// call something unknown.
func (w *quotaWalk) changesRecords(stmts []ast.Stmt) bool {
	found := false
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok {
			return
		}
		callee := w.Callee(call)
		switch {
		case callee.Topic == nil || callee.Topic.Func == nil:
			found = true
		case w.isModel(callee.Topic.Module.Name):
			found = found || !reads[callee.Topic.Func.Name] && callee.Topic.Func.Name != "get_by_id"
		}
	}}
	v.Statements(stmts)
	return found
}

// waits reports whether a loop waits for something that changes.
func (w *quotaWalk) waits(stmts []ast.Stmt) bool {
	found := false
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		if call, ok := e.(*ast.FuncCallExpr); ok {
			if callee := w.Callee(call); callee.Is("time.sleep") {
				found = true
			}
		}
	}}
	v.Statements(stmts)
	return found || w.changesRecords(stmts)
}

// readsInCondition reports a list that is read for each test of a condition.
func (w *quotaWalk) readsInCondition(s *ast.WhileStmt) {
	v := syntax.Visitor{Shallow: true, Expr: func(e ast.Expr) {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok || w.seen[call] {
			return
		}
		callee := w.Callee(call)
		if callee.Topic == nil || callee.Topic.Func == nil || !w.isModel(callee.Topic.Module.Name) || callee.Topic.Func.Name != "get_list" {
			return
		}
		if w.independent(call.Args, s) && !w.waits(s.Stmts) {
			w.seen[call] = true
			f := w.at(w.nameToken(call), "call-in-loop", fmt.Sprintf("'%s' reads the same list before every iteration, and each call counts against the quota", callee.Topic.Name))
			f.Hint, f.Subject = "read it once before the loop and store it in a local variable", callee.Topic.Name
		}
	}}
	v.Expression(s.Condition)
}
