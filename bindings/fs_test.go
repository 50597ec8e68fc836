package bindings

import (
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

func TestFS(t *testing.T) {
	h := newTestHost(t)
	h.file("a.txt", "one\r\ntwo\n\nlast")
	h.file("b.csv", "")
	L := newState(t, h, FS())
	runCases(t, L, []luaCase{
		{"read", `return fs.read("a.txt")`, []string{"one\r\ntwo\n\nlast"}},
		{"lines", `local out = {} for line, n in fs.lines("a.txt") do out[#out+1] = n .. line end return table.concat(out, "|")`,
			[]string{"1one|2two|3|4last"}},
		{"lines end for good", `local f = fs.lines("b.csv"); return f(), f()`, []string{"nil"}},
		{"write", `fs.write("new.txt", 12); return fs.read("new.txt")`, []string{"12"}},
		{"append", `fs.write("new.txt", "\n13", { append = true }); return fs.read("new.txt")`, []string{"12\n13"}},
		{"exists", `return fs.exists("a.txt"), fs.exists("z.txt")`, []string{"true", "false"}},
		{"stat", `local s = fs.stat("a.txt"); return s.name, s.size, s.is_dir, s.modified > 1e9`, []string{"a.txt", "14", "false", "true"}},
		{"mkdir and list", `fs.mkdir("d/e"); fs.write("d/x.csv", ""); fs.write("d/a.txt", "")
			return table.concat(fs.list("d"), " "), table.concat(fs.list("d", { pattern = "*.csv" }), " "), #fs.list()`,
			[]string{"a.txt e x.csv", "x.csv", "4"}},
		{"rename and remove", `fs.rename("d/x.csv", "d/y.csv"); fs.remove("d/a.txt"); return table.concat(fs.list("d"), " ")`, []string{"e y.csv"}},
		{"names", `return fs.join("a", "", "../b", 3), fs.basename("x/y.tar.gz"), fs.dirname("x/y"), fs.dirname("y"), fs.ext("x/y.csv"), fs.ext("y")`,
			[]string{"b/3", "y.tar.gz", "x", ".", ".csv", ""}},
	})
	require.Zero(t, h.open, "every file is closed")
}

func TestFSErrors(t *testing.T) {
	h := newTestHost(t)
	h.file("accounts.csv", "")
	L := newState(t, h, FS())
	runErrors(t, L, []errorCase{
		{"missing", `fs.read("acounts.csv")`, []string{`cannot read "acounts.csv": there is no such file`, "did you mean 'accounts.csv'?", "(io)"}},
		{"missing for lines", `fs.lines("nope")`, []string{`cannot read "nope"`}},
		{"no folder", `fs.remove("x/y")`, []string{`cannot remove "x/y": there is no such file or folder`}},
		{"no folder to write to", `fs.write("reports/2024/a.txt", "x")`, []string{`cannot write "reports/2024/a.txt"`, `fs.mkdir("reports/2024")`}},
		{"misspelt folder to write to", `fs.mkdir("reports") fs.write("report/a.txt", "x")`, []string{`fs.mkdir("report") (did you mean 'reports'?)`}},
		{"bad pattern", `fs.list(".", { pattern = "[a" })`, []string{`test.lua:1: fs.list: invalid pattern "[a"`}},
		{"wrong type", `fs.read({})`, []string{"fs.read: argument 1, 'name', must be a string, not a table"}},
		{"no number", `fs.write("a", 0/0)`, []string{"fs.write: argument 2, 'text', must be a string, not the number NaN: look for a division by zero"}},
		{"infinity", `fs.write("a", 1/0)`, []string{"argument 2, 'text', must be a string, not the number +Inf: look for a division by zero"}},
		{"misspelt option", `fs.write("a", "b", { apend = true })`, []string{"unknown option 'apend' (did you mean 'append'?)"}},
		{"join", `fs.join("a", {})`, []string{"argument 2 must be a string, not a table"}},
	})
	t.Run("refused", func(t *testing.T) {
		h.readOnly = true
		_, obj := raised(t, L, `fs.write("out.txt", "x")`)
		require.Equal(t, "permission", lua.LVAsString(obj.RawGetString("kind")))
		require.Equal(t, "writing out.txt is not allowed: run with --allow-write=.", lua.LVAsString(obj.RawGetString("message")))
		require.Equal(t, "1", obj.RawGetString("line").String())
	})
}
