package export

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// Excel's limits.
const (
	mostRows   = 1_048_576
	mostText   = 32_767
	mostDigits = 15
)

// Workbook writes an Excel workbook with one sheet, row by row. A library for all of
// Excel, excelize, added 8 MB to the program and 2 to 4 ms to every start.
type Workbook struct {
	zip  *zip.Writer
	out  *bufio.Writer
	rows int
	// row is the row in the making, and columns are the names of the columns so far.
	row     []byte
	columns []string
}

const (
	head   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	pack   = "http://schemas.openxmlformats.org/package/2006/"
	main   = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	types  = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

// parts are the files of a workbook before its sheet.
var parts = [][2]string{
	{"[Content_Types].xml", `<Types xmlns="` + pack + `content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + types + `sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + types + `worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="` + pack + `relationships">` +
		`<Relationship Id="rId1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="` + main + `" xmlns:r="` + office + `">` +
		`<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + pack + `relationships">` +
		`<Relationship Id="rId1" Type="` + office + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
}

// NewWorkbook begins a workbook.
func NewWorkbook(to io.Writer) (*Workbook, error) {
	w := &Workbook{zip: zip.NewWriter(to)}
	for _, part := range parts {
		file, err := w.zip.Create(part[0])
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(file, head+part[1]); err != nil {
			return nil, err
		}
	}
	sheet, err := w.zip.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewWriterSize(sheet, 64<<10)
	_, err = w.out.WriteString(head + `<worksheet xmlns="` + main + `"><sheetData>`)
	return w, err
}

// Row writes a row. It refuses what Excel can't hold.
func (w *Workbook) Row(cells []Cell) error {
	if w.rows++; w.rows > mostRows {
		return fmt.Errorf("a sheet has at most %s rows", humanize.Comma(mostRows))
	}
	row := strconv.AppendInt(append(w.row[:0], `<row r="`...), int64(w.rows), 10)
	row = append(row, `">`...)
	for i, c := range cells {
		if c.Kind == Empty {
			continue
		}
		for len(w.columns) <= i {
			w.columns = append(w.columns, letters(len(w.columns)))
		}
		row = append(append(row, `<c r="`...), w.columns[i]...)
		row = strconv.AppendInt(row, int64(w.rows), 10)
		switch {
		case c.Kind == Boolean && c.Text == "true":
			row = append(row, `" t="b"><v>1</v></c>`...)
		case c.Kind == Boolean:
			row = append(row, `" t="b"><v>0</v></c>`...)
		case c.Kind == Number && digits(c.Text) <= mostDigits:
			row = append(append(append(row, `"><v>`...), c.Text...), `</v></c>`...)
		default:
			if n := units(c.Text); n > mostText {
				return fmt.Errorf("cell %s%d: the text has %s characters, and a cell holds at most %s", w.columns[i], w.rows, humanize.Comma(int64(n)), humanize.Comma(mostText))
			}
			row = appendText(append(row, `" t="inlineStr"><is><t xml:space="preserve">`...), c.Text)
			row = append(row, `</t></is></c>`...)
		}
	}
	row = append(row, `</row>`...)
	w.row = row
	_, err := w.out.Write(row)
	return err
}

// letters names a column: A to Z, AA and so on.
func letters(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// digits counts the digits of a number of which Excel keeps the first 15.
func digits(number string) (n int) {
	for _, c := range []byte(number) {
		switch {
		case c == 'e' || c == 'E':
			return n
		case c >= '1' && c <= '9' || c == '0' && n > 0:
			n++
		}
	}
	return n
}

// units counts characters as Excel does.
func units(text string) int {
	if len(text) <= mostText {
		return len(text)
	}
	n := 0
	for _, r := range text {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// appendText writes a text. Characters that XML can't hold are written as Excel does
// it, as _x001B_, so a text that looks like that is escaped as well.
func appendText(to []byte, s string) []byte {
	for i, r := range s {
		switch {
		case r == '&':
			to = append(to, "&amp;"...)
		case r == '<':
			to = append(to, "&lt;"...)
		case r == '>':
			to = append(to, "&gt;"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff, r == '_' && looksEscaped(s[i:]):
			to = fmt.Appendf(to, "_x%04X_", r)
		default:
			to = utf8.AppendRune(to, r)
		}
	}
	return to
}

// looksEscaped reports whether a text begins like _x001B_.
func looksEscaped(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	return !strings.ContainsFunc(s[2:6], func(r rune) bool {
		return r >= utf8.RuneSelf || !strings.ContainsRune("0123456789abcdefABCDEF", r)
	})
}

// Close completes the workbook.
func (w *Workbook) Close() error {
	_, _ = w.out.WriteString("</sheetData></worksheet>")
	if err := w.out.Flush(); err != nil {
		return err
	}
	return w.zip.Close()
}
