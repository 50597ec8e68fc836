package xlsx_test

import (
	"archive/zip"
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/script"
)

const head = `local xlsx = require "xlsx" `

func TestRoundTrip(t *testing.T) {
	b := script.New(t)
	out := b.Prints(t, head+`
		local rows = {
			{ id = "007", name = 'A & <B> "C"\nD', mrr = 12.5, live = true, since = "2026-01-31", at = "2026-01-31T09:30:00Z", custom = { Tier = "Gold", tags = { "x" } } },
			{ id = "=1+1", mrr = -1e10, live = false, since = 20000, at = "", custom = json.null },
			{ id = "b", since = "1850-02-03" },
		}
		print(xlsx.write("a.xlsx", rows, { sheet = "Größe 'x' y", columns = { "id", "name", "mrr", "live", "since", "at", "custom.Tier", "custom" }, titles = { id = "The ID" }, dates = { "since", "at" } }))
		print(table.concat(xlsx.sheets("a.xlsx"), "|"), table.concat(xlsx.columns("a.xlsx"), "|"))
		for row, n in xlsx.rows("a.xlsx", { columns = { ["The ID"] = "id" } }) do
			print(n, json.encode(row))
		end
		local row = xlsx.read("a.xlsx", { types = { mrr = "text", since = "days", at = "date", live = "text" }, decimal = ",", date_format = "%d/%m/%Y", on_error = "collect" })[1]
		print(json.encode(row.mrr), row.since, row.at, json.encode(row.live))
		print(json.encode(xlsx.read("a.xlsx", { header = false, skip = 1 })[1]), #xlsx.read("a.xlsx", { header = false, skip = 2 }))`)
	assert.Equal(t, `3
Größe 'x' y	The ID|name|mrr|live|since|at|custom.Tier|custom
2	{"id":"007","name":"A & <B> \"C\"\nD","mrr":12.5,"live":true,"since":"2026-01-31","at":"2026-01-31T09:30:00","custom.Tier":"Gold","custom":"{\"Tier\":\"Gold\",\"tags\":[\"x\"]}"}
3	{"id":"=1+1","mrr":-10000000000,"live":false,"since":"2024-10-04"}
4	{"id":"b","since":"1850-02-03"}
"12.5"	20484	2026-01-31T09:30:00Z	"true"
["007","A & <B> \"C\"\nD",12.5,true,"2026-01-31","2026-01-31T09:30:00","Gold","{\"Tier\":\"Gold\",\"tags\":[\"x\"]}"]	2
`, out)
}

func TestSeveralSheets(t *testing.T) {
	b := script.New(t)
	out := b.Prints(t, head+`
		local book = xlsx.writer("a.xlsx")
		book:sheet("One", { columns = { "n" }, header = false })
		for i = 1, 5000 do book:write({ n = i }) end
		print(book:count(), fs.exists("a.xlsx"))
		book:sheet("Two & more")
		book:write({ b = 1, a = "x" })
		book:write({ "list", 2 })
		print(pcall(book.write, book, { c = 1 }))
		print(pcall(book.sheet, book, "two & MORE"))
		book:write({ a = "y" })
		book:sheet("Empty")
		book:close() book:close()
		print(pcall(book.write, book, {}))
		print(table.concat(xlsx.sheets("a.xlsx"), "|"))
		local sum = 0
		for row, n in xlsx.rows("a.xlsx", { header = false }) do assert(row[1] == n) sum = sum + row[1] end
		print(sum)
		for _, sheet in ipairs{ 2, "TWO & MORE" } do print(json.encode(xlsx.read("a.xlsx", { sheet = sheet }))) end
		print(#xlsx.read("a.xlsx", { sheet = 3 }))
		print(pcall(xlsx.read, "a.xlsx", { sheet = 4 }))
		print(pcall(xlsx.read, "a.xlsx", { sheet = "Tow" }))
		print(xlsx.write("b.xlsx", xlsx.rows("a.xlsx", { sheet = 2 })), #xlsx.read("b.xlsx"))
		xlsx.writer("c.xlsx"):close()
		print(xlsx.sheets("c.xlsx")[1], #xlsx.read("c.xlsx"))`)
	assert.Equal(t, `5000	false
false	main.lua:9: a.xlsx, sheet "Two & more", row 3: the row has the field "c", which is not a column; unless you pass 'columns', the columns are those of the first row (validation)
false	main.lua:10: a.xlsx, sheet "two & MORE": there is a sheet of this name already (validation)
false	main.lua:14: writer.write: the file a.xlsx is already closed
One|Two & more|Empty
12502500
[{"a":"x","b":1},{"a":"list","b":2},{"a":"y"}]
[{"a":"x","b":1},{"a":"list","b":2},{"a":"y"}]
0
false	main.lua:21: xlsx.read: option 'sheet': a.xlsx has 3 sheets, so there is no sheet 4
false	main.lua:22: a.xlsx has no sheet "Tow"; it has "One", "Two & more", "Empty" (validation)
3	3
Sheet1	0
`, out)
}

func TestErrors(t *testing.T) {
	b := script.New(t)
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "text.xlsx"), []byte("a,b\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "old.xlsx"), []byte("old"), 0o600))
	b.Prints(t, head+`xlsx.write("n.xlsx", { { n = "x", d = "soon" } })`)
	for source, want := range map[string]string{
		`xlsx.read("text.xlsx")`:                                                               "text.xlsx is not an Excel workbook",
		`xlsx.sheets("text.xlsx")`:                                                             "text.xlsx is not an Excel workbook",
		`xlsx.read("none.xlsx")`:                                                               "there is no such file",
		`xlsx.read("/etc/passwd")`:                                                             "--allow-read",
		`xlsx.read("n.xlsx", { separator = ";" })`:                                             "unknown option 'separator'",
		`xlsx.read("n.xlsx", { sheet = true })`:                                                "option 'sheet' must be",
		`xlsx.read("n.xlsx", { sheet = 0 })`:                                                   "no sheet 0",
		`xlsx.read("n.xlsx", { numbers = { "n" } })`:                                           `n.xlsx, row 2: column "n": "x" is not a number`,
		`xlsx.read("n.xlsx", { types = { d = "date" } })`:                                      `n.xlsx, row 2: column "d"`,
		`xlsx.read("n.xlsx", { required = { "m" } })`:                                          `no column "m"`,
		`xlsx.write("old.csv", {})`:                                                            "must end in .xlsx",
		`xlsx.write("no/such.xlsx", {})`:                                                       `cannot write "no/such.xlsx": there is no such file or folder`,
		`xlsx.write("old.xlsx", { { a = 1 }, { a = 0/0 } })`:                                   `old.xlsx, sheet "Sheet1", row 2: column "a": nan is not a number`,
		`xlsx.write("old.xlsx", { { a = print } })`:                                            "a function cannot be written to a cell",
		`xlsx.write("old.xlsx", { { a = "\255" } })`:                                           "not valid UTF-8",
		`xlsx.write("old.xlsx", { { a = ("x"):rep(40000) } })`:                                 "cell A2: the text has 40,000 characters",
		`xlsx.write("old.xlsx", { a = 1 })`:                                                    "to write a single row, pass { row }",
		`xlsx.write("old.xlsx", { 1 })`:                                                        "a row must be a table, not a number",
		`xlsx.write("old.xlsx", { { a = "soon" } }, { dates = { "a" } })`:                      `column "a": "soon" is not in a known date`,
		`xlsx.write("old.xlsx", { { a = 1e9 } }, { dates = { "a" } })`:                         "not the number of a day",
		`xlsx.write("old.xlsx", { { a = 1 } }, { dates = { "b" } })`:                           "the option 'dates' names 'b', which is not a column",
		`xlsx.write("old.xlsx", { { a = 1 } }, { titles = { b = "B" } })`:                      "the option 'titles' names 'b'",
		`xlsx.write("old.xlsx", { { a = 1 } }, { columns = { "a", "a" } })`:                    "names 'a' twice",
		`xlsx.write("old.xlsx", { { 1, 2 } }, { columns = { "a" } })`:                          "a list of 2 cells, but the sheet has 1 column",
		`xlsx.write("old.xlsx", { { a = 1 } }, { sheet = ("x"):rep(32) })`:                     "more than the 31 characters",
		`xlsx.write("old.xlsx", { { a = 1 } }, { sheet = "a/b" })`:                             "must not have any of",
		`xlsx.write("old.xlsx", { { a = 1 } }, { sheet = "" })`:                                "a sheet needs a name",
		`xlsx.write("old.xlsx", function() error("from the iterator") end)`:                    "from the iterator",
		`local w = xlsx.writer("old.xlsx") w:write({ a = 1 }) w:write({ [print] = 1, b = 2 })`: `the field "b", which is not a column`,
	} {
		err := b.Run(t, head+source)
		if assert.Error(t, err, source) {
			assert.Contains(t, err.Error(), want, source)
		}
		old, err := os.ReadFile(filepath.Join(b.Dir, "old.xlsx"))
		require.NoError(t, err)
		assert.Equal(t, "old", string(old), source)
	}
	assert.Equal(t, "2\t1\tn.xlsx, row 2: column \"n\": \"x\" is not a number\n", b.Prints(t, head+`
		xlsx.write("m.xlsx", { { n = "x" }, { n = "2" } })
		local rows, problems = xlsx.read("m.xlsx", { numbers = { "n" }, on_error = "collect" })
		print(rows[1].n, #problems, (problems[1].message:gsub("m.xlsx", "n.xlsx")))`))
}

// A column that no row has is probably misspelled.
func TestMissingColumn(t *testing.T) {
	b := script.New(t)
	b.Options.Logger = slog.New(slog.NewTextHandler(&b.Log, nil))
	assert.Equal(t, "1\n", b.Prints(t, head+`print(xlsx.write("a.xlsx", { { name = 1 } }, { columns = { "name", "nmae" } }))`))
	assert.Contains(t, b.Log.String(), "no row has the field 'nmae', so its column is empty")
}

// Workbooks from strangers end in an error, not in a crash or without an end.
func TestHostile(t *testing.T) {
	b := script.New(t)
	b.Prints(t, head+`xlsx.write("good.xlsx", { { a = 1, b = "x" }, { a = 2, b = "y" } })`)
	good, err := os.ReadFile(filepath.Join(b.Dir, "good.xlsx"))
	require.NoError(t, err)
	for i := 0; i < len(good); i += 7 {
		for _, bad := range [][]byte{good[:i], append(append(bytes.Clone(good[:i]), good[i]^0x55), good[i+1:]...)} {
			require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "bad.xlsx"), bad, 0o600))
			if err := b.Run(t, head+`for row in xlsx.rows("bad.xlsx") do end`); err != nil {
				assert.NotContains(t, err.Error(), "panic", "%d", i)
				assert.Contains(t, err.Error(), "bad.xlsx", "%d", i)
			}
		}
	}
	sheet := func(data string) {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for name, text := range map[string]string{
			"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="A" r:id="x"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="x" Target="../../../../etc/passwd"/><Relationship Id="x" Target="a.xml"/></Relationships>`,
			"xl/a.xml":                   "<worksheet><sheetData>" + data + "</sheetData></worksheet>",
		} {
			f, err := w.Create(name)
			require.NoError(t, err)
			_, err = f.Write([]byte(text))
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "bad.xlsx"), out.Bytes(), 0o600))
	}
	for data, want := range map[string]string{
		`<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>`: "",
		`<row r="1048577"/>`:                                                 `"1048577" is not the number of a row`,
		`<row r="2"/><row r="1"/>`:                                           "row 1 comes after row 2",
		`<row><c r="XFE1"><v>1</v></c></row>`:                                "row 1 has more than 16,384 columns",
		`<row><c r="B1"/><c r="A1"/></row>`:                                  "cell A1 comes after cell B1",
		`<row><c t="s"><v>99999999</v></c></row>`:                            "cell A1 refers to the shared text 99999999, but the workbook has 0 texts",
		`<row><c/><c><v>1e999</v></c></row>`:                                 `bad.xlsx, row 1: column "column_2": the cell should hold a number, but holds "1e999"`,
		`<!DOCTYPE x [<!ENTITY a "b">]><row><c t="str"><v>&a;</v></c></row>`: "bad.xlsx is damaged",
	} {
		sheet(data)
		err := b.Run(t, head+`for row in xlsx.rows("bad.xlsx", { header = false }) do end`)
		if want == "" {
			assert.NoError(t, err, data)
		} else if assert.Error(t, err, data) {
			assert.Contains(t, err.Error(), want, data)
		}
	}

	sheet(`<row><c t="str"><v>id</v></c><c t="str"><v>n</v></c></row><row><c><v>1</v></c><c t="e"><v>#N/A</v></c></row>` +
		`<row><c><v>2</v></c><c/><c t="e"><v>#REF!</v></c></row><row><c><v>3</v></c><c><v>4</v></c></row>`)
	assert.ErrorContains(t, b.Run(t, head+`xlsx.read("bad.xlsx")`), `bad.xlsx, row 2: column "n": the cell holds the error #N/A`)
	assert.Equal(t, `[{"id":3,"n":4}]	2	2: n #N/A	3: column_3 #REF!
[{"id":1,"n":"#N/A"},{"id":3,"n":"4"}]	1
[["id","n"],[3,4]]	2
`, b.Prints(t, head+`
		local rows, bad = xlsx.read("bad.xlsx", { on_error = "collect" })
		local function tell(p) return p.line .. ": " .. p.column .. " " .. p.value end
		print(json.encode(rows), #bad, tell(bad[1]), tell(bad[2]))
		rows, bad = xlsx.read("bad.xlsx", { on_error = "collect", types = { n = "text" } })
		print(json.encode(rows), #bad)
		rows, bad = xlsx.read("bad.xlsx", { on_error = "collect", header = false })
		print(json.encode(rows), #bad)`))
}
