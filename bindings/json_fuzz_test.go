package bindings

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// FuzzJSON decodes any text. What it takes has the values that Go's own package finds
// in it, no number with other digits unless it has more than a number can hold, and is
// the same after it was encoded and decoded again. json.decode takes the same texts.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		"", "null", " true ", "[]", "{}", `""`, "0", "-0", "1.5", "-1e400", "1e400", "1E-400", "12345678901234", "123456789012345", "-123456789012345", "9007199254740993", "1e15", "123456789012345.0", "0.1", "1e21", "5e-324", "0.30000000000000004", "1.0000000000000000001",
		`{"a":1,"a":2}`, `{"a":null,"b":[null]}`, `{"":{"":[]}}`, `{"1":"a","2":"b"}`, `{"a":{"b":[1,{"c":"\u00e9\ud83d\ude00"}]}}`, `"\ud83d"`, "\"\xff\"", `"\u0000\n\"\\\/"`, "[1,]", "[1 2]", "{\"a\"}", `{"a":1,}`, "[1]x", "[1] [2]", "01", "+1", ".5", "1.", "NaN", "'a'", "[1,\n'x']",
		"\xef\xbb\xbf[1]", strings.Repeat("[", 300) + strings.Repeat("]", 300), strings.Repeat(`{"a":`, 210) + "1" + strings.Repeat("}", 210), `[[],{},[[]],[{}]]`, `{"__index":1,"_id":"x"}`, `[true,false,null,"null",0]`, `[1,null,3]`, `[null]`, "\u2028", "// x\n1",
	} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	L := newState(f, newTestHost(f), JSON())
	codec, decode := CodecOf(L), L.GetField(L.GetGlobal("json"), "decode")
	f.Fuzz(func(t *testing.T, text []byte, nulls bool) {
		if len(text) > 1<<13 {
			return
		}
		opt := DecodeOptions{Nulls: nulls}
		v, err := codec.DecodeBytes(text, opt)
		if !bytes.ContainsAny(text, "\x00\ufeff") && !bytes.HasPrefix(text, []byte("\x1f\x8b")) { // which the function reads in other ways
			failed := L.CallByParam(lua.P{Fn: decode, NRet: 1, Protect: true}, lua.LString(text))
			require.Equal(t, err == nil, failed == nil, "json.decode: %v; here: %v", failed, err)
			L.SetTop(0)
		}
		if err != nil {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		var want any
		require.NoError(t, dec.Decode(&want))
		_, err = dec.Token()
		require.ErrorIs(t, err, io.EOF)
		same(t, codec, want, v, nulls)

		encoded, err := codec.EncodeBytes(v, EncodeOptions{})
		var deep *luajson.EncodeError
		if errors.As(err, &deep) && strings.Contains(deep.Message, "nested more than") {
			return
		}
		require.NoError(t, err)
		again, err := codec.DecodeBytes(encoded, opt)
		require.NoError(t, err)
		same(t, codec, want, again, nulls)
		twice, err := codec.EncodeBytes(again, EncodeOptions{})
		require.NoError(t, err)
		if !strings.ContainsAny(string(text), "eE.") { // 1e15 is a number, and 1000000000000000 becomes text
			assert.Equal(t, string(encoded), string(twice))
		}
	})
}

// same checks that a Lua value is the JSON value that Go's own package reads.
func same(t *testing.T, c *Codec, want any, got lua.LValue, nulls bool) {
	switch want := want.(type) {
	case nil:
		require.True(t, c.IsNull(got), "%v", got)
	case bool:
		require.Equal(t, lua.LBool(want), got)
	case string:
		require.Equal(t, lua.LString(want), got)
	case json.Number:
		sameNumber(t, string(want), got)
	case []any:
		list, ok := got.(*lua.LTable)
		require.True(t, ok, "%v", got)
		require.Equal(t, len(want), list.Len())
		for i, item := range want {
			same(t, c, item, list.RawGetInt(i+1), nulls)
		}
	case map[string]any:
		fields, ok := got.(*lua.LTable)
		require.True(t, ok, "%v", got)
		count := 0
		fields.ForEach(func(k, _ lua.LValue) {
			count++
			_, known := want[string(k.(lua.LString))]
			require.True(t, known, "%v", k)
		})
		for name, field := range want {
			v := fields.RawGetString(name)
			if field == nil && !nulls {
				require.Equal(t, lua.LNil, v)
				continue
			}
			count--
			same(t, c, field, v, nulls)
		}
		require.Zero(t, count, "no other fields")
	}
}

// sameNumber checks that a number kept its value: it is the nearest that there is, or
// its digits as text.
func sameNumber(t *testing.T, want string, got lua.LValue) {
	nearest, _ := strconv.ParseFloat(want, 64)
	switch got := got.(type) {
	case lua.LNumber:
		require.InDelta(t, nearest, float64(got), 0, want)
		digits := strings.TrimLeft(want, "-")
		require.False(t, strings.Trim(digits, "0123456789") == "" && len(digits) > luajson.MostDigits, "%s is a number", want)
	case lua.LString:
		if string(got) != want { // encoded as a number with an exponent or a fraction
			n, err := strconv.ParseFloat(string(got), 64)
			require.NoError(t, err, want)
			require.InDelta(t, nearest, n, 0, want)
		}
		require.True(t, math.Abs(nearest) >= 1e14 || math.IsInf(nearest, 0) || len(want) > luajson.MostDigits, "%s is text", want)
	default:
		require.Fail(t, "no number", "%s is %v", want, got)
	}
}
