package bindings

import (
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/text/encoding"
	utf16 "golang.org/x/text/encoding/unicode"
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

// dress changes a file as other programs do, so that it still holds the same rows, and
// sets the options that read it.
func dress(r *rapid.T, file string, read *lua.LTable) string {
	if rapid.Bool().Draw(r, "titled") {
		titles := rapid.SliceOfN(rapid.SampledFrom([]string{"Report", "", "a;b,c", "a\tb|c", "Q1 \"final\"", "\"", "=1+1"}), 1, 3).Draw(r, "titles")
		mark := strings.HasPrefix(file, "\ufeff")
		file = strings.Join(titles, "\n") + "\n" + strings.TrimPrefix(file, "\ufeff")
		if mark {
			file = "\ufeff" + file
		}
		read.RawSetString("skip", lua.LNumber(len(titles)))
	}
	for range rapid.IntRange(0, 2).Draw(r, "marks") {
		file = "\ufeff" + file
	}
	if order := rapid.SampledFrom([]encoding.Encoding{nil, utf16.UTF16(utf16.LittleEndian, utf16.UseBOM), utf16.UTF16(utf16.BigEndian, utf16.UseBOM)}).Draw(r, "UTF-16"); order != nil {
		var err error
		file, err = order.NewEncoder().String(file)
		require.NoError(r, err)
	}
	if rapid.Bool().Draw(r, "gzip") {
		file = gzipped(file)
	}
	return file
}

// TestCSVRoundTrip writes rows of any text in every way and reads them back in
// every way, also after other programs had the file. What was written with all
// defaults is read with all defaults.
func TestCSVRoundTrip(t *testing.T) {
	h := newTestHost(t)
	L := newCSVState(t, h)
	write, err := L.LoadString(`
		local how, rows, write = ...
		local at = 0
		local function iterator() at = at + 1; return rows[at] end
		if how == "format" then
			fs.write("x.csv", csv.format(rows, write))
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
		end`)
	require.NoError(t, err)
	read, err := L.LoadString(`
		local how, read = ...
		if how == "read" then return (csv.read("x.csv", read)) end
		if how == "parse" then return (csv.parse(fs.read("x.csv"), read)) end
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
		writing, reading := L.NewTable(), L.NewTable()
		writing.RawSetString("columns", stringList(L, names))
		reading.RawSetString("empty", lua.LString("text"))
		if !header {
			writing.RawSetString("header", lua.LFalse)
			reading.RawSetString("header", lua.LFalse)
		}
		for _, option := range []string{"crlf", "bom"} {
			writing.RawSetString(option, lua.LBool(rapid.Bool().Draw(r, option)))
		}
		if separator := rapid.SampledFrom([]string{"", ",", ";", "\t", "|", " ", "·"}).Draw(r, "separator"); separator != "" {
			writing.RawSetString("separator", lua.LString(separator))
			reading.RawSetString("separator", lua.LString(separator))
		}
		if rapid.Bool().Draw(r, "collect") {
			reading.RawSetString("on_error", lua.LString("collect"))
		}
		how := rapid.SampledFrom([]string{"format", "write", "writer", "iterator", "append"}).Draw(r, "how")
		if how == "append" && !header {
			how = "write"
		}
		require.NoError(r, L.CallByParam(lua.P{Fn: write, Protect: true}, lua.LString(how), rows, writing))
		file := h.text("x.csv")
		// Without rows, a skipped title leaves nothing to read.
		if file != "" && file != "\ufeff" {
			h.file("x.csv", dress(r, file, reading))
		}
		by := rapid.SampledFrom([]string{"rows", "read", "parse"}).Draw(r, "by")
		require.NoError(r, L.CallByParam(lua.P{Fn: read, NRet: 1, Protect: true}, lua.LString(by), reading))
		got := L.Get(-1).(*lua.LTable)
		L.Pop(1)
		require.Equal(r, len(want), got.Len())
		for i, cells := range want {
			row := got.RawGetInt(i + 1).(*lua.LTable)
			Fill(row)
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

// TestJSONFilesRoundTrip writes values to files in every way and reads them back.
func TestJSONFilesRoundTrip(t *testing.T) {
	h := newTestHost(t)
	L := newCSVState(t, h)
	codec := CodecOf(L)
	write, err := L.LoadString(`
		local how, values = ...
		if how == "lines" then
			local out = json.writer("x.json")
			for _, value in ipairs(values) do out:write(value) end
			out:close()
		else
			json.encode_file("x.json", json.array(values), { pretty = how == "pretty", sort_keys = how == "sorted" })
		end`)
	require.NoError(t, err)
	read, err := L.LoadString(`
		local by, lines = ...
		if by == "whole" then return json.decode_file("x.json", { nulls = true }) end
		if by == "text" then return json.decode(fs.read("x.json"), { nulls = true }) end
		local list = json.array()
		for value in json.rows("x.json", { nulls = true, on_error = by, lines = lines }) do list[#list + 1] = value end
		return list`)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		values := L.NewTable()
		for range rapid.IntRange(0, 4).Draw(r, "values") {
			values.Append(luaValue(L, codec, r, 1))
		}
		codec.MarkArray(values)
		want, err := codec.EncodeBytes(values, EncodeOptions{})
		require.NoError(r, err)
		how := rapid.SampledFrom([]string{"lines", "plain", "pretty", "sorted"}).Draw(r, "how")
		by := rapid.SampledFrom([]string{"stop", "collect"}).Draw(r, "by")
		if how != "lines" {
			by = rapid.SampledFrom([]string{"whole", "text", "stop"}).Draw(r, "by")
		}
		require.NoError(r, L.CallByParam(lua.P{Fn: write, Protect: true}, lua.LString(how), values))
		if values.Len() > 0 || how != "lines" {
			file := strings.Repeat("\ufeff", rapid.IntRange(0, 2).Draw(r, "marks")) + h.text("x.json")
			if by != "text" && rapid.Bool().Draw(r, "gzip") {
				file = gzipped(file)
			}
			h.file("x.json", file)
		}
		require.NoError(r, L.CallByParam(lua.P{Fn: read, NRet: 1, Protect: true}, lua.LString(by), lua.LBool(how == "lines")))
		got, err := codec.EncodeBytes(L.Get(-1), EncodeOptions{})
		L.Pop(1)
		require.NoError(r, err)
		require.JSONEq(r, string(want), string(got))
	})
}

// TestLinesRoundTrip writes lines of any text and reads them back.
func TestLinesRoundTrip(t *testing.T) {
	h := newTestHost(t)
	L := newCSVState(t, h)
	fn, err := L.LoadString(`
		local lines, ending = ...
		fs.write("x.txt", "")
		for _, line in ipairs(lines) do fs.write("x.txt", line .. ending, { append = true }) end
		local list = {}
		for line, number in fs.lines("x.txt") do list[number] = line end
		return list`)
	require.NoError(t, err)
	line := cellText.Filter(func(s string) bool { return !strings.ContainsAny(s, "\r\n\ufeff") && !strings.HasPrefix(s, "\x1f\x8b") })
	rapid.Check(t, func(r *rapid.T) {
		want := rapid.SliceOfN(line, 0, 5).Draw(r, "lines")
		ending := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(r, "ending")
		require.NoError(r, L.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}, stringList(L, want), lua.LString(ending)))
		got := L.Get(-1).(*lua.LTable)
		L.Pop(1)
		require.Equal(r, len(want), got.Len())
		for i, text := range want {
			require.Equal(r, text, lua.LVAsString(got.RawGetInt(i+1)))
		}
	})
}

// TestCheckpointRoundTrip: what a run saved is what the next one loads, long numbers
// and nulls included.
func TestCheckpointRoundTrip(t *testing.T) {
	L := newState(t, newTestHost(t), Checkpoint())
	codec := CodecOf(L)
	fn, err := L.LoadString(`checkpoint.save(...); return checkpoint.load()`)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		v := L.NewTable()
		v.RawSetString("value", luaValue(L, codec, r, 0))
		v.RawSetString("number", lua.LNumber(rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) }).Draw(r, "number")))
		v.RawSetString("id", lua.LNumber(rapid.Int64Range(-1<<53+1, 1<<53-1).Draw(r, "id")))
		require.NoError(r, L.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}, v))
		got := L.Get(-1).(*lua.LTable)
		L.Pop(1)
		require.Equal(r, v.RawGetString("number"), got.RawGetString("number"))
		require.Equal(r, v.RawGetString("id"), got.RawGetString("id"))
		want, err := codec.EncodeBytes(v.RawGetString("value"), EncodeOptions{})
		require.NoError(r, err)
		back, err := codec.EncodeBytes(got.RawGetString("value"), EncodeOptions{})
		require.NoError(r, err)
		require.JSONEq(r, string(want), string(back))
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

// Whatever JSON comes in, encoding what was decoded gives the same value, except
// whole numbers of more than 14 digits, which become text.
func TestRoundTripProperty(t *testing.T) {
	L := lua.NewState()
	t.Cleanup(L.Close)
	c := CodecOf(L)
	rapid.Check(t, func(rt *rapid.T) {
		v := luaValue(L, c, rt, 0)
		first, err := c.EncodeBytes(v, EncodeOptions{})
		require.NoError(rt, err)
		back, err := c.DecodeBytes(first, DecodeOptions{Nulls: true})
		require.NoError(rt, err)
		second, err := c.EncodeBytes(back, EncodeOptions{})
		require.NoError(rt, err)
		require.JSONEq(rt, string(first), string(second))
	})
}

func luaValue(L *lua.LState, c *Codec, rt *rapid.T, depth int) lua.LValue {
	kind := rapid.IntRange(0, 6).Draw(rt, "kind")
	if depth > 3 {
		kind %= 4
	}
	switch kind {
	case 0:
		return lua.LNumber(rapid.Float64Range(-99999999999999, 99999999999999).Draw(rt, "number"))
	case 1:
		return lua.LString(rapid.String().Draw(rt, "text"))
	case 2:
		return lua.LBool(rapid.Bool().Draw(rt, "truth"))
	case 3:
		return c.Null()
	case 4:
		t := L.NewTable()
		c.MarkArray(t)
		for range rapid.IntRange(0, 4).Draw(rt, "items") {
			t.Append(luaValue(L, c, rt, depth+1))
		}
		return t
	}
	t := L.NewTable()
	for range rapid.IntRange(0, 4).Draw(rt, "fields") {
		t.RawSetString(rapid.String().Draw(rt, "name"), luaValue(L, c, rt, depth+1))
	}
	return t
}
