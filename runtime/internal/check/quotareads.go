package check

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// readsList is for a list that is the same in each iteration, or those of one item.
func (w *quotaWalk) readsList(one repeatedCall) {
	loop, ok := one.loop.(ast.Stmt)
	if ok && one.from == 0 && w.independent(one.args, loop) {
		if !w.writes(bodyOf(loop), one.model) {
			w.costs(one, "reads the same list").Hint = "read it once before the loop and store it in a local variable"
		}
		return
	}
	if !one.many || len(one.args) != 1 || one.callee.Topic.Func.Name == "get_lean_list" {
		return
	}
	table, ok := one.args[0].(*ast.TableExpr)
	if !ok || w.optionValue(table, "limit") != nil {
		return
	}
	op := one.model.Operation("get_list")
	for _, f := range table.Fields {
		key, named := f.Key.(*ast.StringExpr)
		if !named || op == nil || one.model.Property(key.Value) == nil || !isFilter(op, key.Value) {
			continue
		}
		value, ok := f.Value.(*ast.AttrGetExpr)
		if !ok {
			continue
		}
		f := w.costs(one, "reads a list for one "+key.Value)
		f.Hint = fmt.Sprintf(`read all records once before the loop: local by_%s = require("tables").group_by(%s.get_list(), "%s"); here, write by_%s[%s] or {}`,
			key.Value, one.module(), key.Value, key.Value, w.code(value))
		return
	}
}

// isFilter reports whether a query parameter selects records by the property of the
// same name alone.
func isFilter(op *catalog.Operation, name string) bool {
	return slices.ContainsFunc(op.Query, func(q *catalog.Query) bool {
		return q.Name == name && q.Filter != nil && len(q.Filter.By) == 1 && q.Filter.By[0] == name
	})
}

// module is the module of the model, as the manual names it.
func (one *repeatedCall) module() string { return one.callee.Topic.Module.Name }

// readsOne is for a record that is read by its id.
func (w *quotaWalk) readsOne(one repeatedCall) {
	if len(one.args) != 1 || one.model.Operation("get_list") == nil || w.remembers(one) {
		return
	}
	f := w.costs(one, "reads one record")
	key, value := w.idOf(one.args[0])
	if item := w.itemOf(one); item != "" {
		f.Hint = fmt.Sprintf("%s is the same record: use its properties", item)
		if item == lean {
			f.Hint = fmt.Sprintf("loop over %s.each(), whose records have all properties", one.module())
		}
		return
	}
	if key == "" {
		f.Hint = fmt.Sprintf(`read all records once before the loop and look them up in a table: local by_id = require("tables").index_by(%s.get_list(), "_id")`, one.module())
		return
	}
	f.Hint = fmt.Sprintf(`read all records once before the loop: local by_id = require("tables").index_by(%s.get_list(), "%s"); here, write by_id[%s]`, one.module(), key, value)
}

const lean = "lean"

// itemOf returns the loop's variable if its records are those that are read, lean if
// they have a part of the properties only, "" for others.
func (w *quotaWalk) itemOf(one repeatedCall) string {
	id, ok := one.args[0].(*ast.AttrGetExpr)
	if !ok || one.from > 0 {
		return ""
	}
	key, ok := id.Key.(*ast.StringExpr)
	item, named := id.Object.(*ast.IdentExpr)
	if !ok || !named || key.Value != "_id" {
		return ""
	}
	k := w.Value(item)
	v := w.flow.Resolved[item]
	if w.manual.Record(k.Type) != one.model || v == nil || v.Loop == nil {
		return ""
	}
	if k.Selected != nil {
		return lean
	}
	return item.Value
}

// idOf returns the property that an id belongs to, and the id; "" if that is unknown.
func (w *quotaWalk) idOf(e ast.Expr) (key, value string) {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		if callee := w.Callee(e); len(e.Args) == 1 {
			switch {
			case callee.Is("planhat.extid"):
				return "externalId", w.code(e.Args[0])
			case callee.Is("planhat.srcid"):
				return "sourceId", w.code(e.Args[0])
			}
		}
	case *ast.StringConcatOpExpr:
		if prefix, ok := e.Lhs.(*ast.StringExpr); ok {
			switch prefix.Value {
			case "extid-":
				return "externalId", w.code(e.Rhs)
			case "srcid-":
				return "sourceId", w.code(e.Rhs)
			}
		}
	case *ast.AttrGetExpr:
		if p := w.Value(e).Property; p != nil && (p.Type == catalog.ObjectID || p.Name == "_id") {
			return "_id", w.code(e)
		}
		if key, ok := e.Key.(*ast.StringExpr); ok && key.Value == "_id" {
			return "_id", w.code(e)
		}
	}
	return "", ""
}

// remembers reports whether what is read is kept under its id, so it is read once.
func (w *quotaWalk) remembers(one repeatedCall) bool {
	id := w.text(one.args[0])
	if _, value := w.idOf(one.args[0]); value != "" {
		id = value
	}
	found := false
	v := syntax.Visitor{Stmt: func(s ast.Stmt) {
		if set, ok := s.(*ast.AssignStmt); ok {
			for _, e := range set.Lhs {
				index, ok := e.(*ast.AttrGetExpr)
				found = found || ok && (w.text(index.Key) == id || w.text(index.Key) == w.text(one.args[0]))
			}
		}
	}}
	v.Statements(one.block)
	return found
}

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
