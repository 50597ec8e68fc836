package check

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

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
