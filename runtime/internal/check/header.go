package check

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// header reads what the script says about itself, and reports what is wrong with it.
func (c *script) header(src []byte) {
	if strings.HasSuffix(c.name, "_test.lua") {
		return
	}
	says, wrong := header.Parse(src)
	c.says = says
	for _, e := range wrong {
		c.onLine(src, e.Line, "header", e.Message).Hint = e.Hint
	}
	if e := says.CheckWrites(c.options.Models); e != nil {
		c.onLine(src, e.Line, "header", e.Message).Hint = e.Hint
	}
	for i := range says.Params {
		p := &says.Params[i]
		if flag := header.FlagName(p.Name); c.options.Command != nil && c.options.Command(flag) != "" {
			c.onLine(src, p.Line, "header", fmt.Sprintf("@param: --%s is a flag of phscript %s, so the script cannot have it", flag, c.options.Command(flag))).Hint = "give the parameter another name"
		}
	}
}

// onLine adds a finding about a line of comments.
func (c *script) onLine(src []byte, line int, name, message string) *finding {
	text := ""
	if lines := strings.Split(string(src), "\n"); line <= len(lines) {
		text = strings.TrimRight(strings.TrimPrefix(lines[line-1], "\ufeff"), " \t\r")
	}
	column := len(text) - len(strings.TrimLeft(text, " \t")) + 1
	f := &finding{Finding: report.Finding{
		Rule: name, Severity: report.RuleNamed(name).Severity, File: c.name, Message: message,
		Line: line, Column: column, EndLine: line, EndColumn: max(column, len(text)),
	}}
	c.found = append(c.found, f)
	return f
}

// undeclared reports a parameter that is read and not declared, if the script declares any.
func (c *script) undeclared(e *ast.AttrGetExpr) {
	object, isName := e.Object.(*ast.IdentExpr)
	key, isText := e.Key.(*ast.StringExpr)
	if c.says == nil || len(c.says.Params) == 0 || !isName || !isText || object.Value != "params" || c.flow.Resolved[object] != nil || c.targets[e] {
		return
	}
	if c.says.Param(key.Value) == nil {
		names := c.says.ParamNames()
		f := c.on(e, "undeclared-parameter", fmt.Sprintf("the script declares no parameter '%s'%s", key.Value, catalog.DidYouMean(key.Value, names)))
		f.Hint = "declare it at the top: -- @param " + key.Value + " \"what it is for\""
	}
}

// undeclaredWrite reports a call that writes to a model that @writes does not name.
func (c *script) undeclaredWrite(token int, callee infer.Value, args []ast.Expr) {
	if c.says == nil || c.says.WritesLine == 0 {
		return
	}
	target := c.target(callee, args)
	if target == "" || c.says.MayWrite(target) {
		return
	}
	f := c.at(token, "undeclared-write", fmt.Sprintf("the script writes to %s, which @writes in line %d does not name", target, c.says.WritesLine))
	f.Hint, f.Subject = "add "+target+" to @writes, or remove the call", target
}

// target returns what @writes calls what a function writes to, or "" if it does not write or
// that depends on its arguments.
func (c *script) target(callee infer.Value, args []ast.Expr) string {
	if callee.Is(header.Request) {
		if len(args) == 0 {
			return ""
		}
		method, ok := c.literalOf(args[0], "method").(*ast.StringExpr)
		if ok && !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, strings.ToUpper(method.Value)) {
			return header.Request
		}
		return ""
	}
	if callee.Topic.Module == nil {
		return ""
	}
	of := c.manual.Topic(callee.Topic.Module.Name)
	if of == nil || of.Model == nil {
		return ""
	}
	name := callee.Function().Name
	if op := of.Model.Operation(name); op != nil && op.Method != http.MethodGet || name == "import" || name == "sync" {
		return of.Model.Snake
	}
	return ""
}

// literalOf returns a field of a table that is written out, or nil.
func (c *script) literalOf(arg ast.Expr, name string) ast.Expr {
	table, _ := c.tableOf(arg)
	if table == nil {
		return nil
	}
	for _, field := range table.Fields {
		if key, ok := field.Key.(*ast.StringExpr); ok && key.Value == name {
			return field.Value
		}
	}
	return nil
}

// unread reports parameters that the header declares and the script does not read. Modules of
// the project may read them as well, so a script that requires any is left alone.
func (c *script) unread(src []byte) {
	if c.says == nil || len(c.says.Params) == 0 || strings.Contains(string(src), "_G") || strings.Contains(string(src), "getfenv") {
		return
	}
	read, elsewhere := map[string]bool{}, false
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		if call, ok := e.(*ast.FuncCallExpr); ok {
			elsewhere = elsewhere || c.runsOtherFiles(call)
		}
	}}
	v.Statements(c.chunk)
	if !syntax.Params(c.chunk, read) || elsewhere {
		return
	}
	for i := range c.says.Params {
		if p := &c.says.Params[i]; !read[p.Name] {
			f := c.onLine(src, p.Line, "unread-parameter", "the script does not read the parameter '"+p.Name+"'")
			f.Hint, f.Subject = "read it as params."+p.Name+", or remove the line", p.Name
		}
	}
}

// runsOtherFiles reports whether a call may run a file of the project, which has the same
// parameters.
func (c *script) runsOtherFiles(e *ast.FuncCallExpr) bool {
	if name, ok := syntax.Required(e); ok {
		return !c.builtIn(name)
	}
	called, ok := e.Func.(*ast.IdentExpr)
	return ok && slices.Contains([]string{"require", "dofile", "loadfile", "loadstring", "load"}, called.Value)
}
