package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// unreachable reports code that never runs, once for what follows from it.
func (c *script) unreachable() {
	for _, fn := range c.flow.Functions {
		for _, s := range fn.Unreached() {
			if s.LoopEnd {
				c.at(s.Token, "loop-runs-once", "the loop always ends in its first iteration").
					Hint = "put the return, error or break at the end of its body in an if"
			} else {
				c.at(s.Token, "unreachable-code", "this code is never reached")
			}
		}
	}
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
