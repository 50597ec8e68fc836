package complete

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// Learn records what an evaluated input says about its variables' types: after
// c = planhat.company.get_list()[1], c is a Company.
func (e *Engine) Learn(source string) {
	chunk, err := compile.Parse([]byte(source), "input")
	if err != nil {
		return
	}
	for _, stmt := range chunk {
		switch stmt := stmt.(type) {
		case *ast.LocalAssignStmt:
			for i, name := range stmt.Names {
				e.learn(name, stmt.Exprs, i)
			}
		case *ast.AssignStmt:
			for i, target := range stmt.Lhs {
				if name, ok := target.(*ast.IdentExpr); ok {
					e.learn(name.Value, stmt.Rhs, i)
				}
			}
		}
	}
}

func (e *Engine) learn(name string, values []ast.Expr, i int) {
	if e.types == nil {
		e.types = map[string]spec.Type{}
	}
	delete(e.types, name)
	if i < len(values) {
		if typ := e.infer(values[i]); typ != "" {
			e.types[name] = typ
		}
	}
}

// typeOf returns the type of an expression, or "". tokens are the text before
// it, whose loops declare variables.
func (e *Engine) typeOf(expression string, tokens []compile.Token) spec.Type {
	chunk, err := compile.Parse([]byte("return "+expression), "input")
	if err != nil || len(chunk) != 1 {
		return ""
	}
	values, ok := chunk[0].(*ast.ReturnStmt)
	if !ok || len(values.Exprs) != 1 {
		return ""
	}
	if name, ok := values.Exprs[0].(*ast.IdentExpr); ok {
		if typ := e.loopVariable(name.Value, tokens); typ != "" {
			return typ
		}
	}
	return e.infer(values.Exprs[0])
}

// loopVariable returns the type of a variable of a for loop around the cursor.
func (e *Engine) loopVariable(name string, tokens []compile.Token) spec.Type {
	for i := len(tokens) - 1; i > 1; i-- {
		if tokens[i].Text != "in" || tokens[i-1].Text != name {
			continue
		}
		var text strings.Builder
		for _, t := range tokens[i+1:] {
			if t.Text == "do" {
				break
			}
			text.WriteString(t.Text)
		}
		call := text.String()
		if inner, ok := strings.CutPrefix(call, "ipairs("); ok {
			return e.typeOf(strings.TrimSuffix(inner, ")"), nil).Element()
		}
		return e.typeOf(call, nil).Result(0).NonNil()
	}
	return ""
}

// infer returns the type of an expression, as far as reading it can tell.
func (e *Engine) infer(expr ast.Expr) spec.Type {
	switch expr := expr.(type) {
	case *ast.IdentExpr:
		if typ := e.types[expr.Value]; typ != "" {
			return typ
		}
		if e.moduleNamed(expr.Value) != nil {
			return spec.Type(expr.Value)
		}
	case *ast.FuncCallExpr:
		return e.returned(expr)
	case *ast.AttrGetExpr:
		of := e.infer(expr.Object)
		key, ok := expr.Key.(*ast.StringExpr)
		if !ok {
			return of.Element()
		}
		if part := of + "." + spec.Type(key.Value); e.moduleNamed(string(part)) != nil {
			return part
		}
		for _, f := range e.Manual.Fields(of) {
			if f.Name == key.Value {
				return f.Type.NonNil()
			}
		}
	case *ast.LogicalOpExpr:
		if typ := e.infer(expr.Lhs); typ != "" {
			return typ
		}
		return e.infer(expr.Rhs)
	}
	return ""
}

// returned is the type of a call's first result.
func (e *Engine) returned(call *ast.FuncCallExpr) spec.Type {
	name, of := call.Method, call.Receiver
	if call.Func != nil {
		field, ok := call.Func.(*ast.AttrGetExpr)
		if !ok {
			if module, ok := syntax.Required(call); ok && e.moduleNamed(module) != nil {
				return spec.Type(module)
			}
			return ""
		}
		key, ok := field.Key.(*ast.StringExpr)
		if !ok {
			return ""
		}
		name, of = key.Value, field.Object
	}
	t := e.Manual.Topic(string(e.infer(of)) + "." + name)
	if t == nil || t.Func == nil || len(t.Func.Returns) == 0 {
		return ""
	}
	return t.Func.Returns[0].Type
}

// module returns the module that an expression names or has as its type.
func (e *Engine) module(expression string, typ spec.Type) *spec.Module {
	if m := e.moduleNamed(string(typ)); m != nil {
		return m
	}
	return e.moduleNamed(expression)
}

func (e *Engine) moduleNamed(name string) *spec.Module {
	t := e.Manual.Topic(name)
	if t == nil || t.Module == nil || t.Module.Name != name {
		return nil
	}
	return t.Module
}

// guess returns the model that has all of a table's fields, at least three, or
// nil.
func (e *Engine) guess(t *lua.LTable) *catalog.Model {
	if t.RawGetString("_id") == lua.LNil {
		return nil
	}
	var names []string
	for k, _ := t.Next(lua.LNil); k != lua.LNil && len(names) < 100; k, _ = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return nil
		}
		names = append(names, string(name))
	}
	var best *catalog.Model
	for _, m := range e.Manual.Catalog().Models {
		known := 0
		for _, name := range names {
			if m.Property(name) != nil {
				known++
			} else if !slices.Contains([]string{"_id", "__v", "custom", "createdAt", "updatedAt"}, name) {
				known = -1
				break
			}
		}
		if known >= 3 && (best == nil || len(m.Properties) < len(best.Properties)) {
			best = m
		}
	}
	return best
}

// live returns the value of a dotted name, nil if it is not one, and Lua's nil
// if there is no such value. It follows metatables that are tables; no code of
// the script runs.
func (e *Engine) live(expression string) lua.LValue {
	chunk, err := compile.Parse([]byte("return "+expression), "input")
	if err != nil || len(chunk) != 1 {
		return nil
	}
	values, ok := chunk[0].(*ast.ReturnStmt)
	if !ok || len(values.Exprs) != 1 {
		return nil
	}
	return e.value(values.Exprs[0])
}

func (e *Engine) value(expr ast.Expr) lua.LValue {
	switch expr := expr.(type) {
	case *ast.IdentExpr:
		if v := e.Session.Local(expr.Value); v != nil {
			return v
		}
		if v := e.Session.Globals().RawGetString(expr.Value); v != lua.LNil {
			return v
		}
		if e.moduleNamed(expr.Value) != nil {
			return nil // not opened yet
		}
		return lua.LNil
	case *ast.StringExpr:
		return lua.LString(expr.Value)
	case *ast.AttrGetExpr:
		t, ok := e.value(expr.Object).(*lua.LTable)
		if !ok {
			return nil
		}
		switch key := expr.Key.(type) {
		case *ast.StringExpr:
			return rawIndex(t, lua.LString(key.Value))
		case *ast.NumberExpr:
			return rawIndex(t, number(key.Value))
		}
	}
	return nil
}

// number reads a numeral that may be a position in a list.
func number(text string) lua.LValue {
	n := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > 1<<30 {
			return lua.LNil
		}
		n = 10*n + int(c-'0')
	}
	return lua.LNumber(n)
}

// rawIndex reads a field, also in an __index that is a table.
func rawIndex(t *lua.LTable, key lua.LValue) lua.LValue {
	for range deepestIndex {
		if key == lua.LNil {
			return lua.LNil
		}
		if v := t.RawGet(key); v != lua.LNil {
			return v
		}
		meta, ok := t.Metatable.(*lua.LTable)
		if !ok {
			return lua.LNil
		}
		if t, ok = meta.RawGetString("__index").(*lua.LTable); !ok {
			return lua.LNil
		}
	}
	return lua.LNil
}
