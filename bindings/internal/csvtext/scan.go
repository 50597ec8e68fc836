package csvtext

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/phscript/phscript/bindings/internal/textfile"
)

// Dialect says how cells are separated and quoted.
type Dialect struct {
	// Separator is 0 if it must be detected.
	Separator rune
	// Escape makes the character after it an ordinary one; 0 if there is none.
	Escape byte
	// LazyQuotes accepts quotes in unquoted cells, and single ones in quoted cells
	// that end on the same line: in others, they may as well belong to the next row.
	LazyQuotes bool
	// Trim removes white space around cells, also around their quotes.
	Trim bool
}

// quoteFault says what is wrong with a quote.
type quoteFault int

const (
	// quoteInside is a quote in an unquoted cell.
	quoteInside quoteFault = iota + 1
	// quoteEnded is a quote in a quoted cell that neither ends it nor is doubled.
	quoteEnded
	// quoteOpen is a quoted cell that does not end.
	quoteOpen
)

// scanError reports a quote that the dialect does not allow.
type scanError struct {
	fault quoteFault
	// start is the line where the cell begins, line and column, in characters, the
	// place of the quote.
	start, line, column int
}

func (e *scanError) Error() string { return fmt.Sprintf("line %d: unexpected quote", e.line) }

// scanner splits text into rows of cells. Unlike encoding/csv, it keeps line ends
// in quoted cells, and tells a quoted empty cell from an empty line.
type scanner struct {
	text  *bufio.Reader
	comma []byte
	Dialect
	// transient reports whether the text of cells is valid only until the next call.
	transient bool

	// row is the line where the row begins. quoted are the places of its quoted cells,
	// lines are those where its cells begin.
	row           int
	quoted, lines []int

	// number counts the lines that were read. line is the current one, rest what is
	// left of it.
	number     int
	line, rest []byte
	buf, long  []byte
	ends       []int
	cells      []string
}

func newScanner(text *bufio.Reader, d Dialect) *scanner {
	return &scanner{text: text, comma: []byte(string(d.Separator)), Dialect: d}
}

// next reads the next line with its line end.
func (s *scanner) next() error {
	line, err := s.text.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		s.long = append(s.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = s.text.ReadSlice('\n')
			if s.long = append(s.long, line...); len(s.long) > textfile.MostLine {
				return textfile.ErrLongLine
			}
		}
		line = s.long
	}
	if len(line) > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		return err
	}
	s.number++
	s.line, s.rest = line, line
	return nil
}

// read returns the cells of the next line, which may be empty, or of several lines
// if cells hold line ends. The slice is valid until the next call. After a
// *scanError, it continues with the next line.
func (s *scanner) read() ([]string, error) {
	if err := s.next(); err != nil {
		return nil, err
	}
	s.row = s.number
	s.buf, s.ends, s.lines, s.quoted = s.buf[:0], s.ends[:0], s.lines[:0], s.quoted[:0]
	for more := true; more; {
		s.lines = append(s.lines, s.number)
		s.skipBlanks()
		var err error
		if len(s.rest) > 0 && s.rest[0] == '"' {
			s.quoted = append(s.quoted, len(s.ends))
			more, err = s.quotedCell()
		} else {
			more, err = s.plainCell()
		}
		if err != nil {
			return nil, err
		}
		s.ends = append(s.ends, len(s.buf))
	}
	all, start := "", 0
	if !s.transient {
		all = string(s.buf)
	} else if len(s.buf) > 0 {
		all = unsafe.String(&s.buf[0], len(s.buf))
	}
	s.cells = s.cells[:0]
	for _, end := range s.ends {
		s.cells = append(s.cells, all[start:end])
		start = end
	}
	return s.cells, nil
}

// valid reports whether the cells of the row are UTF-8.
func (s *scanner) valid() bool {
	for _, end := range s.ends {
		if end < len(s.buf) && !utf8.RuneStart(s.buf[end]) {
			return false
		}
	}
	return utf8.Valid(s.buf)
}

// skipBlanks skips white space before and after a quoted cell, if that is wanted.
func (s *scanner) skipBlanks() {
	for s.Trim && len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\t') && !bytes.HasPrefix(s.rest, s.comma) {
		s.rest = s.rest[1:]
	}
}

// endsCell reads the separator or the line end, if either is next.
func (s *scanner) endsCell() (more, ok bool) {
	if bytes.HasPrefix(s.rest, s.comma) {
		s.rest = s.rest[len(s.comma):]
		return true, true
	}
	return false, len(withoutEnd(s.rest)) == 0
}

// withoutEnd returns a line without its line end.
func withoutEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

func (s *scanner) plainCell() (more bool, err error) {
	if s.Escape != 0 {
		return s.escapedCell()
	}
	cell, rest, more := bytes.Cut(s.rest, s.comma)
	if !more {
		cell = withoutEnd(cell)
	}
	if i := bytes.IndexByte(cell, '"'); i >= 0 && !s.LazyQuotes {
		s.rest = s.rest[i:]
		return false, s.fault(quoteInside, s.number)
	}
	s.buf = append(s.buf, cell...)
	s.rest = rest
	return more, nil
}

// escapedCell is plainCell for a dialect with an escape character.
func (s *scanner) escapedCell() (more bool, err error) {
	start, line := len(s.buf), s.number
	for {
		switch more, ok := s.endsCell(); {
		case ok:
			// Databases write a missing value this way.
			if string(s.buf[start:]) == string(s.Escape)+"N" {
				s.buf = s.buf[:start]
			}
			return more, nil
		case s.rest[0] == s.Escape:
			if err := s.escaped(line); err != nil {
				return false, err
			}
		case s.rest[0] == '"' && !s.LazyQuotes:
			return false, s.fault(quoteInside, line)
		default:
			s.buf = append(s.buf, s.rest[0])
			s.rest = s.rest[1:]
		}
	}
}

// escaped reads the escape character and the character that it makes an ordinary
// one. Before any other character, it is an ordinary one itself.
func (s *scanner) escaped(line int) error {
	rest := s.rest[1:]
	end := rest[len(withoutEnd(rest)):]
	n := 0
	switch {
	case len(rest) > 0 && (rest[0] == s.Escape || rest[0] == '"'):
		n = 1
	case bytes.HasPrefix(rest, s.comma):
		n = len(s.comma)
	case len(rest) > 0 && len(end) == len(rest):
		n = len(end)
	default:
		s.buf = append(s.buf, s.Escape)
	}
	s.buf = append(s.buf, rest[:n]...)
	if s.rest = rest[n:]; len(s.rest) > 0 || len(end) == 0 {
		return nil
	}
	return s.continueCell(line)
}

// continueCell reads the next line of a cell that began in the given one.
func (s *scanner) continueCell(line int) error {
	err := s.next()
	if errors.Is(err, io.EOF) || len(s.buf) > textfile.MostLine { // not CSV text, or a quote is not closed
		return s.fault(quoteOpen, line)
	}
	return err
}

func (s *scanner) quotedCell() (more bool, err error) {
	line, single := s.number, false
	s.rest = s.rest[1:]
	special := string(s.Escape) + `"`
	for {
		i := bytes.IndexByte(s.rest, '"')
		if s.Escape != 0 {
			i = bytes.IndexAny(s.rest, special)
		}
		if i < 0 && single {
			return false, s.fault(quoteEnded, line)
		}
		if i < 0 {
			s.buf = append(s.buf, s.rest...)
			if err := s.continueCell(line); err != nil {
				return false, err
			}
			continue
		}
		s.buf = append(s.buf, s.rest[:i]...)
		s.rest = s.rest[i:]
		if s.rest[0] != '"' {
			if err := s.escaped(line); err != nil {
				return false, err
			}
			continue
		}
		quote := s.rest
		s.rest = s.rest[1:]
		if len(s.rest) > 0 && s.rest[0] == '"' {
			s.buf = append(s.buf, '"')
			s.rest = s.rest[1:]
			continue
		}
		after := s.rest
		s.skipBlanks()
		if more, ok := s.endsCell(); ok {
			return more, nil
		}
		if s.rest = after; !s.LazyQuotes || s.number > line {
			s.rest = quote
			return false, s.fault(quoteEnded, line)
		}
		single = true
		s.buf = append(s.buf, '"')
	}
}

// fault makes the error about a quote at the start of rest, in a cell that began in
// the given line.
func (s *scanner) fault(f quoteFault, line int) error {
	before := s.line[:len(s.line)-len(s.rest)]
	return &scanError{fault: f, start: line, line: s.number, column: utf8.RuneCount(before) + 1}
}

// blank reports whether no cell holds text.
func blank(cells []string) bool {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}
