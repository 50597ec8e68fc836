package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// fewItems is how many iterations cost too little to report.
const fewItems = 10

// repetition is what repeats a call.
type repetition struct {
	// loop is the innermost loop, or the function that is called for each item of a
	// list, nil if nothing repeats the call.
	loop ast.PositionHolder
	// many is set if it is known to repeat the call more than a few times.
	many bool
	// block is the statements around the call.
	block []ast.Stmt
	// leaves is set if the loop ends after the call.
	leaves bool
	// inFunction is set in a function that the loop calls: a return does not end
	// the loop.
	inFunction bool
	// dropped is set in a function whose result the loop does not use.
	dropped bool
	// from is the line of the loop if the call is elsewhere, in a function.
	from int
}

// quota reports calls in loops that one call would do. In tests they cost nothing.
func (c *script) quota() {
	if strings.HasSuffix(c.name, "_test.lua") {
		return
	}
	w := &quotaWalk{script: c, into: map[*ast.FunctionExpr]bool{}, seen: map[*ast.FuncCallExpr]bool{}, blocks: map[ast.Stmt]*blockFacts{}}
	w.statements(c.chunk, repetition{})
}

// quotaWalk goes through a script and into the functions that its loops call.
type quotaWalk struct {
	*script
	into map[*ast.FunctionExpr]bool
	seen map[*ast.FuncCallExpr]bool
	// blocks is what is known of the statements that begin with one.
	blocks map[ast.Stmt]*blockFacts
}

// blockFacts are what statements do besides calling.
type blockFacts struct {
	// keys are the computed keys that they assign to.
	keys map[string]bool
	// keepsCount is set if they note how far the script has come.
	keepsCount bool
	// calls is set if they call a function of a model.
	calls bool
}

// facts returns what the statements of a block do.
func (w *quotaWalk) facts(block []ast.Stmt) *blockFacts {
	if len(block) == 0 {
		return &blockFacts{}
	}
	known := w.blocks[block[0]]
	if known != nil {
		return known
	}
	known = &blockFacts{keys: map[string]bool{}}
	v := syntax.Visitor{Stmt: func(s ast.Stmt) {
		if set, ok := s.(*ast.AssignStmt); ok {
			for _, e := range set.Lhs {
				if index, ok := e.(*ast.AttrGetExpr); ok {
					known.keys[w.text(index.Key)] = true
				}
			}
		}
	}, Expr: func(e ast.Expr) {
		if call, ok := e.(*ast.FuncCallExpr); ok {
			if callee := w.Callee(call); callee.Topic != nil && callee.Topic.Func != nil {
				module := callee.Topic.Module.Name
				known.calls = known.calls || w.isModel(module)
				known.keepsCount = known.keepsCount || module == "webhook" || module == "state" || module == "checkpoint"
			}
		}
	}}
	v.Statements(block)
	w.blocks[block[0]] = known
	return known
}

func (w *quotaWalk) statements(stmts []ast.Stmt, r repetition) {
	r.block = stmts
	around := []repetition{r.leaving()}
	opened := map[ast.PositionHolder]int{}
	var within []ast.Stmt
	v := syntax.Visitor{
		Stmt: func(s ast.Stmt) {
			within = append(within, s)
			w.pagesByHand(s)
			w.seeks(s)
			w.addsSameTable(s)
		},
		Left: func(ast.Stmt) { within = within[:len(within)-1] },
		Expr: func(e ast.Expr) {
			if call, ok := e.(*ast.FuncCallExpr); ok {
				w.call(call, within[len(within)-1], around[len(around)-1])
			}
		},
		Open: func(of ast.PositionHolder) {
			opened[of]++
			around = append(around, w.inside(of, opened[of], around[len(around)-1]))
		},
		Close: func() { around = around[:len(around)-1] },
	}
	v.Statements(stmts)
}

// inside is what repeats the statements of a block; nth counts the blocks of an if.
func (w *quotaWalk) inside(of ast.PositionHolder, nth int, r repetition) repetition {
	switch s := of.(type) {
	case *ast.DoBlockStmt:
		r.block = s.Stmts
	case *ast.IfStmt:
		r.block = s.Then
		if nth == 2 {
			r.block = s.Else
		}
	case *ast.FunctionExpr:
		return w.insideFunction(s)
	case *ast.GenericForStmt:
		r = repetition{block: s.Stmts, loop: s, many: w.overMany(s)}
	case *ast.NumberForStmt:
		r = repetition{block: s.Stmts, loop: s, many: w.countsToMany(s)}
	case *ast.WhileStmt:
		r = repetition{block: s.Stmts}
		if c, ok := s.Condition.(*ast.RelationalOpExpr); ok && (isLength(c.Rhs) || isLength(c.Lhs)) {
			r.loop, r.many = s, true
		}
	case *ast.RepeatStmt:
		r = repetition{block: s.Stmts}
	}
	return r.leaving()
}

// leaving looks at how the block ends.
func (r repetition) leaving() repetition {
	if n := len(r.block); n > 0 {
		switch r.block[n-1].(type) {
		case *ast.BreakStmt:
			r.leaves = true
		case *ast.ReturnStmt:
			r.leaves = r.leaves || !r.inFunction
		}
	}
	return r
}

// insideFunction is what repeats the statements of a function: a function of module
// tables that calls it for each item.
func (w *quotaWalk) insideFunction(fn *ast.FunctionExpr) repetition {
	r := repetition{block: fn.Stmts, inFunction: true}
	call := w.flow.GivenTo[fn]
	if call == nil {
		return r
	}
	callee := w.Callee(call)
	f := callee.Function()
	if f == nil || callee.Topic.Module.Name != "tables" || len(f.Params) == 0 || f.Params[0].Name != "list" || w.isShort(call.Args[0]) {
		return r
	}
	r.loop, r.many = fn, true
	return r
}

// overMany reports whether a loop is known to go over records, rows or the items of
// a list, and not only over a few that are written out.
func (w *quotaWalk) overMany(s *ast.GenericForStmt) bool {
	call, ok := s.Exprs[0].(*ast.FuncCallExpr)
	if !ok {
		return w.Value(s.Exprs[0]).IsIterator()
	}
	callee := w.Callee(call)
	if callee.Topic == nil || callee.Function() == nil {
		return false
	}
	switch name := callee.Topic.Name; {
	case name == "ipairs", name == "pairs", name == "tables.sorted":
		return len(call.Args) > 0 && !w.isShort(call.Args[0])
	case w.isModel(callee.Topic.Module.Name):
		return !w.isShort(call)
	case pure[callee.Topic.Module.Name]:
		return false
	}
	k := w.Value(call)
	return k.IsIterator()
}

// countsToMany reports whether a loop counts the items of a list, or far.
func (w *quotaWalk) countsToMany(s *ast.NumberForStmt) bool {
	if length, ok := s.Limit.(*ast.UnaryLenOpExpr); ok {
		return !w.isShort(length.Expr)
	}
	from, isFrom := constantNumber(s.Init)
	to, isTo := constantNumber(s.Limit)
	return isFrom && isTo && s.Step == nil && to-from >= fewItems
}

// call looks at a call and at the function of the script that it calls.
func (w *quotaWalk) call(e *ast.FuncCallExpr, s ast.Stmt, r repetition) {
	if r.loop == nil || r.leaves || w.seen[e] {
		return
	}
	w.sleeps(e, r)
	callee, args := w.Callee(e), e.Args
	guarded := callee.Is("pcall") || callee.Is("planhat.try")
	if guarded && len(args) > 0 {
		callee, args = w.Value(args[0]), args[1:]
	}
	if fn, ok := callee.Literal.(*ast.FunctionExpr); ok {
		if r.many && !w.into[fn] {
			w.into[fn] = true
			if !guarded && r.from == 0 {
				r.from = r.loop.Line()
			}
			r.inFunction = true
			_, r.dropped = s.(*ast.FuncCallStmt)
			w.statements(fn.Stmts, r)
		}
		return
	}
	if callee.Topic == nil || callee.Topic.Func == nil || !w.isModel(callee.Topic.Module.Name) {
		return
	}
	model := w.modelOf(callee)
	if model == nil {
		return
	}
	if name := callee.Topic.Func.Name; !r.many && !reads[name] {
		return
	}
	one := repeatedCall{FuncCallExpr: e, callee: callee, model: model, args: args, guarded: guarded, within: s, repetition: r}
	before := len(w.found)
	switch name := callee.Topic.Func.Name; {
	case name == "get_list", name == "get_lean_list", name == "each":
		w.readsList(one)
	case name == "get_by_id":
		w.readsOne(one)
	case strings.HasPrefix(name, "create"), strings.HasPrefix(name, "update"):
		w.writesOne(one)
	case strings.HasPrefix(name, "bulk_"):
		w.writesFew(one)
	}
	w.seen[e] = len(w.found) > before
}

// repeatedCall is a call of a model's function in a loop.
type repeatedCall struct {
	*ast.FuncCallExpr
	repetition
	callee infer.Value
	model  *catalog.Model
	args   []ast.Expr
	// guarded is set if pcall or planhat.try makes the call.
	guarded bool
	// within is the statement that has the call.
	within ast.Stmt
}

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
	if !ok {
		return
	}
	limit := w.optionValue(table, "limit")
	op := one.model.Operation("get_list")
	for _, f := range table.Fields {
		key, named := f.Key.(*ast.StringExpr)
		if !named || op == nil || one.model.Property(key.Value) == nil || !isFilter(op, key.Value) {
			continue
		}
		value, ok := f.Value.(*ast.AttrGetExpr)
		unique := slices.Contains(one.model.Keyables.Bulk, key.Value)
		if !ok || limit != nil && !unique {
			continue // a few of many records cannot be had at once
		}
		f := w.costs(one, "reads a list for one "+key.Value)
		if unique {
			f.Hint = fmt.Sprintf(`read all records once before the loop: local by_%s = require("tables").index_by(%s.get_list(), "%s"); here, write by_%s[%s]`,
				key.Value, one.module(), key.Value, key.Value, w.code(value))
			return
		}
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
	keys := w.facts(one.block).keys
	return keys[id] || keys[w.text(one.args[0])]
}
