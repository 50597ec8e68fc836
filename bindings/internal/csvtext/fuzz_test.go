package csvtext

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// FuzzCSV reads any text as CSV, by the options that the bits of form choose. All of
// the text is in the cells or before an error, however the text arrives. Rows that are
// made of the text, and written, are read again as they were.
func FuzzCSV(f *testing.F) {
	for i, text := range []string{
		"", "a,b\n1,2\n", "a;b\r\n1;\"2\r\n3\"\r\n", "\ufeffa\tb\n1\t2", "sep=;\na;b\n1;2\n", "a,b\n1\n1,2,3\n", "a,b\n\"1,2\n", "a,b\n1\",2\n", "a,b\n\"1\"x,2\n", "a|b\n1|2\n\n\"\"\n", "a\rb\rc\r", "\"a\rb\"\rc\r",
		"a,b\n\\N,\\\"x\\\"\n\"a\\\"b\",c\\,d\n", "a, b\n 1 , \"2\" \n", "a,a\n1,2\n", ",\n,\n", "  \n\n", "x\n\xff\n", "name\nÅsa\n", "a,b;c\n1,2;3\n", "id,note\n1,\"say \"\"hi\"\"\"\n", "a,b\n\"1\"\"2\n3\"\n", "Report 2024\n\nid,name\n1,x\n",
		"phscript_reason,phscript_state,phscript_call,phscript_file,phscript_line,id,n\nno,rejected,c,a.csv,2,'=1,x\n", "a,b\n'=1+1,-2\n", "\x1f\x1e\x1fx\x1e", "a\x1fb\x1e1\x1f\n\x1e\"\x1f,", "sep=\na,b", "\x00", "a\x00b,c\n", "\x1f\x8b", "a,b\n1,\"\n", "é,b\n1,2\n",
	} {
		for form := range 4 {
			f.Add([]byte(text), byte(i+form*61))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, form byte) {
		if len(text) > 1<<13 {
			return
		}
		checkReading(t, text, form)
		checkWriting(t, string(text), form)
	})
}

// formed returns the options that the bits of form choose.
func formed(form byte) Options {
	bit := func(n int) bool { return form>>n&1 == 1 }
	o := Options{Header: bit(0), Ragged: bit(1), RenameRepeated: bit(2), Dialect: Dialect{LazyQuotes: bit(3), Trim: bit(4)}}
	if bit(5) {
		o.Separator = []rune{',', ';', '·', '|'}[form>>6]
	}
	if bit(6) {
		o.Escape = '\\'
	}
	return o
}

// checkReading reads a text whole and byte by byte.
func checkReading(t *testing.T, text []byte, form byte) {
	again := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	o := formed(form)
	o.Again = again
	rows, seen, err := readText(t, bytes.NewReader(text), o)
	slowly, _, slowErr := readText(t, iotest.OneByteReader(bytes.NewReader(text)), o)
	assert.Equal(t, rows, slowly)
	assert.Equal(t, err, slowErr)
	if strings.Contains(string(text), "\\N") || !utf8.Valid(text) || bytes.HasPrefix(text, []byte("sep=")) || bytes.IndexByte(text, 0) >= 0 || strings.Contains(string(text), "phscript_") {
		return // not all of the text is cells
	}
	want := letters(string(text))
	if err == nil {
		assert.Equal(t, want, seen, "text is lost")
	} else {
		assert.True(t, strings.HasPrefix(want, seen), "%q is not the start of %q", seen, want)
	}
}

// readText reads all rows, those of the wrong length included, and returns also the
// letters and digits of all cells, and the error that ended it.
func readText(t *testing.T, src io.Reader, o Options) (rows [][]string, seen string, err error) {
	r, err := NewReader("f.csv", src, o)
	if err != nil {
		checkError(t, err)
		return nil, "", err
	}
	if r.header > 0 {
		seen = letters(strings.Join(r.scan.cells, "")) // Titles may have numbers
	}
	last := r.header
	for {
		cells, line, err := r.Next()
		var bad *RowError
		switch {
		case errors.Is(err, io.EOF):
			return rows, seen, nil
		case errors.As(err, &bad):
			checkError(t, bad.Err)
			cells, line = bad.Cells, bad.Line
		case err != nil:
			checkError(t, err)
			return rows, seen, err
		case r.Columns != nil && !o.Ragged:
			require.Len(t, cells, len(r.Columns))
		}
		require.Greater(t, line, last, "lines of rows grow")
		last = line
		rows = append(rows, slices.Clone(cells))
		seen += letters(strings.Join(cells, ""))
	}
}

// checkError checks that an error about the text names the line and keeps to one line.
func checkError(t *testing.T, err error) {
	var bad *invalid.Error
	require.ErrorAs(t, err, &bad)
	assert.NotContains(t, bad.Error(), "\n")
}

// letters returns the letters and digits of a text.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, text)
}

// control are the characters that text does not have.
const control = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x7f"

// checkWriting writes the rows that a text holds, cells after \x1f and rows after \x1e,
// and reads them again by the right separator and by the one that is detected.
func checkWriting(t *testing.T, text string, form byte) {
	if !utf8.ValidString(text) || strings.Contains(text, RejectedColumns[0]) || strings.ContainsAny(text, control) {
		return // a file of rejected rows, or not text
	}
	var rows [][]string
	for row := range strings.SplitSeq(text, "\x1e") {
		rows = append(rows, strings.Split(row, "\x1f"))
	}
	separator := []rune{',', ';', '\t', '|', '·'}[int(form)%5]
	var out bytes.Buffer
	w := NewWriter(&out, separator, form&32 != 0, false)
	for _, row := range rows {
		require.NoError(t, w.Write(row))
	}
	require.NoError(t, w.Flush())
	for _, given := range []rune{separator, 0} {
		got, _, err := readText(t, strings.NewReader(out.String()), Options{Ragged: true, Dialect: Dialect{Separator: given}})
		if given == 0 && (separator == '·' || err != nil) {
			continue // another separator may be as likely
		}
		require.NoError(t, err, "%q", out.String())
		if given == 0 && slices.ContainsFunc(rows, func(row []string) bool { return len(row) != len(rows[0]) }) {
			continue
		}
		assert.Equal(t, rows, got, "%q", out.String())
	}
}
