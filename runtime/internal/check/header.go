package check

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/header"
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
