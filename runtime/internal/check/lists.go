package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// shape tells what a table is known to look like.
type shape int

const (
	unknownShape shape = iota
	// listShape has items, namedShape named fields only.
	listShape
	namedShape
	emptyShape
)

// shapeOf tells how a value looks as a table.
func (c *script) shapeOf(e ast.Expr) shape {
	k := c.Value(e)
	switch {
	case k.IsList():
		return listShape
	case c.manual.Record(k.Type) != nil, c.manual.Fields(k.Type) != nil:
		return namedShape
	case k.IsModule():
		return namedShape
	}
	table, ok := k.Literal.(*ast.TableExpr)
	if !ok {
		return unknownShape
	}
	v, settled := c.holder(e, table)
	if !settled {
		return unknownShape
	}
	named := 0
	for _, f := range table.Fields {
		if f.Key == nil {
			return listShape
		}
		if _, ok := f.Key.(*ast.StringExpr); ok {
			named++
		}
	}
	if named < len(table.Fields) {
		return unknownShape
	}
	switch {
	case v != nil && !c.escapes(v) && c.keyedByText(table):
		return namedShape
	case v != nil && len(v.Items) > 0, v != nil && c.escapes(v):
		return unknownShape
	case named == 0:
		return emptyShape
	}
	return namedShape
}

// keyedByText reports whether a table that begins without items only gets values under
// computed names.
func (c *script) keyedByText(table *ast.TableExpr) bool {
	if c.made == nil || len(c.made.entries[table]) == 0 {
		return false
	}
	if _, known := c.made.keyed[table]; !known {
		c.made.keyed[table] = c.onlyTexts(table)
	}
	return c.made.keyed[table]
}

// onlyTexts reports whether all keys that a table gets are texts.
func (c *script) onlyTexts(table *ast.TableExpr) bool {
	for _, f := range table.Fields {
		if _, named := f.Key.(*ast.StringExpr); !named {
			return false
		}
	}
	for _, entry := range c.made.entries[table] {
		if entry.Key == nil {
			return false
		}
		index, isField := c.origin(entry.Key).(*ast.AttrGetExpr)
		if !c.Value(entry.Key).IsText() && (!isField || !c.isCell(index)) {
			return false
		}
	}
	return true
}

// holder returns the variable that holds a table literal, nil for a literal
// that is used directly. settled is false if the table is reached in another
// way, so its contents may have changed.
func (c *script) holder(e ast.Expr, table *ast.TableExpr) (v *flow.Variable, settled bool) {
	if e == ast.Expr(table) {
		return nil, true
	}
	name, ok := e.(*ast.IdentExpr)
	if !ok {
		return nil, false
	}
	val := c.onlyValue(name)
	if val == nil || val.Expr != ast.Expr(table) {
		return nil, false
	}
	return val.V, true
}

// escapes reports whether a variable's table is handed to somebody who may put
// items into it.
func (c *script) escapes(v *flow.Variable) bool { return len(c.escapesOf(v)) > 0 }

// escapesOf returns the statements and expressions that hand a variable's table
// on: assignments, returns, other tables, and calls.
func (c *script) escapesOf(v *flow.Variable) []any {
	if c.escaped == nil {
		c.escaped = map[*flow.Variable][]any{}
		note := func(e ast.Expr, how any) {
			if name, ok := e.(*ast.IdentExpr); ok {
				if v := c.flow.VariableOf(name); v != nil {
					c.escaped[v] = append(c.escaped[v], how)
				}
			}
		}
		v := syntax.Visitor{Stmt: func(s ast.Stmt) {
			switch s := s.(type) {
			case *ast.AssignStmt:
				for _, e := range s.Rhs {
					note(e, s)
				}
			case *ast.LocalAssignStmt:
				for _, e := range s.Exprs {
					note(e, s)
				}
			case *ast.ReturnStmt:
				for _, e := range s.Exprs {
					note(e, s)
				}
			}
		}, Expr: func(e ast.Expr) {
			switch e := e.(type) {
			case *ast.TableExpr:
				for _, f := range e.Fields {
					note(f.Value, e)
				}
			case *ast.FuncCallExpr:
				c.noteArguments(e, note)
			}
		}}
		v.Statements(c.chunk)
	}
	return c.escaped[v]
}

// noteArguments notes the tables that a call of an unknown function is given.
func (c *script) noteArguments(e *ast.FuncCallExpr, note func(e ast.Expr, how any)) {
	callee := c.Callee(e)
	if callee.Topic != nil {
		switch callee.Topic.Name {
		case "rawset", "setmetatable", "table.insert":
		default:
			return
		}
	}
	if e.Func == nil {
		note(e.Receiver, e)
	}
	for _, arg := range e.Args {
		note(arg, e)
	}
}

// length reports #x of what has no length.
func (c *script) length(e *ast.UnaryLenOpExpr) {
	token := c.flow.Expr[e].At
	k := c.Value(e.Expr)
	switch {
	case k.IsFunction():
		f := c.at(token, "length-of-record", fmt.Sprintf("'%s' is a function, which has no length", k.Topic.Name))
		f.Hint = "call it first: #" + k.Topic.Signature()
	case k.IsNumber():
		c.at(token, "length-of-record", "a number has no length").Hint = "to count its digits, write #tostring(number)"
	case k.IsIterator():
		c.at(token, "length-of-record", "an iterator has no length").Hint = "count in a loop, or read the whole list with get_list"
	case c.shapeOf(e.Expr) == namedShape:
		f := c.at(token, "length-of-record", fmt.Sprintf("# counts the items of a list; '%s' has named fields, so the result is 0", c.text(e.Expr)))
		f.Hint = fmt.Sprintf("to count fields, use a loop: local count = 0; for _ in pairs(%s) do count = count + 1 end", c.code(e.Expr))
	}
}

// loopOver checks what a generic for loops over.
func (c *script) loopOver(s *ast.GenericForStmt) {
	if c.countsWithIn(s) || len(s.Exprs) != 1 {
		return
	}
	e := s.Exprs[0]
	k := c.Value(e)
	switch {
	case k.IsFunction() && !isIteratorItself(k):
		f := c.on(e, "loop-over-table", fmt.Sprintf("'%s' is a function; call it to get an iterator", k.Topic.Name))
		f.Hint = fmt.Sprintf("for %s in %s() do", strings.Join(s.Names, ", "), c.code(e))
	case k.IsList() || c.isTable(e, k):
		message, hint := "loop over a list with ipairs", fmt.Sprintf("for _, %s in ipairs(%s) do", s.Names[len(s.Names)-1], c.code(e))
		if c.shapeOf(e) == namedShape {
			message, hint = "loop over a table with pairs", pairsHint(s.Names, c.code(e))
		}
		c.on(e, "loop-over-table", message).Hint = hint
	case c.isIpairs(e):
		c.ipairsHint(s.Names, e.(*ast.FuncCallExpr))
	}
}

// isTable reports whether a value is known to be a table that cannot be called.
func (c *script) isTable(e ast.Expr, k infer.Value) bool {
	if k.Topic != nil {
		return false
	}
	if _, ok := k.Literal.(*ast.TableExpr); ok {
		_, settled := c.holder(e, k.Literal.(*ast.TableExpr))
		name, isName := e.(*ast.IdentExpr)
		return settled && (!isName || !c.escapes(c.flow.VariableOf(name)))
	}
	return !k.Maybe && (c.manual.Record(k.Type) != nil || c.manual.Fields(k.Type) != nil)
}

// isIteratorItself holds for functions that are iterators as they are: next.
func isIteratorItself(k infer.Value) bool { return k.Topic.Name == "next" || k.Topic.Name == "io.read" }

func (c *script) isIpairs(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	callee := c.Callee(call)
	return callee.Is("ipairs")
}

// ipairsHint reports ipairs over a value without items.
func (c *script) ipairsHint(names []string, call *ast.FuncCallExpr) {
	arg := call.Args[0]
	if c.shapeOf(arg) != namedShape {
		return
	}
	f := c.on(arg, "ipairs-over-record", fmt.Sprintf("ipairs loops over the items of a list; '%s' has named fields, so the loop never runs", c.text(arg)))
	f.Hint = "loop over named fields with pairs: " + pairsHint(names, c.code(arg))
}

// pairsHint is the head of a loop over named fields. A single variable becomes the
// value, since it is most likely the item of what was taken for a list.
func pairsHint(names []string, table string) string {
	if len(names) == 1 && !slices.Contains([]string{"k", "key"}, names[0]) {
		names = []string{"_", names[0]}
	}
	return fmt.Sprintf("for %s in pairs(%s) do", strings.Join(names, ", "), table)
}

// counting checks the bounds of a numeric for.
func (c *script) counting(s *ast.NumberForStmt) {
	first, isNumber := s.Init.(*ast.NumberExpr)
	length, overLength := s.Limit.(*ast.UnaryLenOpExpr)
	if isNumber && overLength && first.Value == "0" && s.Step == nil && itemsIn(s, func(list ast.Expr) bool { return c.text(list) == c.text(length.Expr) }) != nil && !setsItems(s) {
		f := c.at(c.flow.Expr[s.Init].At, "loop-bounds", "lists start at 1 in Lua: the first iteration reads item 0, which is nil")
		f.Hint = fmt.Sprintf("for %s = 1, %s do", s.Name, c.text(s.Limit))
		return
	}
	if c.pastTheEnds(s) {
		return
	}
	from, ok := s.Init.(*ast.UnaryLenOpExpr)
	if ok && s.Step == nil {
		if last, isNumber := constantNumber(s.Limit); isNumber && last <= 1 {
			f := c.at(c.flow.Expr[s.Limit].From, "loop-bounds", "the loop counts up, so it does not run if the list is longer")
			f.Hint = fmt.Sprintf("to count down, add the step: for %s = %s, %s, -1 do", s.Name, c.text(from), c.text(s.Limit))
		}
		return
	}
	a, okA := constantNumber(s.Init)
	b, okB := constantNumber(s.Limit)
	step, stated := stepOf(s)
	meant := a == 1 && b == 0 || s.Step != nil && step > 0 // an empty loop, in a test
	if okA && okB && stated && !meant && (step > 0 && a > b || step < 0 && a < b) {
		c.at(c.flow.Expr[s.Limit].From, "loop-bounds", "the loop never runs: it counts away from its limit").Hint = "swap the bounds, or reverse the step"
	}
}

// setsItems reports whether a loop sets items at its own variable: people who fill a table
// from 0 count from 0.
func setsItems(s *ast.NumberForStmt) bool {
	found := false
	v := syntax.Visitor{Stmt: func(st ast.Stmt) {
		if assign, ok := st.(*ast.AssignStmt); ok {
			for _, target := range assign.Lhs {
				found = found || itemOf(target, s) != nil
			}
		}
	}}
	v.Statements(s.Stmts)
	return found
}

// stepOf returns the step of a loop if it is a constant.
func stepOf(s *ast.NumberForStmt) (float64, bool) {
	if s.Step == nil {
		return 1, true
	}
	return constantNumber(s.Step)
}

func constantNumber(e ast.Expr) (float64, bool) {
	switch e := e.(type) {
	case *ast.NumberExpr:
		return number.Parse(e.Value)
	case *ast.UnaryMinusOpExpr:
		n, ok := constantNumber(e.Expr)
		return -n, ok
	}
	return 0, false
}

// itemOf returns the list of an expression that takes the item at a loop's own
// variable, or nil.
func itemOf(e ast.Expr, s *ast.NumberForStmt) ast.Expr {
	if index, ok := e.(*ast.AttrGetExpr); ok {
		if key, ok := index.Key.(*ast.IdentExpr); ok && key.Value == s.Name {
			return index.Object
		}
	}
	return nil
}

// itemsIn returns a list of a kind whose items the body of a loop takes by the
// loop's own variable, or nil.
func itemsIn(s *ast.NumberForStmt, kind func(list ast.Expr) bool) (found ast.Expr) {
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		if list := itemOf(e, s); found == nil && list != nil && kind(list) {
			found = list
		}
	}}
	v.Statements(s.Stmts)
	return found
}

// fraction reports a division that is used as a position.
//
// A script that takes the remainder of the same division knows that there is none.
func (c *script) fraction(e *ast.AttrGetExpr) {
	division, ok := e.Key.(*ast.ArithmeticOpExpr)
	if !ok || division.Operator != "/" {
		return
	}
	if c.divides(division) {
		return
	}
	f := c.at(c.flow.Expr[division].At, "fraction-as-index", "a division can give a fraction, and a list has no items at fractions")
	f.Hint = fmt.Sprintf("round it: math.floor(%s)", c.text(division))
}

// divides reports whether the script asks for the remainder of a division.
func (c *script) divides(division *ast.ArithmeticOpExpr) bool {
	found := false
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		if e, ok := e.(*ast.ArithmeticOpExpr); ok && e.Operator == "%" {
			found = found || c.text(e.Lhs) == c.text(division.Lhs) && c.text(e.Rhs) == c.text(division.Rhs)
		}
	}}
	v.Statements(c.chunk)
	return found
}
