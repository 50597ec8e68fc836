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
	if bulk == "" || w.usesResult(one) || w.keepsCount(one.block) {
		return
	}
	f := w.costs(one, "writes one record")
	f.Hint = w.collect(one, bulk, w.rowOf(one))
}

// keepsCount reports whether statements note how far the script has come, so each
// record has to be written before the next one.
func (w *quotaWalk) keepsCount(stmts []ast.Stmt) bool {
	found := false
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		if call, ok := e.(*ast.FuncCallExpr); ok {
			if callee := w.Callee(call); callee.Topic != nil && callee.Topic.Func != nil {
				module := callee.Topic.Module.Name
				found = found || module == "webhook" || module == "state" || module == "checkpoint"
			}
		}
	}}
	v.Statements(stmts)
	return found
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

// bodyOf returns the statements of a loop.
func bodyOf(loop ast.Stmt) []ast.Stmt {
	switch s := loop.(type) {
	case *ast.GenericForStmt:
		return s.Stmts
	case *ast.NumberForStmt:
		return s.Stmts
	case *ast.WhileStmt:
		return s.Stmts
	case *ast.RepeatStmt:
		return s.Stmts
	}
	return nil
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
