package mapping

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
)

func TestConverters(t *testing.T) {
	form := Form{Decimal: ",", Separator: ";", Dates: calendar.Reader{Zone: time.UTC}}
	for _, x := range []struct{ kind, cell, want, hint string }{
		{"text", ` "é" `, `" \"é\" "`, ""},
		{"number", " 1.234,5 ", "1234.5", ""},
		{"number", "-0,25", "-0.25", ""},
		{"number", "9007199254740991", "9007199254740991", ""},
		{"number", "abc", "", "correct the cell, or empty it if there is no number"},
		{"number", "12345678901234567890,1", "", "correct the cell"},
		{"integer", "1,5", "", ""},
		{"integer", "1.000", "1000", ""},
		{"money", "12,50 EUR", "12.5", ""},
		{"money", "1 USD", "", "read the cells in the column's 'convert' with money.parse, which also returns the unit"},
		{"boolean", "Yes", "true", ""},
		{"boolean", "maybe", "", "true, yes, y, 1 and on are true; false, no, n, 0 and off are false"},
		{"date", "2024-01-15", `"2024-01-15"`, ""},
		{"date", "2024-01-15T10:30:00+02:00", `"2024-01-15T08:30:00Z"`, ""},
		{"days", "1970-01-02", "1", ""},
		{"list", "a; b;;", `["a","b"]`, ""},
	} {
		convert, known := form.Converter(x.kind)
		require.True(t, known, x.kind)
		if x.kind == "money" && x.want == "" {
			_, err := convert(nil, "1 EUR")
			require.NoError(t, err)
		}
		got, err := convert([]byte("..."), x.cell)
		if x.want != "" {
			require.NoError(t, err, x.cell)
			assert.Equal(t, "..."+x.want, string(got), x.cell)
			continue
		}
		var data *invalid.Error
		require.ErrorAs(t, err, &data, x.cell)
		assert.Equal(t, x.hint, data.Hint, x.cell)
	}
	_, known := form.Converter("txt")
	assert.False(t, known)
}

func TestPlans(t *testing.T) {
	text, _ := Form{}.Converter("text")
	plan, err := New([]Column{
		{Title: "A", At: 0, Property: "a", Convert: text},
		{Title: "B", At: 1, Property: "custom.x.b", Convert: text},
		{Title: "C", At: 2, Property: "custom.x.c", Convert: text, Empty: []byte("null")},
		{Title: "D", At: 3, Property: "custom.d", Convert: text},
	}, map[string]jsontext.Value{"custom.e": jsontext.Value("1"), "z": jsontext.Value(`"z"`)})
	require.NoError(t, err)
	for _, x := range []struct {
		cells []string
		want  string
	}{
		{[]string{"1", "2", "3", "4"}, `{"a":"1","custom":{"x":{"b":"2","c":"3"},"d":"4","e":1},"z":"z"}`},
		{[]string{"", "", "", ""}, `{"custom":{"x":{"c":null},"e":1},"z":"z"}`},
		{[]string{"1"}, `{"a":"1","custom":{"x":{"c":null},"e":1},"z":"z"}`},
	} {
		got, err := plan.Append(nil, x.cells, nil)
		require.NoError(t, err)
		assert.Equal(t, x.want, string(got))
	}
	assert.Equal(t, []string{"E"}, plan.Unused([]string{"A", "B", "C", "D", "E"}))
	for _, wrong := range []string{"custom", "custom.x", "a.b", "", "custom."} {
		_, err := New([]Column{{Title: "A", Property: "a", Convert: text}, {Title: "B", Property: "custom.x.b", Convert: text}, {Title: "W", Property: wrong, Convert: text}}, nil)
		require.Error(t, err, wrong)
	}
}

// A number that is copied as it is written is the number that would have been read.
func TestPlainNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`-?[0-9]{0,16}\.?[0-9]{0,3}0{0,3}`).Draw(t, "cell")
		decimal := rapid.SampledFrom([]string{"", "."}).Draw(t, "decimal")
		n := plainNumber(cell)
		if n == 0 {
			return
		}
		assert.True(t, jsontext.Value(cell[:n]).IsValid(), cell[:n])
		got, err := strconv.ParseFloat(cell[:n], 64)
		assert.NoError(t, err)
		want, err := csvtext.Number(cell, decimal, "columns")
		assert.NoError(t, err)
		assert.Equal(t, want, got)
		assert.False(t, strings.Contains(cell[:n], ".") && strings.HasSuffix(cell[:n], "0"), cell[:n])
	})
	for cell, want := range map[string]int{"0": 1, "-1.50": 4, "1.00": 1, "": 0, "-": 0, "01": 0, ".5": 0, "5.": 0, "-0": 0, "-0.0": 0, "1e3": 0, "1234567890123456": 0} {
		assert.Equal(t, want, plainNumber(cell), cell)
	}
}

func TestPackedCells(t *testing.T) {
	for _, cells := range [][]string{nil, {""}, {"a", "", strings.Repeat("é", 200)}} {
		for _, kinds := range [][]Kind{nil, {Exact, JSON}} {
			gotCells, gotKinds := Unpack(Pack(nil, cells, kinds))
			assert.Equal(t, cells, gotCells)
			assert.Equal(t, kinds, gotKinds)
		}
	}
}

// A cell that is exact is written so that the form makes the same value of it.
func TestWrittenCells(t *testing.T) {
	german := Form{Decimal: ",", Dates: calendar.Reader{Zone: time.UTC, Layout: "%d/%m/%Y", Option: calendar.CSVFormat}}
	for _, x := range []struct {
		kind, cell, want string
		same             bool
	}{
		{"number", "1.234", "1,234", true}, {"number", "-12.5", "-12,5", true}, {"number", "980", "980", true},
		{"money", "1.234", "1,234", true}, {"integer", "1.234", "1,234", true}, {"integer", "1000", "1000", true},
		{"date", "2024-01-15", "15/01/2024", true}, {"days", "2024-01-15", "15/01/2024", true},
		{"date", "2024-01-15T10:30:00", "2024-01-15T10:30:00", true},
		{"boolean", "true", "true", true}, {"text", "1.5", "1.5", true},
	} {
		got, same, _ := german.Written(x.kind, x.cell)
		assert.Equal(t, x.want, got, x.kind)
		assert.Equal(t, x.same, same, x.kind)
	}
	withTime := german
	withTime.Dates.Layout = "%d/%m/%Y %H:%M:%S"
	got, same, _ := withTime.Written("date", "2024-01-15T10:30:00")
	assert.Equal(t, "15/01/2024 10:30:00", got)
	assert.True(t, same)
	_, same, _ = withTime.Written("date", "2024-01-15")
	assert.False(t, same, "midnight is not a day")
	got, same, valid := Form{Dates: calendar.Reader{Zone: time.UTC, Option: calendar.CSVFormat}}.Written("number", "1.234")
	assert.Equal(t, "1.234", got)
	assert.True(t, same && valid)
	_, same, valid = german.Written("number", "#N/A")
	assert.True(t, same && !valid)
}

func TestRowsWithSeveralMistakes(t *testing.T) {
	number, _ := Form{}.Converter("number")
	plan, err := New([]Column{
		{Title: "A", At: 0, Property: "a", Convert: number},
		{Title: "B", At: 1, Property: "custom.b", Convert: number},
		{Title: "C", At: 2, Property: "custom.c", Convert: number, Required: true},
	}, nil)
	require.NoError(t, err)
	_, err = plan.Append(nil, []string{"x", "y", ""}, nil)
	var all Problems
	require.ErrorAs(t, err, &all)
	require.Len(t, all, 3)
	assert.Equal(t, `column "A": "x" is not a number`, all[0].Error())
	assert.Equal(t, `column "B": "y" is not a number`, all[1].Error())
	assert.Equal(t, `column "C": it is the key, and it is empty`, all[2].Error())
}
