package check

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/explain"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// collect remembers what the script changes in globals and modules, which then
// are no longer what the manual says.
func (c *script) collect() {
	c.setGlobals, c.setMembers, c.setFields = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, g := range c.flow.Globals {
		if g.Set {
			c.setGlobals[g.Name] = true
		}
	}
	v := syntax.Visitor{Stmt: func(s ast.Stmt) {
		var targets []ast.Expr
		switch s := s.(type) {
		case *ast.AssignStmt:
			targets = s.Lhs
		case *ast.FuncDefStmt:
			if s.Name.Func != nil {
				targets = []ast.Expr{s.Name.Func}
			} else {
				targets = []ast.Expr{&ast.AttrGetExpr{Object: s.Name.Receiver, Key: &ast.StringExpr{Value: s.Name.Method}}}
			}
		}
		for _, t := range targets {
			if index, ok := t.(*ast.AttrGetExpr); ok {
				c.targets[index] = true
				if key, named := index.Key.(*ast.StringExpr); named {
					c.setFields[key.Value] = true
					if owner := c.Value(index.Object); owner.IsModule() {
						c.setMembers[owner.Topic.Name+"."+key.Value] = true
					}
				}
			}
		}
	}}
	v.Statements(c.chunk)
	c.Forget()
}

// moduleFiles are where require looks for one of the script's own modules.
func moduleFiles(name string) []string {
	rel := strings.ReplaceAll(name, ".", "/")
	return []string{rel + ".lua", rel + "/init.lua", "lib/" + rel + ".lua", "lib/" + rel + "/init.lua"}
}

// fileFor reports whether require finds a file of that name beside the script.
// A script in a lib folder is required by one beside that folder.
func (c *script) fileFor(name string) bool { return c.pathFor(name) != "" }

// pathFor returns the file that require finds for a name, or "".
func (c *script) pathFor(name string) string {
	if c.options.Exists == nil {
		return ""
	}
	dirs := []string{filepath.Dir(c.name)}
	for dir := dirs[0]; ; {
		if filepath.Base(dir) == "lib" {
			dirs = append(dirs, filepath.Dir(dir))
		}
		up := filepath.Dir(dir)
		if up == dir || up == "." {
			break
		}
		dir = up
	}
	for _, dir := range dirs {
		for _, file := range moduleFiles(name) {
			if path := filepath.Join(dir, filepath.FromSlash(file)); c.options.Exists(path) {
				return path
			}
		}
	}
	return ""
}

// builtIn reports whether a module is part of phscript.
func (c *script) builtIn(name string) bool {
	topic := c.manual.Topic(name)
	return topic != nil && topic.Kind == manual.KindModule && (topic.Module.Required || !strings.Contains(name, "."))
}

// requires reports a call of require that finds nothing.
func (c *script) requires(e *ast.FuncCallExpr) {
	name, ok := syntax.Required(e)
	if !ok || c.options.Exists == nil || c.flow.Resolved[e.Func.(*ast.IdentExpr)] != nil {
		return
	}
	if c.builtIn(name) || c.fileFor(name) || c.preloads {
		return
	}
	var names []string
	for _, m := range c.manual.Modules() {
		if m.Required || !strings.Contains(m.Name, ".") {
			names = append(names, m.Name)
		}
	}
	f := c.at(c.flow.Expr[e.Args[0]].At, "unknown-module", fmt.Sprintf("there is no module '%s'%s", name, catalog.DidYouMean(name, names)))
	f.Subject = name
	switch {
	case strings.HasSuffix(name, ".lua") || strings.ContainsAny(name, `/\`):
		bare := strings.Trim(strings.NewReplacer("/", ".", `\`, ".").Replace(strings.TrimSuffix(name, ".lua")), ".")
		f.Hint = fmt.Sprintf("write module names with dots and without .lua: require \"%s\"", bare)
	case len(catalog.Nearest(name, names)) == 0:
		f.Hint = "put a module next to the script or in lib/ there: " + strings.Join([]string{moduleFiles(name)[0], moduleFiles(name)[2]}, " or ")
	}
}

// members reports names that a module does not have, and fields of functions.
func (c *script) members(e *ast.AttrGetExpr) {
	key, ok := e.Key.(*ast.StringExpr)
	if !ok || c.targets[e] {
		return
	}
	owner := c.Value(e.Object)
	switch {
	case owner.IsModule():
		c.memberOf(owner.Topic, key.Value, c.flow.Expr[e].At)
	case owner.IsFunction():
		f := c.at(c.flow.Expr[e].At, "unknown-function", fmt.Sprintf("'%s' is a function, so it has no fields", owner.Topic.Name))
		f.Hint = "call it first: " + owner.Topic.Signature()
	case owner.Type == "number" || owner.Type == "integer" || owner.Type == "boolean":
		c.fieldOfNumber(e, owner)
	default:
		c.readsProperty(e, owner, key.Value)
	}
}

// memberOf reports a name that a module does not have.
func (c *script) memberOf(owner *manual.Topic, name string, token int) {
	full := owner.Name + "." + name
	if c.manual.Topic(full) != nil || c.setMembers[full] || c.guarded()[full] || c.declared[full] {
		return
	}
	members := memberNames(owner)
	if extensible[owner.Name] && len(explain.Likeliest(name, members)) == 0 && !newer[full] && c.manual.Topic("text."+name) == nil && c.loadsOwnFiles() {
		return
	}
	kind := "function"
	if owner.Name == "planhat" {
		kind = "model or function"
	}
	message := fmt.Sprintf("'%s' has no %s '%s'", owner.Name, kind, name)
	f := c.at(token, "unknown-function", message)
	f.Subject, f.minor = full, newer[full] && c.knowsVersions()
	if near := explain.Likeliest(name, members); len(near) > 0 {
		f.Message += catalog.Aside(near)
		return
	}
	if other := c.manual.Topic("text." + name); owner.Name == "string" && other != nil {
		f.Hint = fmt.Sprintf("the module text has one: local text = require \"text\", then %s", other.Signature())
		return
	}
	const most = 12
	list := strings.Join(members[:min(most, len(members))], ", ")
	if more := len(members) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	f.Hint = "it has: " + list
}

// extensible are the modules to which people add functions, often in other files.
var extensible = map[string]bool{"string": true, "table": true, "math": true, "os": true, "io": true}

// newer are the functions that later versions of Lua have.
var newer = map[string]bool{
	"table.pack": true, "table.unpack": true, "table.move": true, "math.tointeger": true, "math.type": true, "math.ult": true,
	"string.pack": true, "string.unpack": true, "string.packsize": true,
	"debug.upvaluejoin": true, "debug.upvalueid": true, "debug.getuservalue": true,
}

// knowsVersions reports whether the script asks which version of Lua runs it, so it does not
// need functions of other versions in this one.
func (c *script) knowsVersions() bool {
	return slices.ContainsFunc(c.flow.Globals, func(g flow.GlobalUse) bool { return g.Name == "setfenv" || g.Name == "_VERSION" })
}

// loadsOwnFiles reports whether the script runs other files of the project.
func (c *script) loadsOwnFiles() bool {
	if c.loads == nil {
		found := false
		v := syntax.Visitor{Expr: func(e ast.Expr) {
			if call, ok := e.(*ast.FuncCallExpr); ok {
				found = found || c.runsOtherFiles(call)
			}
		}}
		v.Statements(c.chunk)
		c.loads = &found
	}
	return *c.loads
}

// memberNames are the names in a module, in order.
func memberNames(owner *manual.Topic) []string {
	var names []string
	for _, f := range owner.Module.Funcs {
		names = append(names, f.Name)
	}
	for _, v := range owner.Module.Values {
		names = append(names, v.Name)
	}
	for _, part := range owner.Module.Modules {
		names = append(names, strings.TrimPrefix(part.Name, owner.Name+"."))
	}
	slices.Sort(names)
	return names
}

// methods reports a method that a module or a text does not have.
func (c *script) methods(e *ast.FuncCallExpr) {
	if e.Func != nil {
		return
	}
	receiver := c.Value(e.Receiver)
	token := c.flow.Names[e][0]
	switch {
	case receiver.IsModule():
		c.memberOf(receiver.Topic, e.Method, token)
	case receiver.IsNumber() && !receiver.Maybe:
		f := c.at(token, "field-of-number", fmt.Sprintf("'%s' is a number, which has no methods", c.text(e.Receiver)))
		if topic := c.manual.Topic("string." + e.Method); e.Method == "format" && topic != nil && len(e.Args) > 0 {
			f.Hint = fmt.Sprintf("write string.format(%s, %s)", c.code(e.Args[0]), c.code(e.Receiver))
		}
	case receiver.Type == "string" && receiver.Topic == nil:
		if library := c.manual.Topic("string"); library != nil && !c.setGlobals["string"] {
			c.memberOf(library, e.Method, token)
		}
	}
}

// fieldOfNumber reports a field of a value without fields, usually the
// position of an ipairs loop.
func (c *script) fieldOfNumber(e *ast.AttrGetExpr, owner infer.Value) {
	kind := "a number"
	if owner.Type == "boolean" {
		kind = "a boolean"
	}
	name, ok := e.Object.(*ast.IdentExpr)
	message := fmt.Sprintf("this is %s, which has no fields", kind)
	if ok {
		message = fmt.Sprintf("'%s' is %s, which has no fields", name.Value, kind)
	}
	f := c.at(c.flow.Expr[e].At, "field-of-number", message)
	if v := c.flow.Resolved[name]; ok && v != nil && v.Loop != nil {
		f.Hint = fmt.Sprintf("ipairs returns the position first, then the item: for _, %s in ipairs(...) do", name.Value)
	}
}
