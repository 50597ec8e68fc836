package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

var lenient = jsontext.AllowDuplicateNames(true)

// texts are valid and invalid JSON of all kinds.
var texts = []string{
	`{}`, ` [ ] `, `[1]`, `{"a":1,"a":[{"b":null}]}`, "\t{\n\"a\" :\r true , \"b\":false}", `"text"`, `""`, `null`, `-0`, `-12.50e+3`, `1E5`, `1e-5`, `0.1`, `[0,10,-1]`,
	`"a\"b\\c\/\b\f\n\r\t"`, `"\u00e9\u00E9"`, `"\ud83d\ude00"`, `"é😀"`, `"12345678é"`, `"1234567\"9"`, `["1234567","12345678","123456789"]`,
	``, ` `, `[`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `[]]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{"a" 1}`, `{"a":1 "b":2}`, `{1:2}`, `{}{}`, `{"a":}`,
	`"`, `"a`, `"\`, `"\"`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\u0041"`, `"\ud83d\ud83d"`, "\"\n\"", "\"12345678\x1f\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\x7f\"",
	`01`, `-`, `+1`, `1.`, `.5`, `1e`, `1e+`, `--1`, `1a`, `nul`, `nulll`, `tru`, `True`, `NaN`, `[1}`, `{"a":1]`, "\v1", "[1]\x00", "\ufeff[]",
	strings.Repeat("[", 150) + strings.Repeat("]", 150), strings.Repeat("[", 150) + strings.Repeat("]", 149), strings.Repeat(`{"a":`, 150) + "1" + strings.Repeat("}", 150),
}

func TestValid(t *testing.T) {
	for _, text := range texts {
		require.Equal(t, jsontext.Value(text).IsValid(lenient), Valid([]byte(text)), "%q", text)
	}
	// It leaves very deep nesting to others.
	require.False(t, Valid([]byte(strings.Repeat("[", 300)+strings.Repeat("]", 300))))
}

// TestValidAtEveryPlace puts what ends or breaks a text at each place of eight bytes.
func TestValidAtEveryPlace(t *testing.T) {
	for i := range 20 {
		for b := range 256 {
			text := []byte(`"` + strings.Repeat("x", i) + string([]byte{byte(b)}) + strings.Repeat("y", 20-i) + `"`)
			require.Equal(t, jsontext.Value(text).IsValid(lenient), Valid(text), "%q", text)
		}
	}
}

// FuzzValid never takes for valid what a decoder does not, and splits a list like one.
func FuzzValid(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		valid := jsontext.Value(text).IsValid(lenient)
		if Valid(text) {
			require.True(t, valid)
		} else if valid {
			require.Greater(t, bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")), mostDepth)
		}
		items, ok := AppendItems[[]byte](nil, text)
		if !ok {
			require.False(t, Valid(text) && jsontext.Value(text).Kind() == '[')
			return
		}
		require.True(t, valid)
		var want []json.RawMessage
		require.NoError(t, json.Unmarshal(text, &want))
		require.Len(t, items, len(want))
		for i := range want {
			require.Equal(t, string(want[i]), string(items[i]))
			require.Equal(t, len(items[i]), cap(items[i]))
		}
	})
}

// BenchmarkItems splits a page of records.
func BenchmarkItems(b *testing.B) {
	page := []byte{'['}
	for i := range 1000 {
		page = fmt.Appendf(page, `{"_id":"5f%d","name":"Company %d Åb","status":"customer","mrr":%d.5,"custom":{"Tier":"Gold","Seats":%d},"tags":["a","b"]},`, i, i, i, i)
	}
	page[len(page)-1] = ']'
	var items [][]byte
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		items, _ = AppendItems(items[:0], page)
	}
	require.Len(b, items, 1000)
}
