package check

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/check/position"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// holderOf returns the one value of a variable that is a table, nil if no variable
// holds it. ok is false if several do.
func (t *contents) holderOf(table *ast.TableExpr) (val *flow.Value, ok bool) {
	switch all := t.holders[table]; len(all) {
	case 0:
		return nil, true
	case 1:
		return all[0], true
	}
	return nil, false
}

// Field is what a table has under a name: what its constructor and the assignments
// to the variable that holds it say, unless others set fields of that name.
func (t *contents) Field(table *ast.TableExpr, name string) infer.Value {
	val, ok := t.holderOf(table)
	if !ok || t.computed && (val == nil || t.leaks(val.V)) || t.mixed[table] || t.elsewhere[name] > 0 || val != nil && t.isOpaque(val.V) {
		return infer.Value{}
	}
	j, always := t.Joiner(), false
	for _, w := range t.fields[field{table, name}] {
		always = always || !w.later
		if !j.Add(t.Value(w.value)) {
			return infer.Value{}
		}
	}
	v := j.Value()
	if !always {
		// It may be read before it is set.
		v.Maybe = v.Type != "" && v.Type != "nil"
	}
	return v
}

// isOpaque reports whether the table of a variable goes to somebody whose code is not
// seen.
func (t *contents) isOpaque(v *flow.Variable) bool {
	return t.handedOn(v, t.opaque, true)
}

// leaks reports whether somebody else may put items into the table of a variable. A
// list that a function of the script returns, or that another table has, is full.
func (t *contents) leaks(v *flow.Variable) bool {
	return t.handedOn(v, t.leaky, false)
}

// handedOn reports whether the table of a variable goes to others. Functions of the
// script may count as well known: the names of the fields that they set are.
func (t *contents) handedOn(v *flow.Variable, known map[*flow.Variable]bool, own bool) bool {
	on, ok := known[v]
	if ok {
		return on
	}
	known[v] = true
	for _, how := range t.escapesOf(v) {
		switch how := how.(type) {
		case *ast.FuncCallExpr:
			on = on || !t.fills(how, v) && (!own || !t.isOwnFunction(how))
		case *ast.ReturnStmt, *ast.TableExpr:
		default:
			on = true
		}
	}
	known[v] = on
	return on
}

// Item is what an item of a list may be: of its constructor, and what the script
// puts into the variable that holds it.
func (t *contents) Item(table *ast.TableExpr) infer.Value {
	if v, ok := t.items[table]; ok {
		return v
	}
	t.items[table] = infer.Value{}
	v := t.item(table)
	t.items[table] = v
	return v
}

func (t *contents) item(table *ast.TableExpr) infer.Value {
	val, ok := t.holderOf(table)
	if !ok || t.mixed[table] || t.named[table] || val != nil && t.leaks(val.V) {
		return infer.Value{}
	}
	j := t.Joiner()
	for i, f := range table.Fields {
		if f.Key != nil || i == len(table.Fields)-1 && syntax.Unpacks(f.Value) || !j.Add(t.Value(f.Value)) {
			return infer.Value{}
		}
	}
	for _, item := range t.entries[table] {
		if item.Key != nil && !t.isPlace(item.Key) || !j.Add(t.Value(item.Field.Value)) {
			return infer.Value{}
		}
	}
	return j.Value()
}

// Returned is what a function of the script returns at a place: one of its return
// statements, or nil where it ends without one.
func (t *contents) Returned(fn *ast.FunctionExpr, place int) infer.Value {
	key := result{fn, place}
	if v, ok := t.results[key]; ok {
		return v
	}
	t.results[key] = infer.Value{}
	v := t.returned(fn, place)
	t.results[key] = v
	return v
}

func (t *contents) returned(fn *ast.FunctionExpr, place int) infer.Value {
	of := t.functions[fn]
	if of == nil {
		return infer.Value{}
	}
	j := t.Joiner()
	for _, s := range t.returns[fn] {
		if !j.Add(t.at(s.Exprs, place)) {
			return infer.Value{}
		}
	}
	if of.Falls(t.endsRun) {
		j.Add(infer.Value{Type: infer.Nothing})
	}
	return j.Value()
}

// returnsOnSomePaths reports whether a function may end without a return, and returns one
// of several constants otherwise. What finds something or returns nil is not meant.
func (t *contents) returnsOnSomePaths(fn *ast.FunctionExpr) bool {
	of := t.functions[fn]
	for _, s := range t.returns[fn] {
		if len(s.Exprs) == 0 || t.isNil(s.Exprs[0]) || !isConstant(s.Exprs[0]) {
			return false
		}
	}
	return of != nil && len(t.returns[fn]) > 1 && of.Falls(t.endsRun)
}

// at is the value at a place of a list of expressions, such as the arguments of a
// call.
func (t *contents) at(exprs []ast.Expr, place int) infer.Value {
	last := len(exprs) - 1
	if place < last || place == last && !syntax.Unpacks(exprs[last]) {
		return t.Value(exprs[place])
	}
	if last < 0 || !syntax.Unpacks(exprs[last]) {
		return infer.Value{Type: "nil"}
	}
	if call, ok := exprs[last].(*ast.FuncCallExpr); ok {
		return t.Result(call, place-last)
	}
	return infer.Value{}
}

// endsRun reports whether an expression is a call that never comes back.
func (t *contents) endsRun(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	callee := t.Callee(call)
	if callee.Is("assert") && len(call.Args) > 0 && flow.Truth(call.Args[0]) == flow.Never {
		return true
	}
	return callee.Topic != nil && slices.Contains([]string{"error", "os.exit", "run.exit", "run.fail", "run.stop"}, callee.Topic.Name)
}

// Parameter is what a parameter of a function may get, if all calls of the
// function are seen: a local function that is not handed on.
func (t *contents) Parameter(v *flow.Variable) infer.Value {
	if got, ok := t.parameters[v]; ok {
		return got
	}
	t.parameters[v] = infer.Value{}
	got := t.parameter(v)
	t.parameters[v] = got
	return got
}

func (t *contents) parameter(v *flow.Variable) infer.Value {
	fn := v.Fn
	if fn.Value == nil || fn.Expr == nil {
		return infer.Value{}
	}
	holder := fn.Value.V
	place := slices.Index(fn.Expr.ParList.Names, v.Name)
	if place < 0 || v.Name == "..." || !holder.HoldsFunction() || t.loose[holder] || len(t.calls[holder]) == 0 {
		return infer.Value{}
	}
	j := t.Joiner()
	for _, call := range t.calls[holder] {
		if place < len(call.Args) {
			// What a function calls itself with may be the parameter itself.
			if name, ok := call.Args[place].(*ast.IdentExpr); ok && t.flow.Resolved[name] == v && len(v.Values) == 1 {
				continue
			}
		}
		if !j.Add(t.at(call.Args, place)) {
			return infer.Value{}
		}
	}
	return j.Value()
}

// eachConstant calls check with the constants of this script that a value may be, if it
// may be several, and reports whether that found anything. Each constant is reported once,
// where it is written. A variable that the script asks about may have only some of its
// values at a place, and so may a field.
func (c *script) eachConstant(e ast.Expr, check func(constant ast.Expr)) (found bool) {
	if _, isName := e.(*ast.IdentExpr); !isName || c.tested == nil || c.tested.values[c.testKey(e)] {
		return false
	}
	all := c.Value(e).Choices()
	for i := range all {
		constant := all[i].Literal
		_, here := c.flow.Expr[constant]
		if len(all) < 2 || constant == nil || !here || !isConstant(constant) || c.isNil(constant) {
			continue
		}
		if c.wrong[constant] {
			found = true
			continue
		}
		before := len(c.found)
		if check(constant); len(c.found) > before {
			c.wrong[constant], found = true, true
		}
	}
	return found
}

// Names are the names that a table gets, if its script alone fills it.
func (t *contents) Names(table *ast.TableExpr) (names []string, known bool) {
	val, ok := t.holderOf(table)
	if !ok || val == nil || t.mixed[table] || t.leaks(val.V) {
		return nil, false
	}
	for f := range t.fields {
		if f.table == table {
			names = append(names, f.name)
		}
	}
	for name, count := range t.elsewhere {
		if count > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, true
}

// project are the modules of the project that a check has read, by their paths. A module
// that is being read is nil, as it may require itself.
type project map[string]*contents

// The limits of what a check reads of the project.
const (
	mostModules = 40
	mostBytes   = 1 << 19
)

// module is what a file of the project returns when it is required.
func (c *script) module(name string) infer.Value {
	path := c.pathFor(name)
	if path == "" || c.options.Read == nil {
		return infer.Value{}
	}
	t, known := c.project[path]
	if !known && len(c.project) < mostModules {
		c.project[path] = nil
		t = c.readModule(path)
		c.project[path] = t
	}
	if t == nil {
		return infer.Value{}
	}
	j := t.Joiner()
	for _, s := range t.returns[nil] {
		if !j.Add(t.at(s.Exprs, 0)) {
			return infer.Value{}
		}
	}
	return j.Value().From(lateContents{t.script})
}

// readModule reads a file of the project, or returns nil if it is not a valid script.
func (c *script) readModule(path string) *contents {
	src, err := c.options.Read(path)
	if err != nil || len(src) > mostBytes {
		return nil
	}
	parsed, err := compile.Read(src, path)
	if err != nil {
		return nil
	}
	p, err := position.Locate(parsed.Chunk, parsed.Tokens)
	if err != nil {
		return nil
	}
	m := newScript(c.vocabulary, c.options, path, src)
	m.project = c.project
	m.chunk, m.flow = parsed.Chunk, flow.Trace(parsed.Chunk, p)
	m.collect()
	m.contents()
	return m.made
}
