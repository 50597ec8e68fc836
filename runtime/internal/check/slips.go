package check

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// arithmetic reports texts that are added.
func (c *script) arithmetic(e *ast.ArithmeticOpExpr) {
	for _, side := range []ast.Expr{e.Lhs, e.Rhs} {
		k := c.Value(side)
		if what := c.certainTable(side, k); what != "" {
			f := c.at(c.flow.Expr[e].At, "text-arithmetic", fmt.Sprintf("'%s' needs numbers, but '%s' is %s", e.Operator, c.text(side), what))
			if f.Hint = "use one of its fields"; k.IsList() {
				f.Hint = "the number of its items is #" + c.code(side)
			}
			return
		}
		if k.Type != "string" || k.Maybe || k.Topic != nil {
			continue
		}
		text, isLiteral := k.Literal.(*ast.StringExpr)
		if isLiteral {
			if _, ok := number.Parse(strings.TrimSpace(text.Value)); ok {
				continue
			}
		} else if e.Operator != "+" {
			// A text may hold a number; adding texts is most likely meant to
			// join them.
			continue
		}
		if _, concat := side.(*ast.StringConcatOpExpr); !isLiteral && !concat {
			continue
		}
		if other := c.otherSide(e, side); c.mayOverload(e.Operator, other) || e.Operator == "+" && c.addsText(e.Lhs) {
			continue
		}
		f := c.at(c.flow.Expr[e].At, "text-arithmetic", fmt.Sprintf("'%s' needs numbers, but one side is a string", e.Operator))
		if e.Operator == "+" {
			f.Hint = fmt.Sprintf("join strings with two dots: %s .. %s", c.text(e.Lhs), c.text(e.Rhs))
		}
		return
	}
}

// addsText reports whether an operand adds to a text itself, which is reported there.
func (c *script) addsText(e ast.Expr) bool {
	sum, ok := e.(*ast.ArithmeticOpExpr)
	if !ok || sum.Operator != "+" {
		return false
	}
	for _, side := range []ast.Expr{sum.Lhs, sum.Rhs} {
		if text, ok := side.(*ast.StringExpr); ok {
			if _, isNumber := number.Parse(strings.TrimSpace(text.Value)); !isNumber {
				return true
			}
		}
	}
	return c.addsText(sum.Lhs)
}

// otherSide is the operand of an operation that is not the one given.
func (c *script) otherSide(e *ast.ArithmeticOpExpr, side ast.Expr) ast.Expr {
	if side == e.Lhs {
		return e.Rhs
	}
	return e.Lhs
}

// mayOverload reports whether an operand may be an object with operators of its own, as
// those of pattern libraries are. Nearly everybody who adds a name to a text wants to join them,
// unless the script multiplies texts too.
func (c *script) mayOverload(operator string, e ast.Expr) bool {
	k := c.Value(e)
	if k.Type != "" || k.Topic != nil {
		return false
	}
	if operator != "+" || c.overloads() {
		return true
	}
	switch e.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr, *ast.StringConcatOpExpr:
		return false
	case *ast.ArithmeticOpExpr:
		return false
	}
	return true
}

// overloads reports whether the script applies *, /, - or ^ to texts that are no numbers, or
// loads a library that gives operators a meaning for them.
func (c *script) overloads() bool {
	if c.overloading != nil {
		return *c.overloading
	}
	found := false
	isText := func(e ast.Expr) bool {
		text, ok := e.(*ast.StringExpr)
		if !ok {
			return false
		}
		_, isNumber := number.Parse(strings.TrimSpace(text.Value))
		return !isNumber
	}
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.ArithmeticOpExpr:
			found = found || e.Operator != "+" && (isText(e.Lhs) || isText(e.Rhs))
		case *ast.FuncCallExpr:
			name, ok := syntax.Required(e)
			found = found || ok && (name == "lpeg" || name == "lexer" || name == "re")
		case *ast.IdentExpr:
			found = found || e.Value == "lpeg"
		}
	}}
	v.Statements(c.chunk)
	c.overloading = &found
	return found
}

// certainTable describes a value that is a list or a record without operators of its
// own, "" for others.
func (c *script) certainTable(e ast.Expr, k infer.Value) string {
	switch {
	case k.Maybe || k.Topic != nil:
	case k.IsList():
		return "a list"
	case c.manual.Record(k.Type) != nil:
		return "a record"
	case isCall(e) && c.made != nil:
		// A constructor that a function of the script returns as it is.
		if table, ok := k.Literal.(*ast.TableExpr); ok && len(c.made.holders[table]) == 0 {
			return "a table"
		}
	}
	return ""
}

// concatenation reports values that cannot be joined to a text.
func (c *script) concatenation(e *ast.StringConcatOpExpr) {
	for _, side := range []ast.Expr{e.Lhs, e.Rhs} {
		k := c.Value(side)
		what := ""
		switch {
		case k.Maybe:
		case k.IsFunction():
			what = "the function " + k.Topic.Name
		case k.IsModule():
			what = "the module " + k.Topic.Name
		case k.Topic != nil:
		case k.Type == "boolean":
			what = "a boolean"
		case k.Type == "nil" && k.Literal == side:
			what = "nil"
		case !c.isError(k) && (k.IsList() || c.isTable(side, k)):
			if other := c.Value(c.otherOperand(e, side)); k.Literal == side && other.Type == "" {
				continue // an object that styles or lists are added to
			}
			what = "a table"
		case k.Type == "function" && k.Literal != nil, k.IsIterator():
			what = "a function"
		}
		if what == "" {
			continue
		}
		f := c.on(side, "text-arithmetic", fmt.Sprintf("%s cannot be joined to a string with '..'", what))
		switch {
		case k.IsFunction():
			f.Hint = "call it first: " + k.Topic.Signature()
		case what == "a table":
			f.Hint = fmt.Sprintf("use one of its fields, or show the whole table with inspect(%s)", c.code(side))
		default:
			f.Hint = "convert it with tostring(...)"
		}
	}
}

func (c *script) otherOperand(e *ast.StringConcatOpExpr, side ast.Expr) ast.Expr {
	if side == e.Lhs {
		return e.Rhs
	}
	return e.Lhs
}

// isError holds for error objects, which can be joined to texts.
func (c *script) isError(k infer.Value) bool { return strings.HasSuffix(string(k.Type), "Error") }

// pure are the modules of which all functions do nothing but return something.
var pure = map[string]bool{"string": true, "math": true, "text": true, "tables": true}

// acts are functions of these modules that do something besides, or raise.
var acts = map[string]bool{"math.randomseed": true, "math.random": true}

// textMethods are methods that hardly anything but a text has.
var textMethods = map[string]bool{"upper": true, "lower": true, "gsub": true, "reverse": true}

// reads are the operations of models that only read. get_by_id also tells, by
// its error, that a record does not exist.
var reads = map[string]bool{"get_list": true, "get_lean_list": true, "each": true, "get_dimension_data": true, "each_dimension_data": true}

// ignored reports a call whose result is all that it is good for, or holds what
// ought to be looked at.
func (c *script) ignored(e *ast.FuncCallExpr) {
	callee := c.Callee(e)
	f := callee.Function()
	if f == nil && e.Func == nil && textMethods[e.Method] && c.Value(e.Receiver).Type.Only() == "" && !takesFunction(c, e) {
		finding := c.at(c.nameToken(e), "ignored-result", fmt.Sprintf("'%s' does not change anything: it returns the result, which is not used here", e.Method))
		finding.Hint = fmt.Sprintf("write %s = %s", c.text(e.Receiver), c.text(e))
		return
	}
	if f == nil || len(f.Returns) == 0 {
		return
	}
	module, name := callee.Topic.Module.Name, callee.Topic.Name
	switch {
	case pure[module] && !acts[name] && !takesFunction(c, e):
		finding := c.at(c.nameToken(e), "ignored-result", fmt.Sprintf("'%s' does not change anything: it returns the result, which is not used here", name))
		finding.Subject = name
		if _, ok := e.Receiver.(*ast.IdentExpr); ok {
			finding.Hint = fmt.Sprintf("write %s = %s", c.text(e.Receiver), c.text(e))
		} else {
			finding.Hint = "store the result: local result = " + c.text(e)
		}
	case c.isModel(module) && reads[f.Name]:
		finding := c.at(c.nameToken(e), "ignored-result", fmt.Sprintf("'%s' only reads, but its result is not used here", name))
		finding.Hint, finding.Subject = "store it: local result = "+c.text(e), name
	case f.Returns[0].Type == "BulkResult" && !c.strictCall(e) && !c.fewRows(e):
		finding := c.at(c.nameToken(e), "ignored-result", "the result lists the rejected rows, but it is not used here")
		finding.Hint = "store it and check result.errors, or pass { strict = true } to stop at the first rejected row"
		finding.Subject = name
	}
}

// takesFunction reports whether an argument is a function, which may do
// something.
func takesFunction(c *script, e *ast.FuncCallExpr) bool {
	for _, arg := range e.Args {
		if _, ok := arg.(*ast.FunctionExpr); ok {
			return true
		}
		if c.Value(arg).Type.Only() == "" {
			if _, isName := arg.(*ast.IdentExpr); isName && len(e.Args) > 1 {
				return true
			}
		}
	}
	return false
}

func (c *script) isModel(module string) bool {
	t := c.manual.Topic(module)
	return t != nil && t.Kind == manual.KindModel
}

// strictCall reports whether a bulk call has options, which may say strict.
func (c *script) strictCall(e *ast.FuncCallExpr) bool { return len(e.Args) > 1 }

// fewRows reports whether the rows are written out in the script.
func (c *script) fewRows(e *ast.FuncCallExpr) bool {
	if len(e.Args) == 0 {
		return true
	}
	_, ok := e.Args[0].(*ast.TableExpr)
	return ok
}

// usesNothing reports a value that is taken from a function without results.
func (c *script) usesNothing(exprs []ast.Expr) {
	for _, e := range exprs {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok {
			continue
		}
		callee := c.Callee(call)
		f := callee.Function()
		if f == nil || len(f.Returns) > 0 || callee.Topic.Name == "error" || strings.HasPrefix(f.Doc, "Not available: ") {
			continue
		}
		finding := c.at(c.nameToken(call), "no-result", fmt.Sprintf("'%s' returns nothing, so this is nil", callee.Topic.Name))
		finding.Subject = callee.Topic.Name
		switch callee.Topic.Name {
		case "table.sort", "table.insert":
			finding.Hint = "it changes the list itself: call it on its own line, then use the list"
		default:
			finding.Hint = "call it on its own line"
		}
	}
}

// furtherResults reports string.gsub as the last argument of a function that
// takes its second result, the number of matches, for something else.
func (c *script) furtherResults(e *ast.FuncCallExpr) {
	if len(e.Args) == 0 {
		return
	}
	last, ok := e.Args[len(e.Args)-1].(*ast.FuncCallExpr)
	if !ok || last.AdjustRet {
		return
	}
	outer := c.Callee(e)
	if !c.takesFurther(outer, len(e.Args)) {
		return
	}
	inner := c.Callee(last)
	replaces := last.Func == nil && last.Method == "gsub"
	if inner.Topic != nil {
		replaces = inner.Topic.Name == "string.gsub"
	}
	if !replaces {
		return
	}
	f := c.at(c.nameToken(last), "further-results", fmt.Sprintf("gsub returns the string and the number of matches, and %s receives both", outer.Topic.Name))
	f.Hint = fmt.Sprintf("put it in parentheses to keep only the string: (%s)", c.text(last))
}

// takesFurther reports whether a function takes an argument after those that it is
// given for something, or refuses it.
func (c *script) takesFurther(callee infer.Value, given int) bool {
	if callee.Is("tonumber") || callee.Is("table.insert") {
		return true
	}
	f := callee.Function()
	if f == nil || f.Variadic || callee.Topic.Module == nil || c.manual.IsLuaLibrary(callee.Topic.Module.Name) || callee.Topic.Module.Name == "" {
		return false
	}
	return len(f.Params) >= given
}

// independent reports whether expressions use nothing that the loop changes.
func (c *script) independent(exprs []ast.Expr, loop ast.Stmt) bool {
	span := c.flow.Stmt[loop]
	free := true
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.FuncCallExpr, *ast.FunctionExpr, *ast.Comma3Expr:
			free = false
		case *ast.IdentExpr:
			v := c.flow.Resolved[e]
			if v == nil {
				free = free && c.known[e.Value]
				return
			}
			for _, val := range v.Values {
				if val.Token >= span.From && val.Token <= span.To {
					free = false
				}
			}
			free = free && !v.Changed
		}
	}}
	v.Expressions(exprs)
	return free
}

// emptyBlock reports branches and loops with nothing in them. They matter if the whole
// statement is useless: nothing else is in it.
func (c *script) emptyBlock(stmts []ast.Stmt, from, to int, what string, useless bool) {
	if len(stmts) > 0 {
		return
	}
	// A comment says why there is nothing.
	first, last := c.flow.Tokens[from], c.flow.Tokens[to]
	for _, comment := range c.comments {
		if comment.Start > first.Start && comment.End < last.End {
			return
		}
	}
	f := c.at(from, "empty-block", "this "+what+" is empty")
	f.Hint, f.minor = "add code, remove it, or explain in a comment why it is empty", !useless
}
