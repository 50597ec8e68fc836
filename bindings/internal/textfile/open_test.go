package textfile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func wide(t *testing.T, order unicode.Endianness, mark unicode.BOMPolicy, text string) string {
	t.Helper()
	s, err := unicode.UTF16(order, mark).NewEncoder().String(text)
	require.NoError(t, err)
	return s
}

// long is a text longer than all buffers, which does not pack well.
func long() string {
	var b strings.Builder
	for i := uint32(1); b.Len() < 4*bufferSize; i = i*1664525 + 1013904223 {
		b.WriteString(string(rune('a'+i>>27)) + "é")
		if i%50 == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// TestOpen: the text that programs mean, whatever they put around it, and however it
// arrives.
func TestOpen(t *testing.T) {
	const text = "id,name\n1,Åsa – “x”\n"
	le, be := unicode.LittleEndian, unicode.BigEndian
	with, without := unicode.UseBOM, unicode.IgnoreBOM
	long := long()
	csv, anything := Options{Want: "CSV text"}, Options{}
	for _, test := range []struct {
		name, file, bytes string
		opt               Options
		want              string
		converted, packed bool
	}{
		{name: "empty", opt: csv},
		{name: "only a mark", bytes: mark, opt: csv},
		{name: "only a mark of UTF-16", bytes: "\xff\xfe", opt: csv, converted: true},
		{name: "only a line end", bytes: "\n", opt: csv, want: "\n"},
		{name: "plain", bytes: text, opt: csv, want: text},
		{name: "plain, named gz", file: "x.csv.gz", bytes: text, opt: csv, want: text},
		{name: "plain, named xlsx", file: "x.xlsx", bytes: text, opt: csv, want: text},
		{name: "mark", bytes: mark + text, opt: csv, want: text},
		{name: "several marks", bytes: mark + mark + mark + text, opt: csv, want: text},
		{name: "a mark inside", bytes: "a" + mark + "b", opt: csv, want: "a" + mark + "b"},
		{name: "part of a mark", bytes: "\xef\xbb", opt: csv, want: "\xef\xbb"},
		{name: "a mark and another encoding", bytes: mark + text, opt: Options{Encoding: "windows-1252", Want: "CSV text"}, want: text},
		{name: "UTF-16", bytes: wide(t, le, with, text), opt: csv, want: text, converted: true},
		{name: "UTF-16, the other way round", bytes: wide(t, be, with, text), opt: csv, want: text, converted: true},
		{name: "UTF-16 where anything is wanted", bytes: wide(t, be, with, text), opt: anything, want: text, converted: true},
		{name: "UTF-16 and its name", bytes: wide(t, le, with, text), opt: Options{Encoding: "UTF-16", Want: "CSV text"}, want: text, converted: true},
		{name: "UTF-16 and a wrong name", bytes: wide(t, be, with, text), opt: Options{Encoding: "utf-16le", Want: "CSV text"}, want: text, converted: true},
		{name: "UTF-16 with two marks", bytes: wide(t, le, with, "\ufeff"+text), opt: csv, want: text, converted: true},
		{name: "UTF-16 without a mark, found", bytes: wide(t, le, without, text), opt: Options{Want: "JSON", Detect: true}, want: text, converted: true},
		{name: "UTF-16 without a mark, the other way round, found", bytes: wide(t, be, without, text), opt: Options{Want: "JSON", Detect: true}, want: text, converted: true},
		{name: "UTF-16 without a mark, named", bytes: wide(t, le, without, text), opt: Options{Encoding: "utf-16", Want: "CSV text"}, want: text, converted: true},
		{name: "UTF-16 without a mark, the other way round, named", bytes: wide(t, be, without, text), opt: Options{Encoding: "utf-16", Want: "CSV text"}, want: text, converted: true},
		{name: "UTF-16 without a mark, named exactly", bytes: wide(t, be, without, text), opt: Options{Encoding: "utf-16be", Want: "CSV text"}, want: text, converted: true},
		{name: "UTF-16 with what a program could not convert", bytes: wide(t, le, with, "a\uFFFDb\n"), opt: csv, want: "a\uFFFDb\n", converted: true},
		{name: "UTF-16 with signs outside of the plane", bytes: wide(t, be, with, "😀\n"), opt: csv, want: "😀\n", converted: true},
		{name: "windows-1252", bytes: "\xc5sa \x96 \x93x\x94\n", opt: Options{Encoding: "Windows-1252", Want: "CSV text"}, want: "Åsa – “x”\n", converted: true},
		{name: "invalid UTF-8 is the reader's", bytes: "\xc5sa\n", opt: csv, want: "\xc5sa\n"},
		{name: "gzip", file: "x.csv.gz", bytes: packed(t, text), opt: csv, want: text, packed: true},
		{name: "gzip, named csv", bytes: packed(t, text), opt: csv, want: text, packed: true},
		{name: "gzip where anything is wanted", bytes: packed(t, "\x00\x01"), opt: anything, want: "\x00\x01", packed: true},
		{name: "gzip of nothing", bytes: packed(t, ""), opt: csv, packed: true},
		{name: "gzip of a mark", bytes: packed(t, mark+mark+text), opt: csv, want: text, packed: true},
		{name: "gzip of UTF-16", bytes: packed(t, wide(t, le, with, text)), opt: csv, want: text, packed: true, converted: true},
		{name: "gzip in two parts", bytes: packed(t, "id\n") + packed(t, "1\n"), opt: csv, want: "id\n1\n", packed: true},
		{name: "long", bytes: long, opt: csv, want: long},
		{name: "long, gzip", bytes: packed(t, long), opt: csv, want: long, packed: true},
		{name: "long, UTF-16", bytes: wide(t, be, with, long), opt: csv, want: long, converted: true},
		{name: "HTML where anything is wanted", bytes: "<html>", opt: anything, want: "<html>"},
		{name: "a bracket", bytes: "<name>,x\n", opt: csv, want: "<name>,x\n"},
		{name: "letters of an archive", bytes: "BZh,GIF8,PAR1\n", opt: csv, want: "BZh,GIF8,PAR1\n"},
		{name: "a control character", bytes: "a\x1b[0m,\x00\n", opt: csv, want: "a\x1b[0m,\x00\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(test.bytes), iotest.OneByteReader(strings.NewReader(test.bytes)), iotest.DataErrReader(strings.NewReader(test.bytes))} {
				text, err := Open("x.csv", src, test.opt)
				require.NoError(t, err)
				got, err := io.ReadAll(text)
				require.NoError(t, err)
				require.Equal(t, test.want, string(got))
				assert.Equal(t, test.converted, text.Converted, "converted")
				assert.Equal(t, test.packed, text.Packed, "packed")
			}
		})
	}
}

// TestRefused: what is not the text that is wanted is named for what it is, whatever
// its name.
func TestRefused(t *testing.T) {
	zip := "PK\x03\x04\x14\x00\x06\x00"
	for _, test := range []struct{ name, file, bytes, want, hint string }{
		{"workbook", "x.xlsx", zip, "x.xlsx is an Excel workbook, not CSV text", saveAsCSV},
		{"workbook with macros", "X.XLSM", zip, "X.XLSM is an Excel workbook", saveAsCSV},
		{"workbook named csv", "x.csv", zip, "x.csv is a workbook or another packed file", saveAsCSV},
		{"old workbook", "x.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "x.xls is an Excel workbook", saveAsCSV},
		{"open document", "x.ods", zip, "x.ods is a spreadsheet", saveAsCSV},
		{"archive", "x.zip", zip, "x.zip is a ZIP archive", unpackIt},
		{"gzip of a workbook", "x.csv.gz", packed(t, zip), "x.csv.gz is a workbook or another packed file", saveAsCSV},
		{"gzip twice", "x.csv.gz", packed(t, packed(t, "id\n")), "x.csv.gz is compressed twice", unpackIt},
		{"bzip2", "x.csv.bz2", "BZh91AY&SY" + strings.Repeat("\x00\x8a\x01", 20), "is a bzip2 archive", unpackIt},
		{"xz", "x", "\xfd7zXZ\x00\x00\x04", "is an xz archive", unpackIt},
		{"zstd", "x", "\x28\xb5\x2f\xfd\x04", "is a zstd archive", unpackIt},
		{"PDF", "x.csv", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "x.csv is a PDF document", exportIt},
		{"PNG", "x.csv", "\x89PNG\r\n\x1a\n\x00\x00", "is an image", exportIt},
		{"SQLite", "x.csv", "SQLite format 3\x00\x10\x00", "is an SQLite database", exportIt},
		{"binary", "x.csv", strings.Repeat("\x00\x01\x02\xff", 20), "x.csv is a binary file", exportIt},
		{"zeros", "x.csv", strings.Repeat("\x00", 100), "is a binary file", exportIt},
		{"UTF-32", "x.csv", "\xff\xfe\x00\x00i\x00\x00\x00d\x00\x00\x00", "x.csv is text in UTF-32, not CSV text", "save it as UTF-8"},
		{"UTF-32, the other way round", "x.csv", "\x00\x00\xfe\xff\x00\x00\x00i", "is text in UTF-32", "save it as UTF-8"},
		{"HTML", "x.csv", "<!DOCTYPE html><html><body>Log in</body></html>", "x.csv is a web page (HTML), not CSV text", "login page"},
		{"HTML table", "x.xls", "\n <TABLE border=1><tr>", "x.xls is a web page (HTML)", "save it as CSV"},
		{"HTML with a mark", "x.csv", mark + "<html>", "is a web page (HTML)", "login page"},
		{"HTML in UTF-16", "x.xls", wide(t, unicode.LittleEndian, unicode.UseBOM, "<html><body>"), "is a web page (HTML)", "login page"},
		{"HTML in gzip", "x.csv.gz", packed(t, "<html>"), "is a web page (HTML)", "login page"},
		{"XML", "x.xls", `<?xml version="1.0"?><Workbook>`, "is an XML file", exportIt},
		{"JSON", "x.csv", ` [ {"id": 1} ]`, "is JSON, not CSV text", "json.rows"},
		{"JSON object", "x.csv", `{ "id": 1 }`, "is JSON", "json.rows"},
		{"UTF-16 without a mark", "x.csv", wide(t, unicode.LittleEndian, unicode.IgnoreBOM, "id,name\n"), "x.csv, line 1: the text is in UTF-16, without a byte order mark", `{ encoding = "utf-16le" }`},
		{"UTF-16 without a mark, the other way round", "x.csv", wide(t, unicode.BigEndian, unicode.IgnoreBOM, "id,name\n"), "the text is in UTF-16", `{ encoding = "utf-16be" }`},
		{"gzip that is cut off", "x.csv.gz", packed(t, "id,name\n")[:22], "x.csv.gz: the gzip data is damaged or incomplete", "fetch the file again"},
		{"gzip that is cut off in its header", "x.csv.gz", packed(t, "id,name\n")[:5], "the gzip data is damaged or incomplete", "fetch the file again"},
		{"gzip with other data", "x.csv.gz", packed(t, "id,name\n")[:10] + strings.Repeat("\xff", 30), "the gzip data is damaged or incomplete", "fetch the file again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(test.bytes), iotest.OneByteReader(strings.NewReader(test.bytes))} {
				_, err := Open(test.file, src, Options{Want: "CSV text"})
				var data *invalid.Error
				require.ErrorAs(t, err, &data)
				assert.Contains(t, data.Message, test.want)
				assert.Contains(t, data.Hint, test.hint)
			}
		})
	}
}

// TestDamaged: what is wrong further on is an error there, not the end of the text or
// other characters.
func TestDamaged(t *testing.T) {
	long := long()
	whole := packed(t, long)
	otherSum := []byte(whole)
	otherSum[len(otherSum)-5] ^= 1
	half := wide(t, unicode.LittleEndian, unicode.UseBOM, "id\n1\n2\n")
	for _, test := range []struct {
		name, bytes, encoding, want string
		before                      string
	}{
		{"gzip that is cut off", whole[:len(whole)-20], "", "x.csv: the gzip data is damaged or incomplete", long[:bufferSize]},
		{"gzip with another checksum", string(otherSum), "", "damaged or incomplete", long},
		{"gzip without its checksum", whole[:len(whole)-8], "", "damaged or incomplete", long},
		{"gzip and something else", whole + "id\n", "", "damaged or incomplete", long},
		{"UTF-16 that is cut off", half[:len(half)-1], "", "x.csv, line 3: the text is not valid utf-16", "id\n1\n2"},
		{"UTF-16 with half a character", "\xff\xfei\x00\n\x00\x3d\xd8x\x00\n\x00", "", "x.csv, line 2: the text is not valid utf-16", "i\n"},
		{"long UTF-16 that is cut off", strings.TrimSuffix(wide(t, unicode.BigEndian, unicode.UseBOM, long+"x"), "x"), "", "not valid utf-16", long},
		{"no such character", "id\n\xc5\n\xaa\n", "windows-1253", "x.csv, line 3: the text is not valid windows-1253", "id\nΕ\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := Open("x.csv", strings.NewReader(test.bytes), Options{Encoding: test.encoding, Want: "CSV text"})
			got := []byte(test.before) // A short text fails at once.
			if err == nil {
				got, err = io.ReadAll(text)
			}
			var data *invalid.Error
			require.ErrorAs(t, err, &data)
			assert.Contains(t, data.Message, test.want)
			assert.True(t, strings.HasPrefix(string(got), test.before), "%q", got[:min(len(got), 100)])
		})
	}
}

// TestSourceFails: its error is passed on as it is.
func TestSourceFails(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := Open("x.csv", iotest.ErrReader(broken), Options{})
	require.ErrorIs(t, err, broken)
	for _, start := range []string{strings.Repeat("id\n", bufferSize), packed(t, long())[:bufferSize], wide(t, unicode.LittleEndian, unicode.UseBOM, long())[:bufferSize]} {
		text, err := Open("x.csv", io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken)), Options{})
		require.NoError(t, err)
		_, err = io.ReadAll(text)
		require.ErrorIs(t, err, broken)
	}
}
