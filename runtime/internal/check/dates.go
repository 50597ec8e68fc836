package check

import (
	"fmt"
	"strconv"
	"time"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/position"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// isoDate matches the forms of ISO 8601 that are taken; in a comparison of texts,
// what Planhat's own form begins with will do.
var (
	isoDate   = pattern.Lazy(`^\d{4}(-\d\d-\d\d([T ].*)?|\d{4})$`)
	isoPrefix = pattern.Lazy(`^(\d{4}(-\d\d(-\d\d([T ].*)?)?)?)?$`)
	digits    = pattern.Lazy(`\d`)
	dayFirst  = pattern.Lazy(`^(\d\d?)[./-](\d\d?)[./-](\d{4})$`)
)

// todayHint is for a date that is compared with a number.
const todayHint = "today's date is time.today(); time.parse(date) converts a date to seconds, the unit of time.now()"

// dateHint says how to write a date that is not in Planhat's form. It names the date
// only if it has one reading: the day cannot be a month.
func dateHint(text string) string {
	if m := dayFirst().FindStringSubmatch(text); m != nil {
		day, month := atoi(m[1]), atoi(m[2])
		at := time.Date(atoi(m[3]), time.Month(month), day, 0, 0, 0, 0, time.UTC)
		if day > 12 && month <= 12 && at.Day() == day {
			return fmt.Sprintf(`write dates as YYYY-MM-DD: "%s"`, at.Format(time.DateOnly))
		}
	}
	return `write dates as YYYY-MM-DD, such as "2026-12-31"`
}

func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// isDate reports whether a value is a date in Planhat's form: a property of that
// type, or what time.today gives.
func (c *script) isDate(e ast.Expr) bool {
	k := c.Value(e)
	if k.Property != nil && !c.setFields[k.Property.Name] {
		return k.Property.Type == catalog.Date && k.Property.Confidence != catalog.Low
	}
	return c.givesDate(e)
}

// givesDate reports whether a value comes from time.today, even through a local.
func (c *script) givesDate(e ast.Expr) bool {
	call, ok := c.origin(e).(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	callee := c.Callee(call)
	return callee.Is("time.today")
}

// origin is the expression that a local got its one value from, the expression
// itself for others.
func (c *script) origin(e ast.Expr) ast.Expr {
	const deepest = 12
	for range deepest {
		name, ok := e.(*ast.IdentExpr)
		if !ok {
			break
		}
		val := c.onlyValue(name)
		if val == nil || val.Expr == nil || val.Place != 0 || val.Many {
			break
		}
		e = val.Expr
	}
	return e
}

// dateComparison reports a date that is compared with something else.
func (c *script) dateComparison(e *ast.RelationalOpExpr) {
	for _, pair := range [][2]ast.Expr{{e.Lhs, e.Rhs}, {e.Rhs, e.Lhs}} {
		if !c.isDate(pair[0]) {
			continue
		}
		other := c.Value(pair[1])
		if text, ok := other.Literal.(*ast.StringExpr); ok {
			if isoPrefix().MatchString(text.Value) || !digits().MatchString(text.Value) {
				return
			}
			f := c.on(pair[1], "date", fmt.Sprintf("%q is compared character by character with a date such as \"2026-12-31\", so the result is wrong", text.Value))
			f.Hint = dateHint(text.Value)
			return
		}
		// Two kinds that time.today and literals make certain are found by
		// themselves.
		if other.IsNumber() && !other.Maybe && c.kind(pair[0]) == "" {
			f := c.on(pair[1], "date", fmt.Sprintf("'%s' is a string such as \"2026-12-31\", so it cannot be compared with a number", c.text(pair[0])))
			f.Hint = todayHint
			return
		}
	}
}

// dateArithmetic reports dates that are calculated with as if they were numbers.
func (c *script) dateArithmetic(e *ast.ArithmeticOpExpr) {
	left, right := c.isDate(e.Lhs), c.isDate(e.Rhs)
	if !left && !right {
		return
	}
	f := c.at(c.flow.Expr[e].At, "date", fmt.Sprintf("'%s' needs numbers, but a date is a string such as \"2026-12-31\"", e.Operator))
	switch {
	case e.Operator == "-" && (left && right || right || !c.Value(e.Rhs).IsNumber()):
		f.Hint = fmt.Sprintf(`to get the days between two dates, write time.diff(%s, %s, "days")`, c.code(e.Lhs), c.code(e.Rhs))
	case e.Operator == "-":
		f.Hint = fmt.Sprintf("to move a date by days, write time.add(%s, { days = -%s })", c.code(e.Lhs), c.code(e.Rhs))
	case e.Operator == "+" && left:
		f.Hint = fmt.Sprintf("to move a date by days, write time.add(%s, { days = %s })", c.code(e.Lhs), c.code(e.Rhs))
	case e.Operator == "+":
		f.Hint = fmt.Sprintf("to move a date by days, write time.add(%s, { days = %s })", c.code(e.Rhs), c.code(e.Lhs))
	default:
		f.Hint = "use time.diff or time.add"
	}
}

// writtenDate reports a string for a date property that is not in Planhat's form.
func (c *script) writtenDate(p *catalog.Property, text string, at position.Span) bool {
	if p.Type != catalog.Date && p.Type != catalog.Days || text == "" || isoDate().MatchString(text) {
		return false
	}
	f := c.between(at.From, at.To, "date", fmt.Sprintf("'%s' takes a date as YYYY-MM-DD, not %q", p.Name, text))
	f.Hint, f.Subject = dateHint(text), p.Name
	return true
}

// optionDate reports a text for an option that is a date, and whether there is one.
func (c *script) optionDate(callee infer.Value, option string, arg ast.Expr) bool {
	model := c.modelOf(callee)
	if model == nil {
		return false
	}
	text, ok := c.Value(arg).Literal.(*ast.StringExpr)
	if !ok || text.Value == "" || isoDate().MatchString(text.Value) || !takesDay(model, option) {
		return false
	}
	f := c.on(arg, "date", fmt.Sprintf("the option '%s' takes a date as YYYY-MM-DD, not %q", option, text.Value))
	f.Hint, f.Subject = dateHint(text.Value), option
	return true
}

// takesDay reports whether an operation of a model has a parameter of that name
// that is a day.
func takesDay(model *catalog.Model, name string) bool {
	for _, op := range model.Operations {
		for _, q := range op.Query {
			if q.Name == name && (q.Type == catalog.Days || q.Type == catalog.Date) {
				return true
			}
		}
	}
	return false
}
