package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// writesOne is for a record that is written alone. If the script uses the record that
// comes back, the call has to be made.
func (w *quotaWalk) writesOne(one repeatedCall) {
	bulk := bulkOf(one.model)
	if bulk == "" || w.usesResult(one) || w.facts(one.block).keepsCount {
		return
	}
	f := w.costs(one, "writes one record")
	f.Hint = w.collect(one, bulk, w.rowOf(one))
}

// bulkOf returns the operation that writes many records of a model, or "".
func bulkOf(model *catalog.Model) string {
	for _, op := range model.Operations {
		if strings.HasPrefix(op.Name, "bulk_") {
			return op.Name
		}
	}
	return ""
}

// usesResult reports whether a script uses the record that a call returns. What pcall
// and planhat.try return first may be asked whether the call has worked.
func (w *quotaWalk) usesResult(one repeatedCall) bool {
	switch s := one.within.(type) {
	case *ast.FuncCallStmt:
		return false
	case *ast.LocalAssignStmt:
		return !one.guarded || !strings.HasPrefix(one.callee.Topic.Func.Name, "update")
	case *ast.ReturnStmt:
		// What the function returns is dropped if it is called as a statement.
		return !one.inFunction || len(s.Exprs) != 1 || s.Exprs[0] != ast.Expr(one.FuncCallExpr) || !one.dropped
	}
	return true
}

// collect says how to send rows at once.
func (w *quotaWalk) collect(one repeatedCall, bulk, row string) string {
	rows := w.freeName("rows", "changes", "to_send")
	function := one.module() + "." + bulk
	if one.from > 0 || one.inFunction {
		return fmt.Sprintf("add the row to a list instead, %s[#%s + 1] = %s, and send all rows after the loop: %s(%s)", rows, rows, row, function, rows)
	}
	return fmt.Sprintf("before the loop: local %s = {}; here: %s[#%s + 1] = %s; after the loop: %s(%s)", rows, rows, rows, row, function, rows)
}

// freeName returns the first of some names that the script does not use.
func (w *quotaWalk) freeName(names ...string) string {
	for _, name := range names {
		if !slices.ContainsFunc(w.flow.Vars, func(v *flow.Variable) bool { return v.Name == name }) {
			return name
		}
	}
	return names[len(names)-1]
}

// rowOf writes the row of a bulk call for a single write.
func (w *quotaWalk) rowOf(one repeatedCall) string {
	if len(one.args) == 0 {
		return "row"
	}
	if len(one.args) == 1 { // create(record)
		return w.row(one.args[0])
	}
	key, value := w.idOf(one.args[0])
	if key == "" || !slices.Contains(one.model.Keyables.Bulk, key) {
		return "{ _id = ..., ... }"
	}
	inner := "..."
	if table, ok := one.args[1].(*ast.TableExpr); ok {
		if len(table.Fields) > 0 {
			inner = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(w.row(table), "{"), "}"))
		}
	}
	return fmt.Sprintf("{ %s = %s, %s }", key, value, inner)
}

// row is a row as the script writes it, or dots if it is long.
func (w *quotaWalk) row(e ast.Expr) string {
	const most = 120
	if text := w.fullText(e); len(text) <= most {
		return text
	}
	return "{ ... }"
}

// writesFew is for a bulk call with the row of one iteration, or with all rows so far.
func (w *quotaWalk) writesFew(one repeatedCall) {
	if len(one.args) == 0 {
		return
	}
	if table, ok := one.args[0].(*ast.TableExpr); ok {
		if len(table.Fields) == 0 || slices.ContainsFunc(table.Fields, func(f *ast.Field) bool { return f.Key != nil }) {
			return
		}
		what := "sends a single row"
		if len(table.Fields) > 1 {
			what = fmt.Sprintf("sends only %d rows", len(table.Fields))
		}
		w.costs(one, what).Hint = w.collect(one, one.callee.Topic.Func.Name, w.row(table.Fields[0].Value))
		return
	}
	name, ok := one.args[0].(*ast.IdentExpr)
	loop, isLoop := one.loop.(ast.Stmt)
	if ok {
		w.smallChunks(one, name)
	}
	if !ok || !isLoop || one.from > 0 || !slices.Contains(bodyOf(loop), one.within) {
		return
	}
	if v := w.flow.Resolved[name]; v != nil && w.growsIn(v, loop) {
		f := w.costs(one, "sends all rows so far")
		f.Hint = fmt.Sprintf("move it after the loop: %s sends any number of rows", one.callee.Topic.Name)
	}
}

// growsIn reports whether a list is made before a loop, and the loop only adds items.
func (w *quotaWalk) growsIn(v *flow.Variable, loop ast.Stmt) bool {
	span := w.flow.Stmt[loop]
	for _, val := range v.Values {
		if val.Token >= span.From && val.Token <= span.To {
			return false
		}
	}
	return slices.ContainsFunc(v.Items, func(item flow.Entry) bool {
		at := w.flow.Expr[item.Through].At
		return at >= span.From && at <= span.To
	})
}

// writes reports whether statements write records of a model.
func (w *quotaWalk) writes(stmts []ast.Stmt, model *catalog.Model) bool {
	found := false
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok {
			return
		}
		callee := w.Callee(call)
		if callee.Topic == nil || callee.Topic.Func == nil || !w.isModel(callee.Topic.Module.Name) {
			return
		}
		found = found || w.modelOf(callee) == model && !reads[callee.Topic.Func.Name] && callee.Topic.Func.Name != "get_by_id"
	}}
	v.Statements(stmts)
	return found
}

// isShort reports whether a list is known to be short: a few items that are written
// out, the arguments of the script, or records with a small limit.
func (w *quotaWalk) isShort(list ast.Expr) bool {
	k := w.Value(list)
	if k.Topic != nil {
		return true
	}
	if table, ok := k.Literal.(*ast.TableExpr); ok {
		v, settled := w.holder(list, table)
		return settled && len(table.Fields) < fewItems && (v == nil || len(v.Items) == 0 && !w.escapes(v))
	}
	call, ok := w.origin(list).(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	callee := w.Callee(call)
	if callee.Topic == nil || callee.Topic.Module == nil {
		return false
	}
	if !w.isModel(callee.Topic.Module.Name) {
		return callee.Topic.Module.Name == "planhat"
	}
	if len(call.Args) == 0 {
		return false
	}
	limit := w.optionValue(call.Args[0], "limit")
	if limit == nil {
		return false
	}
	n, ok := constantNumber(limit)
	return ok && n < fewItems
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

// asksLength reports whether a loop continues depending on the number of items that it
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

// costs reports a call in a loop.
func (w *quotaWalk) costs(one repeatedCall, what string) *finding {
	token := w.nameToken(one.FuncCallExpr)
	if one.guarded {
		token = w.flow.Expr[one.Args[0]].At
	}
	iteration := "in every iteration"
	if one.from > 0 {
		iteration += fmt.Sprintf(" of the loop at line %d", one.from)
	}
	f := w.at(token, "call-in-loop", fmt.Sprintf("'%s' %s %s, and each call counts against the quota", one.callee.Topic.Name, what, iteration))
	f.Subject = one.callee.Topic.Name
	return f
}

func isLength(e ast.Expr) bool { _, ok := e.(*ast.UnaryLenOpExpr); return ok }
