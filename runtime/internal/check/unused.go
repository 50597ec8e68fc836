package check

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// kindNames are the words for what declares a variable.
var kindNames = map[varKind]string{localVar: "local", argument: "argument", loopVar: "loop variable"}

// unused reports values and variables that nobody reads.
func (c *script) unused() {
	for _, v := range c.flow.vars {
		if v.name != "_" {
			c.unusedVariable(v)
		} else if len(v.values) == 1 && v.values[0].empty && !v.values[0].used && !v.values[0].changed {
			c.at(v.token, "unused-local", "'_' is declared but never assigned").Subject = v.name
		}
	}
	c.unusedRecursion()
}

func (c *script) unusedVariable(v *variable) {
	only := v.values[0]
	switch {
	case v.holdsFunction():
		last := v.values[len(v.values)-1]
		switch {
		case last.used:
		case !v.read && !v.changed && !slices.Contains(v.fn.steps, last.step) && !last.first:
			// Set somewhere far away: what is in vain is the variable.
			c.neverRead(v, false)
		default:
			c.neverUsed(last)
		}
	case len(v.values) == 1:
		switch {
		case meantUnused(v):
		case !only.used && only.changed:
			if !only.shows() {
				c.neverRead(v, true)
			}
		case !only.used:
			c.neverUsed(only)
		case only.used && only.empty:
			c.at(v.token, "never-set", fmt.Sprintf("'%s' is read but never assigned, so it is always nil", v.name)).Subject = v.name
		}
	case !v.read && !v.changed:
		c.neverRead(v, false)
	default:
		c.unusedValues(v)
	}
}

// meantUnused reports whether the name of an argument, such as _row, says that
// nobody needs it.
func meantUnused(v *variable) bool { return v.kind == argument && silent().MatchString(v.name) }

var silent = pattern.Lazy(`^_[A-Za-z]`)

// shows reports whether somebody else may hold the same table, so that setting
// its fields is not in vain.
func (val *value) shows() bool {
	if val.first && val.v.kind != localVar || val.isFunction() {
		return true
	}
	switch val.expr.(type) {
	case *ast.IdentExpr, *ast.AttrGetExpr, *ast.FuncCallExpr, *ast.Comma3Expr, *ast.LogicalOpExpr,
		*ast.RelationalOpExpr, *ast.ArithmeticOpExpr, *ast.StringConcatOpExpr,
		*ast.UnaryLenOpExpr, *ast.UnaryMinusOpExpr, *ast.UnaryNotOpExpr:
		return true
	}
	return false
}

// neverUsed reports a variable whose only value is not used.
func (c *script) neverUsed(val *value) {
	v := val.v
	name, message, hint := "unused-local", fmt.Sprintf("'%s' is never used", v.name), "remove it, or use it"
	switch {
	case v.name == "...":
		name, message, hint = "unused-argument", "the variable arguments '...' are never used", "remove ... from the parameters"
	case v.implicit:
		name, message = "unused-argument", "the method does not use 'self'"
		hint = "define and call it with a dot instead of the colon: function object.name() ... end"
	case v.kind == argument:
		name, message = "unused-argument", fmt.Sprintf("the argument '%s' is never used", v.name)
		hint = fmt.Sprintf("remove it, or rename it to '_%s' if this is intended", v.name)
	case v.kind == loopVar:
		name, message = "unused-loop-variable", fmt.Sprintf("the loop variable '%s' is never used", v.name)
		hint = "rename it to '_' if this is intended"
	case val.many:
		hint = "rename it to '_' if this is intended"
	case val.isFunction():
		name, message, hint = "unused-function", fmt.Sprintf("the function '%s' is never used", v.name), "remove it, or call it"
	}
	f := c.at(val.token, name, message)
	f.Hint, f.Subject = hint, v.name
}

// neverRead reports a variable that gets values, or fields, and is not read.
func (c *script) neverRead(v *variable, changed bool) {
	name := map[varKind]string{localVar: "unused-local", argument: "unused-argument", loopVar: "unused-loop-variable"}[v.kind]
	message := fmt.Sprintf("the %s '%s' is assigned but never read", kindNames[v.kind], v.name)
	if changed {
		message = fmt.Sprintf("the table in '%s' is filled but never read", v.name)
	}
	f := c.at(v.token, name, message)
	f.Hint, f.Subject = "remove it, or use it", v.name
}

// unusedValues reports the values of a variable that are not read, though
// others are.
func (c *script) unusedValues(v *variable) {
	hidden := true
	for _, val := range v.values {
		hidden = hidden && !val.shows()
	}
	if !v.read && hidden {
		c.neverRead(v, true)
	}
	for _, val := range v.values {
		if val.empty || val.used || val.changed && (val.shows() || !v.read && hidden) {
			continue
		}
		message := fmt.Sprintf("the value of '%s' is never read", v.name)
		if !val.first || v.kind == localVar {
			message = fmt.Sprintf("the value stored in '%s' is never read", v.name)
		}
		if val.over != nil && val.over != val.step && !val.changed {
			if next := val.over.setting(v); next != nil {
				message += fmt.Sprintf(": line %d overwrites it", c.flow.tokens[next.token].Line)
			}
		}
		c.at(val.token, "unused-assignment", message).Subject = v.name
	}
}

// unusedRecursion reports functions that only they themselves, or functions
// nobody calls either, use.
func (c *script) unusedRecursion() {
	live := map[*function]bool{}
	users := map[*function][]*function{}
	for _, fn := range c.flow.functions {
		switch {
		case fn.value != nil:
			for user := range fn.value.usedIn {
				users[user] = append(users[user], fn)
			}
		case fn.parent != nil:
			users[fn.parent] = append(users[fn.parent], fn)
		}
	}
	var mark func(fn *function)
	mark = func(fn *function) {
		if !live[fn] {
			live[fn] = true
			for _, used := range users[fn] {
				mark(used)
			}
		}
	}
	mark(c.flow.functions[0])
	for _, fn := range c.flow.functions {
		// What an unused function uses is reported with it.
		if fn.value != nil && !fn.value.used {
			mark(fn)
		}
	}
	for _, fn := range c.flow.functions {
		if fn.value == nil || live[fn] || !fn.value.used || !inCircle(fn, users) {
			continue
		}
		name := "unused-function"
		if !fn.value.v.holdsFunction() {
			name = "unused-assignment"
		}
		f := c.at(fn.value.token, name, fmt.Sprintf("the function '%s' is called only by itself or by functions that are never called", fn.value.v.name))
		f.Hint, f.Subject = "remove it, or call it", fn.value.v.name
	}
}

// inCircle reports whether a function can reach itself over the functions that it
// uses.
func inCircle(fn *function, users map[*function][]*function) bool {
	seen := map[*function]bool{}
	var reach func(from *function) bool
	reach = func(from *function) bool {
		for _, next := range users[from] {
			if next == fn {
				return true
			}
			if !seen[next] {
				seen[next] = true
				if reach(next) {
					return true
				}
			}
		}
		return false
	}
	return reach(fn)
}
