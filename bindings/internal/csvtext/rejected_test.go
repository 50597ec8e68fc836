package csvtext

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func rejectedText(t require.TestingT, columns []string, rows ...[]string) string {
	var text bytes.Buffer
	w, err := NewRejectedWriter(&text, columns)
	require.NoError(t, err)
	for i, cells := range rows {
		require.NoError(t, w.WriteRow(Rejected{Reason: "=no", State: "rejected", Call: "run.reject", File: "a.csv", Line: i, Cells: cells}))
	}
	require.NoError(t, w.Flush())
	return text.String()
}

func readAll(t require.TestingT, text string, opt Options) (r *Reader, rows [][]string) {
	r, err := NewReader("r.csv", strings.NewReader(text), opt)
	require.NoError(t, err)
	for {
		cells, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r, rows
		}
		require.NoError(t, err)
		rows = append(rows, slices.Clone(cells))
	}
}

func TestRejectedText(t *testing.T) {
	assert.Equal(t, "\ufeffphscript_reason,phscript_state,phscript_call,phscript_file,phscript_line,id,'=x\n"+
		"'=no,rejected,run.reject,a.csv,,A-1,\"\"\n'=no,rejected,run.reject,a.csv,1,'=1+1,'''=1\n",
		rejectedText(t, []string{"id", "=x"}, []string{"A-1", ""}, []string{"=1+1", "''=1"}))
}

// TestRejectedRowsAreReadAgain: by the options with which the rows were read first.
func TestRejectedRowsAreReadAgain(t *testing.T) {
	text := rejectedText(t, []string{"id", "name"}, []string{"A-1", "=x"})
	want := [][]string{{"A-1", "=x"}}
	for name, opt := range map[string]Options{
		"defaults":   {Header: true},
		"form":       {Header: true, Skip: 3, Encoding: "windows-1252", Dialect: Dialect{Separator: '|', Escape: '\\', LazyQuotes: true}},
		"names":      {Names: []string{"id", "name"}},
		"all names":  {Header: true, Names: []string{"key", "name"}},
		"found":      {Header: true, Find: []string{"name"}},
		"required":   {Header: true, Required: []string{"id"}},
		"unnamed":    {},
		"semicolons": {Header: true, Dialect: Dialect{Separator: ';'}},
	} {
		r, rows := readAll(t, text, opt)
		assert.Equal(t, want, rows, name)
		assert.True(t, r.Rejected())
		switch name {
		case "unnamed":
			assert.Nil(t, r.Columns)
		case "all names":
			assert.Equal(t, []string{"key", "name"}, r.Columns)
			assert.Equal(t, []string{"id", "name"}, r.Titles)
		default:
			assert.Equal(t, []string{"id", "name"}, r.Columns, name)
		}
	}
	// A spreadsheet saves it with other separators and columns.
	_, rows := readAll(t, "id;phscript_line;\"phscript_reason\";name\nA-1;7;'=no;'=x\n", Options{Header: true})
	assert.Equal(t, want, rows)
	_, rows = readAll(t, "id,name\nA-1,'=x\n", Options{Header: true})
	assert.Equal(t, [][]string{{"A-1", "'=x"}}, rows, "any other file is taken as it is")
}

// Rows of several files have different columns and meanings, so that a script must
// not take them for rows of one.
func TestRejectedRowsOfSeveralFiles(t *testing.T) {
	head := "phscript_reason,phscript_state,phscript_call,phscript_file,phscript_line,id\n"
	mixed, err := NewReader("r.csv", strings.NewReader(head+"no,rejected,x,a.csv,2,1\nno,rejected,x,,,2\nno,rejected,x,b.csv,2,3\n"), Options{Header: true})
	require.NoError(t, err)
	for err == nil {
		_, _, err = mixed.Next()
	}
	assert.ErrorContains(t, err, `line 4: the rejected rows come from several files: "a.csv" and "b.csv"`)
	_, rows := readAll(t, head+"no,rejected,x,a.csv,2,1\nno,rejected,x,,,2\nno,rejected,x,a.csv,9,3\n", Options{Header: true})
	assert.Equal(t, [][]string{{"1"}, {"2"}, {"3"}}, rows)
	for _, text := range []string{"1,\"phscript_reason: bad\"\n2,two\n", "my_phscript_reason_x,b\n2,two\n"} {
		r, rows := readAll(t, text, Options{})
		assert.False(t, r.Rejected(), text)
		assert.Len(t, rows, 2, text)
	}
}

func TestRejectedRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "'", "=", "+1", "@", "\t", "\ufeff", "\"", ",", ";", "\n", "\r", "é", "＝"}), 0, 4).Draw(t, "parts"), "")
		})
		columns := []string{"id", "name", "column_3"}[:rapid.IntRange(1, 3).Draw(t, "columns")]
		opt, shortest := Options{Header: true}, len(columns)
		switch rapid.IntRange(0, 2).Draw(t, "ragged") {
		case 1:
			opt.Ragged, shortest = true, 1
		case 2:
			opt.Header, shortest = false, 1
		}
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, shortest, len(columns)), 0, 4).Draw(t, "rows")
		_, got := readAll(t, rejectedText(t, columns, rows...), opt)
		assert.Equal(t, len(rows), len(got))
		for i := range got {
			assert.Equal(t, rows[i], got[i])
		}
	})
}

// TestRejectedCellsWithoutNames: the names of cells beyond the header are no reason
// to doubt it.
func TestRejectedCellsWithoutNames(t *testing.T) {
	text := rejectedText(t, []string{"id", "column_2", "column_3"}, []string{"1", "x", "y"})
	again := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	r, rows := readAll(t, text, Options{Header: true, Ragged: true, Again: again})
	assert.Equal(t, [][]string{{"1", "x", "y"}}, rows)
	assert.Empty(t, r.Doubt())
}

// TestEmptyRejectedRows: a row of empty cells is one, also after a spreadsheet has
// removed its quotes. A row that nobody knows is none.
func TestEmptyRejectedRows(t *testing.T) {
	var text bytes.Buffer
	w, err := NewRejectedWriter(&text, []string{"id"})
	require.NoError(t, err)
	for _, row := range []Rejected{
		{Reason: "a, b", Cells: []string{""}},
		{Reason: "a, b"},
		{Reason: "a, b", File: "a.csv", Line: 2, Cells: []string{" "}},
		{Reason: "a, b", Cells: []string{"x"}},
	} {
		require.NoError(t, w.WriteRow(row))
	}
	require.NoError(t, w.Flush())
	_, rows := readAll(t, text.String(), Options{Header: true})
	assert.Equal(t, [][]string{{""}, {" "}, {"x"}}, rows)
	_, rows = readAll(t, "phscript_reason;phscript_line;id\n\"a, b\";2;\n\"a, b\";;\n;;\n", Options{Header: true})
	assert.Equal(t, [][]string{{""}}, rows)
}

func TestRejectedRowsThatMayBeStored(t *testing.T) {
	text := "phscript_reason,phscript_state,id\nlate,unknown,1\nno,rejected,unknown\nlate,unknown,\"\"\n"
	again := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	r, err := NewReader("r.csv", strings.NewReader(text), Options{Header: true, Again: again})
	require.NoError(t, err)
	assert.Equal(t, 2, r.Unknown())
	assert.Equal(t, 2, r.Unknown(), "before and while it is read")
	r, err = NewReader("r.csv", strings.NewReader("state\nunknown\n"), Options{Header: true, Again: again})
	require.NoError(t, err)
	assert.Zero(t, r.Unknown())
}
