// Package rowfile reads rows from files that are not CSV: sheets of Excel workbooks, and
// JSON Lines. It holds one row at a time.
//
// Errors about a file are *invalid.Error. Others are those of the source.
package rowfile

import (
	"archive/zip"
	"bufio"
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
	shared []string
	styles []style
	epoch  int // of day numbers, as a day of 1970
	part   io.ReadCloser
	dec    *xml.Decoder
	// row is the latest row, and line where it begins in the CSV text, of which text is
	// what was not passed yet.
	row, line int
	text      []byte
	places    []place
	cells     []cell
	ended     bool
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
	files, err := openBook(name, from, size)
	if err != nil {
		return nil, err
	}
	s := &Sheet{name: name, line: 1}
	at, err := s.find(files, sheet)
	if err != nil {
		return nil, err
	}
	if err := s.readStyles(files); err != nil {
		return nil, err
	}
	if err := s.readShared(files, most); err != nil {
		return nil, err
	}
	if s.part, err = files.Open(at); err != nil {
		return nil, s.damaged(err)
	}
	s.dec = xml.NewDecoder(bufio.NewReaderSize(s.part, 64<<10))
	return s, nil
}

// SheetNames returns the names of the sheets of a workbook, in their order.
func SheetNames(name string, from io.ReaderAt, size int64) ([]string, error) {
	files, err := openBook(name, from, size)
	if err != nil {
		return nil, err
	}
	s := &Sheet{name: name}
	sheets, err := s.list(files)
	names := make([]string, len(sheets))
	for i, one := range sheets {
		names[i] = one.name
	}
	return names, err
}

func openBook(name string, from io.ReaderAt, size int64) (*zip.Reader, error) {
	files, err := zip.NewReader(from, size)
	if errors.Is(err, zip.ErrFormat) {
		return nil, invalid.Errorf("save it as an Excel workbook (.xlsx) without a password, or as CSV", "%s is not an Excel workbook", name)
	}
	return files, err
}

// Close closes the sheet, not the workbook.
func (s *Sheet) Close() error { return s.part.Close() }

// damaged is the error of a workbook that can't be understood. An error of its source
// stays what it is.
func (s *Sheet) damaged(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) {
		return invalid.Errorf("open it in a spreadsheet program and save it again", "%s is damaged: %v", s.name, err)
	}
	return err
}

// elements passes the start of each element of a part. A part that is not there has none.
func (s *Sheet) elements(files *zip.Reader, name string, do func(d *xml.Decoder, e xml.StartElement) error) error {
	i := slices.IndexFunc(files.File, func(f *zip.File) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	part, err := files.File[i].Open()
	if err != nil {
		return s.damaged(err)
	}
	defer func() { _ = part.Close() }()
	d := xml.NewDecoder(bufio.NewReader(part))
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.damaged(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			if err := do(d, e); err != nil {
				return err
			}
		}
	}
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
	err := s.elements(files, "xl/workbook.xml", func(_ *xml.Decoder, e xml.StartElement) error {
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

// find returns the name of the part of a sheet.
func (s *Sheet) find(files *zip.Reader, wanted string) (string, error) {
	sheets, err := s.list(files)
	if err != nil {
		return "", err
	}
	found := sheets[0]
	if wanted != "" {
		i := slices.IndexFunc(sheets, func(o listed) bool { return strings.EqualFold(o.name, wanted) })
		if i < 0 {
			names := make([]string, len(sheets))
			for i, o := range sheets {
				names[i] = luatext.Quote(o.name)
			}
			return "", invalid.Errorf("", "%s has no sheet %s; it has %s", s.name, luatext.Quote(wanted), strings.Join(names, ", "))
		}
		found = sheets[i]
	}
	at := ""
	err = s.elements(files, "xl/_rels/workbook.xml.rels", func(_ *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local == "Relationship" && attribute(e, "Id") == found.id {
			at = path.Join("xl", attribute(e, "Target"))
			if target := attribute(e, "Target"); strings.HasPrefix(target, "/") {
				at = target[1:]
			}
		}
		return nil
	})
	if err == nil && !slices.ContainsFunc(files.File, func(f *zip.File) bool { return f.Name == at }) {
		err = invalid.Errorf("open it in a spreadsheet program and save it again", "%s is damaged: the sheet %s is missing", s.name, luatext.Quote(found.name))
	}
	return at, err
}

// readShared reads the texts that cells refer to.
func (s *Sheet) readShared(files *zip.Reader, most int) error {
	size := 0
	return s.elements(files, "xl/sharedStrings.xml", func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, err := s.texts(d, "si")
		if err != nil {
			return err
		}
		if size += len(text); size > most {
			return invalid.Errorf("save the sheet as CSV, and import that file", "%s has more than %s of text", s.name, humanize.IBytes(uint64(most)))
		}
		s.shared = append(s.shared, text)
		return nil
	})
}

// texts returns the text in an element, without hints for its pronunciation.
func (s *Sheet) texts(d *xml.Decoder, until string) (string, error) {
	var text strings.Builder
	inText, aside := false, 0
	for {
		token, err := d.RawToken()
		if err != nil {
			return "", s.damaged(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "t"
			if t.Name.Local == "rPh" {
				aside++
			}
		case xml.EndElement:
			inText = false
			switch t.Name.Local {
			case until:
				return unescaped(text.String()), nil
			case "rPh":
				aside--
			}
		case xml.CharData:
			if inText && aside == 0 {
				text.Write(t)
			}
		}
	}
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
		token, err := s.dec.RawToken()
		if errors.Is(err, io.EOF) {
			s.ended = true
			return nil
		}
		if err != nil {
			return s.damaged(err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				s.ended = true
				return nil
			}
		case xml.StartElement:
			if t.Name.Local != "row" {
				continue
			}
			number := s.row + 1
			if n, err := strconv.Atoi(attribute(t, "r")); err == nil {
				number = n
			}
			if number <= s.row || number > mostRows {
				return s.damaged(fmt.Errorf("%w: row %d follows row %d", zip.ErrFormat, number, s.row))
			}
			if err := s.readCells(); err != nil {
				return err
			}
			s.write(number)
			return nil
		}
	}
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
		if c.kind == mapping.Exact || c.text == "" {
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
