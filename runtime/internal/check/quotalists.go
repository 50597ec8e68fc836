package check

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/infer"
)

// smallPage and smallChunk are sizes below which a call is wasted, as Planhat takes thousands.
const (
	smallPage  = 100
	smallChunk = 100
)

// smallPages reports a list that is read in more calls than it needs.
func (c *script) smallPages(e *ast.FuncCallExpr, callee infer.Value, args arguments) {
	if callee.Topic == nil || callee.Topic.Func == nil || len(args.given) != 1 || !c.isModel(callee.Topic.Module.Name) || !reads[callee.Topic.Func.Name] {
		return
	}
	size := c.optionValue(args.given[0], "page_size")
	if size == nil {
		return
	}
	n, ok := constantNumber(size)
	if limit := c.optionValue(args.given[0], "limit"); !ok || n >= smallPage || limit != nil {
		return
	}
	f := c.on(size, "call-in-loop", fmt.Sprintf("this makes a call for every %g records, and each call counts against the quota", n))
	f.Hint, f.Subject = "leave out page_size: a call then reads as many records as Planhat allows", callee.Topic.Name
}

// seeks reports a loop over all records that looks for one by its key.
func (w *quotaWalk) seeks(s ast.Stmt) {
	loop, ok := s.(*ast.GenericForStmt)
	if !ok || len(loop.Stmts) != 1 || len(loop.Exprs) != 1 || len(loop.Names) != 1 {
		return
	}
	call, ok := loop.Exprs[0].(*ast.FuncCallExpr)
	if !ok {
		return
	}
	callee := w.Callee(call)
	if callee.Topic == nil || callee.Topic.Func == nil || !w.isModel(callee.Topic.Module.Name) || callee.Topic.Func.Name != "each" {
		return
	}
	branch, ok := loop.Stmts[0].(*ast.IfStmt)
	if !ok || len(branch.Else) > 0 {
		return
	}
	compared, ok := branch.Condition.(*ast.RelationalOpExpr)
	if !ok || compared.Operator != "==" {
		return
	}
	key, ok := compared.Lhs.(*ast.AttrGetExpr)
	if !ok {
		return
	}
	item, named := key.Object.(*ast.IdentExpr)
	name, isField := key.Key.(*ast.StringExpr)
	if !named || !isField || item.Value != loop.Names[0] || !w.independent([]ast.Expr{compared.Rhs}, loop) {
		return
	}
	if _, ok := compared.Rhs.(*ast.IdentExpr); !ok {
		return
	}
	model, id := w.modelOf(callee), w.code(compared.Rhs)
	if model == nil || model.Operation("get_by_id") == nil {
		return
	}
	prefix := map[string]string{"externalId": "extid", "sourceId": "srcid", "_id": "_id"}[name.Value]
	switch {
	case prefix == "_id":
	case prefix == "" || !slices.Contains(model.Keyables.Get, prefix+"-"):
		return
	default:
		id = fmt.Sprintf("planhat.%s(%s)", prefix, id)
	}
	f := w.on(compared, "call-in-loop", fmt.Sprintf("this reads all records to find the one with that %s, and each page is a call", name.Value))
	f.Hint, f.Subject = fmt.Sprintf("read it alone: local %s = %s.get_by_id(%s)", item.Value, callee.Topic.Module.Name, id), callee.Topic.Name
}

// smallChunks reports rows that a loop sends a few at a time.
func (w *quotaWalk) smallChunks(one repeatedCall, name *ast.IdentExpr) {
	v := w.flow.Resolved[name]
	loop, ok := one.loop.(*ast.GenericForStmt)
	if !ok || v == nil || v.Loop != ast.Stmt(loop) || v.Place != 1 {
		return
	}
	over, ok := loop.Exprs[0].(*ast.FuncCallExpr)
	if !ok || len(over.Args) != 1 {
		return
	}
	chunks, ok := w.origin(over.Args[0]).(*ast.FuncCallExpr)
	if !ok || len(chunks.Args) != 2 {
		return
	}
	if callee := w.Callee(chunks); !callee.Is("tables.chunk") {
		return
	}
	size, ok := constantNumber(chunks.Args[1])
	if !ok || size >= smallChunk {
		return
	}
	f := w.costs(one, fmt.Sprintf("sends only %g rows", size))
	f.Hint = fmt.Sprintf("send all rows in one call, which splits them itself: %s(%s)", one.callee.Topic.Name, w.code(chunks.Args[0]))
}

// sleeps reports pauses between calls, which phscript makes itself where they are needed.
func (w *quotaWalk) sleeps(e *ast.FuncCallExpr, r repetition) {
	const short = 5
	loop, ok := r.loop.(*ast.GenericForStmt)
	callee := w.Callee(e)
	if !ok || r.leaves || !callee.Is("time.sleep") || len(e.Args) != 1 {
		return
	}
	seconds, ok := constantNumber(e.Args[0])
	if !ok || seconds > short || !w.facts(loop.Stmts).calls {
		return
	}
	f := w.at(w.nameToken(e), "needless-sleep", "phscript keeps its calls within the quota, so this only makes the run longer")
	f.Hint = "remove it; calls that Planhat refuses for now are repeated, too"
}

// addsSameTable reports a table that a loop changes and adds to a list, so all items are
// that one table.
func (c *script) addsSameTable(s ast.Stmt) {
	body := bodyOf(s)
	if body == nil {
		return
	}
	span := c.flow.Stmt[s]
	inside := func(token int) bool { return token >= span.From && token <= span.To }
	for _, st := range body {
		var value ast.Expr
		switch st := st.(type) {
		case *ast.AssignStmt:
			index, ok := st.Lhs[0].(*ast.AttrGetExpr)
			if !ok || len(st.Lhs) != 1 || len(st.Rhs) != 1 {
				continue
			}
			if list, ok := index.Object.(*ast.IdentExpr); ok && c.addsItem(index.Key, c.flow.VariableOf(list)) {
				value = st.Rhs[0]
			}
		case *ast.FuncCallStmt:
			call := st.Expr.(*ast.FuncCallExpr)
			if callee := c.Callee(call); callee.Is("table.insert") && len(call.Args) == 2 {
				value = call.Args[1]
			}
		}
		name, ok := value.(*ast.IdentExpr)
		if !ok {
			continue
		}
		v := c.flow.Resolved[name]
		if v == nil || v.Kind != flow.LocalVar || len(v.Values) != 1 || inside(v.Values[0].Token) {
			continue
		}
		if _, ok := v.Values[0].Expr.(*ast.TableExpr); !ok {
			continue
		}
		if !slices.ContainsFunc(v.Fields, func(f flow.Entry) bool { return inside(c.flow.Expr[f.Through].At) }) {
			continue
		}
		f := c.on(name, "same-table-added", fmt.Sprintf("each iteration adds the same table, so all items are what '%s' is at the end", name.Value))
		f.Hint, f.Subject = fmt.Sprintf("make a new table in the loop: local %s = {}", name.Value), name.Value
	}
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
