package check

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// cellComparison reports a cell of a CSV file, or a property, that is compared with a
// value of another type.
func (c *script) cellComparison(e *ast.RelationalOpExpr) {
	for _, pair := range [][2]ast.Expr{{e.Lhs, e.Rhs}, {e.Rhs, e.Lhs}} {
		other := c.Value(pair[1])
		if column := c.cell(pair[0]); column != "" && other.IsNumber() && !other.Maybe {
			f := c.on(pair[0], "cell-as-number", fmt.Sprintf("the cell '%s' is text, so it cannot be compared with a number: this raises an error", c.text(pair[0])))
			if e.Operator == "==" || e.Operator == "~=" {
				f.Message = fmt.Sprintf("the cell '%s' is text, which never equals a number, so this is %s", c.text(pair[0]), outcome(e.Operator))
			}
			f.Hint, f.Subject = convertHint(column), column
			if c.givesTime(pair[1]) {
				f.Hint = fmt.Sprintf("compare times as numbers: time.parse(%s)", c.code(pair[0]))
			}
			return
		}
		if column := c.cell(pair[0]); column != "" && other.Type == "boolean" && !other.Maybe && (e.Operator == "==" || e.Operator == "~=") {
			f := c.on(pair[0], "cell-as-number", fmt.Sprintf("the cell '%s' is text, which never equals a boolean, so this is %s", c.text(pair[0]), outcome(e.Operator)))
			f.Hint, f.Subject = fmt.Sprintf("let the module convert the column: { types = { [%q] = \"boolean\" } }", column), column
			return
		}
		if c.propertyComparison(e, pair[0], other) {
			return
		}
	}
}

func convertHint(column string) string {
	return fmt.Sprintf("let the module convert the column: { numbers = { %q } }", column)
}

// givesTime reports whether a number is a point in time.
func (c *script) givesTime(e ast.Expr) bool {
	call, ok := c.origin(e).(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	callee := c.Callee(call)
	return callee.Is("time.now") || callee.Is("os.time") || callee.Is("time.parse")
}

// cellArithmetic reports a cell that is calculated with. Lua reads a text as a number if
// it can, so this is only a warning.
func (c *script) cellArithmetic(e *ast.ArithmeticOpExpr) {
	for _, side := range []ast.Expr{e.Lhs, e.Rhs} {
		column := c.cell(side)
		if column == "" {
			continue
		}
		f := c.on(side, "cell-as-number", fmt.Sprintf("the cell '%s' is text, so '%s' raises an error in a row that has 1,500 or 12 EUR there", c.text(side), e.Operator))
		f.Hint, f.Subject, f.Severity = convertHint(column)+"; an empty cell is nil in both cases", column, report.Warning
		return
	}
}

// cell returns the column of a cell that is certain to be text or nil, "" for other
// values.
func (c *script) cell(e ast.Expr) string {
	index, ok := c.origin(e).(*ast.AttrGetExpr)
	if !ok {
		return ""
	}
	key, ok := index.Key.(*ast.StringExpr)
	if !ok || c.setFields[key.Value] || c.targets[index] {
		return ""
	}
	call := c.rowOf(index.Object)
	if call == nil || c.converted(call, key.Value) {
		return ""
	}
	return key.Value
}

// givesNoNumber reports tonumber of a text that is written out and is not a number.
func (c *script) givesNoNumber(e *ast.FuncCallExpr) {
	if len(e.Args) != 1 || !c.Callee(e).Is("tonumber") {
		return
	}
	text, ok := c.literal(e.Args[0]).(string)
	if _, isNumber := number.Parse(text); !ok || isNumber || !grouped().MatchString(text) || c.tries(e) {
		return
	}
	f := c.on(e.Args[0], "wrong-value", fmt.Sprintf("tonumber returns nil for %q: it takes digits and a decimal point only", text))
	f.Hint = fmt.Sprintf("write money.parse(%s, { decimal = \".\" }), or with \",\" if that is the decimal sign", c.code(e.Args[0]))
}

// grouped matches numbers with groups of digits, a decimal comma or a currency.
var grouped = pattern.Lazy(`^\s*[$€£]?\s*-?\d[\d.,' ]*\s*([$€£%]|[A-Z]{3})?\s*$`)

// rowOf returns the call of csv that a value is a row of, or nil.
func (c *script) rowOf(e ast.Expr) *ast.FuncCallExpr {
	switch e := c.origin(e).(type) {
	case *ast.IdentExpr:
		v := c.flow.VariableOf(e)
		val := c.onlyValue(e)
		if v == nil || val == nil || !val.First {
			return nil
		}
		loop, ok := v.Loop.(*ast.GenericForStmt)
		if !ok || len(loop.Exprs) != 1 {
			return nil
		}
		return c.loopRows(loop, v)
	case *ast.AttrGetExpr:
		if _, field := e.Key.(*ast.StringExpr); !field {
			return c.reads(e.Object, "csv.read", "csv.parse")
		}
	}
	return nil
}

func (c *script) loopRows(loop *ast.GenericForStmt, v *flow.Variable) *ast.FuncCallExpr {
	over := loop.Exprs[0]
	if call, ok := over.(*ast.FuncCallExpr); ok && c.Callee(call).Is("ipairs") && len(call.Args) == 1 && v.Place == 1 {
		return c.reads(call.Args[0], "csv.read", "csv.parse")
	}
	if v.Place == 0 {
		return c.reads(over, "csv.rows")
	}
	return nil
}

// reads returns the call of one of some functions that a value comes from, or nil.
func (c *script) reads(e ast.Expr, names ...string) *ast.FuncCallExpr {
	call, ok := c.origin(e).(*ast.FuncCallExpr)
	if !ok {
		return nil
	}
	callee := c.Callee(call)
	if !slices.ContainsFunc(names, callee.Is) {
		return nil
	}
	return call
}

// converted reports whether the options of a call may convert the cells of a column.
func (c *script) converted(call *ast.FuncCallExpr, column string) bool {
	if len(call.Args) < 2 {
		return false
	}
	table, direct := c.tableOf(call.Args[1])
	if table == nil {
		return true
	}
	if !direct {
		if v, settled := c.holder(call.Args[1], table); !settled || v != nil && (c.escapes(v) || len(v.Fields) > 0 || len(v.Items) > 0) {
			return true
		}
	}
	for _, field := range table.Fields {
		key, named := field.Key.(*ast.StringExpr)
		if !named {
			return true
		}
		columns, written := c.tableOf(field.Value)
		switch {
		case key.Value != "numbers" && key.Value != "types":
		case columns == nil || !written:
			return true
		default:
			for _, one := range columns.Fields {
				name, isName := one.Key.(*ast.StringExpr)
				if one.Key == nil {
					name, isName = one.Value.(*ast.StringExpr)
				}
				if !isName || name.Value == column {
					return true
				}
			}
		}
	}
	return false
}

// propertyComparison reports a property that is compared with a literal of another type,
// such as an id with a number. The property may be nil, which makes no difference.
func (c *script) propertyComparison(e *ast.RelationalOpExpr, side ast.Expr, other infer.Value) bool {
	k := c.Value(side)
	p := k.Property
	if p == nil || !k.Maybe || p.Confidence == catalog.Low || c.setFields[p.Name] {
		return false
	}
	what, written := "", ""
	switch lit := other.Literal.(type) {
	case *ast.NumberExpr:
		if p.Type == catalog.String || p.Type == catalog.ObjectID {
			what, written = "text", fmt.Sprintf("%q", lit.Value)
		}
	case *ast.StringExpr:
		if n, ok := number.Parse(lit.Value); ok && (p.Type == catalog.Number || p.Type == catalog.Integer) {
			what, written = "a number", number.Format(n)
		}
	}
	if what == "" {
		return false
	}
	f := c.constant(e, fmt.Sprintf("'%s' is %s, which never equals %s, so this is %s", p.Name, what, c.text(other.Literal), outcome(e.Operator)))
	if e.Operator != "==" && e.Operator != "~=" {
		f.Message = fmt.Sprintf("'%s' is %s, so it cannot be compared with %s: this raises an error", p.Name, what, c.text(other.Literal))
	}
	f.Severity, f.Subject = report.Error, p.Name
	if what == "a number" || e.Operator == "==" || e.Operator == "~=" {
		f.Hint = "write " + written
	}
	return true
}
