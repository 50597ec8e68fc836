package check

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// question is a place that asks whether a value counts as true: a condition, the
// operand of not, a comparison with nil, or what comes before and.
type question struct {
	value ast.Expr
	// negated is set if it asks whether the value is false or nil.
	negated bool
	// decides is set if both outcomes lead somewhere, so that one of them is
	// never taken.
	decides bool
	// then is the branch of an if that is taken.
	then []ast.Stmt
	// at is the expression to report.
	at ast.Expr
}

// truths are the questions of a script.
type truths struct {
	// whole is the condition that an operand is part of.
	whole map[ast.Expr]ast.Expr
	asked map[ast.Expr]bool
	// numbers and texts are the variables that are known to hold only such values.
	numbers, texts map[*flow.Variable]bool
}

// wholeOf returns the condition that an expression is part of.
func (c *script) wholeOf(e ast.Expr) ast.Expr {
	if whole := c.truth.whole[e]; whole != nil {
		return whole
	}
	return e
}

// isPart notes that an expression's operands belong to the same condition.
func (c *script) isPart(e ast.Expr, operands ...ast.Expr) {
	if c.truth.whole == nil {
		c.truth = truths{
			whole: map[ast.Expr]ast.Expr{}, asked: map[ast.Expr]bool{},
			numbers: map[*flow.Variable]bool{}, texts: map[*flow.Variable]bool{},
		}
	}
	whole := c.wholeOf(e)
	for _, operand := range operands {
		c.truth.whole[operand] = whole
	}
}

// asksTruth looks at the condition of a statement.
func (c *script) asksTruth(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.IfStmt:
		c.asksParts(s.Condition, question{decides: len(s.Else) > 0, then: s.Then})
	case *ast.WhileStmt:
		if _, ok := s.Condition.(*ast.IdentExpr); !ok || !ends(s.Stmts) {
			c.asksParts(s.Condition, question{decides: true})
		}
	case *ast.RepeatStmt:
		c.asksParts(s.Condition, question{decides: true})
	}
}

// ends reports whether statements may leave the loop that they are in.
func ends(stmts []ast.Stmt) bool {
	found := false
	v := syntax.Visitor{Shallow: true, Stmt: func(s ast.Stmt) {
		switch s.(type) {
		case *ast.BreakStmt, *ast.ReturnStmt:
			found = true
		}
	}}
	v.Statements(stmts)
	return found
}

// asksParts asks about each operand of and and or in a condition.
func (c *script) asksParts(e ast.Expr, q question) {
	for {
		both, ok := e.(*ast.LogicalOpExpr)
		if !ok {
			break
		}
		c.isPart(both, both.Lhs, both.Rhs)
		c.asksParts(both.Rhs, q)
		e = both.Lhs
	}
	q.value, q.at = e, e
	if compared, ok := e.(*ast.RelationalOpExpr); ok && c.comparesNil(compared) {
		q.value, q.negated = compared.Lhs, compared.Operator == "=="
	}
	c.ask(q)
}

// asksInside looks at an expression that asks for itself, wherever it is.
func (c *script) asksInside(e ast.Expr) {
	switch e := e.(type) {
	case *ast.UnaryNotOpExpr:
		c.isPart(e, e.Expr)
		if _, ok := e.Expr.(*ast.LogicalOpExpr); !ok {
			c.ask(question{value: e.Expr, negated: true, at: e})
		}
	case *ast.RelationalOpExpr:
		c.isPart(e, e.Lhs, e.Rhs)
		if not, ok := e.Lhs.(*ast.UnaryNotOpExpr); ok && !c.inParentheses(not) {
			c.truth.asked[not] = true // not a == b is reported as that
		}
		if c.comparesNil(e) {
			c.ask(question{value: e.Lhs, negated: e.Operator == "==", at: e})
		}
	case *ast.LogicalOpExpr:
		c.isPart(e, e.Lhs, e.Rhs)
		if and, ok := e.Lhs.(*ast.LogicalOpExpr); ok && e.Operator == "or" && and.Operator == "and" {
			c.isPart(and, and.Lhs, and.Rhs)
			c.asksParts(and.Lhs, question{decides: true})
		}
	}
}

func (c *script) comparesNil(e *ast.RelationalOpExpr) bool {
	return (e.Operator == "==" || e.Operator == "~=") && c.isNil(e.Rhs) && !c.isNil(e.Lhs)
}

// ask reports a question that has one answer only, as the value is never nil or
// false.
func (c *script) ask(q question) {
	if c.truth.asked[q.at] {
		return
	}
	what, instead := c.neverFalse(q)
	if what == "" || c.mentionedAgain(q.value, c.wholeOf(q.at)) {
		return
	}
	c.isPart(q.at)
	c.truth.asked[q.at] = true
	answer := "always true"
	if q.negated {
		answer = "never true"
	}
	f := c.on(q.at, "always-true", fmt.Sprintf("%s, so this is %s", what, answer))
	f.Hint = instead
}

// neverFalse says why a value always counts as true, "" if it may not, or if the
// question does no harm. instead is what to ask.
func (c *script) neverFalse(q question) (why, instead string) {
	k := c.Value(q.value)
	value := c.code(q.value)
	written := func(operator, negated string) string {
		if q.negated {
			operator = negated
		}
		return fmt.Sprintf("write "+operator, value)
	}
	if call, ok := q.value.(*ast.FuncCallExpr); ok && q.at != q.value && c.Callee(call).Is("type") {
		return "", "" // comparesType reports that
	}
	if isConstant(q.value) || k.Maybe || k.Is("arg") || c.isOwnGlobal(q.value) {
		return "", ""
	}
	switch {
	case c.isCount(q.value, k):
		return "a number counts as true, even 0", written("%s > 0", "%s == 0")
	case c.holdsOnly(q.value, k, c.truth.numbers, c.isNumberExpr):
		return "a number counts as true, even 0", written("%s ~= 0", "%s == 0")
	case c.holdsOnly(q.value, k, c.truth.texts, c.isTextExpr):
		return "a string counts as true, even an empty one", written(`%s ~= ""`, `%s == ""`)
	case k.IsList() || c.isOwnList(q.value, k):
		if !q.negated && !q.decides && (q.then == nil || c.onlyLoops(q.then, q.value)) {
			return "", ""
		}
		return "a list counts as true, even an empty one", written("#%s > 0", "#%s == 0")
	}
	return c.neverNil(q, k)
}

// neverNil is for records that a call returns or raises an error.
func (c *script) neverNil(q question, k infer.Value) (why, instead string) {
	call, ok := c.origin(q.value).(*ast.FuncCallExpr)
	if !ok || k.Type == "" || c.manual.Record(k.Type) == nil && c.manual.Fields(k.Type) == nil {
		return "", ""
	}
	callee := c.Callee(call)
	f := callee.Function()
	if f == nil || !c.isModel(callee.Topic.Module.Name) || len(f.Returns) == 0 || f.Returns[0].Type.Nilable() {
		return "", ""
	}
	if f.Name != "get_by_id" && !q.negated && !q.decides {
		return "", ""
	}
	name := "value"
	if variable, ok := q.value.(*ast.IdentExpr); ok {
		name = variable.Value
	}
	given := c.code(call.Func)
	for _, arg := range call.Args {
		given += ", " + c.code(arg)
	}
	return fmt.Sprintf("%s raises an error if it fails, and never returns nil", callee.Topic.Name),
		fmt.Sprintf("to get nil instead, write local %s, err = planhat.try(%s)", name, given)
}

// isOwnGlobal reports whether a name is a global that the script sets, which may be
// nil before.
func (c *script) isOwnGlobal(e ast.Expr) bool {
	name, ok := e.(*ast.IdentExpr)
	return ok && c.flow.Resolved[name] == nil && c.setGlobals[name.Value]
}

// isCount reports whether a value is a number of things: a length, or a whole number
// that a call returns.
func (c *script) isCount(e ast.Expr, k infer.Value) bool {
	switch e.(type) {
	case *ast.UnaryLenOpExpr:
		return true
	case *ast.AttrGetExpr, *ast.FuncCallExpr:
		return k.Type == "integer" && k.Topic == nil
	}
	return false
}

// holdsOnly reports whether an expression is of a kind, or a local that only ever holds
// such values. A constant that is set once may be a switch.
func (c *script) holdsOnly(e ast.Expr, k infer.Value, known map[*flow.Variable]bool, kind func(e ast.Expr, v *flow.Variable) bool) bool {
	name, ok := e.(*ast.IdentExpr)
	if !ok {
		return kind(e, nil)
	}
	v := c.flow.Resolved[name]
	if v == nil || v.Kind != flow.LocalVar || len(v.Values) == 0 || len(v.Values) == 1 && isConstant(v.Values[0].Expr) && k.Literal != nil {
		return false
	}
	holds, done := known[v]
	if !done {
		holds = !slices.ContainsFunc(v.Values, func(val *flow.Value) bool {
			return val.Expr == nil || val.Place > 0 || !kind(val.Expr, v)
		})
		if known != nil {
			known[v] = holds
		}
	}
	return holds
}

// isNumberExpr reports whether an expression is a number for certain, if the variable
// holds one.
func (c *script) isNumberExpr(e ast.Expr, v *flow.Variable) bool {
	switch e := e.(type) {
	case *ast.NumberExpr, *ast.UnaryLenOpExpr:
		return true
	case *ast.ArithmeticOpExpr:
		return (c.isNumberExpr(e.Lhs, v) || c.names(e.Lhs, v)) && (c.isNumberExpr(e.Rhs, v) || c.names(e.Rhs, v) || v != nil && c.names(e.Lhs, v))
	}
	k := c.Value(e)
	return k.IsNumber() && !k.Maybe
}

// isTextExpr is the same for strings.
func (c *script) isTextExpr(e ast.Expr, v *flow.Variable) bool {
	switch e := e.(type) {
	case *ast.StringExpr:
		return true
	case *ast.StringConcatOpExpr:
		return c.isTextExpr(e.Lhs, v) || c.names(e.Lhs, v) || c.isTextExpr(e.Rhs, v)
	}
	k := c.Value(e)
	return k.IsText() && !k.Maybe
}

// names reports whether an expression is the name of a variable.
func (c *script) names(e ast.Expr, v *flow.Variable) bool {
	name, ok := e.(*ast.IdentExpr)
	return ok && v != nil && c.flow.Resolved[name] == v
}

// isOwnList reports whether a name is a local whose one value is an empty table that
// the script fills by position, so it is a list.
func (c *script) isOwnList(e ast.Expr, k infer.Value) bool {
	table, ok := k.Literal.(*ast.TableExpr)
	if !ok || len(table.Fields) > 0 {
		return false
	}
	v, settled := c.holder(e, table)
	if !settled || v == nil || v.Kind != flow.LocalVar || v.Fn == nil || len(v.Values) != 1 || len(v.Items) == 0 {
		return false
	}
	for _, item := range v.Items {
		if item.Key != nil && !c.addsItem(item.Key, v) {
			return false
		}
	}
	return true
}

// addsItem matches #list + 1.
func (c *script) addsItem(key ast.Expr, v *flow.Variable) bool {
	sum, ok := key.(*ast.ArithmeticOpExpr)
	if !ok || sum.Operator != "+" {
		return false
	}
	length, ok := sum.Lhs.(*ast.UnaryLenOpExpr)
	return ok && c.names(length.Expr, v)
}

// onlyLoops reports whether statements begin with a loop over a value, which does
// nothing if it is empty.
func (c *script) onlyLoops(stmts []ast.Stmt, value ast.Expr) bool {
	if len(stmts) == 0 {
		return true
	}
	switch s := stmts[0].(type) {
	case *ast.GenericForStmt:
		return c.mentions(s.Exprs, value) > 0
	case *ast.NumberForStmt:
		return c.mentions([]ast.Expr{s.Limit, s.Init}, value) > 0
	}
	return false
}

// mentionedAgain reports whether a condition uses a value once more: the question
// guards the other use.
func (c *script) mentionedAgain(value, whole ast.Expr) bool {
	return whole != value && c.mentions([]ast.Expr{whole}, value) > 1
}

// mentions counts the expressions in others that are written like one.
func (c *script) mentions(in []ast.Expr, e ast.Expr) int {
	text, n := c.text(e), 0
	v := syntax.Visitor{Expr: func(other ast.Expr) {
		if c.text(other) == text {
			n++
		}
	}}
	v.Expressions(in)
	return n
}

// orTrue reports a default of true that also replaces false.
// What is stored under another name may be a choice between a value and true.
func (c *script) orTrue(names []string, values []ast.Expr) {
	for i, e := range values {
		or, ok := e.(*ast.LogicalOpExpr)
		if !ok || or.Operator != "or" {
			continue
		}
		if _, ok := or.Rhs.(*ast.TrueExpr); !ok || i >= len(names) || names[i] != namesOf([]ast.Expr{or.Lhs})[0] {
			continue
		}
		switch given := or.Lhs.(type) {
		case *ast.IdentExpr:
			if v := c.flow.Resolved[given]; v != nil && v.Kind == flow.Argument {
				c.defaultsToTrue(or)
			}
		case *ast.AttrGetExpr:
			c.defaultsToTrue(or)
		}
	}
}

// namesOf returns the last names of variables and fields, "" for others.
func namesOf(list []ast.Expr) []string {
	names := make([]string, len(list))
	for i, e := range list {
		switch e := e.(type) {
		case *ast.IdentExpr:
			names[i] = e.Value
		case *ast.StringExpr:
			names[i] = e.Value
		case *ast.AttrGetExpr:
			if key, ok := e.Key.(*ast.StringExpr); ok {
				names[i] = key.Value
			}
		}
	}
	return names
}

func (c *script) defaultsToTrue(or *ast.LogicalOpExpr) {
	if k := c.Value(or.Lhs); k.Type != "" && k.Type != "boolean" {
		return
	}
	f := c.on(or, "always-true", fmt.Sprintf("'or true' also replaces false, so this is true even if '%s' is false", c.text(or.Lhs)))
	f.Hint = fmt.Sprintf("to replace only nil, write %s ~= false", c.text(or.Lhs))
}
