package bindings

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"
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
		require.Contains(r, ErrorLine(raised), "the text, line ")
	})
}

// TestTimeLayoutRoundTrip writes times by a layout and reads them back.
func TestTimeLayoutRoundTrip(t *testing.T) {
	layouts := []string{"%Y-%m-%d %H:%M:%S", "%d/%m/%Y %I:%M:%S %p", "%e %B %Y, %T", "%a %b %d %H:%M:%S %z %Y", "%FT%TZ", "%Y%m%d%H%M%S", "%d.%m.%y %H.%M.%S"}
	rapid.Check(t, func(r *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 3e9).Draw(r, "at"), 0).UTC()
		layout := rapid.SampledFrom(layouts).Draw(r, "layout")
		if strings.Contains(layout, "%y") && at.Year() >= 2069 {
			at = at.AddDate(-40, 0, 0)
		}
		text, err := formatTime(at, layout)
		require.NoError(r, err)
		got, dateOnly, err := parseLayout(text, layout, time.UTC, parseFormat)
		require.NoError(r, err, text)
		require.False(r, dateOnly)
		require.True(r, at.Equal(got), "%s by %s is %s, not %s", text, layout, got, at)
	})
}

// TestDurationRoundTrip writes durations and reads them back.
func TestDurationRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(r, "ms")) * time.Millisecond
		s, err := parseSpan(formatSpan(d))
		require.NoError(r, err)
		got, fixed := s.length()
		require.True(r, fixed)
		require.Equal(r, d, got)
	})
}

// TestInspectIsLua reads back what inspect writes.
func TestInspectIsLua(t *testing.T) {
	L := newCSVState(t, newTestHost(t))
	rapid.Check(t, func(r *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(r, "text"))
		require.NoError(r, L.DoString("return "+quoteLua(text)))
		require.Equal(r, text, lua.LVAsString(L.Get(-1)))
		L.Pop(1)
	})
}

// TestParseTimeReadsAnything makes sure that no text makes it fail otherwise
// than by an error for people.
func TestParseTimeReadsAnything(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("0123456789-/.:TZ+ JanPM,eE"))).Draw(r, "text")
		if _, _, err := parseTime(text, time.UTC, parseFormat); err != nil {
			var data *DataError
			require.ErrorAs(r, err, &data)
			require.NotEmpty(r, data.Hint)
		}
	})
}
