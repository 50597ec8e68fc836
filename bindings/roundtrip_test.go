package bindings

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/bindings/internal/luatext"
)

// cellText is text that is hard to keep: separators, quotes, line ends, byte order
// marks, what other formats begin with.
var cellText = rapid.Custom(func(t *rapid.T) string {
	parts := []string{"", "a", "é", " ", ",", ";", "\t", "|", "\"", "\"\"", "\r", "\n", "\r\n", "\ufeff", "=", "'", "\\", "\\N", "sep=;", "<html>", "{\"a\":", "[{", "PK\x03\x04", "%PDF-", "#"}
	if rapid.Bool().Draw(t, "any") {
		return rapid.String().Draw(t, "text")
	}
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 4).Draw(t, "parts"), "")
})

// nameText is text that can name a column: white space and byte order marks around
// a name are removed.
var nameText = rapid.Custom(func(t *rapid.T) string {
	return cellText.Filter(func(s string) bool {
		return s != "" && strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }) == s
	}).Draw(t, "name")
})

// TestCSVRoundTrip writes rows of any text in every way and reads them back in
// every way. What was written with all defaults is read with all defaults.
func TestCSVRoundTrip(t *testing.T) {
	h := newTestHost(t)
	L := newCSVState(t, h)
	fn, err := L.LoadString(`
		local how, rows, write, read = ...
		local at = 0
		local function iterator() at = at + 1; return rows[at] end
		if how == "format" then
			return csv.parse(csv.format(rows, write), read)
		elseif how == "writer" then
			local out = csv.writer("x.csv", write)
			for _, row in ipairs(rows) do out:write(row) end
			out:close()
		elseif how == "append" then
			fs.write("x.csv", "")
			write.append = true
			for _, row in ipairs(rows) do csv.write("x.csv", { row }, write) end
			if #rows == 0 then csv.write("x.csv", {}, write) end
		elseif how == "iterator" then
			csv.write("x.csv", iterator, write)
		else
			csv.write("x.csv", rows, write)
		end
		local list = {}
		for row in csv.rows("x.csv", read) do list[#list + 1] = row end
		return list`)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfNDistinct(nameText, 1, 3, rapid.ID).Draw(r, "names")
		header := rapid.Bool().Draw(r, "header")
		rows, want := L.NewTable(), [][]string{}
		for range rapid.IntRange(0, 5).Draw(r, "rows") {
			row, cells := L.NewTable(), make([]string, len(names))
			for i, name := range names {
				cells[i] = cellText.Draw(r, "cell")
				row.RawSetString(name, lua.LString(cells[i]))
			}
			rows.Append(row)
			want = append(want, cells)
		}
		write, read := L.NewTable(), L.NewTable()
		write.RawSetString("columns", stringList(L, names))
		read.RawSetString("empty", lua.LString("text"))
		if !header {
			write.RawSetString("header", lua.LFalse)
			read.RawSetString("header", lua.LFalse)
		}
		for _, option := range []string{"crlf", "bom"} {
			write.RawSetString(option, lua.LBool(rapid.Bool().Draw(r, option)))
		}
		if separator := rapid.SampledFrom([]string{"", ",", ";", "\t", "|", " ", "·"}).Draw(r, "separator"); separator != "" {
			write.RawSetString("separator", lua.LString(separator))
			read.RawSetString("separator", lua.LString(separator))
		}
		how := rapid.SampledFrom([]string{"format", "write", "writer", "iterator", "append"}).Draw(r, "how")
		if how == "append" && !header {
			how = "write"
		}
		require.NoError(r, L.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}, lua.LString(how), rows, write, read))
		got := L.Get(-1).(*lua.LTable)
		L.Pop(1)
		require.Equal(r, len(want), got.Len())
		for i, cells := range want {
			row := got.RawGetInt(i + 1).(*lua.LTable)
			for j, name := range names {
				cell := row.RawGetString(name)
				if !header {
					cell = row.RawGetInt(j + 1)
				}
				require.Equal(r, cells[j], lua.LVAsString(cell))
			}
		}
	})
}

// TestCSVReadsAnything makes sure that no input ends in anything but rows or
// an error that names the line.
func TestCSVReadsAnything(t *testing.T) {
	L := newCSVState(t, newTestHost(t))
	fn, err := L.LoadString(`return csv.parse(...)`)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab1\",;\t|\r\n é\ufeff='\x00"))).Draw(r, "text")
		L.SetTop(0)
		err := L.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}, lua.LString(text))
		if err == nil {
			return
		}
		var failed *lua.ApiError
		require.ErrorAs(r, err, &failed)
		raised := failed.Object.(*lua.LTable)
		require.Equal(r, "validation", lua.LVAsString(raised.RawGetString("kind")))
		require.Regexp(r, "the text(, line | is a)", errorLine(raised))
	})
}

// TestInspectIsLua reads back what inspect writes.
func TestInspectIsLua(t *testing.T) {
	L := newCSVState(t, newTestHost(t))
	rapid.Check(t, func(r *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(r, "text"))
		require.NoError(r, L.DoString("return "+luatext.Quote(text)))
		require.Equal(r, text, lua.LVAsString(L.Get(-1)))
		L.Pop(1)
	})
}
