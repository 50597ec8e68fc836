package check

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
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
