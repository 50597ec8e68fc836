package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/check/position"
	"github.com/phscript/phscript/runtime/internal/compile"
)

// described is what the flow of a script says: the values of each variable, with
// what becomes of them; names that hide others; globals; and code that never
// runs.
func described(t *testing.T, src string) string {
	t.Helper()
	parsed, err := compile.Read([]byte(src), "test")
	require.NoError(t, err, src)
	places, err := position.Locate(parsed.Chunk, parsed.Tokens)
	require.NoError(t, err, src)
	g := flow.Trace(parsed.Chunk, places)
	var all []string
	for _, v := range g.Vars {
		if v.Implicit || v.Name == "..." && !v.Read {
			continue
		}
		text := v.Name + ":"
		for _, val := range v.Values {
			var what []string
			for name, holds := range map[string]bool{"empty": val.Empty, "used": val.Used, "changed": val.Changed, "many": val.Many} {
				if holds {
					what = append(what, name)
				}
			}
			slices.Sort(what)
			if val.Over != nil {
				what = append(what, "over")
			}
			if len(what) == 0 {
				what = []string{"unused"}
			}
			text += " " + strings.Join(what, "+")
			if val.Place > 0 {
				text += fmt.Sprintf("@%d", val.Place)
			}
		}
		if len(v.Items)+len(v.Fields) > 0 {
			text += fmt.Sprintf(" (%d items, %d fields)", len(v.Items), len(v.Fields))
		}
		all = append(all, text)
	}
	for _, fn := range g.Functions {
		if fn.Value != nil {
			all = append(all, fmt.Sprintf("%s holds a function with %d users", fn.Value.V.Name, len(fn.Value.UsedIn)))
		}
	}
	for _, s := range g.Shadows {
		all = append(all, fmt.Sprintf("%s hides %t", s.V.Name, s.SameScope))
	}
	for _, u := range g.Globals {
		if u.Name != "f" && u.Name != "c" {
			all = append(all, fmt.Sprintf("%s set=%t member=%t", u.Name, u.Set, u.Member))
		}
	}
	for _, fn := range g.Functions {
		for _, s := range fn.Unreached() {
			all = append(all, fmt.Sprintf("never %s %t", parsed.Tokens[s.Token].Text, s.LoopEnd))
		}
	}
	return strings.Join(all, "; ")
}

// TestFlow: f is a global function that takes anything, c a global condition.
func TestFlow(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{`local a = 1`, `a: unused`},
		{`local a = 1 f(a)`, `a: used`},
		{`local a f(a)`, `a: empty+used`},
		{`local a a = 1 f(a)`, `a: empty+over used`},
		{`local a = 1 a = 2 f(a)`, `a: over used`},
		{`local a = 1 if c then a = 2 end f(a)`, `a: used+over used`},
		{`local a = 1 if c then a = 2 else a = 3 end f(a)`, `a: unused used used`},
		{`local a = 1 if c then a = 2 elseif f() then a = 3 else a = 4 end f(a)`, `a: unused used used used`},
		{`local a = 1 if true then a = 2 end f(a)`, `a: over used`},
		{`local a = 1 if false then a = 2 end f(a)`, `a: used used; never a false`},
		{`local a = 1 while c do f(a) a = 2 end`, `a: used+over used+over`},
		{`local a = 1 while true do a = 2 if c then break end end f(a)`, `a: over used+over`},
		{`local a = 1 repeat local b = a a = 2 until b`, `a: used+over used+over; b: used`},
		{`local a = 1 repeat a = 2 until true f(a)`, `a: over used`},
		{`local a = 1 repeat a = 2 until false f(a)`, `a: over over; never f false`},
		{`local a = 1 for i = 1, 2 do a = i end f(a)`, `a: used+over used+over; i: used`},
		{`for k, v in f() do f(k) end`, `k: used; v: unused`},
		{`for i = 1, 10 do f(i) break end`, `i: used; never for true`},
		{`for i = 1, 10 do if c then break end f(i) end`, `i: used`},
		{`while c do return end`, `never while true`},
		{`do return end f(1)`, `never f false`},
		{`do local a = 1 f(a) end f(a)`, `a: used; a set=false member=false`},
		{`local a = 1 local a = 2 f(a)`, `a: unused; a: used; a hides true`},
		{`local a = 1 do local a = 2 f(a) end f(a)`, `a: used; a: used; a hides false`},
		{`local a, b = f() f(b)`, `a: many; b: many+used@1`},
		{`local a, b = (f()) f(b)`, `a: unused; b: empty+used`},
		{`local a, b = ... f(b)`, `a: many; b: many+used@1`},
		{`local a, b = 1 f(b)`, `a: unused; b: empty+used`},
		{`local a, b = 1, 2 a, b = b, a f(a, b)`, `a: used+over used; b: used+over used`},
		{`local a a, a = 1, 2 f(a)`, `a: empty+over unused used`},
		{`local t = {} t.n = 1`, `t: changed (0 items, 1 fields)`},
		{`local t = {} t.n = 1 f(t)`, `t: changed+used (0 items, 1 fields)`},
		{`local t = {} t.n = t.n + 1`, `t: changed (0 items, 1 fields)`},
		{`local t = {} t.n = f(t)`, `t: changed+used (0 items, 1 fields)`},
		{`local t = {} t[f()] = t.n`, `t: changed+used (1 items, 0 fields)`},
		{`local t = {} t.u = {} t.u.n = 1`, `t: changed (0 items, 1 fields)`},
		{`local t = {} function t.g() end`, `t: changed (0 items, 1 fields)`},
		{`local t = {} function t:g() f(self) end`, `t: changed`},
		{`local t = {} function t.g() return t end f(t)`, `t: changed+used (0 items, 1 fields)`},
		{`local function g(x) f(x) end g(1)`, `g: used; x: used; g holds a function with 1 users`},
		{`local function g(x) end`, `g: unused; x: unused; g holds a function with 0 users`},
		{`local function g() g() end`, `g: used; g holds a function with 1 users`},
		{`local g = function() g() end`, `g: unused; g holds a function with 0 users; g set=false member=false`},
		{`local g function g() end g()`, `g: empty+over used; g holds a function with 1 users`},
		{`local a = 1 f(function() return a end)`, `a: used`},
		{`local a = 1 f(function() a = 2 end) f(a)`, `a: used used`},
		{`local a = 1 f(function() a = 2 end)`, `a: unused unused`},
		{`local a local function g() f(a) end a = 1 g()`, `a: empty+used+over used; g: used; g holds a function with 1 users`},
		{`local a f(function() a = 1 end) f(function() f(a) end)`, `a: empty+used used`},
		{`local function g(...) f(...) end g()`, `g: used; ...: used; g holds a function with 1 users`},
		{`x = 1 f(x, y) z.n = 1`, `x set=true member=false; x set=false member=false; y set=false member=false; z set=false member=true`},
		{`function x() end function y.z() end`, `x set=true member=false; y set=false member=true`},
		{`local a = { b = 1, [c] = function(d) return d end } f(a)`, `d: used; a: used`},
		{`local a = 1 goto_ = -a .. #a == not a f(a and 1 or a)`, `a: used; goto_ set=true member=false`},
		{`if c then return end f(1)`, ``},
		{`if c then return else return end f(1)`, `never f false`},
		{`while true do f(1) end f(2)`, `never f false`},
		{`repeat return until c f(1)`, `never c false`},
		{`local a, b, d = f() f(b, d)`, `a: many; b: many+used@1; d: many+used@2`},
		{`local a, b, d = 1, f() f(b, d)`, `a: unused; b: many+used; d: many+used@1`},
		{`local n = 2 for i = 1, 9, n do f(i) end`, `n: used; i: used`},
		{`repeat return until (c)`, `never c false`},
		{`repeat return until ((c))`, `never c false`},
		{`local t = {} function t.g() return t end`, `t: changed (0 items, 1 fields)`},
		{`local t = {} function t:g() return t end`, `t: changed`},
		{`local t = {} f(function() t.n = 1 end)`, `t: changed (0 items, 1 fields)`},
		{`local t = {} f(function() f(function() t.n = 1 end) end)`, `t: changed (0 items, 1 fields)`},
		{`local t = {} table.insert(t, 1) f(t)`, `t: used (1 items, 0 fields); table set=false member=false`},
		{`local t = {} table.insert(t, 1, 2) f(t)`, `t: used (1 items, 0 fields); table set=false member=false`},
		{`local t = {} table.insert(t) f(t)`, `t: used; table set=false member=false`},
		{`local t = {} table.remove(t, 1) f(t)`, `t: used; table set=false member=false`},
		{`local t = {} t:insert(t, 1) f(t)`, `t: used`},
		{`local t = {} t[1] = 1 t[#t + 1] = 2 t.n = 3 f(t)`, `t: changed+used (2 items, 1 fields)`},
		{`local g, h = function() end, function() end g()`, `g: used; h: unused; g holds a function with 1 users; h holds a function with 0 users`},
		{`while (c) do f(1) end`, ``},
	} {
		assert.Equal(t, test.want, described(t, test.src), test.src)
	}
}
