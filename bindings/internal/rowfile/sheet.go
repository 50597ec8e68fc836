// Package rowfile reads rows from files that are not CSV: sheets of Excel workbooks, and
// JSON Lines. It holds one row at a time.
//
// Errors about a file are *invalid.Error. Others are those of the source.
package rowfile

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/internal/mapping"
)

// Excel's limits.
const (
	mostRows    = 1_048_576
	mostColumns = 16_384
)

// Sheet passes a sheet of a workbook as CSV with commas. Empty rows are empty lines. A
// library for all of Excel would add 8 MB to the program.
type Sheet struct {
	name   string
	from   *origin
	shared texts
	styles []style
	epoch  int // of day numbers, as a day of 1970
	// title is the sheet's name, part its text. sharedAt and stylesAt are the names of other
	// parts.
	title              string
	part               *part
	sharedAt, stylesAt string
	// row is the latest row, and line where it begins in the CSV text, of which text is
	// what was not passed yet.
	row, line int
	text      []byte
	places    []place
	cells     []cell
	// inRows reports whether rows can follow, ended whether the sheet was read to its end.
	inRows, ended bool
	// Skip is how many rows at the top pass as empty ones.
	Skip int
}

// place is where a row of the CSV text comes from.
type place struct {
	line, row int
	kinds     []mapping.Kind
}

type cell struct {
	text string
	kind mapping.Kind
}

// OpenSheet opens a sheet, the first one if its name is "". The workbook has a size, and its
// texts that are used in several cells take at most so many bytes.
func OpenSheet(name string, from io.ReaderAt, size int64, sheet string, most int) (*Sheet, error) {
	s, files, err := openBook(name, from, size)
	if err != nil {
		return nil, err
	}
	at, err := s.find(files, sheet)
	if err != nil {
		return nil, err
	}
	if err := s.readStyles(files); err != nil {
		return nil, err
	}
	if err := s.readShared(files, most, mostTexts); err != nil {
		return nil, err
	}
	if s.part, err = openPart(at, 0); err != nil {
		return nil, s.damaged(err)
	}
	return s, nil
}

// SheetNames returns the names of the sheets of a workbook, in their order.
func SheetNames(name string, from io.ReaderAt, size int64) ([]string, error) {
	s, files, err := openBook(name, from, size)
	if err != nil {
		return nil, err
	}
	sheets, err := s.list(files)
	names := make([]string, len(sheets))
	for i, one := range sheets {
		names[i] = one.name
	}
	return names, err
}

// zipStart is what the files of zip begin with.
const zipStart = "PK\x03\x04"

func openBook(name string, from io.ReaderAt, size int64) (*Sheet, *zip.Reader, error) {
	s := &Sheet{name: name, line: 1, from: &origin{ReaderAt: from}, sharedAt: "xl/sharedStrings.xml", stylesAt: "xl/styles.xml"}
	files, err := zip.NewReader(s.from, size)
	if errors.Is(err, zip.ErrFormat) {
		start := make([]byte, len(zipStart))
		if n, _ := from.ReadAt(start, 0); string(start[:n]) == zipStart {
			return nil, nil, s.broken("it is incomplete, or its list of parts can't be read")
		}
		err = invalid.Errorf("save it as an Excel workbook (.xlsx) without a password, or as CSV", "%s is not an Excel workbook", name)
	}
	if err != nil {
		return nil, nil, err
	}
	seen := make(map[string]bool, len(files.File))
	for _, f := range files.File {
		if seen[f.Name] {
			return nil, nil, s.broken("it has the part %s twice", luatext.Quote(invalid.Cut(f.Name, 80)))
		}
		seen[f.Name] = true
	}
	return s, files, nil
}

// Close closes the sheet, not the workbook.
func (s *Sheet) Close() error { return s.part.Close() }

// damaged is the error of a workbook that can't be understood. An error of its source
// stays what it is.
func (s *Sheet) damaged(err error) error { return s.damagedAt("", err) }

// damagedAt names the place, such as "sheet S, row 2: ".
func (s *Sheet) damagedAt(place string, err error) error {
	switch {
	case s.from.failed != nil:
		return s.from.failed
	case errors.Is(err, zip.ErrChecksum):
		return s.broken("%sits checksum is wrong, so its contents have changed", place)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return s.broken("%sit ends too early", place)
	}
	return s.broken("%s%v", place, err)
}

// wrong is the error of a sheet that can't be understood.
func (s *Sheet) wrong(format string, args ...any) error {
	return s.broken("sheet %s, %w", luatext.Quote(s.title), fmt.Errorf(format, args...))
}

func (s *Sheet) broken(format string, args ...any) error {
	return invalid.Errorf("get a new copy of the file, or open it in a spreadsheet program, check it and save it again", "%s is damaged: %v", s.name, fmt.Errorf(format, args...))
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// listed is a sheet in the list of a workbook, and the id of its part.
type listed struct{ name, id string }

// list returns the sheets of a workbook, and notes when its days begin.
func (s *Sheet) list(files *zip.Reader) ([]listed, error) {
	var sheets []listed
	s.epoch = epoch1900
	err := s.elements(files, "xl/workbook.xml", func(e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			if v := attribute(e, "date1904"); v == "1" || v == "true" {
				s.epoch = epoch1904
			}
		case "sheet":
			one := listed{name: attribute(e, "name")}
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					one.id = a.Value
				}
			}
			sheets = append(sheets, one)
		}
		return nil
	})
	if err == nil && len(sheets) == 0 {
		err = invalid.Errorf("save it as an Excel workbook (.xlsx), or as CSV", "%s is not an Excel workbook", s.name)
	}
	return sheets, err
}

// mostNames is how many names of sheets an error lists.
const mostNames = 20

// find returns the part of a sheet.
func (s *Sheet) find(files *zip.Reader, wanted string) (*zip.File, error) {
	sheets, err := s.list(files)
	if err != nil {
		return nil, err
	}
	found := sheets[0]
	if wanted != "" {
		i := slices.IndexFunc(sheets, func(o listed) bool { return strings.EqualFold(o.name, wanted) })
		if i < 0 {
			var names []string
			for _, o := range sheets[:min(len(sheets), mostNames)] {
				names = append(names, luatext.Quote(o.name))
			}
			if len(sheets) > mostNames {
				names = append(names, "...")
			}
			return nil, invalid.Errorf("", "%s has no sheet %s; it has %s", s.name, luatext.Quote(wanted), strings.Join(names, ", "))
		}
		found = sheets[i]
	}
	s.title = found.name
	at := ""
	err = s.elements(files, "xl/_rels/workbook.xml.rels", func(e xml.StartElement) error {
		if e.Name.Local != "Relationship" {
			return nil
		}
		target := path.Join("xl", attribute(e, "Target"))
		if t := attribute(e, "Target"); strings.HasPrefix(t, "/") {
			target = t[1:]
		}
		switch kind := path.Base(attribute(e, "Type")); {
		case attribute(e, "Id") == found.id:
			at = target
		case kind == "sharedStrings":
			s.sharedAt = target
		case kind == "styles":
			s.stylesAt = target
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	file := named(files, at)
	if file == nil {
		return nil, s.broken("the sheet %s is missing", luatext.Quote(found.name))
	}
	return file, nil
}

// Read passes the CSV text.
func (s *Sheet) Read(p []byte) (int, error) {
	for len(s.text) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.text)
	s.text = s.text[n:]
	return n, nil
}

// Place returns the number of the row that begins at a line of the CSV text, and the
// kinds of its cells. Lines are asked for in their order.
func (s *Sheet) Place(line int) (row int, kinds []mapping.Kind) {
	for len(s.places) > 0 && s.places[0].line < line {
		s.places = s.places[1:]
	}
	if len(s.places) == 0 || s.places[0].line != line {
		return line, nil
	}
	return s.places[0].row, s.places[0].kinds
}

// next reads the next row and writes it as CSV.
func (s *Sheet) next() error {
	for {
		token, err := s.part.next()
		if errors.Is(err, io.EOF) && !s.inRows {
			s.ended = true
			return nil
		}
		if err != nil {
			return s.after(err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				s.ended = true
				if err := s.part.finish(); err != nil {
					return s.damaged(err)
				}
				return nil
			}
		case xml.StartElement:
			switch t.Name.Local {
			case "sheetData":
				s.inRows = true
			case "row":
				return s.readRow(attribute(t, "r"))
			}
		}
	}
}

// after is the error of a sheet that can't be read beyond the latest row.
func (s *Sheet) after(err error) error {
	if s.row == 0 {
		return s.damaged(err)
	}
	return s.damagedAt(fmt.Sprintf("sheet %s, after row %d: ", luatext.Quote(s.title), s.row), err)
}

// readRow reads a row, which has a number or comes after the latest one.
func (s *Sheet) readRow(given string) error {
	number := s.row + 1
	if given != "" {
		n, err := strconv.Atoi(given)
		switch {
		case err != nil || n < 1 || n > mostRows:
			return s.wrong("after row %d: %s is not the number of a row", s.row, luatext.Quote(invalid.Cut(given, 40)))
		case n == s.row:
			return s.wrong("row %d occurs twice", n)
		case n < s.row:
			return s.wrong("row %d comes after row %d", n, s.row)
		}
		number = n
	}
	if number > mostRows {
		return s.wrong("there are more than %s rows", humanize.Comma(mostRows))
	}
	if err := s.readCells(number); err != nil {
		return err
	}
	s.write(number)
	return nil
}

// write writes the row that was read.
func (s *Sheet) write(number int) {
	out := s.text[:0]
	for range number - s.row - 1 { // rows that are not there are empty
		out = append(out, '\n')
		s.line++
	}
	kinds := make([]mapping.Kind, len(s.cells))
	s.places = append(s.places, place{s.line, number, kinds})
	if number <= s.Skip {
		s.cells = nil
	}
	for i, c := range s.cells {
		if i > 0 {
			out = append(out, ',')
		}
		kinds[i] = c.kind
		if c.kind == mapping.Exact || c.text == "" && c.kind == mapping.Text {
			out = append(out, c.text...)
			continue
		}
		out = append(out, '"')
		from := len(out)
		out = append(out, strings.ReplaceAll(c.text, `"`, `""`)...)
		s.line += bytes.Count(out[from:], []byte("\n"))
		out = append(out, '"')
	}
	out = append(out, '\n')
	s.text = out
	s.line++
	s.row = number
}
