package bindings

import "testing"

func TestInspect(t *testing.T) {
	L := newState(t, newTestHost(t), Inspect(), JSON())
	runCases(t, L, []luaCase{
		{"scalars", `return inspect(nil), inspect(true), inspect(1.5), inspect(10)`, []string{"nil", "true", "1.5", "10"}},
		{"quotes as Lua does", `return inspect('a "b"\\\n\t\0\200é')`, []string{`"a \"b\"\\\n\t\000\200é"`}},
		{"list then sorted fields", `return inspect{ 1, "x", b = 2, a = 1 }`, []string{`{ 1, "x", a = 1, b = 2 }`}},
		{"keys", `return inspect{ ["a b"] = 1, ["end"] = 2, [true] = 3, [0.5] = 4, [100] = 5 }`,
			[]string{`{ [0.5] = 4, [100] = 5, ["a b"] = 1, ["end"] = 2, [true] = 3 }`}},
		{"empty", `return inspect{}`, []string{"{}"}},
		{"cycle", `local t = { n = 1 }; t.me = t; return inspect(t)`, []string{"{ me = <cycle>, n = 1 }"}},
		{"shared is no cycle", `local s = { 1 }; return inspect{ s, s }`, []string{"{ { 1 }, { 1 } }"}},
		{"null and functions", `return inspect{ json.null, print }`, []string{"{ json.null, <function> }"}},
		{"depth", `return inspect({ a = { b = { c = 1 } } }, { depth = 2 })`, []string{"{ a = { b = {...} } }"}},
		{"nothing of what it holds", `return inspect({ 1 }, { depth = 0 }), inspect({ 1, 2 }, { max_items = 0 })`, []string{"{...}", "{ ... 2 more }"}},
		{"max_items", `return inspect({ 1, 2, 3, x = 1 }, { max_items = 2 })`, []string{"{ 1, 2, ... 2 more }"}},
		{"long tables are broken", `return inspect({ name = ("x"):rep(50), other = ("y"):rep(20), list = { 1, 2 } })`,
			[]string{"{\n  list = { 1, 2 },\n  name = \"" + repeat("x", 50) + "\",\n  other = \"" + repeat("y", 20) + "\",\n}"}},
		{"nested breaks", `return inspect({ a = { ("x"):rep(80) } }, { indent = 1 })`,
			[]string{"{\n a = {\n  \"" + repeat("x", 80) + "\",\n },\n}"}},
		{"the longest nested line", `return inspect({ { ("x"):rep(66) }, { ("x"):rep(67) } })`,
			[]string{"{\n  { \"" + repeat("x", 66) + "\" },\n  {\n    \"" + repeat("x", 67) + "\",\n  },\n}"}},
		{"one line", `return inspect({ ("x"):rep(80), { 1 } }, { indent = "" })`, []string{`{ "` + repeat("x", 80) + `", { 1 } }`}},
		{"called by name", `return inspect.inspect(1), inspect:inspect(2)`, []string{"1", "2"}},
		{"metamethods stay out", `return inspect(setmetatable({ 1 }, { __index = error, __tostring = error }))`, []string{"{ 1 }"}},
	})
	runErrors(t, L, []errorCase{
		{"misspelt option", `inspect({}, { dept = 1 })`, []string{"test.lua:1: inspect: unknown option 'dept'", "did you mean 'depth'?"}},
		{"negative", `inspect({}, { depth = -1 })`, []string{"'depth' and 'max_items' must be at least 0"}},
	})
}

func repeat(s string, n int) string {
	out := ""
	for range n {
		out += s
	}
	return out
}
