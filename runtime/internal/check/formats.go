package check

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/lualib/printf"
)

// formats checks the arguments of string.format against the directives of its format,
// and finds formats in functions that do not fill them in.
func (c *script) formats(e *ast.FuncCallExpr, callee infer.Value, args arguments) {
	if callee.Is("string.format") {
		c.formatted(e, args)
		return
	}
	at := 0
	if callee.Is("assert") {
		at = 1
	}
	fills := callee.Topic != nil && callee.Topic.Func != nil && (callee.Is("print") || callee.Is("error") || callee.Is("assert") || callee.Is("io.write") || callee.Topic.Module.Name == "log")
	if !fills || len(args.given) < at+2 {
		return
	}
	text, ok := args.given[at].(*ast.StringExpr)
	if !ok {
		return
	}
	if all, bad := printf.All(text.Value); bad != "" || len(all) == 0 || len(all) != len(args.given)-at-1 || spaced(all) {
		return
	}
	f := c.on(text, "format-arguments", fmt.Sprintf("'%s' does not fill in the directives of a format", callee.Topic.Name))
	given := make([]string, len(args.given)-at)
	for i, arg := range args.given[at:] {
		given[i] = c.code(arg)
	}
	f.Hint, f.Severity = fmt.Sprintf("use string.format(%s)", strings.Join(given, ", ")), report.Warning
}

// spaced reports whether a directive has a space, as after a percent sign in prose.
func spaced(all []printf.Directive) bool {
	for _, d := range all {
		if strings.Contains(d.Flags, " ") {
			return true
		}
	}
	return false
}

// formatted checks a call of string.format.
func (c *script) formatted(e *ast.FuncCallExpr, args arguments) {
	if len(args.given) == 0 {
		return
	}
	text, ok := c.Value(args.given[0]).Literal.(*ast.StringExpr)
	if !ok {
		c.formatSwapped(args)
		return
	}
	all, bad := printf.All(text.Value)
	at := c.nameToken(e)
	if bad != "" {
		f := c.at(at, "format-arguments", fmt.Sprintf("string.format has no directive %s", quotedDirective(bad)))
		f.Hint = directiveHint(bad)
		return
	}
	given := args.given[1:]
	switch {
	case len(given) < len(all) && !args.open:
		f := c.at(at, "format-arguments", fmt.Sprintf("the format has %s, but only %s passed", counted(len(all), "directive"), isOrAre(len(given), "value")))
		f.Hint = "pass a value for each directive, and write %% for a percent sign"
		return
	case len(given) > len(all) && (!args.open || len(given) > len(all)+1):
		f := c.on(given[len(all)], "format-arguments", fmt.Sprintf("the format has %s, so this value is dropped", counted(len(all), "directive")))
		f.Severity = report.Warning
		if strings.Contains(text.Value, "{}") || strings.Contains(text.Value, "{0}") {
			f.Hint = "write %s in the format where the value goes"
		}
		return
	}
	for i, d := range all {
		if i < len(given) && (!args.open || i < len(given)-1) {
			c.formatValue(d, given[i])
		}
	}
}

func counted(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func isOrAre(n int, noun string) string {
	if n == 1 {
		return "one " + noun + " is"
	}
	return counted(n, noun) + " are"
}

// quotedDirective is the beginning of an invalid directive.
func quotedDirective(bad string) string {
	end := strings.IndexAny(bad[1:], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ(),;:'\" ")
	if end < 0 {
		return "'" + bad[:min(len(bad), 3)] + "'"
	}
	return "'" + bad[:end+2] + "'"
}

// directiveHint says what Lua writes in place of a directive of other languages.
func directiveHint(bad string) string {
	switch {
	case strings.HasPrefix(bad, "%("):
		return "write %s, and pass the values in that order"
	case strings.HasPrefix(bad, "%l"), strings.HasPrefix(bad, "%,"):
		return "write %d for a whole number"
	case strings.HasPrefix(bad, "%v"):
		return "write %s, and convert the value with tostring(...)"
	}
	return "write %% for a percent sign"
}

// formatSwapped reports a format that comes after the value.
func (c *script) formatSwapped(args arguments) {
	if len(args.given) != 2 {
		return
	}
	text, ok := args.given[1].(*ast.StringExpr)
	if !ok {
		return
	}
	if all, bad := printf.All(text.Value); bad == "" && len(all) == 1 {
		f := c.on(text, "format-arguments", "the format comes first, then the value")
		f.Hint = fmt.Sprintf("write string.format(%s, %s)", c.code(text), c.code(args.given[0]))
	}
}

// formatValue checks the value of a directive.
func (c *script) formatValue(d printf.Directive, arg ast.Expr) {
	verb := "%" + string(rune(d.Verb))
	if d.TakesText() && c.isCaught(arg) {
		f := c.on(arg, "format-arguments", fmt.Sprintf("'%s' takes a string or a number, and the error of a call is an object", verb))
		f.Hint = fmt.Sprintf("write tostring(%s)", c.code(arg))
		return
	}
	value, described, known := c.sample(arg)
	if _, call := arg.(*ast.FuncCallExpr); call && !known && c.Value(arg).Type == infer.Nothing {
		value, described, known = spec.Nil, "nil: the function returns nothing", true
	}
	if !known {
		return
	}
	wanted, accepts := "a number", spec.Number
	if d.TakesText() {
		wanted, accepts = "a string or a number", spec.String|spec.Number
	}
	if value&accepts != 0 {
		return
	}
	f := c.on(arg, "format-arguments", fmt.Sprintf("'%s' takes %s, not %s", verb, wanted, described))
	switch {
	case value&spec.Table != 0 && d.TakesText():
		f.Hint = fmt.Sprintf("use one of its fields, or write inspect(%s)", c.code(arg))
	case d.TakesText():
		f.Hint = fmt.Sprintf("write tostring(%s)", c.code(arg))
	case value&spec.String != 0:
		f.Hint = "write %s for a string"
	}
}

// isCaught reports whether a value is what pcall or planhat.try returns for a failed
// call of a module, which raises objects.
func (c *script) isCaught(e ast.Expr) bool {
	name, ok := e.(*ast.IdentExpr)
	if !ok {
		return false
	}
	val := c.onlyValue(name)
	if val == nil || val.Place != 1 {
		return false
	}
	call, ok := val.Expr.(*ast.FuncCallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	callee := c.Callee(call)
	called := c.Value(call.Args[0])
	return (callee.Is("planhat.try") || callee.Is("pcall")) && called.IsFunction() && c.isModel(called.Topic.Module.Name)
}
