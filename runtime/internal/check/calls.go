package check

import (
	"fmt"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// call checks the arguments of a call of a function that the manual knows.
func (c *script) call(e *ast.FuncCallExpr) {
	c.requires(e)
	c.methods(e)
	c.methodOfError(e)
	c.plainTable(e)
	c.textMethod(e)
	callee := c.Callee(e)
	f := callee.Function()
	if f == nil {
		c.callsModule(e, callee)
		return
	}
	if c.unavailable(c.nameToken(e), callee, e.Args) {
		return
	}
	if f.Deprecated != "" {
		finding := c.at(c.nameToken(e), "deprecated", fmt.Sprintf("'%s' is deprecated", callee.Topic.Name))
		finding.Hint = "write " + f.Deprecated
	}
	args := c.arguments(e, callee)
	c.uses(e, callee, args)
	c.joinsTables(e)
	c.apply(c.nameToken(e), callee, args)
	if name := callee.Topic.Name; (name == "pcall" || name == "planhat.try") && len(args.given) > 0 {
		if called := c.Value(args.given[0]); called.Function() != nil {
			args.given = args.given[1:]
			if c.unavailable(c.flow.Expr[e.Args[0]].At, called, args.given) {
				return
			}
			c.apply(c.flow.Expr[e.Args[0]].At, called, args)
		}
	}
}

// unavailable reports a function that exists in Lua but not here. os.execute without a
// command asks whether there is a shell.
func (c *script) unavailable(token int, callee infer.Value, args []ast.Expr) bool {
	if !callee.IsFunction() {
		return false
	}
	name := callee.Topic.Name
	why, ok := strings.CutPrefix(callee.Function().Doc, "Not available: ")
	if !ok || name == "os.execute" && len(args) == 0 {
		return false
	}
	f := c.at(token, "unknown-function", fmt.Sprintf("'%s' is not available: %s", name, strings.TrimSuffix(why, ".")))
	f.minor = (strings.HasPrefix(name, "debug.") || name == "string.dump") && c.knowsVersions()
	f.Subject = name
	if name != "os.execute" && name != "io.popen" {
		return true
	}
	f.Hint = "use the modules fs for files, http for requests and time for waiting, or run the program outside of the script"
	if len(args) == 0 {
		return true
	}
	if instead := inPlaceOfCommand(c.Value(args[0]).Literal); instead != "" {
		f.Hint = instead
	}
	return true
}

// inPlaceOfCommand returns what to write in place of running a command, or "".
func inPlaceOfCommand(command ast.Expr) string {
	text, ok := command.(*ast.StringExpr)
	if !ok {
		return ""
	}
	word, _, _ := strings.Cut(strings.TrimSpace(text.Value), " ")
	return map[string]string{
		"ls": "list a folder with fs.list(folder)", "dir": "list a folder with fs.list(folder)", "find": "list a folder with fs.list(folder)",
		"mkdir": "make a folder with fs.mkdir(folder)", "rm": "delete a file with fs.remove(name)", "del": "delete a file with fs.remove(name)",
		"mv": "rename a file with fs.rename(from, to)", "cat": "read a file with fs.read(name)", "sleep": "wait with time.sleep(seconds)",
		"date": "today's date is time.today(); time.now() is the time in seconds",
		"curl": `send requests with the module http: local http = require "http", then http.get(url)`,
		"wget": `send requests with the module http: local http = require "http", then http.get(url, { to = name })`,
	}[word]
}

// apply checks what a function is given; token is where it is named.
func (c *script) apply(token int, callee infer.Value, args arguments) {
	f := callee.Function()
	c.argumentCount(token, callee, args)
	for i, arg := range args.given {
		if i < len(f.Params) {
			c.argument(callee, i, arg)
		}
	}
	c.refusedTogether(callee, args)
	c.undeclaredWrite(token, callee, args.given)
	c.records(callee, args.given)
	c.fieldNames(callee, args.given)
	if callee.Is("planhat.model") {
		c.modelName(args)
	}
}

// modelName reports a model that neither Planhat nor the configuration has.
func (c *script) modelName(args arguments) {
	if len(args.given) != 1 || args.open {
		return
	}
	name, ok := args.given[0].(*ast.StringExpr)
	if !ok || c.manual.ModelModule(name.Value) != nil {
		return
	}
	c.on(name, "unknown-function", "unknown model '"+name.Value+"'"+catalog.DidYouMean(name.Value, c.manual.ModelNames())).Hint =
		"declare a custom model in phscript.toml as [[model]], or give its path, such as { path = \"/contracts\" }"
}

// nameToken is the name of what is called.
func (c *script) nameToken(e *ast.FuncCallExpr) int {
	if e.Func == nil {
		return c.flow.Names[e][0]
	}
	return c.flow.Expr[e.Func].At
}

// arguments are what a call passes. open is set if the last one may be any number
// of values.
type arguments struct {
	given []ast.Expr
	open  bool
}

// arguments returns the arguments of a call. A method of a text has the text in
// front, one of a module has none.
func (c *script) arguments(e *ast.FuncCallExpr, callee infer.Value) arguments {
	a := arguments{given: e.Args}
	if e.Func == nil && !c.Value(e.Receiver).IsModule() {
		a.given = append([]ast.Expr{e.Receiver}, e.Args...)
	}
	if n := len(e.Args); n > 0 && syntax.Unpacks(e.Args[n-1]) && !c.single(e.Args[n-1]) {
		a.open = true
	}
	return a
}

// single reports whether a call is known to give exactly one value.
func (c *script) single(e ast.Expr) bool {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	callee := c.Callee(call)
	f := callee.Function()
	if f == nil || len(f.Returns) != 1 || f.Variadic || callee.Is("string.match") || callee.Is("string.byte") {
		return false // a pattern may have several captures
	}
	typ := f.Returns[0].Type
	return typ != "any"
}

// argumentCount reports arguments that are missing or too many.
func (c *script) argumentCount(token int, callee infer.Value, a arguments) {
	f := callee.Function()
	n := len(a.given)
	if a.open {
		n--
	}
	for i := n; i < len(f.Params) && !a.open; i++ {
		p := &f.Params[i]
		if p.Omissible() || callee.Is("loadfile") || callee.Is("dofile") { // these two read standard input without a name
			continue
		}
		c.misuse(token, callee, p.Missing(i)).Hint = "call it as " + callee.Topic.Signature()
		return
	}
	if !f.Variadic && n > len(f.Params) && !c.chosen(token) {
		c.tooMany(callee, a.given, n)
	}
}

// misuse reports a mistake in the use of a function.
func (c *script) misuse(token int, callee infer.Value, message string) *finding {
	f := c.at(token, "wrong-arguments", callee.Topic.Name+": "+message)
	f.Subject = callee.Topic.Name
	return f
}

// argument checks one argument against its parameter.
func (c *script) argument(callee infer.Value, i int, arg ast.Expr) {
	p := &callee.Function().Params[i]
	if p.Name == "..." {
		return
	}
	if c.eachConstant(arg, func(constant ast.Expr) { c.argument(callee, i, constant) }) {
		return
	}
	value, described, known := c.sample(arg)
	nothingGiven := c.Value(arg).Type == infer.Nothing
	if (nothingGiven || known && value == spec.Nil) && p.Omissible() {
		return
	}
	if nothingGiven || known && value == spec.Nil {
		f := c.on(arg, "wrong-arguments", callee.Topic.Name+": "+p.Missing(i))
		f.Subject = callee.Topic.Name
		if nothingGiven {
			f.Hint = "the value comes from a function that returns nothing"
		}
		return
	}
	if known && !p.Type.Accepts(value) {
		f := c.on(arg, "wrong-arguments", callee.Topic.Name+": "+p.Mismatch(i, described))
		f.Subject = callee.Topic.Name
		if model := c.manual.Record(c.Value(arg).Type); model != nil && p.Type.Accepts(spec.String) && model.Property("_id") != nil {
			f.Hint = "use the record's id, which is in its field _id"
		}
		return
	}
	c.refusedValue(callee, p, p.Type, arg)
	if len(p.Fields) > 0 {
		if table, direct := c.tableOf(arg); table != nil {
			c.optionTable(callee, p, table, direct)
		}
	}
}

// sample returns the kinds of an expression's value, and its description, if
// they are known.
func (c *script) sample(e ast.Expr) (value spec.Kind, described string, known bool) {
	k := c.Value(e)
	if k.Maybe {
		return 0, "", false
	}
	switch lit := k.Literal.(type) {
	case *ast.StringExpr:
		value = spec.String
		if n, ok := number.Parse(lit.Value); ok {
			value |= numberKinds(n)
		}
		return value, spec.Quote(lit.Value), true
	case *ast.NumberExpr:
		n, ok := number.Parse(lit.Value)
		return spec.String | numberKinds(n), "the number " + lua.LNumber(n).String(), ok
	case *ast.TrueExpr, *ast.FalseExpr:
		return spec.Boolean, "a boolean", true
	case *ast.NilExpr:
		return spec.Nil, "nil", e == k.Literal
	case *ast.TableExpr:
		return spec.Table, "a table", true
	case *ast.FunctionExpr:
		return spec.Function, "a function", true
	}
	switch {
	case k.IsFunction():
		return spec.Function, "the function " + k.Topic.Name, true
	case k.IsModule():
		return spec.Table, "the module " + k.Topic.Name, true
	case k.Topic != nil && k.Topic.Value != nil, k.Type == "", k.Type == infer.Nothing:
		return 0, "", false
	case c.manual.Record(k.Type) != nil:
		return spec.Table, catalog.WithArticle(string(k.Type)) + " record (table)", true
	case c.manual.Fields(k.Type) != nil:
		return spec.Table, catalog.WithArticle(string(k.Type)) + " (table)", true
	case k.IsList():
		return spec.Table, "a list (table)", true
	case k.IsIterator():
		return spec.Function, "an iterator (function)", true
	case k.Type == "boolean":
		return spec.Boolean, "true or false", true
	}
	return 0, "", false
}

// numberKinds are the kinds of a number.
func numberKinds(n float64) spec.Kind {
	if math.Trunc(n) == n {
		return spec.Number | spec.Integer
	}
	return spec.Number
}

// tableOf returns the table literal that an expression stands for, and whether
// it is written right there, so that nothing can have been added since.
func (c *script) tableOf(e ast.Expr) (table *ast.TableExpr, direct bool) {
	if table, ok := e.(*ast.TableExpr); ok {
		return table, true
	}
	table, _ = c.Value(e).Literal.(*ast.TableExpr)
	return table, false
}

// optionTable checks a table of options.
func (c *script) optionTable(callee infer.Value, p *spec.Param, table *ast.TableExpr, direct bool) {
	if c.checked[table] {
		return
	}
	c.checked[table] = true
	given := map[string]bool{}
	computed := false
	for _, field := range table.Fields {
		key, named := field.Key.(*ast.StringExpr)
		if !named {
			if field.Key == nil {
				c.at(c.flow.Expr[field.Value].From, "unknown-option", callee.Topic.Name+": "+p.Unnamed("1"))
				return
			}
			computed = true
			continue
		}
		given[key.Value] = true
		c.option(callee, p, key, field.Value)
	}
	for i := range p.Fields {
		if f := &p.Fields[i]; f.Required && !given[f.Name] && direct && !computed {
			c.at(c.flow.Expr[table].From, "wrong-arguments", callee.Topic.Name+": "+f.Missing())
		}
	}
}

func (c *script) option(callee infer.Value, p *spec.Param, key *ast.StringExpr, arg ast.Expr) {
	token := c.flow.Expr[key].At
	if f := p.Field(key.Value); f != nil {
		if c.eachConstant(arg, func(constant ast.Expr) { c.option(callee, p, key, constant) }) {
			return
		}
		if value, described, known := c.sample(arg); known && value != spec.Nil && !f.Type.Accepts(value) {
			c.at(c.flow.Expr[arg].From, "wrong-arguments", callee.Topic.Name+": "+f.Mismatch(described)).Hint = f.Doc
			return
		}
		if !c.optionDate(callee, f.Name, arg) {
			c.refusedValue(callee, f, f.Type, arg)
		}
		c.optionTables(callee, f, arg)
		if !c.imported(callee, f.Name, arg) {
			c.optionProperties(callee, f.Name, arg)
		}
		return
	}
	f := c.at(token, "unknown-option", callee.Topic.Name+": "+p.Unknown(key.Value, catalog.DidYouMean))
	f.Subject = key.Value
}

// callsModule reports a module that is called like a function, and a text or
// number that is.
func (c *script) callsModule(e *ast.FuncCallExpr, callee infer.Value) {
	if e.Func == nil || !callee.IsModule() {
		return
	}
	f := c.at(c.flow.Expr[e.Func].At, "unknown-function", fmt.Sprintf("'%s' is a module, so it cannot be called", callee.Topic.Name))
	f.Hint = "call one of its functions, such as " + callee.Topic.Name + "." + memberNames(callee.Topic)[0]
}

// meaningful are Lua's own functions to which other versions of Lua pass more.
var meaningful = map[string]bool{"load": true, "loadfile": true, "loadstring": true, "xpcall": true, "math.atan": true, "math.log": true, "string.rep": true}

// tooMany reports arguments that a function does not take. Lua's own functions ignore them,
// so they only matter where another version of Lua gives them a meaning.
func (c *script) tooMany(callee infer.Value, given []ast.Expr, n int) {
	f := callee.Function()
	finding := c.misuse(c.flow.Expr[given[len(f.Params)]].From, callee, f.TooMany(n))
	if !standard(callee) {
		return
	}
	finding.Severity = report.Warning
	name := callee.Topic.Name
	finding.minor = !meaningful[name]
	if strings.HasPrefix(name, "load") {
		// Scripts for several versions choose between setfenv and load with an environment.
		finding.minor = c.knowsVersions()
	}
}

// standard reports whether a function is one of Lua's own.
func standard(k infer.Value) bool {
	root, _, _ := strings.Cut(k.Topic.Name, ".")
	return slices.Contains([]string{"string", "table", "math", "os", "io", "debug", "coroutine", "package"}, root) || basic[root]
}

// basic are the functions of Lua that are in no module.
var basic = map[string]bool{
	"assert": true, "collectgarbage": true, "dofile": true, "error": true, "getfenv": true, "getmetatable": true, "ipairs": true, "load": true,
	"loadfile": true, "loadstring": true, "module": true, "next": true, "pairs": true, "pcall": true, "print": true, "rawequal": true, "rawget": true,
	"rawset": true, "require": true, "select": true, "setfenv": true, "setmetatable": true, "tonumber": true, "tostring": true, "type": true,
	"unpack": true, "xpcall": true,
}
