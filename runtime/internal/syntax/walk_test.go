package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// TestOrder visits every kind of node, in the order of the source.
func TestOrder(t *testing.T) {
	for src, want := range map[string]string{
		"a.b, c = d, -e":                        "Assign a.b c d -e .",
		"local x = #a .. (not b)":               "Local #a..!b .",
		"f(a, {b, [c] = d}); o:m(a < b)":        "Call () f a {} b c d . Call () o <a b .",
		"do local a end":                        "Do [ Local . ] .",
		"while a do f() end":                    "While a [ Call () f . ] .",
		"repeat local a until a":                "Repeat [ Local . a ] .",
		"if a then f() elseif b then else end":  "If a [ Call () f . ] [ If b [ ] [ ] . ] .",
		"for i = a, b, c do break end":          "For a b c [ Break . ] .",
		"for i = a, b do end":                   "For a b [ ] .",
		"for k in p(t) do f() end":              "ForIn () p t [ Call () f . ] .",
		"function a.b(x) return x, ... end":     "Def a.b fn [ Return x ... . ] .",
		"function a:m() end":                    "Def a fn [ ] .",
		"return a and b, c + d, function() end": "Return &a b +c d fn [ ] .",
	} {
		chunk, err := parse.Parse(strings.NewReader(src), "")
		require.NoError(t, err, src)
		var seen []string
		note := func(text string) { seen = append(seen, text) }
		v := Visitor{
			Stmt:  func(s ast.Stmt) { note(kind(s)) },
			Expr:  func(e ast.Expr) { note(kind(e)) },
			Left:  func(ast.Stmt) { note(".") },
			Open:  func(ast.PositionHolder) { note("[") },
			Close: func() { note("]") },
		}
		v.Statements(chunk)
		got := strings.NewReplacer("index a \"b\"", "a.b", "- ", "-", "# .. ", "", "not ", "!").Replace(strings.Join(seen, " "))
		got = strings.NewReplacer(".. # a !b", "#a..!b", "< ", "<", "& ", "&", "+ ", "+").Replace(got)
		assert.Equal(t, want, got, src)
		(&Visitor{}).Statements(chunk)
	}
}

func kind(node any) string {
	switch n := node.(type) {
	case *ast.IdentExpr:
		return n.Value
	case *ast.StringExpr:
		return fmt.Sprintf("%q", n.Value)
	}
	return map[string]string{
		"*ast.AssignStmt": "Assign", "*ast.LocalAssignStmt": "Local", "*ast.FuncCallStmt": "Call", "*ast.DoBlockStmt": "Do",
		"*ast.WhileStmt": "While", "*ast.RepeatStmt": "Repeat", "*ast.IfStmt": "If", "*ast.NumberForStmt": "For",
		"*ast.GenericForStmt": "ForIn", "*ast.FuncDefStmt": "Def", "*ast.ReturnStmt": "Return", "*ast.BreakStmt": "Break",
		"*ast.AttrGetExpr": "index", "*ast.FuncCallExpr": "()", "*ast.TableExpr": "{}", "*ast.FunctionExpr": "fn", "*ast.Comma3Expr": "...",
		"*ast.LogicalOpExpr": "&", "*ast.RelationalOpExpr": "<", "*ast.ArithmeticOpExpr": "+", "*ast.StringConcatOpExpr": "..",
		"*ast.UnaryMinusOpExpr": "-", "*ast.UnaryNotOpExpr": "not", "*ast.UnaryLenOpExpr": "#",
	}[fmt.Sprintf("%T", node)]
}
