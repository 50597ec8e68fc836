package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// unreachable reports code that never runs, once for what follows from it.
func (c *script) unreachable() {
	firsts, lasts := c.firstItems(), c.safeguards()
	for _, fn := range c.flow.Functions {
		for _, s := range fn.Unreached() {
			if s.LoopEnd {
				f := c.at(s.Token, "loop-runs-once", "the loop always ends in its first iteration")
				f.Hint, f.minor = "put the return, error or break at the end of its body in an if", firsts[s.Token]
			} else {
				c.at(s.Token, "unreachable-code", "this code is never reached").minor = lasts[s.Token]
			}
		}
	}
}

// firstItems are the tokens of the loops over something that take the first item, or only
// ask whether there is one: their bodies have no choice that could let them continue.
func (c *script) firstItems() map[int]bool {
	found := map[int]bool{}
	v := syntax.Visitor{Shallow: false, Stmt: func(s ast.Stmt) {
		loop, ok := s.(*ast.GenericForStmt)
		if !ok {
			return
		}
		chooses := false
		inner := syntax.Visitor{Shallow: true, Stmt: func(s ast.Stmt) {
			if _, ok := s.(*ast.IfStmt); ok {
				chooses = true
			}
		}}
		inner.Statements(loop.Stmts)
		if !chooses {
			found[c.flow.Stmt[loop].From] = true
		}
	}}
	v.Statements(c.chunk)
	return found
}

// safeguards are the tokens of last statements that return a value or raise an error, which
// people write for cases that cannot occur.
func (c *script) safeguards() map[int]bool {
	found := map[int]bool{}
	last := func(stmts []ast.Stmt) {
		if len(stmts) < 2 {
			return
		}
		s := stmts[len(stmts)-1]
		switch s := s.(type) {
		case *ast.ReturnStmt:
		case *ast.FuncCallStmt:
			if name := flow.Dotted(s.Expr.(*ast.FuncCallExpr).Func); name != "error" && name != "assert" {
				return
			}
		default:
			return
		}
		found[c.flow.Stmt[s].From] = true
		if len(stmts) > 2 {
			// assert(false) return nil
			if call, ok := stmts[len(stmts)-2].(*ast.FuncCallStmt); ok && call.Expr.(*ast.FuncCallExpr).Func != nil && flow.Dotted(call.Expr.(*ast.FuncCallExpr).Func) == "assert" {
				found[c.flow.Stmt[call].From] = true
			}
		}
	}
	last(c.chunk)
	v := syntax.Visitor{Expr: func(e ast.Expr) {
		if fn, ok := e.(*ast.FunctionExpr); ok {
			last(fn.Stmts)
		}
	}}
	v.Statements(c.chunk)
	return found
}

// uninitialized reports reads of variables that have no value yet.
func (c *script) uninitialized() {
	for _, fn := range c.flow.Functions {
		for _, s := range fn.Steps {
			for _, list := range [][]flow.Access{s.Reads, s.Changes} {
				for _, a := range list {
					if c.isUnset(s, a.V) {
						c.at(a.Token, "read-before-set", "'"+a.V.Name+"' has no value yet when it is read here").Subject = a.V.Name
					}
				}
			}
		}
	}
}

func (c *script) isUnset(s *flow.Step, v *flow.Variable) bool {
	used := s.Used[v]
	if len(used) == 0 || len(v.Values) == 1 && v.Values[0].Empty {
		return false
	}
	for _, val := range used {
		if !val.Empty {
			return false
		}
	}
	return true
}

// duplicates reports fields that a table literal sets twice.
func (c *script) duplicates(e *ast.TableExpr) {
	seen := map[any]int{}
	next := 1.0
	for _, f := range e.Fields {
		at, key := f.Key, any(nil)
		switch k := f.Key.(type) {
		case nil:
			at, key = f.Value, next
			next++
		case *ast.StringExpr:
			key = k.Value
		case *ast.NumberExpr:
			if n, ok := number.Parse(k.Value); ok {
				key = n
			}
		case *ast.TrueExpr:
			key = true
		case *ast.FalseExpr:
			key = false
		}
		if key == nil {
			continue
		}
		token := c.flow.Inside(at)
		if before, ok := seen[key]; ok {
			f := c.at(before, "duplicate-field", "this field is set again in the same table; only the last value is kept")
			f.Hint = "remove one of the two"
		}
		seen[key] = token
	}
}
