package bindings

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func newCSVState(t *testing.T, h *testHost) *lua.LState {
	return newState(t, h, CSV(), JSON(), Inspect(), FS())
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func TestCSVRead(t *testing.T) {
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("id\tname\n1\tÅsa\n")
	require.NoError(t, err)
	latin, err := charmap.Windows1252.NewEncoder().String("id,name\n1,Åsa – “x”\n")
	require.NoError(t, err)
	for _, c := range []struct{ name, text, options, want string }{
		{"plain", "id,name\n007,Acme\n", "{}", `{ { id = "007", name = "Acme" } }`},
		{"no end of line", "id,name\n1,Acme", "{}", `{ { id = "1", name = "Acme" } }`},
		{"byte order mark and CRLF", "\xef\xbb\xbfid;name\r\n1;Acme\r\n", "{}", `{ { id = "1", name = "Acme" } }`},
		{"carriage returns alone", "id,name\r1,Acme\r2,Bolt", "{}", `{ { id = "1", name = "Acme" }, { id = "2", name = "Bolt" } }`},
		{"tabs", "id\tname\n1\ta,b;c\n", "{}", `{ { id = "1", name = "a,b;c" } }`},
		{"pipes", "id|name\n1|x\n", "{}", `{ { id = "1", name = "x" } }`},
		{"separators in a quoted header", "\"a;b;c;d\",x\n1,2\n", "{}", `{ { ["a;b;c;d"] = "1", x = "2" } }`},
		{"a line for Excel", "sep=;\nid;a,b,c\n1;2\n", "{}", `{ { ["a,b,c"] = "2", id = "1" } }`},
		{"quotes", "id,name\n1,\"Ac\"\"me, Inc\r\nLund\"\n", "{}", `{ { id = "1", name = "Ac\"me, Inc\r\nLund" } }`},
		{"empty cells are left out", "id,a,b\n1,,2\n", "{}", `{ { b = "2", id = "1" } }`},
		{"empty cells as text", "id,a\n1,\n", `{ empty = "text" }`, `{ { a = "", id = "1" } }`},
		{"empty cells as null", "id,a\n1,\n", `{ empty = "null" }`, `{ { a = json.null, id = "1" } }`},
		{"rows without text are skipped", "id,a\n,\n\n  ,\n1,2\n,,,\n", "{}", `{ { a = "2", id = "1" } }`},
		{"trim", " id , a\n 1 , \n", `{ trim = true }`, `{ { id = "1" } }`},
		{"no trim", " id \n 1 \n", "{}", `{ { id = " 1 " } }`},
		{"no header", "1,,x\n2\n", `{ header = false }`, `{ { "1", "", "x" }, { "2" } }`},
		{"names instead of a header", "1,x\n", `{ header = false, columns = {"id", "name"} }`, `{ { id = "1", name = "x" } }`},
		{"new names", "id,id\n1,2\n", `{ columns = {"a", "b"} }`, `{ { a = "1", b = "2" } }`},
		{"renamed", "Account Name,x\nAcme,1\n", `{ columns = { ["Account Name"] = "name" }, required = {"name"} }`, `{ { name = "Acme", x = "1" } }`},
		{"nameless column", "id,,\n1,x,\n", "{}", `{ { column_2 = "x", id = "1" } }`},
		{"trailing separators", "id,a\n1,2,,\n", "{}", `{ { a = "2", id = "1" } }`},
		{"ragged", "id,a\n1\n2,3,4\n", `{ ragged = "allow" }`, `{ { id = "1" }, { a = "3", column_3 = "4", id = "2" } }`},
		{"numbers", "id,mrr\n01, 12.5 \n02,\n", `{ numbers = {"mrr"} }`, `{ { id = "01", mrr = 12.5 }, { id = "02" } }`},
		{"decimal comma", "v\n\"1.234,5\"\n", `{ numbers = {"v"}, decimal = "," }`, `{ { v = 1234.5 } }`},
		{"decimal point", "v\n\"1,234.5\"\n1 000\n", `{ numbers = {"v"}, decimal = "." }`, `{ { v = 1234.5 }, { v = 1000 } }`},
		{"types", "b,d,t,n,x\nYes,2024-01-15,2024-01-15 10:30,1970-01-02,7\n", `{ types = { b = "boolean", d = "date", t = "date", n = "days", x = "text" } }`,
			`{ { b = true, d = "2024-01-15", n = 1, t = "2024-01-15T10:30:00Z", x = "7" } }`},
		{"date format", "d\n31/12/2023\n", `{ types = { d = "date" }, date_format = "%d/%m/%Y" }`, `{ { d = "2023-12-31" } }`},
		{"day numbers of Excel", "d,t,n\n45306,45306.5,45306\n", `{ types = { d = "date", t = "date", n = "days" }, date_format = "excel" }`, `{ { d = "2024-01-15", n = 19737, t = "2024-01-15T12:00:00Z" } }`},
		{"money", "m;p\n1.234,50 €;12 %\n(12);\n12,-;5,5%\n", `{ types = { m = "money", p = "money" }, decimal = "," }`, `{ { m = 1234.5, p = 12 }, { m = -12 }, { m = 12, p = 5.5 } }`},
		{"dates in a zone", "t\n2024-07-01 00:30\n", `{ types = { t = "date" }, zone = "Europe/Stockholm" }`, `{ { t = "2024-06-30T22:30:00Z" } }`},
		{"utf-16", utf16, "{}", `{ { id = "1", name = "Åsa" } }`},
		{"windows-1252", latin, `{ encoding = "windows-1252" }`, `{ { id = "1", name = "Åsa – “x”" } }`},
		{"lazy quotes", "a\n5\" pipe\n", `{ lazy_quotes = true }`, `{ { a = "5\" pipe" } }`},
		{"separator", "a;b,c\n1;2,3\n", `{ separator = ";" }`, `{ { a = "1", ["b,c"] = "2,3" } }`},
		{"named separator", "a\tb\n1\t2\n", `{ separator = "tab" }`, `{ { a = "1", b = "2" } }`},
		{"two byte order marks", "\xef\xbb\xbf\xef\xbb\xbfid,name\n1,Acme\n", "{}", `{ { id = "1", name = "Acme" } }`},
		{"a byte order mark in quotes", "\"\ufeffid\",name\n1,Acme\n", "{}", `{ { id = "1", name = "Acme" } }`},
		{"a quoted empty cell is a row", "id\n\"\"\n\n1\n", "{}", `{ {}, { id = "1" } }`},
		{"line ends in cells", "a,b\n\"1\r2\",\"3\r\n4\n5\"\n", "{}", `{ { a = "1\r2", b = "3\r\n4\n5" } }`},
		{"a separator in the header alone", "name|x;y;z,seats\nAcme,5\nBolt,6\n", "{}", `{ { ["name|x;y;z"] = "Acme", seats = "5" }, { ["name|x;y;z"] = "Bolt", seats = "6" } }`},
		{"decimal commas", "id;mrr\n1;5,5\n2;6,5\n", "{}", `{ { id = "1", mrr = "5,5" }, { id = "2", mrr = "6,5" } }`},
		{"text with semicolons in one column", "note\nhello; you\nplain\n", "{}", `{ { note = "hello; you" }, { note = "plain" } }`},
		{"blanks around quotes", "id, name, city\n1, \"Acme, Inc\" , \"Berlin\"\n2, Globex, Rome\n", "{ trim = true }", `{ { city = "Berlin", id = "1", name = "Acme, Inc" }, { city = "Rome", id = "2", name = "Globex" } }`},
		{"escape", `id,name,city` + "\n" + `1,"Foo \"Bar\"",a\,b` + "\n" + `2,\N,"C:\new\\"` + "\n" + "3,\"x\\\ny\",\"\\N\"\n", `{ escape = "\\" }`,
			`{ { city = "a,b", id = "1", name = "Foo \"Bar\"" }, { city = "C:\\new\\", id = "2" }, { city = "\\N", id = "3", name = "x\ny" } }`},
		{"skip", "Account report\nPeriod \"2024\"\n\nid,name\n1,Acme\n", "{ skip = 3 }", `{ { id = "1", name = "Acme" } }`},
		{"a header found by its names", "Account \"report\";;\nPeriod 2024;;\nid;name;mrr\n1;Acme;5\n", `{ header = {"name", "id"} }`, `{ { id = "1", mrr = "5", name = "Acme" } }`},
		{"repeated names", "id,name,id,id_2,\n1,2,3,4,\n", `{ repeated = "rename", columns = { id_3 = "crm" } }`, `{ { crm = "3", id = "1", id_2 = "4", name = "2" } }`},
		{"gzip", gzipped("id,name\n1,Åsa\n"), "{}", `{ { id = "1", name = "Åsa" } }`},
		{"a byte order mark and nothing", "\ufeff", "{}", "{}"},
		{"a word without rows", "id\n", "{}", "{}"},
		{"empty file", "", "{}", "{}"},
		{"header only", "id,name\n", "{}", "{}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newTestHost(t)
			h.file("x.csv", c.text)
			L := newCSVState(t, h)
			L.SetGlobal("text", lua.LString(c.text))
			got, err := run(t, L, `
				local o = { indent = "" }
				local streamed = {}
				for row in csv.rows("x.csv", `+c.options+`) do streamed[#streamed + 1] = row end
				return inspect(csv.read("x.csv", `+c.options+`), o), inspect(csv.parse(text, `+c.options+`), o), inspect(streamed, o)`)
			require.NoError(t, err)
			assert.Equal(t, []string{c.want, c.want, c.want}, got)
			assert.Zero(t, h.open, "every file is closed")
		})
	}
}

func TestCSVReadTellsLinesAndColumns(t *testing.T) {
	h := newTestHost(t)
	h.file("x.csv", "sep=,\nid,note\n1,\"two\nlines\"\n\n2,x\n")
	runCases(t, newCSVState(t, h), []luaCase{
		{"lines", `local out = {} for row, line in csv.rows("x.csv") do out[#out+1] = row.id .. "@" .. line end return table.concat(out, " ")`, []string{"1@3 2@6"}},
		{"columns", `return table.concat(csv.columns("x.csv"), " ")`, []string{"id note"}},
		{"the end is the end", `local f = csv.rows("x.csv"); f(); f(); return f() == nil, f() == nil`, []string{"true", "true"}},
	})
	require.Zero(t, h.open)
}

func TestCSVReadErrors(t *testing.T) {
	h := newTestHost(t)
	h.file("accounts.csv", "")
	for name, text := range map[string]string{
		"dup.csv": "id,name,id\n1,2,3\n", "ragged.csv": "id,name\n1,2\n\n1,2,3\n", "short.csv": "id,name\n1\n",
		"latin.csv": "id,name\n1,Acme\n2,\xc5sa\n", "open.csv": "id,name\n1,\"open\n2,x\n", "bare.csv": "id\n5\" pipe\n",
		"na.csv": "id,Open seats\nx,1\ny,n/a\n", "dates.csv": "d,e\n31/03/2026,01-02-26\n",
		"real.xlsx": "PK\x03\x04\x14\x00", "packed.csv": "PK\x03\x04\x14\x00", "old.xls": "\xd0\xcf\x11\xe0\xa1",
		"le.csv": "i\x00d\x00\n\x001\x00", "be.csv": "\x00i\x00d\x00\n\x001",
		"torn.csv.gz": gzipped("id,name\n1,Acme\n")[:20], "page.xls": "<html><body><table><tr><td>id</td></tr>\n</table></body></html>", "rows.csv": "[\n  {\"id\": 1}\n]\n",
		"x.pdf": "%PDF-1.4\n\xe2\xe3", "bin.csv": "\x00\x01\x02\xff\xfe", "blank.csv": "\n  \n,,\n", "denied.csv": "Access denied\n", "mixed.csv": "name\nÅsa\n\xc5sa\n",
		"spaced.csv": "id, name, city\n1, \"Acme, Inc\", \"Berlin\"\n2, Globex, Rome\n", "mysql.csv": "id,name,city\n1,\"Foo \\\"Bar\\\"\",\"Berlin\"\n2,\"Globex\",\"Rome\"\n",
		"report.csv": "Account report\nPeriod: 2024\n\nid,name\n1,Acme\n2,Globex\n", "tie.csv": "a;b,c\n1;2,3\n", "shifted.csv": "a,b,c\n1,2\n1,2,3,4\n",
		"money.csv": "mrr,arr\n\"$1,000\",$5\n12,5 €\n\"1,2,3\",\n", "excel.csv": "d\n45306\n",
		"late.csv": "name\n\xc5sa\nÅsa\n", "broken.csv": "id,name,city\n1,Acme\nInc,Berlin\n",
		"two.csv":   "id,name,name\n1,a,b\n",
		"types.csv": "id,mrr,on\n1,12,yes\n2,\"1,5\",maybe\n",
	} {
		h.file(name, text)
	}
	L := newCSVState(t, h)
	runErrors(t, L, []errorCase{
		{"missing", `csv.rows("acounts.csv")`, []string{`cannot read "acounts.csv"`, "did you mean 'accounts.csv'?", "(io)"}},
		{"duplicate", `csv.read("dup.csv")`, []string{`dup.csv, line 1: columns 1 and 3 are both named "id"`, "{ columns =", "(validation)"}},
		{"too many cells", `csv.read("ragged.csv")`, []string{"ragged.csv, line 4: the row has 3 cells, but there are 2 columns", "a cell probably holds the separator"}},
		{"too few cells", `csv.read("short.csv")`, []string{"line 2: the row has 1 cell, but there are"}},
		{"encoding", `csv.read("latin.csv")`, []string{`latin.csv, line 3: cell 2 is not valid UTF-8: "\197sa"`, `encoding = "windows-1252"`}},
		{"open quote", `csv.read("open.csv")`, []string{"open.csv, line 2: a cell begins with a quote"}},
		{"bare quote", `csv.read("bare.csv")`, []string{"bare.csv, line 2: unexpected quote (\") at character", "lazy_quotes = true"}},
		{"number", `csv.read("types.csv", { numbers = {"mrr"} })`, []string{`types.csv, line 3: column "mrr": "1,5" is not a number`, `the cell is 1.5 with { decimal = "," }`}},
		{"no number", `csv.read("na.csv", { numbers = {"Open seats"} })`, []string{`na.csv, line 3: column "Open seats": "n/a" is not a number`, `leave the column out of 'numbers' to keep its cells as text`}},
		{"no number by its type", `csv.read("na.csv", { types = { ["Open seats"] = "number" } })`, []string{`leave the column out of 'types'`}},
		{"money", `csv.read("money.csv", { types = { mrr = "money" }, decimal = "." })`, []string{`money.csv, line 4: column "mrr": "1,2,3" is not an amount with the decimal sign "."`, "correct the cell, or check the option 'decimal'"}},
		{"money of two currencies", `csv.read("money.csv", { types = { arr = "money" }, decimal = "." })`, []string{`money.csv, line 3: column "arr": "$5" and "5 €" are in different units`, "money.parse"}},
		{"money without notation", `csv.read("money.csv", { types = { mrr = "money" } })`, []string{`csv.read: the type 'money' of the column 'mrr' needs the option 'decimal', "." or ","`}},
		{"money in numbers", `csv.read("money.csv", { numbers = { "arr" } })`, []string{`line 2: column "arr": "$5" is not a number`, `the cell is 5 with the type "money" and { decimal = "." }`}},
		{"day number of Excel", `csv.read("excel.csv", { types = { d = "date" } })`, []string{`"45306" is not in a known date or time format`, `if it is a day number of Excel, it is 2024-01-15: { date_format = "excel" }`}},
		{"not a day number of Excel", `csv.read("dates.csv", { types = { d = "date" }, date_format = "excel" })`, []string{`dates.csv, line 2: column "d": "31/03/2026" is not a day number of Excel, such as 45306`}},
		{"format of spreadsheets", `csv.read("dates.csv", { types = { d = "date" }, date_format = "dd/mm/yyyy" })`, []string{`invalid layout "dd/mm/yyyy"`, `use { date_format = "%d/%m/%Y" }`}},
		{"format that is a name", `csv.read("dates.csv", { types = { d = "date" }, date_format = "iso" })`, []string{`the layout "iso" is for time.format`, `{ date_format = "`}},
		{"day first", `csv.read("dates.csv", { types = { d = "date" } })`, []string{`dates.csv, line 2: column "d": "31/03/2026" seems to have the day first`, `if the day comes first, use { date_format = "%d/%m/%Y" }`}},
		{"two readings", `csv.read("dates.csv", { types = { e = "days" } })`, []string{`"01-02-26" can be read in two ways`, `use { date_format = "%d-%m-%y" } if the day comes first`}},
		{"unknown form of a date", `csv.read("na.csv", { types = { id = "date" } })`, []string{`{ date_format = "%d.%m.%Y %H:%M" }`}},
		{"torn gzip", `csv.read("torn.csv.gz")`, []string{"torn.csv.gz: the gzip data is damaged or incomplete"}},
		{"HTML", `csv.read("page.xls")`, []string{"page.xls is a web page (HTML), not CSV text"}},
		{"JSON", `csv.read("rows.csv")`, []string{"rows.csv is JSON, not CSV text", "json.rows"}},
		{"PDF", `csv.read("x.pdf", { encoding = "windows-1252" })`, []string{"x.pdf is a PDF document, not CSV text"}},
		{"binary", `csv.read("bin.csv", { encoding = "windows-1252" })`, []string{"bin.csv is a binary file"}},
		{"nothing but blank lines", `csv.read("blank.csv")`, []string{"blank.csv, line 1: there are only blank lines"}},
		{"everything skipped", `csv.read("two.csv", { skip = 2 })`, []string{"two.csv, line 3: no row follows the 2 lines that 'skip' leaves out"}},
		{"nothing but blank lines, as lists", `csv.read("blank.csv", { header = false })`, []string{"blank.csv, line 1: there are only blank lines"}},
		{"a message instead of rows", `csv.read("denied.csv")`, []string{`denied.csv, line 1: this is the only line, and it has no separator: "Access denied"`, `{ required = { "Access denied" } }`}},
		{"another encoding", `csv.read("late.csv")`, []string{`late.csv, line 2: cell 1 is not valid UTF-8`, "the file mixes two encodings"}},
		{"two encodings", `csv.read("mixed.csv")`, []string{`mixed.csv, line 3: cell 1 is not valid UTF-8`, "the file mixes two encodings"}},
		{"blank before a quote", `csv.read("spaced.csv")`, []string{`spaced.csv, line 2: unexpected quote (") at character 4`, "read with { trim = true }"}},
		{"lazy quotes do not help", `csv.read("spaced.csv", { lazy_quotes = true })`, []string{"the row has 4 cells, but there are 3 columns", "read with { trim = true }"}},
		{"lazy quotes shift cells", `csv.read("mysql.csv", { lazy_quotes = true })`, []string{"the row has 2 cells, but there are 3 columns", `read with { escape = "\\" }`}},
		{"a line end in a cell", `csv.read("broken.csv")`, []string{"broken.csv, line 2: the row has 2 cells", "a cell probably holds the separator or a line end"}},
		{"backslash before a quote", `csv.read("mysql.csv")`, []string{`mysql.csv, line 2: unexpected quote (")`, `read with { escape = "\\" }`}},
		{"lines above the header", `csv.read("report.csv")`, []string{"report.csv, line 4: the row has 2 cells, but there is 1 column", "if line 4 is the header, pass { skip = 3 }"}},
		{"a header further down", `csv.read("report.csv", { required = {"id"} })`, []string{`report.csv has no column "id"`, `find it with { header = { "id" } }`}},
		{"no such header", `csv.read("report.csv", { header = {"id", "nam"} })`, []string{"report.csv: no row has the columns that 'header' names: id, nam"}},
		{"skip too much", `csv.read("report.csv", { skip = 30 })`, []string{"report.csv has only 6 lines, but 'skip' is 30"}},
		{"two separators", `csv.read("tie.csv")`, []string{`tie.csv, line 1: the separator may be "," or ";": both split the rows into 2 cells`, `{ separator = "," }`}},
		{"rows that are shorter and longer", `csv.read("shifted.csv")`, []string{"shifted.csv, line 2: the row has 2 cells", "a cell probably holds the separator"}},
		{"rows that are shorter", `csv.read("short.csv")`, []string{`if the missing cells are the last ones and empty, pass { ragged = "allow" }`}},
		{"repeated name", `csv.read("two.csv")`, []string{`two.csv, line 1: columns 2 and 3 are both named "name"`, `pass { repeated = "rename" }, which calls the second one "name_2"`}},
		{"separator with a blank", `csv.read("spaced.csv", { separator = ", " })`, []string{`use { separator = ",", trim = true }`}},
		{"escape", `csv.read("spaced.csv", { escape = "ab" })`, []string{`'escape' must be one character`}},
		{"workbook", `csv.read("real.xlsx")`, []string{`real.xlsx is an Excel workbook, not CSV text`, `choose Save As and the type "CSV UTF-8`}},
		{"old workbook", `csv.read("old.xls")`, []string{`old.xls is an Excel workbook, not CSV text`}},
		{"packed file", `csv.columns("packed.csv", { encoding = "windows-1252" })`, []string{`packed.csv is a workbook or another packed file, not CSV text`}},
		{"UTF-16 without a mark", `csv.read("le.csv")`, []string{`le.csv, line 1: the text is in UTF-16`, `pass { encoding = "utf-16le" }`}},
		{"big-endian UTF-16 without a mark", `csv.read("be.csv")`, []string{`pass { encoding = "utf-16be" }`}},
		{"boolean", `csv.read("types.csv", { types = { on = "boolean" } })`, []string{`line 3: column "on": "maybe" is neither true nor false`}},
		{"required", `csv.read("dup.csv", { columns = {"a", "b", "c"}, required = {"aa"} })`, []string{`dup.csv has no column "aa", which the option 'required' names`, "the file has: a, b, c"}},
		{"unknown typed column", `csv.read("types.csv", { numbers = {"mr"} })`, []string{`has no column "mr", which the option 'numbers' names (did you mean 'mrr'?)`, "the file has: id, mrr, on"}},
		{"unknown column of a type", `csv.read("types.csv", { types = { no = "boolean" } })`, []string{`has no column "no", which the option 'types' names`}},
		{"unknown renamed column", `csv.read("types.csv", { columns = { MRR = "x" } })`, []string{`has no column "MRR"`}},
		{"too few names", `csv.read("types.csv", { columns = {"a"} })`, []string{"'columns' names 1 column, but the header row has 3"}},
		{"missing column of an empty file", `csv.read("accounts.csv", { required = {"id"} })`, []string{`has no column "id"`, "the file is empty"}},
		{"type", `csv.read("types.csv", { types = { mrr = "nummber" } })`, []string{"test.lua:1: csv.read: unknown type 'nummber' for the column 'mrr' (did you mean 'number'?)"}},
		{"misspelt option", `csv.rows("x", { separatr = ";" })`, []string{"csv.rows: unknown option 'separatr' (did you mean 'separator'?)"}},
		{"separator", `csv.rows("x", { separator = "::" })`, []string{"'separator' must be one character"}},
		{"unknown encoding", `csv.rows("x", { encoding = "windows1252" })`, []string{"did you mean", "windows-1252"}},
		{"choice", `csv.rows("x", { empty = "nul" })`, []string{`option 'empty' must be "nil" or "text" or "null", not "nul"`}},
		{"types without names", `csv.rows("x", { header = false, numbers = {"a"} })`, []string{"pass 'columns'"}},
	})
	require.Zero(t, h.open, "every file is closed")
}

func TestCSVProblemsAreCollected(t *testing.T) {
	h := newTestHost(t)
	h.file("x.csv", "id,mrr,on\n1,12,yes\n2,n/a,maybe\n3,5\n\n4,7,no\n")
	want := []string{
		`{ { id = "1", mrr = 12, on = true }, { id = "4", mrr = 7, on = false } }`,
		`3 mrr n/a id=2 on=maybe | 3 on maybe id=2 on=maybe | 4 nil nil id=3 on=nil`,
		`x.csv, line 4: the row has 2 cells, but there are 3 columns`,
	}
	const show = `
		local list = {}
		for i, p in ipairs(problems) do list[i] = ("%d %s %s id=%s on=%s"):format(p.line, tostring(p.column), tostring(p.value), p.row.id, tostring(p.row.on)) end
		return inspect(rows, { indent = "" }), table.concat(list, " | "), problems[3].message`
	runCases(t, newCSVState(t, h), []luaCase{
		{"read", `local rows, problems = csv.read("x.csv", { types = { mrr = "number", on = "boolean" }, on_error = "collect" })` + show, want},
		{"rows", `local each, problems = csv.rows("x.csv", { types = { mrr = "number", on = "boolean" }, on_error = "collect" })
			local rows = {} for row in each do rows[#rows + 1] = row end` + show, want},
	})
	h.file("all.csv", "id,mrr\n1,x\n2,y\n")
	h.file("one.csv", "id,mrr\n1,x\n")
	const count = `return #rows, #problems, problems[1].row.id`
	runCases(t, newCSVState(t, h), []luaCase{
		{"all rows", `local rows, problems = csv.read("all.csv", { numbers = { "mrr" }, on_error = "collect" })` + count, []string{"0", "2", "1"}},
		{"the only row", `local rows, problems = csv.read("one.csv", { numbers = { "mrr" }, on_error = "collect" })` + count, []string{"0", "1", "1"}},
	})
	require.Len(t, h.warnings, 4, "one for each reading")
	require.Contains(t, h.warnings[2], `all.csv: all 2 rows were left out; the first: all.csv, line 2: column "mrr": "x" is not a number; check whether`)
	require.Contains(t, h.warnings[3], `one.csv: 1 row was left out; the first: one.csv, line 2`)
	require.Contains(t, h.warnings[0], `x.csv: 2 rows were left out; the first: x.csv, line 3: column "mrr": "n/a" is not a number`)
}

// TestRowsThatMayBeStored: importing them again may store them twice.
func TestRowsThatMayBeStored(t *testing.T) {
	h := newTestHost(t)
	h.file("r.csv", "phscript_reason,phscript_state,id\nlate,unknown,1\nno,rejected,2\nlate,unknown,3\n")
	h.file("one.csv", "phscript_reason,phscript_state,id\nlate,unknown,1\n")
	h.file("plain.csv", "phscript_state,id\nunknown,1\n")
	runCases(t, newCSVState(t, h), []luaCase{
		{"several", `return #csv.read("r.csv")`, []string{"3"}},
		{"one", `local n = 0; for row in csv.rows("one.csv") do n = n + row.id end; return n`, []string{"1"}},
		{"another file", `return #csv.read("plain.csv")`, []string{"1"}},
	})
	require.Len(t, h.warnings, 2)
	require.Contains(t, h.warnings[0], `r.csv: 2 rows have the state "unknown": Planhat may have stored them. Look them up in Planhat, and delete those that are there`)
	require.Contains(t, h.warnings[1], `one.csv: 1 row has the state "unknown": Planhat may have stored it. Look it up in Planhat`)
	assert.Zero(t, h.open, "every file is closed")
}

func TestCSVWrite(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"columns in order", `csv.write("o.csv", { { b = 1, a = "x", c = 2 } }, { columns = {"b", "a"} })`, "b,a\n1,x\n"},
		{"all fields", `csv.write("o.csv", { { b = 1 }, { a = true } })`, "a,b\n,1\ntrue,\n"},
		{"quotes", `csv.write("o.csv", { { a = 'x "y", z', b = "1\n2" } })`, "a,b\n\"x \"\"y\"\", z\",\"1\n2\"\n"},
		{"numbers", `csv.write("o.csv", { { 1e15, 0.1 + 0.2, -0.5, 1700000000.5, 2^53 } })`, "1000000000000000,0.3,-0.5,1700000000.5,9007199254740992\n"},
		{"null, tables", `csv.write("o.csv", { { a = json.null, b = { 1, 2 } } })`, "a,b\n,\"[1,2]\"\n"},
		{"nested columns", `csv.write("o.csv", { { custom = { Tier = "A" } }, {} }, { columns = {"id", "custom.Tier"}, titles = { ["custom.Tier"] = "Tier" } })`, "id,Tier\n,A\n\"\",\n"},
		{"lists", `csv.write("o.csv", { { 1, 2 }, { 3, nil, 4 } })`, "1,2\n3,,4\n"},
		{"lists with columns", `csv.write("o.csv", { { 1 } }, { columns = {"a", "b"} })`, "a,b\n1,\n"},
		{"no rows", `csv.write("o.csv", {}, { columns = {"a"} })`, "a\n"},
		{"no header", `csv.write("o.csv", { { a = 1 } }, { header = false })`, "1\n"},
		{"separator, CRLF, mark", `csv.write("o.csv", { { a = 1, b = "x;y" } }, { separator = ";", crlf = true, bom = true })`, "\ufeffa;b\r\n1;\"x;y\"\r\n"},
		{"excel_safe", `csv.write("o.csv", { { "=1+1", "-5", "@x", "a", "＝1", "\n=1" } }, { excel_safe = true })`, "'=1+1,-5,'@x,a,'＝1,\"'\n=1\"\n"},
		{"excel_safe titles", `csv.write("o.csv", { { ["=a"] = 1, b = 2 } }, { excel_safe = true, titles = { b = "@b" } })`, "'=a,'@b\n1,2\n"},
		{"append excel_safe titles", `local o = { excel_safe = true, append = true }; csv.write("o.csv", { { ["=a"] = 1 } }, o); csv.write("o.csv", { { ["=a"] = 2 } }, o)`, "\"'=a\"\n1\n2\n"},
		{"append with the file's separator", `csv.write("o.csv", { { a = 1, b = 2 } }, { separator = ";" }); csv.write("o.csv", { { a = 3, b = 4 } }, { append = true })`, "a;b\n1;2\n3;4\n"},
		{"empty rows", `csv.write("o.csv", { { a = 1 }, {}, { a = "" } })`, "a\n1\n\"\"\n\"\"\n"},
		{"byte order marks and sep=", `csv.write("o.csv", { { "\239\187\191x" } }); csv.write("p.csv", csv.rows("o.csv", { header = false })); csv.write("o.csv", { { "sep=;" } })`, "\"sep=;\"\n"},
		{"an iterator", `local n = 0; csv.write("o.csv", function() n = n + 1; if n < 3 then return { n = n } end end)`, "n\n1\n2\n"},
		{"rows of another file", `csv.write("a.csv", { { x = 1 } }); csv.write("o.csv", csv.rows("a.csv"))`, "x\n1\n"},
		{"append", `csv.write("o.csv", { { b = 1, a = 2 } }, { columns = {"b", "a"} }); csv.write("o.csv", { { a = 4, b = 3 } }, { append = true })`, "b,a\n1,2\n3,4\n"},
		{"append to nothing", `csv.write("o.csv", { { a = 1 } }, { append = true })`, "a\n1\n"},
		{"append chosen columns", `csv.write("o.csv", { { a = 1 } }); csv.write("o.csv", { { a = 2, z = 3 } }, { append = true, columns = {"a"} })`, "a\n1\n2\n"},
		{"append to an open line", `csv.write("o.csv", csv.rows("open.csv")); csv.write("open.csv", { { a = 2 } }, { append = true }); csv.write("o.csv", csv.rows("open.csv"))`, "a\n1\n2\n"},
		{"writer", `local w = csv.writer("o.csv", { columns = {"a"} }); w:write{ a = 1 }; w.write{ a = 2, b = 3 }; assert(w:count() == 2); w:close(); w:close()`, "a\n1\n2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newTestHost(t)
			h.file("open.csv", "a\n1")
			_, err := run(t, newCSVState(t, h), c.code)
			require.NoError(t, err)
			assert.Equal(t, c.want, h.text("o.csv"))
			assert.Zero(t, h.open, "every file is closed")
		})
	}
	runCases(t, newCSVState(t, newTestHost(t)), []luaCase{
		{"counts", `return csv.write("x.csv", { { a = 1 }, { a = 2 } })`, []string{"2"}},
		{"format", `return csv.format({ { id = 1, name = "Å" } })`, []string{"id,name\n1,Å\n"}},
		{"round trip", `local rows = { { a = 'x"\n,;', b = "  " } }; return inspect(csv.parse(csv.format(rows), { empty = "text" }))`,
			[]string{`{ { a = "x\"\n,;", b = "  " } }`}},
	})
}

func TestCSVWriteErrors(t *testing.T) {
	h := newTestHost(t)
	h.file("old.csv", "a,b\n1,2\n")
	h.file("packed.csv.gz", gzipped("a\n1\n"))
	L := newCSVState(t, h)
	runErrors(t, L, []errorCase{
		{"function in a cell", `csv.write("old.csv", { { a = 1 }, { a = print } })`, []string{`old.csv, row 2: column "a": a function cannot be written to a cell`}},
		{"nan", `csv.write("old.csv", { { a = 1 }, { a = 0/0 } })`, []string{`old.csv, row 2: column "a": nan is not a number that a file can hold; look for a division by zero`}},
		{"infinity", `csv.format{ { 1, 1/0 } }`, []string{`the text, row 1: column "2": inf is not a number`}},
		{"not UTF-8", `csv.write("old.csv", { { a = "\197sa" } })`, []string{`old.csv, row 1: column "a": the text "\197sa" is not valid UTF-8`}},
		{"list with a field", `csv.write("old.csv", { { 1, x = 2 } })`, []string{`row 1: the row holds both list items and the field "x"`}},
		{"an empty row first", `csv.write("old.csv", coroutine.wrap(function() coroutine.yield{} coroutine.yield{ a = 1 } end))`, []string{"row 1: the row has no fields", "'columns'"}},
		{"append to gzip", `csv.write("packed.csv.gz", { { a = 1 } }, { append = true })`, []string{"packed.csv.gz is compressed or not in UTF-8"}},
		{"row is no table", `csv.write("old.csv", { "x" })`, []string{`old.csv, row 1: a row must be a table, not the string "x"`}},
		{"one record", `csv.write("old.csv", { a = 1 })`, []string{"the rows must be a list of tables", "{ row }"}},
		{"an iterator that fails", `csv.write("old.csv", function() error("no more") end)`, []string{"test.lua:1: no more"}},
		{"late field", `csv.write("old.csv", coroutine.wrap(function() coroutine.yield{ name = 1 } coroutine.yield{ nam = 1 } end))`,
			[]string{`row 2: the row has the field "nam", which is not a column (did you mean 'name'?)`}},
		{"other columns", `csv.write("old.csv", { { a = 1 } }, { append = true, columns = {"a", "c"} })`, []string{"old.csv has the columns a, b; rows with the columns a, c cannot be added"}},
		{"unknown field when appending", `csv.write("old.csv", { { a = 1, c = 1 } }, { append = true })`, []string{`the row has the field "c"`}},
		{"list too long", `csv.write("old.csv", { { 1, 2 } }, { columns = {"a"} })`, []string{"a list of 2 cells, but the file has 1 column"}},
		{"twice", `csv.write("old.csv", {}, { columns = {"a", "a"} })`, []string{"'columns' names 'a' twice"}},
		{"title of no column", `csv.write("old.csv", {}, { columns = {"name"}, titles = { Name = "Company" } })`,
			[]string{"'titles' names 'Name', which is not a column (did you mean 'name'?); the columns are: name", "(validation)"}},
		{"title of no field", `csv.write("old.csv", { { name = 1 } }, { titles = { Name = "Company" } })`, []string{"'titles' names 'Name', which is not a column (did you mean 'name'?)", "(validation)"}},
		{"title of no field of an iterator", `csv.write("old.csv", coroutine.wrap(function() coroutine.yield{ name = 1 } end), { titles = { Name = "Company" } })`, []string{"'titles' names 'Name', which is not a column"}},
		{"closed writer", `local w = csv.writer("new.csv"); w:close(); w:write{}`, []string{"writer.write: the file new.csv is already closed"}},
	})
	assert.Equal(t, "a,b\n1,2\n", h.text("old.csv"), "a file that fails is left as it was")
	assert.Zero(t, h.open, "every file is closed")
}

func TestCSVWriteWarnsOfColumnsThatNoRowHas(t *testing.T) {
	for _, c := range []struct {
		name, code string
		want       []string
	}{
		{"another case", `csv.write("o.csv", { { name = "Acme" } }, { columns = {"Name"} })`,
			[]string{`o.csv: no row has the field 'Name' (did you mean 'name'?), so its column is empty`}},
		{"once for all rows", `csv.write("o.csv", { { name = "A" }, { name = "B" } }, { columns = {"name", "Mrr"} })`,
			[]string{`o.csv: no row has the field 'Mrr', so its column is empty; the rows have: name`}},
		{"a custom field", `csv.write("o.csv", { { custom = { Tier = "A" } } }, { columns = {"custom.Teir"} })`,
			[]string{`o.csv: no row has the field 'custom.Teir' (did you mean 'custom.Tier'?), so its column is empty`}},
		{"a custom field without custom", `csv.write("o.csv", { { custom = { Tier = "A" } } }, { columns = {"tier"} })`,
			[]string{`o.csv: no row has the field 'tier' (did you mean 'custom.Tier'?), so its column is empty`}},
		{"many fields", `local r = {} for i = 10, 40 do r["f" .. i] = 1 end csv.write("o.csv", { r }, { columns = {"name"} })`,
			[]string{`o.csv: no row has the field 'name', so its column is empty; the rows have: f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21 and others`}},
		{"format", `csv.format({ { a = 1 } }, { columns = {"A"} })`, []string{`the text: no row has the field 'A' (did you mean 'a'?), so its column is empty`}},
		{"an iterator", `local n = 0; csv.write("o.csv", function() n = n + 1; if n < 3 then return { n = n } end end, { columns = {"N"} })`,
			[]string{`o.csv: no row has the field 'N' (did you mean 'n'?), so its column is empty`}},
		{"a writer", `local w = csv.writer("o.csv", { columns = {"A"} }); w:write{ a = 1 }; w:close()`,
			[]string{`o.csv: no row has the field 'A' (did you mean 'a'?), so its column is empty`}},
		{"the last row has it", `csv.write("o.csv", { { a = 1 }, { a = 1 }, { b = 2 } }, { columns = {"a", "b"} })`, nil},
		{"null is a value", `csv.write("o.csv", { { a = json.null } }, { columns = {"a"} })`, nil},
		{"no rows", `csv.write("o.csv", {}, { columns = {"a"} })`, nil},
		{"lists have no names", `csv.write("o.csv", { { 1 } }, { columns = {"a", "b"} })`, nil},
		{"columns of the rows", `csv.write("o.csv", { { a = 1 }, {} })`, nil},
		{"columns of the file", `csv.write("o.csv", { { a = 1, b = 1 } }); csv.write("o.csv", { { a = 1 } }, { append = true })`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newTestHost(t)
			_, err := run(t, newCSVState(t, h), c.code)
			require.NoError(t, err)
			var messages []string
			for _, w := range h.warnings {
				_, message, _ := strings.Cut(w, ": ")
				messages = append(messages, message)
			}
			assert.Equal(t, c.want, messages)
		})
	}
}

func TestCSVRowsHoldsOneRowAtATime(t *testing.T) {
	h := newTestHost(t)
	h.file("big.csv", "id,name\n"+strings.Repeat("1,Acme\n", 100_000))
	got, err := run(t, newCSVState(t, h), `local n = 0 for row in csv.rows("big.csv") do n = n + row.id end return n`)
	require.NoError(t, err)
	assert.Equal(t, []string{"100000"}, got)
}
