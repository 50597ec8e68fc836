package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// typeNames are what type() may return.
var typeNames = []string{"nil", "number", "string", "boolean", "table", "function", "thread", "userdata"}

// comparison reports comparisons that always come out the same way.
func (c *script) comparison(e *ast.RelationalOpExpr) {
	if c.comparesNot(e) {
		return
	}
	if first, ok := e.Lhs.(*ast.RelationalOpExpr); ok && !c.inParentheses(e.Lhs) {
		f := c.constant(e, fmt.Sprintf("comparisons cannot be chained: this compares true or false with %s", c.text(e.Rhs)))
		f.Hint = fmt.Sprintf("write %s %s %s and %s %s %s", c.code(first.Lhs), first.Operator, c.code(first.Rhs), c.code(first.Rhs), e.Operator, c.code(e.Rhs))
		return
	}
	if e.Operator != "==" && e.Operator != "~=" {
		c.comparesKinds(e)
		return
	}
	if c.comparesError(e) || c.comparesBoolean(e) {
		return
	}
	for _, pair := range [][2]ast.Expr{{e.Lhs, e.Rhs}, {e.Rhs, e.Lhs}} {
		if c.comparesType(e, pair[0], pair[1]) || c.comparesConstant(e, pair[0], pair[1]) || c.comparesKnown(pair[0], pair[1]) {
			return
		}
	}
	c.comparesKinds(e)
}

// comparesNot reports not a == b, in which not comes first. Two truth values may be
// compared like that.
func (c *script) comparesNot(e *ast.RelationalOpExpr) bool {
	not, ok := e.Lhs.(*ast.UnaryNotOpExpr)
	if !ok || c.inParentheses(e.Lhs) {
		return false
	}
	if _, ok := e.Rhs.(*ast.UnaryNotOpExpr); ok || c.Value(e.Rhs).Type == "boolean" && !isConstant(e.Rhs) {
		return false
	}
	left, right := c.text(not.Expr), c.text(e.Rhs)
	f := c.constant(e, fmt.Sprintf("'not' is applied before '%s', so this compares true or false with %s", e.Operator, right))
	switch e.Operator {
	case "==":
		f.Hint = fmt.Sprintf("write %s ~= %s", left, right)
	case "~=":
		f.Hint = fmt.Sprintf("write %s == %s", left, right)
	default:
		f.Severity = report.Error
		f.Message = fmt.Sprintf("'not' is applied before '%s', so this compares true or false with %s, which raises an error", e.Operator, right)
		f.Hint = fmt.Sprintf("write not (%s %s %s)", left, e.Operator, right)
	}
	return true
}

// outcome tells what a comparison of unequal things gives.
func outcome(operator string) string {
	if operator == "==" {
		return "never true"
	}
	return "always true"
}

// comparesType reports type(x) compared with what it never is.
func (c *script) comparesType(e *ast.RelationalOpExpr, call, other ast.Expr) bool {
	asked, ok := call.(*ast.FuncCallExpr)
	if !ok || asked.Func == nil || len(asked.Args) != 1 || !c.Callee(asked).Is("type") {
		return false
	}
	switch other := other.(type) {
	case *ast.NilExpr:
		c.constant(e, "type(...) returns a string, so this is "+outcome(e.Operator)).Hint = fmt.Sprintf("write type(%s) %s \"nil\", or %s %s nil", c.code(asked.Args[0]), e.Operator, c.code(asked.Args[0]), e.Operator)
		return true
	case *ast.StringExpr:
		if slices.Contains(typeNames, other.Value) {
			return false
		}
		f := c.constant(e, fmt.Sprintf("type(...) never returns %q%s, so this is %s", other.Value, catalog.DidYouMean(other.Value, typeNames), outcome(e.Operator)))
		f.Hint = "the types are: " + strings.Join(typeNames, ", ")
		if slices.Contains([]string{"int", "integer", "float", "double"}, other.Value) {
			f.Hint = "the type of every number is \"number\""
		}
		return true
	}
	return false
}

// comparesConstant reports comparisons with texts and tables that nothing is
// equal to.
func (c *script) comparesConstant(e *ast.RelationalOpExpr, value, constant ast.Expr) bool {
	switch constant := constant.(type) {
	case *ast.StringExpr:
		if constant.Value == "nil" && !c.mayHoldNil(value) {
			f := c.constant(e, "\"nil\" in quotes is a string, not nil")
			f.Hint = fmt.Sprintf("write %s %s nil", c.text(value), e.Operator)
			return true
		}
		if (constant.Value == "true" || constant.Value == "false") && c.Value(value).Type == "boolean" {
			f := c.constant(e, fmt.Sprintf("%q in quotes is a string, so this is %s", constant.Value, outcome(e.Operator)))
			f.Hint = "remove the quotes"
			return true
		}
	case *ast.TableExpr:
		f := c.constant(e, "each { } is a new table, which never equals another one, so this is "+outcome(e.Operator))
		if len(constant.Fields) == 0 {
			f.Hint = "to test for an empty table, write next(t) == nil"
		}
		return true
	}
	return c.comparesNull(e, value, constant)
}

// comparesNull reports a property of a record compared with json.null, which
// it never is.
func (c *script) comparesNull(e *ast.RelationalOpExpr, value, constant ast.Expr) bool {
	k := c.Value(constant)
	if k.Topic == nil || k.Topic.Name != "json.null" {
		return false
	}
	index, ok := value.(*ast.AttrGetExpr)
	if !ok || c.manual.Record(c.Value(index.Object).Type) == nil {
		return false
	}
	f := c.constant(e, "an empty property of a record is nil, not json.null, so this is "+outcome(e.Operator))
	f.Hint = fmt.Sprintf("write %s %s nil; use json.null only to clear a property", c.text(value), e.Operator)
	return true
}

// mayHoldNil reports whether a value may be the text "nil": the name of a type, or
// what tostring made.
func (c *script) mayHoldNil(e ast.Expr) bool {
	if name, ok := e.(*ast.IdentExpr); ok {
		if val := c.onlyValue(name); val != nil && val.Expr != nil && val.Place == 0 {
			e = val.Expr
		}
	}
	if call, ok := e.(*ast.FuncCallExpr); ok {
		callee := c.Callee(call)
		return callee.Topic == nil || callee.Topic.Name == "tostring" || callee.Topic.Name == "type"
	}
	return c.comparedWithTypes()[c.text(e)]
}

// comparedWithTypes are the values that the script compares with names of types.
func (c *script) comparedWithTypes() map[string]bool {
	if c.typed != nil {
		return c.typed
	}
	c.typed = map[string]bool{}
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		comparison, ok := e.(*ast.RelationalOpExpr)
		if !ok {
			return
		}
		if text, ok := comparison.Rhs.(*ast.StringExpr); ok && text.Value != "nil" && slices.Contains(typeNames, text.Value) {
			c.typed[c.text(comparison.Lhs)] = true
		}
	}}
	v.Statements(c.chunk)
	return c.typed
}

// comparesKinds reports values of two types that are compared: they are never
// equal, and have no order, so asking for that raises an error.
func (c *script) comparesKinds(e *ast.RelationalOpExpr) {
	left, right := c.kind(e.Lhs), c.kind(e.Rhs)
	if e.Operator != "==" && e.Operator != "~=" {
		if left == "" && c.certainTable(e.Lhs, c.Value(e.Lhs)) != "" {
			left = "table"
		}
		if right == "" && c.certainTable(e.Rhs, c.Value(e.Rhs)) != "" {
			right = "table"
		}
	}
	if left == "" || right == "" || left == right {
		return
	}
	f := c.constant(e, fmt.Sprintf("a %s and a %s are never equal, so this is %s", left, right, outcome(e.Operator)))
	hint := "to compare them as numbers, convert the string with tonumber(...)"
	if e.Operator != "==" && e.Operator != "~=" {
		f.Message = fmt.Sprintf("a %s and a %s cannot be compared with '%s': this raises an error", left, right, e.Operator)
		f.Severity, hint = report.Error, "convert the string with tonumber(...)"
	}
	switch {
	case c.givesDate(e.Lhs) || c.givesDate(e.Rhs):
		f.Hint = todayHint
	case left == "table" || right == "table":
		f.Hint = "compare one of the table's fields, or the number of a list's items: #list"
	case left != "boolean" && right != "boolean" && c.mayBeNumber(e.Lhs) && c.mayBeNumber(e.Rhs):
		f.Hint = hint
	}
}

// mayBeNumber reports whether tonumber may turn a value into a number.
func (c *script) mayBeNumber(e ast.Expr) bool {
	text, literal := c.Value(e).Literal.(*ast.StringExpr)
	if !literal {
		return true
	}
	_, ok := number.Parse(text.Value)
	return ok
}

// kind is the Lua type of a value that is certain: text, number, truth value.
func (c *script) kind(e ast.Expr) string {
	k := c.Value(e)
	if k.Maybe || k.Topic != nil && k.Topic.Value == nil {
		return ""
	}
	switch k.Type {
	case "string", "number", "boolean":
		return string(k.Type)
	case "integer":
		return "number"
	}
	return ""
}
