package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/memory"
)

// records is a runtime with a function that makes a table of a JSON object: lazily, as
// of a record, or at once.
func records(t *testing.T) (*Runtime, *bytes.Buffer) {
	var out bytes.Buffer
	rt, err := New(Options{
		Stdout: &out,
		Modules: []*bindings.Module{{Name: "made", Funcs: []*bindings.Func{{
			Name:    "record",
			Params:  []bindings.Param{{Name: "json", Type: "string"}, {Name: "lazy", Type: "boolean"}},
			Returns: []bindings.Return{{Type: "table"}},
			Call: func(a *bindings.Args) (int, error) {
				codec, raw := bindings.CodecOf(a.L), []byte(a.String(0))
				v, err := codec.Record(raw)
				if !lua.LVAsBool(a.Get(1)) {
					v, err = codec.DecodeBytes(raw, bindings.DecodeOptions{})
				}
				if err != nil {
					return 0, err
				}
				return a.Push(v)
			},
		}}}},
	})
	require.NoError(t, err)
	return rt, &out
}

var fieldNames = []string{"_id", "name", "custom", "tags", "a", "b", "", "x y", "é", "\\", "\"", "end", "1", "__index", "__metatable"}

// document makes the JSON of a value, with everything that JSON allows.
func document(t *rapid.T, depth int) string {
	space := rapid.SampledFrom([]string{"", "", "", " ", "\n\t"}).Draw(t, "space")
	kind := rapid.IntRange(0, 11).Draw(t, "kind")
	if depth == 0 {
		kind = 11
	} else if depth > 3 {
		kind %= 9
	}
	var parts []string
	n := rapid.IntRange(0, 4).Draw(t, "n")
	switch kind {
	case 0:
		return "null" + space
	case 1:
		return "true"
	case 2:
		return "false" + space
	case 3, 4:
		return space + rapid.SampledFrom([]string{"0", "-1", "12.50", "1e3", "255", "256", "-0", "123456789012345", "12345678901234", "1e999", "0.1"}).Draw(t, "number")
	case 5, 6, 7, 8:
		return space + rapid.SampledFrom([]string{`""`, `"text"`, `"a\"b"`, `"\\"`, `"\\\\\""`, `"é\u00e9\n"`, `"{}[]:,"`, `"null"`}).Draw(t, "text")
	case 9:
		for range n {
			parts = append(parts, document(t, depth+1))
		}
		return "[" + space + strings.Join(parts, space+",") + "]"
	}
	for range n + 2*(kind-10) {
		name, _ := json.Marshal(rapid.SampledFrom(fieldNames).Draw(t, "field"))
		if rapid.IntRange(0, 9).Draw(t, "escaped") == 0 {
			name = bytes.Replace(name, []byte("a"), []byte(`\u0061`), 1)
		}
		parts = append(parts, space+string(name)+space+":"+document(t, depth+1))
	}
	return "{" + strings.Join(parts, ",") + space + "}"
}

// uses are what a script does with a record r; %s is a field, as text in Lua.
var uses = []string{
	`out(r[%s])`, `out(r[%s])`, `out(r[%s])`, `out(r.name, r.custom, r.tags)`,
	`r[%s] = 1`, `r[%s] = nil`, `r[%s] = { x = 1 }`, `r[%s] = r[%s]`, `r[1] = "item" out(#r, r[1])`,
	`out(rawget(r, %s))`, `rawset(r, %s, "raw")`, `out(rawequal(r, r), r == r, r ~= nil)`,
	`out(next(r))`, `out(next(r, next(r)))`, `for k, v in pairs(r) do out(k, v) end`, `for k, v in next, r do out(k, v) end`, `for i, v in ipairs(r) do out(i, v) end`,
	`for k in pairs(r) do r[k] = nil end out(next(r))`, `for k in pairs(r) do r[k] = k end`, `for k in pairs(r) do for other, v in pairs(r) do out(k, other, v) end end`,
	`for k, v in pairs(r) do if type(v) == "table" then v.x = k out(r[k] == v, rawget(r, k).x) end end`, `for k, v in pairs(r) do rawset(r, k, v) out(k) end`,
	`out(pcall(next, r, %s))`, `out(pcall(next, r, 1.5))`, `out(pcall(next, r, true))`, `local k = next(r) r.name = 1 out(pcall(next, r, k))`,
	`for k, v, more in pairs(r) do out(k, v, more) end`, `for k in pairs(r) do out(k) if k == %s then break end end`,
	`for _, v in pairs(r) do if type(v) == "table" then for i, inner in ipairs(v) do if type(inner) == "table" then inner.y = i out(v[i] == inner, next(inner)) end end end end`,
	`local copy = {} for k, v in pairs(r) do copy[k] = v end out(same(copy), same(r))`,
	`out(#r, type(r), meta(getmetatable(r)), meta(debug.getmetatable(r)))`, `out(select("#", unpack(r)))`,
	`local inner = r[%s] if type(inner) == "table" then out(#inner, meta(getmetatable(inner)), inner.name, inner.a) end`,
	`local inner = r[%s] if type(inner) == "table" then inner.name = "changed" end`,
	`local inner = r[%s] if type(inner) == "table" then inner[%s] = nil out(inspect(inner)) end`,
	`local inner = r[%s] if type(inner) == "table" then out(inner == r[%s], inner == rawget(r, %s)) end`,
	`local inner = r[%s] if type(inner) == "table" then for k, v in pairs(inner) do out(k, v) end end`,
	`local inner = r[%s] if type(inner) == "table" then setmetatable(inner, { __index = function(_, k) return k end }) out(inner.nothing, inner.a) end`,
	`setmetatable(r, { __index = function(_, k) return "?" .. k end }) out(r.nothing, r[%s])`,
	`setmetatable(r, { __newindex = function(t, k, v) rawset(t, k, "new") end }) r.nothing = 1 r[%s] = 2`,
	`setmetatable(r, nil) out(r[%s])`, `local t = setmetatable({}, { __index = r }) out(t[%s], t.name)`, `local t = setmetatable({}, r) out(t[%s])`,
	`out(inspect(r))`, `out(same(r))`, `out(same{ r, r[%s] or 0 })`,
	`out(pcall(csv.format, { r }))`, `table.insert(r, %s)`, `out(pcall(table.concat, r))`, `table.sort(r)`, `out(table.maxn(r), table.getn(r))`, `out(table.remove(r))`,
	`table.foreach(r, function(k, v) out(k, v) end)`,
	`out(pcall(function() return r < r end))`, `out(pcall(function() return r + 1 end))`, `out(pcall(function() return r .. "" end))`, `out(pcall(function() return r() end))`,
	`out(pcall(function() return r[%s].x.y end))`, `out(pcall(function() r[nil] = 1 end))`, `out(pcall(function() r[0/0] = 1 end))`, `out(r[nil], r[1.5], r[true])`,
	`out(pcall(string.rep, r, 1))`, `local set = { [r] = 1 } out(set[r])`, `out(coroutine.wrap(function() local v = r[%s] coroutine.yield(v) end)())`,
	`local f = setfenv(function() return name end, r) out(f())`, `out(tables and #tables.keys(r))`, `out((tostring(r[%s]):gsub("0x%%x+", "")))`,
}

// program draws a random program on a record r.
func program(t *rapid.T) string {
	var program strings.Builder
	program.WriteString(`local function out(...)
  local line = {}
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    line[i] = type(v) == "table" and "table" or type(v) == "function" and "function" or tostring(v)
  end
  print(table.concat(line, "\t"))
end
-- What was not changed is written as it came, so only its meaning is the same.
local function same(v) return json.encode(json.decode(json.encode(v), { nulls = true })) end
-- Lists, and objects without members, show what they are; records don't.
local function meta(m) if m and m.__jsontype then m = nil end return m end
`)
	for range rapid.IntRange(1, 6).Draw(t, "uses") {
		use := rapid.SampledFrom(uses).Draw(t, "use")
		for strings.Contains(use, "%s") {
			use = strings.Replace(use, "%s", fmt.Sprintf("%q", rapid.SampledFrom(fieldNames).Draw(t, "name")), 1)
		}
		program.WriteString("do " + strings.ReplaceAll(use, "%%", "%") + " end\n")
	}
	program.WriteString("print(inspect(setmetatable(r, nil)))\n")
	return program.String()
}

// agree checks that a program does the same after two ways to make its record r.
func agree(t *rapid.T, rt *Runtime, out *bytes.Buffer, lazy, plain, program string) {
	var did [2]string
	for i, source := range []string{lazy, plain} {
		out.Reset()
		_, err := rt.Run(context.Background(), Script{Name: "t.lua", Source: []byte(source + "\n" + program)})
		did[i] = fmt.Sprint(out.String(), err)
	}
	require.Equal(t, did[1], did[0], "%s\n%s", lazy, program)
}

// TestLazyRecordsAreTables runs random programs on random records: with a record whose
// fields are made when they are asked for, they do what they do with a plain table.
func TestLazyRecordsAreTables(t *testing.T) {
	rt, out := records(t)
	rapid.Check(t, func(t *rapid.T) {
		text := luaString(document(t, 0))
		// Records that were looked at before may have the same names.
		before := ""
		for range rapid.IntRange(0, 3).Draw(t, "before") {
			other := text
			if rapid.Bool().Draw(t, "other") {
				other = luaString(document(t, 0))
			}
			before += fmt.Sprintf("local other = made.record(%s, true) for k, v in pairs(other) do if k == \"a\" then other.a = 1 end end ", other)
		}
		agree(t, rt, out, before+fmt.Sprintf("local r = made.record(%s, true)", text), before+fmt.Sprintf("local r = made.record(%s, false)", text), program(t))
	})
}

// TestLazyRowsAreTables does the same with rows of CSV, beside tables with the values that
// their fields should have.
func TestLazyRowsAreTables(t *testing.T) {
	rt, out := records(t)
	number := rapid.SampledFrom([]string{"", "1", "-2.5"})
	text := rapid.SampledFrom([]string{"", "", "text", "1", `"a ""quote"" b"`, "é", " x ", "null"})
	rapid.Check(t, func(t *rapid.T) {
		option := rapid.SampledFrom([]string{"", "trim = true", `ragged = "allow"`, `empty = "text"`, `empty = "null"`, `on_error = "collect"`}).Draw(t, "option")
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"name", "custom", "tags", "a", "b", "x y"}), 1, 6, rapid.ID).Draw(t, "names")
		numbered := rapid.SampledFrom([]string{"", names[0], names[len(names)-1]}).Draw(t, "numbered")
		empty := map[string]string{`empty = "text"`: `""`, `empty = "null"`: "json.null"}[option]
		var cells []string
		plain := "local r = {}"
		set := func(name, value string) { plain += fmt.Sprintf(" r[%q] = %s", name, value) }
		for _, name := range names {
			kind := text
			if name == numbered {
				kind = number
			}
			cell := kind.Draw(t, "cell")
			cells = append(cells, cell)
			if cell = strings.ReplaceAll(strings.Trim(cell, `"`), `""`, `"`); strings.Contains(option, "trim") {
				cell = strings.TrimSpace(cell)
			}
			switch {
			case cell != "" && name == numbered:
				set(name, cell)
			case cell != "":
				set(name, luaString(cell))
			case empty != "":
				set(name, empty)
			}
		}
		names, cells = append(names, "id"), append(cells, "x") // rows without a cell are left out
		set("id", `"x"`)
		if strings.Contains(option, "ragged") {
			cells = append(cells, "more")
			set(fmt.Sprintf("column_%d", len(cells)), `"more"`)
		}
		file := strings.Join(names, ",") + "\n" + strings.Join(cells, ",") + "\n"
		lazy := fmt.Sprintf("local rows = csv.parse(%s, { numbers = { %q }, %s })\nlocal r = rows[1]", luaString(file), numbered, option)
		if numbered == "" {
			lazy = strings.Replace(lazy, `numbers = { "" }, `, "", 1)
		}
		agree(t, rt, out, lazy, "\n"+plain, program(t))
	})
}

// TestLazyRecordsAreWeighed: they take at least their JSON, and the tables that were made of it.
func TestLazyRecordsAreWeighed(t *testing.T) {
	weight := func(fields string) int64 {
		var weight int64
		rt, err := New(Options{Modules: []*bindings.Module{{Name: "made", Funcs: []*bindings.Func{
			{Name: "records", Returns: []bindings.Return{{Type: "table"}}, Call: func(a *bindings.Args) (int, error) {
				list := a.L.NewTable()
				for range 100 {
					v, err := bindings.CodecOf(a.L).Record([]byte(`{"name":"` + strings.Repeat("x", 200) + `","custom":{"text":"` + strings.Repeat("y", 800) + `"}}`))
					if err != nil {
						return 0, err
					}
					list.Append(v)
				}
				return a.Push(list)
			}},
			{Name: "weigh", Call: func(a *bindings.Args) (int, error) {
				weight = memory.Weight(a.L, 1<<40)
				return 0, nil
			}},
		}}}})
		require.NoError(t, err)
		_, err = rt.Run(t.Context(), Script{Name: "t.lua", Source: []byte("list = made.records() for _, r in ipairs(list) do " + fields + " end made.weigh()")})
		require.NoError(t, err)
		return weight
	}
	none, name, all := weight(""), weight("local name = r.name"), weight("local text = r.custom.text")
	require.Greater(t, none, int64(100_000))
	require.Greater(t, name, none)
	require.Greater(t, all, none+100*800)
}

// luaString writes a text as a string of Lua.
func luaString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "\\%03d", c)
	}
	return b.String() + `"`
}
