package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

// unreachable reports code that never runs, once for what follows from it.
func (c *script) unreachable() {
	for _, fn := range c.flow.functions {
		w := &walker{steps: fn.steps, seen: make([]int, len(fn.steps))}
		reached := make([]bool, len(fn.steps))
		mark := func(at int, _ *step) bool {
			if reached[at] {
				return false
			}
			reached[at] = true
			return true
		}
		w.walk(0, mark)
		for i, s := range fn.steps {
			if reached[i] || s.token < 0 {
				continue
			}
			if s.loopEnd {
				c.at(s.token, "loop-runs-once", "the loop always ends in its first iteration").
					Hint = "put the return, error or break at the end of its body in an if"
			} else {
				c.at(s.token, "unreachable-code", "this code is never reached")
			}
			w.walk(i, mark)
		}
	}
}

// uninitialized reports reads of variables that have no value yet.
func (c *script) uninitialized() {
	for _, fn := range c.flow.functions {
		for _, s := range fn.steps {
			for _, list := range [][]access{s.reads, s.changes} {
				for _, a := range list {
					if c.isUnset(s, a.v) {
						c.at(a.token, "read-before-set", "'"+a.v.name+"' has no value yet when it is read here").Subject = a.v.name
					}
				}
			}
		}
	}
}

func (c *script) isUnset(s *step, v *variable) bool {
	used := s.used[v]
	if len(used) == 0 || len(v.values) == 1 && v.values[0].empty {
		return false
	}
	for _, val := range used {
		if !val.empty {
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
		token := c.flow.inside(at)
		if before, ok := seen[key]; ok {
			f := c.at(before, "duplicate-field", "this field is set again in the same table; only the last value is kept")
			f.Hint = "remove one of the two"
		}
		seen[key] = token
	}
}
