package luajson

import (
	"context"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/catalog"
)

func stateWithCodec(t *testing.T) (*lua.LState, *Codec) {
	t.Helper()
	L := lua.NewState()
	t.Cleanup(L.Close)
	return L, New(L, Texts{})
}

func TestDecodeAndEncodeAgree(t *testing.T) {
	_, c := stateWithCodec(t)
	for _, text := range []string{
		`{"name":"Åäö","custom":{"# Overdue Invoices":3,"Tier":"Gold"},"tags":[],"mrr":-12.5,"active":true}`,
		`[]`, `{}`, `[1,2,[3,{"a":[]}]]`, `[null,1,null]`, `"text with \"quotes\" and \u0000"`, `0`, `-1`, `12345678901234`, `1e300`, `false`,
		`{"nested":{"empty":{},"list":[{}]}}`,
	} {
		v, err := c.DecodeBytes([]byte(text), DecodeOptions{})
		require.NoError(t, err, text)
		out, err := c.EncodeBytes(v, EncodeOptions{})
		require.NoError(t, err, text)
		assert.JSONEq(t, text, string(out))
		assert.Equal(t, strings.Contains(text, "[]"), strings.Contains(string(out), "[]"), text)
	}
}

func TestNumbersKeepTheirValue(t *testing.T) {
	_, c := stateWithCodec(t)
	for text, want := range map[string]lua.LValue{
		"0": lua.LNumber(0), "255": lua.LNumber(255), "256": lua.LNumber(256), "-7": lua.LNumber(-7), "1.25": lua.LNumber(1.25),
		"12345678901234": lua.LNumber(12345678901234), "-12345678901234": lua.LNumber(-12345678901234), "1234567890123451": lua.LString("1234567890123451"),
		"123456789012345": lua.LString("123456789012345"), "9007199254740993": lua.LString("9007199254740993"),
		"-9007199254740993": lua.LString("-9007199254740993"), "123456789012345678901234567890": lua.LString("123456789012345678901234567890"),
		"1e3": lua.LNumber(1000), "1e999": lua.LString("1e999"),
	} {
		v, err := c.DecodeBytes([]byte(text), DecodeOptions{})
		require.NoError(t, err, text)
		assert.Equal(t, want, v, text)
	}
}

func TestNulls(t *testing.T) {
	_, c := stateWithCodec(t)
	v, err := c.DecodeBytes([]byte(`{"a":null,"b":[null]}`), DecodeOptions{})
	require.NoError(t, err)
	table := v.(*lua.LTable)
	assert.Equal(t, lua.LNil, table.RawGetString("a"))
	assert.True(t, c.IsNull(table.RawGetString("b").(*lua.LTable).RawGetInt(1)))

	v, err = c.DecodeBytes([]byte(`{"a":null}`), DecodeOptions{Nulls: true})
	require.NoError(t, err)
	assert.True(t, c.IsNull(v.(*lua.LTable).RawGetString("a")))
}

func TestDecodeRefusesBrokenText(t *testing.T) {
	_, c := stateWithCodec(t)
	for _, text := range []string{``, `{`, `[1,]`, `{"a"}`, `nul`, `{"a":1} x`, `{"a":1}{"b":2}`, "\"\xff\"", `[1`, `{"a":[}`} {
		_, err := c.DecodeBytes([]byte(text), DecodeOptions{})
		assert.Error(t, err, text)
	}
	v, err := c.DecodeBytes([]byte(`{"a":1}`), DecodeOptions{})
	require.NoError(t, err, "a failed decode must not spoil the next")
	assert.Equal(t, lua.LNumber(1), v.(*lua.LTable).RawGetString("a"))
}

// TestKeysAreNotConfused reads two keys of which one, as it is written, is the
// other's text.
func TestKeysAreNotConfused(t *testing.T) {
	_, c := stateWithCodec(t)
	v, err := c.DecodeBytes([]byte(`[{"a\\n":1},{"a\n":2},{"a\\n":3}]`), DecodeOptions{})
	require.NoError(t, err)
	var keys []lua.LValue
	for i := range 3 {
		keys = append(keys, firstKey(v.(*lua.LTable).RawGetInt(i+1).(*lua.LTable)))
	}
	assert.Equal(t, []lua.LValue{lua.LString(`a\n`), lua.LString("a\n"), lua.LString(`a\n`)}, keys)
}

// asked is a context that counts how often somebody asks whether it has ended.
type asked struct {
	context.Context
	times int
}

func (a *asked) Err() error {
	a.times++
	return a.Context.Err()
}

func TestLongListsCanBeInterrupted(t *testing.T) {
	L, c := stateWithCodec(t)
	ctx, cancel := context.WithCancel(context.Background())
	run := &asked{Context: ctx}
	L.SetContext(run)
	list := []byte("[0" + strings.Repeat(",0", 9_999) + "]")
	v, err := c.DecodeBytes(list, DecodeOptions{})
	require.NoError(t, err)
	_, err = c.EncodeBytes(v, EncodeOptions{})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, run.times, 4)
	assert.LessOrEqual(t, run.times, 100, "asking takes longer than reading a number")
	before := run.times
	_, err = c.EncodeBytes(lua.LString("short"), EncodeOptions{})
	require.NoError(t, err)
	assert.Equal(t, before, run.times)
	cancel()
	_, err = c.EncodeBytes(lua.LString(strings.Repeat("x", longText+1)), EncodeOptions{})
	require.ErrorIs(t, err, context.Canceled, "a long text takes as long as many values")
	_, err = c.DecodeBytes(list, DecodeOptions{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.EncodeBytes(v, EncodeOptions{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestEncodeSaysWhichPartHasNoForm(t *testing.T) {
	L, c := stateWithCodec(t)
	for script, want := range map[string]string{
		`return { a = { b = print } }`:             "at a.b: a function has no JSON form",
		`return { a = { 1, print } }`:              "at a[2]: a function has no JSON form",
		`return { 1, 2, x = 3 }`:                   `holds both list items and the field "x"`,
		`return { [2^40] = 2 }`:                    "number key 1099511627776",
		`return { [true] = 1 }`:                    "a boolean as a key",
		`return { a = 0/0 }`:                       "at a: ",
		`return { a = 1/0 }`:                       "at a: ",
		`return { a = "\255" }`:                    "at a: the text",
		`local t = {}; t.t = t; return t`:          "does the table contain itself",
		`return { list = { 1, nil, 3, n = nil } }`: "",
	} {
		require.NoError(t, L.DoString(script), script)
		v := L.Get(-1)
		L.Pop(1)
		_, err := c.EncodeBytes(v, EncodeOptions{})
		if want == "" {
			assert.ErrorContains(t, err, "at list: item 2 of 3 is nil", script)
			continue
		}
		assert.ErrorContains(t, err, want, script)
	}
	out, err := c.EncodeBytes(lua.LString("ok"), EncodeOptions{})
	require.NoError(t, err, "a failed encode must not spoil the next")
	assert.Equal(t, `"ok"`, string(out))
}

// TestLongPathsAreShortened: one of 90 bytes stays whole.
func TestLongPathsAreShortened(t *testing.T) {
	for _, n := range []int{90, 91} {
		path := strings.Repeat("a", n/2) + strings.Repeat("b", n-n/2)
		want := path
		if n > 90 {
			want = strings.Repeat("a", 30) + " ... " + strings.Repeat("b", 30)
		}
		assert.EqualError(t, &EncodeError{Path: path, Message: "no"}, "at "+want+": no")
	}
}

func TestRecordsKnowTheirModel(t *testing.T) {
	L, c := stateWithCodec(t)
	var unknown []string
	opt := EncodeOptions{Model: catalog.Load().Model("invoice"), Unknown: func(name string) { unknown = append(unknown, name) }}
	require.NoError(t, L.DoString(`return { cId = "extid-1", invoiceDate = "2024-01-15", dueDate = 19738, lineItems = {}, custom = {}, colour = "red" }`))
	out, err := c.EncodeBytes(L.Get(-1), opt)
	require.NoError(t, err)
	assert.JSONEq(t, `{"cId":"extid-1","invoiceDate":19737,"dueDate":19738,"lineItems":[],"custom":{},"colour":"red"}`, string(out))
	assert.Equal(t, []string{"colour"}, unknown)

	for script, want := range map[string]string{
		`return { invoiceDate = "soon" }`: `at invoiceDate: "soon" is not a day`,
		`return { 1, 2 }`:                 "not a list",
		`return { [7.5] = 1 }`:            "named fields only",
	} {
		require.NoError(t, L.DoString(script))
		_, err := c.EncodeBytes(L.Get(-1), opt)
		assert.ErrorContains(t, err, want, script)
	}
}

func BenchmarkDecodeRecord(b *testing.B) {
	L := lua.NewState()
	defer L.Close()
	c := New(L, Texts{})
	record := []byte(`{"_id":"67d08140557181002fd170dd","name":"Example AB","externalId":"a-17","mrr":1200.5,"status":"customer","tags":["a","b"],"custom":{"Tier":"Gold","Seats":25},"active":true}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		if _, err := c.DecodeBytes(record, DecodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTextsAreQuoted compares the JSON of texts with that of jsontext: with every byte at
// every place of eight, and with characters beyond ASCII.
func TestTextsAreQuoted(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	c := New(L, Texts{})
	check := func(text string) {
		t.Helper()
		want, failed := jsontext.AppendQuote(nil, text)
		got, err := c.EncodeBytes(lua.LString(text), EncodeOptions{})
		if failed != nil {
			require.ErrorContains(t, err, "not valid UTF-8")
			return
		}
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	for n := range 20 {
		for at := range n {
			for b := range 256 {
				text := []byte(strings.Repeat("x", n))
				text[at] = byte(b)
				check(string(text))
			}
		}
	}
	for _, text := range []string{"", "é", "Åb 12345678 ö", "é\"", "é\n12345678", "😀\u2028\u2029\x7f", "12345678\xff", "\xed\xa0\x80"} {
		check(text)
	}
}
