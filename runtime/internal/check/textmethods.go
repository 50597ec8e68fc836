package check

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
)

// textMethod reports a text's function that is called with a dot, so that it
// does not get the text: name.upper().
func (c *script) textMethod(e *ast.FuncCallExpr) {
	index, ok := e.Func.(*ast.AttrGetExpr)
	if !ok {
		return
	}
	key, ok := index.Key.(*ast.StringExpr)
	k := c.infer(index.Object)
	if !ok || k.typ != "string" || k.topic != nil || c.setMembers["string."+key.Value] {
		return
	}
	// What is declared as an id may come as a record.
	if k.maybe && (k.property == nil || k.property.Type != catalog.String) {
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
	f := c.at(c.flow.expr[index].at, "wrong-arguments", fmt.Sprintf("with a dot, %s does not receive the string before the dot", topic.Name))
	f.Hint, f.Subject = fmt.Sprintf("use a colon: %s:%s(%s)", object, key.Value, strings.Join(given, ", ")), topic.Name
}

// givesText reports whether a call hands over the text itself: name.rep(name, 2).
func (c *script) givesText(e *ast.FuncCallExpr, text ast.Expr) bool {
	return len(e.Args) > 0 && c.text(e.Args[0]) == c.text(text)
}
