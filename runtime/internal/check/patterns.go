package check

import (
	"bytes"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/meant"
	"github.com/phscript/phscript/runtime/internal/check/report"
)

// patternFunctions are the functions that take a pattern.
var patternFunctions = []string{"find", "match", "gmatch", "gsub"}

// plainFunctions are those of the module text that take plain text as second argument,
// where people expect a pattern.
var plainFunctions = []string{"text.split", "text.contains", "text.replace", "text.starts_with", "text.ends_with"}

// patterns reports patterns that do not mean what their writer meant.
func (c *script) patterns(e *ast.FuncCallExpr) {
	name, args := e.Method, e.Args
	callee := c.Callee(e)
	switch {
	case callee.Topic != nil && strings.HasPrefix(callee.Topic.Name, "text.") && len(args) > 1:
		c.separator(callee.Topic.Name, args[1])
		return
	case callee.Topic != nil:
		var ok bool
		if name, ok = strings.CutPrefix(callee.Topic.Name, "string."); !ok || c.setMembers[callee.Topic.Name] {
			return
		}
		if e.Func != nil && len(args) > 0 {
			args = args[1:]
		}
	case e.Func != nil || c.Value(e.Receiver).Type != "" || matchesOtherwise(c.text(e.Receiver)) || bytes.Contains(bytes.ToLower(c.src), []byte("lpeg")):
		return
	}
	if !slices.Contains(patternFunctions, name) || len(args) == 0 {
		return
	}
	written, known := c.literal(args[0]).(string)
	if !known || name == "find" && len(args) > 2 || callee.Topic == nil && strings.HasPrefix(written, "/") {
		return // with a third argument, find looks for plain text; routes start with a slash
	}
	use := meant.Use{Function: name, Pattern: written}
	at := args[0]
	if name == "gsub" && len(args) > 1 {
		use.Replacement, use.Text = c.literal(args[1]).(string)
	}
	d := use.Look()
	if d == nil || c.tries(at) || written == "." && use.Text && use.Replacement == "" && c.counts(e) {
		return
	}
	if d.Replacement {
		at = args[1]
	}
	f := c.on(at, "pattern", d.Message)
	f.Hint = d.Hint
	if d.Fails {
		f.Severity = report.Error
	}
}

// separator reports a pattern for a function that takes plain text.
func (c *script) separator(function string, arg ast.Expr) {
	written, known := c.literal(arg).(string)
	if !known || !slices.Contains(plainFunctions, function) {
		return
	}
	if d := meant.Split(function, written); d != nil {
		c.on(arg, "pattern", d.Message).Hint = d.Hint
	}
}

// matchesOtherwise reports whether an object's name says that it matches in its own way,
// such as a regular expression, a router or a tree of elements.
func matchesOtherwise(object string) bool {
	object = strings.ToLower(object)
	return slices.ContainsFunc([]string{"re", "rex", "lpeg", "app", "router", "route", "node", "dom", "doc", "root", "tree", "query", "db", "collection", "xml", "html"}, func(word string) bool {
		return object == word || strings.HasSuffix(object, "."+word) || strings.HasSuffix(object, "_"+word)
	}) || strings.Contains(object, "regex") || strings.Contains(object, "parser")
}

// counts reports whether a call's second result is what is wanted, as in
// select(2, s:gsub(".", "")) and local _, n = s:gsub(".", "").
func (c *script) counts(e *ast.FuncCallExpr) bool {
	token := c.flow.Tokens[c.flow.Expr[e].From]
	line := string(c.src[:token.Start])
	line = line[strings.LastIndexByte(line, '\n')+1:]
	return strings.Contains(line, "select(") || strings.Contains(line, "_,")
}
