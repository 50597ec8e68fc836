package check

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
)

// plainTable reports a call of a function that a plain table does not have, as
// in rows:insert(row) or rows.append(row).
func (c *script) plainTable(e *ast.FuncCallExpr) {
	object, name := e.Receiver, e.Method
	if e.Func != nil {
		index, ok := e.Func.(*ast.AttrGetExpr)
		if !ok {
			return
		}
		key, ok := index.Key.(*ast.StringExpr)
		if !ok {
			return
		}
		object, name = index.Object, key.Value
	}
	if names, lacks := c.Value(object).Lacks(name); lacks {
		f := c.at(c.nameToken(e), "unknown-function", fmt.Sprintf("the module in '%s' has no function '%s'%s", c.code(object), name, catalog.DidYouMean(name, names)))
		if f.Subject = name; len(catalog.Nearest(name, names)) == 0 && len(names) > 0 {
			f.Hint = "it has: " + strings.Join(names[:min(len(names), 12)], ", ")
		}
		return
	}
	if !c.lacksFunction(object, name, e) {
		return
	}
	list := c.code(object)
	f := c.at(c.nameToken(e), "unknown-function", fmt.Sprintf("'%s' is a plain table without a function '%s'", list, name))
	f.Hint, f.Subject = c.inPlaceOf(name, list, e.Args), list+":"+name
}

// lacksFunction reports whether a value is certainly a table that has nothing under
// a name when it is called.
func (c *script) lacksFunction(object ast.Expr, name string, call *ast.FuncCallExpr) bool {
	if c.setFields[name] {
		return false
	}
	k := c.Value(object)
	if k.IsList() {
		return !c.changesTables()
	}
	table, ok := k.Literal.(*ast.TableExpr)
	if !ok {
		return false
	}
	v, settled := c.holder(object, table)
	if !settled || v == nil || v.Fn == nil || v.SetsField(name) {
		return false
	}
	for _, f := range table.Fields {
		key, named := f.Key.(*ast.StringExpr)
		if f.Key != nil && (!named || key.Value == name) {
			return false
		}
	}
	for _, item := range v.Items {
		if item.Key != nil && !c.Value(item.Key).IsNumber() {
			return false
		}
	}
	return c.keepsToItself(v, call)
}

// keepsToItself reports whether a table is what the script wrote when a call
// comes to it. The functions of the script itself may have it: what they set is
// seen. A table that its own function returns is out of sight only then.
func (c *script) keepsToItself(v *flow.Variable, call ast.Expr) bool {
	for _, how := range c.escapesOf(v) {
		switch how := how.(type) {
		case *ast.ReturnStmt:
			if s := c.flow.StepOf[call]; s == nil || s.Fn != v.Fn {
				return false
			}
		case *ast.FuncCallExpr:
			if !c.lacksMethod(how, v) && !c.fills(how, v) && (!c.isOwnFunction(how) || c.changesTables()) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// lacksMethod reports whether a call is one of a method that the table of a
// variable does not have either.
func (c *script) lacksMethod(e *ast.FuncCallExpr, v *flow.Variable) bool {
	name, ok := e.Receiver.(*ast.IdentExpr)
	return ok && c.flow.VariableOf(name) == v && !c.setFields[e.Method]
}

// fills reports whether a call is table.insert for the table of a variable.
func (c *script) fills(e *ast.FuncCallExpr, v *flow.Variable) bool {
	callee := c.Callee(e)
	if callee.Topic == nil || callee.Topic.Name != "table.insert" || len(e.Args) == 0 {
		return false
	}
	for i, arg := range e.Args {
		name, ok := arg.(*ast.IdentExpr)
		if same := ok && c.flow.VariableOf(name) == v; same != (i == 0) {
			return false
		}
	}
	return true
}

// isOwnFunction reports whether a call is one of a function that the script
// writes out.
func (c *script) isOwnFunction(e *ast.FuncCallExpr) bool {
	name, ok := e.Func.(*ast.IdentExpr)
	if !ok {
		return false
	}
	val := c.onlyValue(name)
	return val != nil && val.IsFunction()
}

// changesTables reports whether the script gives tables fields in ways that are
// not seen: metatables, and computed names in tables that a function is given.
func (c *script) changesTables() bool {
	for target := range c.targets {
		name, ok := target.Object.(*ast.IdentExpr)
		if !ok {
			continue
		}
		if _, named := target.Key.(*ast.StringExpr); named || c.Value(target.Key).IsNumber() {
			continue
		}
		if v := c.flow.VariableOf(name); v != nil && v.Kind == flow.Argument {
			return true
		}
	}
	for i := range c.flow.Globals {
		if name := c.flow.Globals[i].Name; name == "setmetatable" || name == "rawset" {
			return true
		}
	}
	return false
}

// inPlaceOf says what does for tables what other languages do by a method.
func (c *script) inPlaceOf(name, list string, args []ast.Expr) string {
	with := func(function string) string {
		given := list
		for _, arg := range args {
			given += ", " + c.code(arg)
		}
		return fmt.Sprintf("write %s(%s)", function, given)
	}
	switch name {
	case "append", "push", "add":
		args = args[:min(1, len(args))]
		return with("table.insert")
	case "pop":
		return with("table.remove")
	case "join":
		return with("table.concat")
	case "len", "length", "size", "count":
		return "write #" + list
	}
	if c.manual.Topic("table."+name) != nil {
		return with("table." + name)
	}
	if c.manual.Topic("tables."+name) != nil {
		return `the module tables has one: local tables = require "tables", then ` + with("tables." + name)[len("write "):]
	}
	return ""
}

// textMethod reports a text's function that is called with a dot, so that it
// does not get the text: name.upper().
func (c *script) textMethod(e *ast.FuncCallExpr) {
	index, ok := e.Func.(*ast.AttrGetExpr)
	if !ok {
		return
	}
	key, ok := index.Key.(*ast.StringExpr)
	k := c.Value(index.Object)
	if !ok || k.Type != "string" || k.Topic != nil || c.setMembers["string."+key.Value] {
		return
	}
	// What is declared as an id may come as a record.
	if k.Maybe && (k.Property == nil || k.Property.Type != catalog.String || c.setFields[k.Property.Name]) {
		return
	}
	topic := c.manual.Topic("string." + key.Value)
	if topic == nil || topic.Func == nil || c.givesText(e, index.Object) {
		return
	}
	given := make([]string, len(e.Args))
	for i, arg := range e.Args {
		given[i] = c.code(arg)
	}
	object := c.code(index.Object)
	if _, literal := index.Object.(*ast.StringExpr); literal {
		object = "(" + strings.Trim(object, "()") + ")"
	}
	f := c.at(c.flow.Expr[index].At, "wrong-arguments", fmt.Sprintf("with a dot, %s does not receive the string before the dot", topic.Name))
	f.Hint, f.Subject = fmt.Sprintf("use a colon: %s:%s(%s)", object, key.Value, strings.Join(given, ", ")), topic.Name
}

// givesText reports whether a call passes the string itself: name.rep(name, 2).
func (c *script) givesText(e *ast.FuncCallExpr, text ast.Expr) bool {
	return len(e.Args) > 0 && c.text(e.Args[0]) == c.text(text)
}
