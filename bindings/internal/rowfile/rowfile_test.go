package rowfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/export"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/mapping"
)

// workbook packs the parts of a workbook, as spreadsheet programs write them.
func workbook(t *testing.T, parts map[string]string) []byte {
	t.Helper()
	const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	all := map[string]string{
		"xl/workbook.xml": `<workbook xmlns:r="r"><sheets><sheet name="Notes" sheetId="1" r:id="rId1"/><sheet name="Accounts &amp; more" sheetId="2" r:id="rId2"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/>` +
			`<Relationship Id="rId3" Target="styles.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml": `<worksheet><sheetData/></worksheet>`,
		"xl/styles.xml": `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-409]d&quot; day &quot;mmm\ yy;@"/><numFmt numFmtId="165" formatCode="[h]:mm"/><numFmt numFmtId="166" formatCode="#,##0.00&quot; days&quot;"/></numFmts>` +
			`<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="20"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml": `<sst><si><t>ID</t></si><si><r><t>Na</t></r><r><rPr><b/></rPr><t xml:space="preserve">me </t></r><rPh sb="0" eb="1"><t>x</t></rPh></si><si><t>say "hi", a_x000D_&#10;b &lt;c&gt;</t></si></sst>`,
	}
	for name, text := range parts {
		all[name] = text
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range all {
		if text == "" {
			continue
		}
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(f, head+text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func open(t *testing.T, file []byte, sheet string) (*Sheet, error) {
	t.Helper()
	s, err := OpenSheet("a.xlsx", bytes.NewReader(file), int64(len(file)), sheet, 1<<20)
	if err == nil {
		t.Cleanup(func() { assert.NoError(t, s.Close()) })
	}
	return s, err
}

const accounts = `<worksheet><sheetData>
	<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="D2" t="inlineStr"><is><t>Since</t></is></c></row>
	<row r="5"><c r="A5"><v>1234567.8900000001</v></c><c r="B5" t="s"><v>2</v></c><c r="D5" s="1"><v>45306</v></c><c r="E5" s="2"><v>45306.4375</v></c><c r="F5" s="3"><v>0.4375</v></c><c r="G5" s="4"><v>59</v></c><c r="H5" s="5"><v>1.5</v></c><c r="I5" s="6"><v>-3</v></c></row>
	<row><c t="b"><v>1</v></c><c t="str"><f>A1</f><v>=1+1</v></c><c t="e"><v>#N/A</v></c><c><v>1E-3</v></c><c s="1"/><c r="F6"><v>0.1</v></c><c s="2"><v>61</v></c></row>
</sheetData><x/></worksheet>`

func TestSheets(t *testing.T) {
	s, err := open(t, workbook(t, map[string]string{"xl/worksheets/sheet2.xml": accounts}), "accounts & MORE")
	require.NoError(t, err)
	text, err := io.ReadAll(s)
	require.NoError(t, err)
	assert.Equal(t, "\n"+`"ID","Name ",,"Since"`+"\n\n\n"+
		`1234567.89,"say ""hi"", a`+"\n"+`b <c>",,2024-01-15,2024-01-15T10:30:00,10:30:00,1900-02-28,1.5,-3`+"\n"+
		`true,"=1+1","#N/A",0.001,,0.1,1900-03-01`+"\n", string(text))
	for _, x := range []struct{ line, row int }{{1, 1}, {2, 2}, {5, 5}, {7, 6}} {
		row, kinds := s.Place(x.line)
		assert.Equal(t, x.row, row)
		if x.row == 6 {
			assert.Equal(t, []mapping.Kind{mapping.Exact, mapping.Text, mapping.Error, mapping.Exact, mapping.Text, mapping.Exact, mapping.Exact}, kinds)
		}
	}

	first, err := open(t, workbook(t, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row><c s="1"><v>1</v></c></row></sheetData></worksheet>`,
		"xl/workbook.xml": `<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="A" r:id="rId1"/></sheets></workbook>`}), "")
	require.NoError(t, err)
	text, err = io.ReadAll(first)
	require.NoError(t, err)
	assert.Equal(t, "1904-01-02\n", string(text))
}

// What phscript writes, it reads.
func TestExportedSheets(t *testing.T) {
	var out bytes.Buffer
	w := export.NewWorkbook(&out)
	require.NoError(t, w.Sheet("Sheet1"))
	require.NoError(t, w.Row([]export.Cell{{Kind: export.Text, Text: "name"}, {Kind: export.Text, Text: "n"}}))
	require.NoError(t, w.Row([]export.Cell{{Kind: export.Text, Text: "_x000D_ Å, \"b\"\nc"}, {Kind: export.Number, Text: "12.5"}}))
	require.NoError(t, w.Close())
	s, err := open(t, out.Bytes(), "")
	require.NoError(t, err)
	r, err := csvtext.NewReader("a.xlsx", s, csvtext.Options{Header: true, Dialect: csvtext.Dialect{Separator: ','}})
	require.NoError(t, err)
	cells, _, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, []string{"name", "n"}, r.Columns)
	assert.Equal(t, []string{"_x000D_ Å, \"b\"\nc", "12.5"}, cells)
}

func TestFilesThatAreNotWorkbooks(t *testing.T) {
	good := workbook(t, nil)
	for name, x := range map[string]struct {
		file        []byte
		sheet, want string
	}{
		"text":          {[]byte("a,b\n"), "", "a.xlsx is not an Excel workbook"},
		"another zip":   {workbook(t, map[string]string{"xl/workbook.xml": ""}), "", "a.xlsx is not an Excel workbook"},
		"unknown sheet": {good, "Leads", `a.xlsx has no sheet "Leads"; it has "Notes", "Accounts & more"`},
		"no part":       {good, "Accounts & more", `a.xlsx is damaged: the sheet "Accounts & more" is missing`},
		"many texts":    {workbook(t, map[string]string{"xl/sharedStrings.xml": `<sst>` + strings.Repeat("<si><t>"+strings.Repeat("x", 1<<10)+"</t></si>", 2<<10) + `</sst>`}), "", "a.xlsx has more than 1.0 MiB of text"},
		"cut off":       {workbook(t, map[string]string{"xl/styles.xml": `<styleSheet><a b=`}), "", "a.xlsx is damaged: XML syntax error"},
	} {
		_, err := open(t, x.file, x.sheet)
		var data *invalid.Error
		require.ErrorAs(t, err, &data, name)
		assert.Contains(t, err.Error(), x.want, name)
	}
	file := append([]byte(nil), good...)
	_, err := open(t, file[:len(file)/2], "")
	require.ErrorContains(t, err, "a.xlsx is damaged: it is incomplete")
	for rows, want := range map[string]string{
		`<row r="3"/><row r="2"/>`:               `sheet "Notes", row 2 comes after row 3`,
		`<row r="3"/><row r="3"/>`:               `sheet "Notes", row 3 occurs twice`,
		`<row r="99999999"/>`:                    `sheet "Notes", after row 0: "99999999" is not the number of a row`,
		`<row r="x"/>`:                           `"x" is not the number of a row`,
		`<row r="2"/>`:                           `sheet "Notes", after row 2: it ends too early`,
		`<row><c r="B1"/><c r="A1"/></row>`:      `cell A1 comes after cell B1`,
		`<row r="7"><c r="AB7"/><c r="AB7"/>`:    `cell AB7 occurs twice`,
		`<row><c r="A1`:                          `sheet "Notes", row 1: XML syntax error`,
		`<row><c r="A1"/>`:                       `sheet "Notes", row 1: it ends too early`,
		`<row><c r="ZZZZZ1"/></row>`:             `row 1 has more than 16,384 columns`,
		`<row><c r="1"/></row>`:                  `row 1: "1" is not the name of a cell`,
		`<row><c/><c t="s"><v>3</v></c></row>`:   `sheet "Notes", cell B1 refers to the shared text 3, but the workbook has 3 texts`,
		`<row><c t="s"><v>-1</v></c></row>`:      `cell A1 refers to the shared text -1`,
		`<row><c t="s"><v>x</v></c></row>`:       `cell A1 refers to the shared text x`,
		`<row><c t="odd"><v>1</v></c></row>`:     `cell A1 has the unknown type "odd"`,
		"<row>" + strings.Repeat("<c/>", 20_000): `row 1 has more than 16,384 columns`,
		`<row r="1048576"/><row/>`:               `there are more than 1,048,576 rows`,
	} {
		s, err := open(t, workbook(t, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + rows}), "")
		require.NoError(t, err)
		_, err = io.ReadAll(s)
		var data *invalid.Error
		require.ErrorAs(t, err, &data, rows)
		assert.Contains(t, err.Error(), "a.xlsx is damaged: sheet \"Notes\", ", rows)
		assert.Contains(t, err.Error(), want, rows)
	}
}

// A part that changed is noticed at its end, also after the last row.
func TestChecksums(t *testing.T) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="A" r:id="x"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="x" Target="a.xml"/><Relationship Id="y" Type="http://x/sharedStrings" Target="/xl/texts.xml"/></Relationships>`,
		"xl/texts.xml":               `<sst><si><t>shared</t></si></sst>`,
		"xl/a.xml":                   `<worksheet><sheetData><row><c t="inlineStr"><is><t>inline</t></is></c><c t="s"><v>0</v></c></row></sheetData><after/></worksheet>`,
	} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		require.NoError(t, err)
		_, err = io.WriteString(f, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	read := func(file []byte) (string, error) {
		s, err := open(t, file, "")
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(s)
		return string(text), err
	}
	text, err := read(out.Bytes())
	require.NoError(t, err)
	assert.Equal(t, "\"inline\",\"shared\"\n", text)
	for _, change := range [][2]string{{"inline<", "inlime<"}, {"<after", "<avter"}, {"shared<", "shaled<"}, {`name="A"`, `name="B"`}} {
		changed := bytes.Replace(out.Bytes(), []byte(change[0]), []byte(change[1]), 1)
		require.NotEqual(t, out.Bytes(), changed)
		_, err := read(changed)
		assert.ErrorContains(t, err, "a.xlsx is damaged: its checksum is wrong", change)
	}
	for _, file := range [][]byte{nil, []byte("PK\x03\x04")} {
		_, err := read(file)
		assert.Error(t, err)
	}
	var twice bytes.Buffer
	w = zip.NewWriter(&twice)
	for range 2 {
		_, err := w.Create("xl/workbook.xml")
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	_, err = read(twice.Bytes())
	assert.ErrorContains(t, err, `a.xlsx is damaged: it has the part "xl/workbook.xml" twice`)
}

// A small file that holds very much ends early, in an error.
func TestBounds(t *testing.T) {
	long := strings.Repeat("x", 2<<20)
	half := "<r><t>" + strings.Repeat("x", 600<<10) + "</t></r>"
	for name, x := range map[string]struct{ shared, cells, want string }{
		"a long text":        {"", `<c t="inlineStr"><is><t>` + long + `</t></is></c>`, `sheet "Notes", cell A1: the text is longer than 1.0 MiB`},
		"a text of parts":    {"", `<c/><c t="inlineStr"><is>` + half + half + `</is></c>`, `sheet "Notes", cell B1: the text is longer than 1.0 MiB`},
		"a value of parts":   {"", `<c t="str"><v>` + strings.Repeat(strings.Repeat("x", 600<<10)+"<!-- -->", 2) + `</v></c>`, `sheet "Notes", cell A1: the text is longer than 1.0 MiB`},
		"a long row":         {"<si>" + half + "</si>", strings.Repeat(`<c t="s"><v>0</v></c>`, 30), `sheet "Notes", row 1 has more than 16 MiB of text`},
		"a long attribute":   {"", `<c x="` + long + `"/>`, `a piece of its XML is longer than 1.0 MiB`},
		"a long shared text": {"<si/><si><t>" + long + "</t></si>", "", `shared text 1: the text is longer than 1.0 MiB`},
	} {
		file := workbook(t, map[string]string{"xl/sharedStrings.xml": "<sst>" + x.shared + "</sst>", "xl/worksheets/sheet1.xml": "<worksheet><sheetData><row>" + x.cells + "</row></sheetData></worksheet>"})
		s, err := OpenSheet("a.xlsx", bytes.NewReader(file), int64(len(file)), "", 64<<20)
		if err == nil {
			_, err = io.Copy(io.Discard, s)
			require.NoError(t, s.Close())
		}
		assert.ErrorContains(t, err, x.want, name)
	}
	file := workbook(t, map[string]string{"xl/styles.xml": "<styleSheet>" + strings.Repeat("<!-- "+strings.Repeat("x", 1<<19)+" -->", 129)})
	_, err := open(t, file, "")
	assert.ErrorContains(t, err, "a.xlsx is damaged: a part of it is longer than 64 MiB")

	file = workbook(t, map[string]string{"xl/sharedStrings.xml": "<sst>" + strings.Repeat("<si/>", 1001) + "</sst>"})
	for count, want := range map[int]string{1000: "a.xlsx has more than 1,000 different texts", 1001: ""} {
		s, files, err := openBook("a.xlsx", bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err)
		if err = s.readShared(files, 1<<20, count); want == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, want)
		}
	}
}

// Cells whose value can't be understood keep their text and say so, and the cells beside
// them stay what they are.
func TestFaults(t *testing.T) {
	s, err := open(t, workbook(t, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet><sheetData><row>
		<c t="e"><v>#N/A</v></c><c t="b"><v>7</v></c><c><v>abc</v></c><c t="n"><v>1e999</v></c><c><v>NaN</v></c><c><v>0x10</v></c><c t="d"><v>1,2&#10;"3</v></c><c><f>A1</f></c><c><f>A1</f><v></v></c>
		<c t="str"><f>A1</f><v></v></c><c><v> </v></c><c t="s"/><c t="b"/><c t="d"><v>2026-01-31T09:30:00Z</v></c><c t="b"><v>0</v></c><c><v> 5 </v></c><c t="inlineStr"><is><t> </t></is></c></row></sheetData></worksheet>`}), "")
	require.NoError(t, err)
	text, err := io.ReadAll(s)
	require.NoError(t, err)
	assert.Equal(t, `"#N/A","7","abc","1e999","NaN","0x10","1,2`+"\n"+`""3","","",,,,,2026-01-31T09:30:00Z,false,5," "`+"\n", string(text))
	_, kinds := s.Place(1)
	k := []mapping.Kind{mapping.Error, mapping.NoBoolean, mapping.NoNumber, mapping.NoNumber, mapping.NoNumber, mapping.NoNumber, mapping.NoDate, mapping.NoResult, mapping.NoResult, 0, 0, 0, 0, 1, 1, 1, 0}
	assert.Equal(t, k, kinds)
}

func TestLines(t *testing.T) {
	text := "\ufeff" + `{"id":"a","n":12.50,"owner":{"email":"x@y.z","tags":["a","b"]},"more":1}` + "\n\n" + `{"id":null,"n":true,"owner":"none"}` + "\r\n[1]\nnot\n" +
		`{"id":1,"id":2}` + "\n" + `{"i\u0064":"` + strings.Repeat("é", 100_000) + `"}`
	l, err := OpenLines("a.jsonl", strings.NewReader(text), "", []string{"id", "n", "owner.email", "owner.tags"})
	require.NoError(t, err)
	type row struct {
		cells string
		kinds []mapping.Kind
		line  int
	}
	var got []row
	for {
		cells, line, err := l.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var wrong *csvtext.RowError
		if errors.As(err, &wrong) {
			got = append(got, row{cells: err.Error(), line: wrong.Line})
			continue
		}
		require.NoError(t, err)
		got = append(got, row{strings.Join(cells, "|"), append([]mapping.Kind(nil), l.Kinds()...), line})
	}
	e, j, s := mapping.Exact, mapping.JSON, mapping.String
	assert.Equal(t, []row{
		{`a|12.50|x@y.z|["a","b"]`, []mapping.Kind{s, e, s, j}, 1},
		{`|true||`, []mapping.Kind{0, e, 0, 0}, 3},
		{"the line is not an object of JSON", nil, 4},
		{"the line is not an object of JSON", nil, 5},
		{"the line is not valid JSON, or has a duplicate name", nil, 6},
		{strings.Repeat("é", 100_000) + "|||", []mapping.Kind{s, 0, 0, 0}, 7},
	}, got)
}
