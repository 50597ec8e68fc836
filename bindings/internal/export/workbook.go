package export

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// Excel's limits.
const (
	mostRows   = 1_048_576
	mostText   = 32_767
	mostName   = 31
	mostSheets = 1_000
	mostDigits = 15
)

// Workbook writes an Excel workbook, sheet by sheet and row by row. A library for all of
// Excel, excelize, added 8 MB to the program and 2 to 4 ms to every start.
type Workbook struct {
	zip *zip.Writer
	out *bufio.Writer
	// sheets are the names of the sheets so far, and rows counts those of the latest.
	sheets []string
	rows   int
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

// styles are the looks of cells: as they are, days and moments.
const styles = `<styleSheet xmlns="` + main + `"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>` +
	`<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`

// NewWorkbook begins a workbook.
func NewWorkbook(to io.Writer) *Workbook { return &Workbook{zip: zip.NewWriter(to)} }

// Sheet begins a sheet. It refuses names that Excel refuses.
func (w *Workbook) Sheet(name string) error {
	if err := w.CheckName(name); err != nil {
		return err
	}
	if err := w.endSheet(); err != nil {
		return err
	}
	w.sheets, w.rows = append(w.sheets, name), 0
	sheet, err := w.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(w.sheets)))
	if err != nil {
		return err
	}
	w.out = bufio.NewWriterSize(sheet, 64<<10)
	_, err = w.out.WriteString(head + `<worksheet xmlns="` + main + `"><sheetData>`)
	return err
}

// CheckName returns why the next sheet cannot have a name.
func (w *Workbook) CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a sheet needs a name")
	case len(utf16.Encode([]rune(name))) > mostName:
		return fmt.Errorf("the name of the sheet has more than the %d characters that Excel takes", mostName)
	case strings.ContainsAny(name, `:\/?*[]`):
		return errors.New(`the name of the sheet must not have any of : \ / ? * [ ]`)
	case name[0] == '\'' || name[len(name)-1] == '\'' || strings.EqualFold(name, "History"):
		return errors.New("this name is not one that Excel takes for a sheet")
	case strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name):
		return errors.New("the name of the sheet has characters that cannot be shown")
	case slices.ContainsFunc(w.sheets, func(other string) bool { return strings.EqualFold(other, name) }):
		return errors.New("there is a sheet of this name already")
	case len(w.sheets) == mostSheets:
		return fmt.Errorf("a workbook has at most %d sheets", mostSheets)
	}
	return nil
}

func (w *Workbook) endSheet() error {
	if w.out == nil {
		return nil
	}
	_, _ = w.out.WriteString("</sheetData></worksheet>") // a failure stays in out
	return w.out.Flush()
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
		case c.Kind == Day:
			row = append(append(append(row, `" s="1"><v>`...), c.Text...), `</v></c>`...)
		case c.Kind == Moment:
			row = append(append(append(row, `" s="2"><v>`...), c.Text...), `</v></c>`...)
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

// quotes are those in the value of an attribute.
var quotes = strings.NewReplacer(`"`, "&quot;")

// Close completes the workbook, which needs a sheet.
func (w *Workbook) Close() error {
	if err := w.endSheet(); err != nil {
		return err
	}
	var list, overrides, relations []byte
	for i, name := range w.sheets {
		n := i + 1
		list = fmt.Appendf(append(append(list, `<sheet name="`...), quotes.Replace(string(appendText(nil, name)))...), `" sheetId="%d" r:id="rId%d"/>`, n, n)
		overrides = fmt.Appendf(overrides, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, n, types)
		relations = fmt.Appendf(relations, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, office, n)
	}
	for _, part := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="` + pack + `content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + types + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + types + `styles+xml"/>` + string(overrides) + `</Types>`},
		{"_rels/.rels", `<Relationships xmlns="` + pack + `relationships">` +
			`<Relationship Id="rId1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="` + main + `" xmlns:r="` + office + `"><sheets>` + string(list) + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + pack + `relationships">` + string(relations) +
			fmt.Sprintf(`<Relationship Id="rId%d" Type="`, len(w.sheets)+1) + office + `/styles" Target="styles.xml"/></Relationships>`},
		{"xl/styles.xml", styles},
	} {
		file, err := w.zip.Create(part[0])
		if err != nil {
			return err
		}
		if _, err := io.WriteString(file, head+part[1]); err != nil {
			return err
		}
	}
	return w.zip.Close()
}
