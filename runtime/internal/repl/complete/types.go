package complete

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/infer"
)

// Learn records what an evaluated input says about its variables: after
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
	if e.known == nil {
		e.known = map[string]infer.Value{}
	}
	delete(e.known, name)
	if i < len(values) {
		e.known[name] = e.inference(nil).Value(values[i])
	}
}

// inference tells types as they are after some text, whose loops declare
// variables.
func (e *Engine) inference(tokens []compile.Token) *infer.Inference {
	n := &infer.Inference{Manual: e.Manual}
	n.Name = func(name *ast.IdentExpr) infer.Value {
		if over, place := loopOver(name.Value, tokens); over != nil {
			return n.Variable(over, place)
		}
		if v, ok := e.known[name.Value]; ok {
			return v
		}
		return infer.Of(e.Manual.Topic(name.Value))
	}
	return n
}

// valueOf returns what is known about an expression that follows some text.
func (e *Engine) valueOf(expression string, tokens []compile.Token) infer.Value {
	if expr := parse(expression); expr != nil {
		return e.inference(tokens).Value(expr)
	}
	return infer.Value{}
}

// parse returns the syntax tree of an expression, or nil.
func parse(expression string) ast.Expr {
	if list := compile.Expressions(expression); len(list) == 1 {
		return list[0]
	}
	return nil
}

// loopOver returns what the for loop around the cursor that declares a variable
// loops over, and the variable's place in it; nil if there is none.
func loopOver(name string, tokens []compile.Token) (over ast.Expr, place int) {
	for i := len(tokens) - 1; i > 1; i-- {
		if tokens[i].Text != "in" {
			continue
		}
		first := i
		for first > 0 && tokens[first-1].Text != "for" {
			first--
		}
		at := slices.IndexFunc(tokens[first:i], func(t compile.Token) bool { return t.Text == name })
		if at < 0 {
			continue
		}
		var text strings.Builder
		for _, t := range tokens[i+1:] {
			if t.Text == "do" {
				break
			}
			text.WriteString(t.Text)
		}
		return parse(text.String()), at / 2
	}
	return nil, 0
}

// guess returns the model that has all of a table's fields, at least three, or
// nil.
func (e *Engine) guess(t *lua.LTable) *catalog.Model {
	compile.Fill(t)
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
	if expr := parse(expression); expr != nil {
		return e.value(expr)
	}
	return nil
}

// moduleNamed returns a module of the manual, or nil.
func (e *Engine) moduleNamed(name string) *spec.Module {
	if v := infer.Of(e.Manual.Topic(name)); v.IsModule() {
		return v.Topic.Module
	}
	return nil
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
			return compile.Member(t, lua.LString(key.Value))
		case *ast.NumberExpr:
			return compile.Member(t, number(key.Value))
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
