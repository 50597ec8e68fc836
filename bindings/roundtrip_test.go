package bindings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/bindings/internal/luatext"
)

// TestCSVRoundTrip writes rows of any text and reads them back.
func TestCSVRoundTrip(t *testing.T) {
	h := newTestHost(t)
	L := newCSVState(t, h)
	fn, err := L.LoadString(`
		local rows, separator = ...
		local text = csv.format(rows, { columns = {"a", "b", "c"}, separator = separator })
		return csv.parse(text, { empty = "text", separator = separator })`)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		rows, want := L.NewTable(), []map[string]string{}
		for range rapid.IntRange(0, 5).Draw(r, "rows") {
			row, cells := L.NewTable(), map[string]string{}
			for _, name := range []string{"a", "b", "c"} {
				cell := rapid.String().Draw(r, "cell")
				// Line ends in cells are LF; see the module's documentation.
				cells[name] = strings.ReplaceAll(cell, "\r", "")
				row.RawSetString(name, lua.LString(cells[name]))
			}
			rows.Append(row)
			if strings.TrimSpace(cells["a"]+cells["b"]+cells["c"]) != "" {
				want = append(want, cells)
			}
		}
		separator := rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(r, "separator")
		require.NoError(r, L.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}, rows, lua.LString(separator)))
		got := L.Get(-1).(*lua.LTable)
		L.Pop(1)
		require.Equal(r, len(want), got.Len())
		for i, cells := range want {
			row := got.RawGetInt(i + 1).(*lua.LTable)
			for name, cell := range cells {
				require.Equal(r, cell, lua.LVAsString(row.RawGetString(name)))
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
		require.Contains(r, errorLine(raised), "the text, line ")
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
