package check

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/meant"
	"github.com/phscript/phscript/runtime/internal/check/position"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// refusal is what a parameter or an option says about a value.
type refusal interface{ Refuses(value any) error }

// refusedValue reports a value that is written out and that the function refuses: it asks
// the parser that the function reads it with. of is the type that it must have.
func (c *script) refusedValue(callee infer.Value, by refusal, of spec.Type, arg ast.Expr) {
	if c.setMembers[callee.Topic.Name] {
		return
	}
	switch v := c.literal(arg).(type) {
	case string:
		c.refuses(callee, by.Refuses(v), arg)
	case float64:
		if of.Accepts(spec.Number | spec.Integer) {
			c.refuses(callee, by.Refuses(v), arg)
		}
	case spec.Options, spec.Unknown:
		c.refusedItems(callee, by, of, arg)
	}
}

// refusedItems does the same for the texts in a list or in a table by names, such as
// the types of columns.
func (c *script) refusedItems(callee infer.Value, by refusal, of spec.Type, arg ast.Expr) {
	table, _ := c.tableOf(arg)
	if table == nil || !of.Accepts(spec.Table) {
		return
	}
	for _, field := range table.Fields {
		if text, ok := c.literal(field.Value).(string); ok {
			c.refuses(callee, by.Refuses(text), field.Value)
		}
	}
}

// refusedTogether reports arguments that only together are wrong.
func (c *script) refusedTogether(callee infer.Value, args arguments) {
	f := callee.Function()
	if f.Refuses == nil || args.open || len(args.given) == 0 {
		return
	}
	known := make(spec.Arguments, len(args.given))
	for i, arg := range args.given {
		known[i] = c.literal(arg)
	}
	c.refuses(callee, f.Refuses(known), args.given[0])
}

// refuses reports an error of a parser about an expression.
func (c *script) refuses(callee infer.Value, err error, arg ast.Expr) {
	if err == nil || c.tries(arg) {
		return
	}
	message := err.Error()
	var other *spec.OtherValueError
	if errors.As(err, &other) {
		message += catalog.DidYouMean(other.Text, other.Values)
	}
	f := c.on(arg, "wrong-value", callee.Topic.Name+": "+message)
	var advised interface{ ErrorHint() string }
	if errors.As(err, &advised) {
		f.Hint = advised.ErrorHint()
	}
}

// literal returns a value that is written out, as [spec.Arguments] has them. The
// fields of a table count only if nothing can have changed them.
func (c *script) literal(e ast.Expr) any {
	k := c.Value(e)
	if k.Maybe {
		return spec.Unknown{}
	}
	switch lit := k.Literal.(type) {
	case *ast.StringExpr:
		return lit.Value
	case *ast.NumberExpr:
		if n, ok := number.Parse(lit.Value); ok {
			return n
		}
	case *ast.TrueExpr:
		return true
	case *ast.FalseExpr:
		return false
	case *ast.NilExpr:
		if e == k.Literal {
			return nil
		}
	case *ast.TableExpr:
		return c.literalFields(e, lit)
	}
	if minus, ok := e.(*ast.UnaryMinusOpExpr); ok {
		if n, isNumber := c.literal(minus.Expr).(float64); isNumber {
			return -n
		}
	}
	return spec.Unknown{}
}

func (c *script) literalFields(e ast.Expr, table *ast.TableExpr) any {
	if v, settled := c.holder(e, table); !settled || v != nil && (c.escapes(v) || len(v.Items) > 0 || len(v.Fields) > 0) {
		return spec.Unknown{}
	}
	fields := spec.Options{}
	for _, field := range table.Fields {
		key, named := field.Key.(*ast.StringExpr)
		if !named {
			return spec.Unknown{}
		}
		fields[key.Value] = c.literal(field.Value)
	}
	return fields
}

// tries reports whether an expression is part of a short attempt whose error the script
// expects, such as pcall(time.parse, "soon") or expect(function() return f("soon") end).
func (c *script) tries(e ast.Expr) bool {
	if c.attempts == nil {
		c.attempts = []position.Span{}
		v := syntax.Visitor{Expr: func(e ast.Expr) {
			if call, ok := e.(*ast.FuncCallExpr); ok && c.attempt(call) {
				c.attempts = append(c.attempts, c.flow.Expr[call])
			}
		}}
		v.Statements(c.chunk)
	}
	at := c.flow.Expr[e].From
	return slices.ContainsFunc(c.attempts, func(span position.Span) bool { return span.From <= at && at <= span.To })
}

func (c *script) attempt(call *ast.FuncCallExpr) bool {
	if call.Func == nil || len(call.Args) == 0 || !slices.Contains([]string{"pcall", "xpcall", "expect", "planhat.try"}, c.text(call.Func)) {
		return false
	}
	fn, written := call.Args[0].(*ast.FunctionExpr)
	return !written || len(fn.Stmts) <= 1
}

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
	case e.Func != nil || c.Value(e.Receiver).Type != "" || matchesOtherwise(c.text(e.Receiver)),
		e.Method == "match" && bytes.Contains(bytes.ToLower(c.src), []byte("lpeg")):
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
