// Package csvtext reads and writes CSV text. It reads what programs really write:
// byte order marks, several encodings, separators and line ends, lines above the
// header.
//
// Errors about the text are *invalid.Error, which names the line. Others are those
// of the source.
package csvtext

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/internal/textfile"
)

// Options say how CSV text is read.
type Options struct {
	Dialect
	// Header reports whether a row names the columns, Ragged whether rows may have
	// other lengths, RenameRepeated whether repeated names get a number.
	Header, Ragged, RenameRepeated bool
	// Encoding is "" for UTF-8.
	Encoding string
	// Skip is how many lines come before the first row. Find are names that the
	// header row has; the lines above it are skipped.
	Skip int
	Find []string
	// Names replace all names of the header, Renames some of them.
	Names   []string
	Renames map[string]string
	// Required are the columns that must exist. Typed are more of them, with the
	// option that names each.
	Required []string
	Typed    map[string]string
	// Transient reports whether the text of cells, too, is valid only until the next row is
	// read.
	Transient bool
	// Sheet reports whether the text is made from a sheet, so errors name rows.
	Sheet bool
	// Again opens the same text once more, to try out a hint before it is given.
	Again func() (io.ReadCloser, error)
}

// Reader reads rows.
type Reader struct {
	// Columns are the names of the columns, or nil if there are none. Titles are those
	// in the file, which differ if the options rename columns.
	Columns, Titles []string
	// Separator is the character between cells. Plain reports whether the text is
	// UTF-8 as it is, so that more can be added to it.
	Separator rune
	Plain     bool
	name      string
	opt       Options
	scan      *scanner
	// skipped counts the lines before those that scan sees.
	skipped int
	// check reports whether the text must be checked for UTF-8. wide reports whether
	// valid characters other than ASCII were seen.
	check, wide bool
	// header is the line of the header row. rows counts the rows that were returned.
	header, rows int
	headerQuoted bool
	// text reports whether the file holds anything but a byte order mark.
	text bool
	// rejected reports whether the file is one of rejected rows, unnamed whether its
	// columns have no names. added says which of RejectedColumns each column is, source
	// is the first file of its rows.
	rejected, unnamed bool
	added             []string
	source            string
	// hasData reports whether the latest row is one even if its cells are empty.
	// unknown counts the rows that may be stored.
	hasData bool
	unknown int
	// wrong is what RejectedCells and RejectedText say of the latest row.
	wrong, lineText string
}

// NewReader starts to read src, called name in messages: it detects the byte order
// mark and the separator, and reads the header row.
func NewReader(name string, src io.Reader, opt Options) (*Reader, error) {
	r := &Reader{name: name, opt: opt, Separator: opt.Separator}
	t, err := textfile.Open(name, src, textfile.Options{Encoding: opt.Encoding, Want: "CSV text"})
	if err != nil {
		return nil, err
	}
	r.check, r.Plain = !t.Converted, !t.Converted && !t.Packed
	text, err := lineEnds(t.Reader)
	if err != nil {
		return nil, err
	}
	start, err := textfile.Peek(text, 1)
	if err != nil {
		return nil, err
	}
	r.text = len(start) > 0
	if rejected, err := isRejected(text); err != nil {
		return nil, err
	} else if rejected {
		r.asRejected()
		opt = r.opt
	}
	declared, err := r.declaredSeparator(text)
	if err != nil {
		return nil, err
	}
	for ; r.skipped < opt.Skip; r.skipped++ {
		line := newScanner(text, Dialect{})
		if err := line.next(); errors.Is(err, io.EOF) {
			return nil, invalid.Errorf("", "%s has only %s, but 'skip' is %d", name, english.Plural(r.skipped, "line", ""), opt.Skip)
		} else if errors.Is(err, textfile.ErrLongLine) {
			return nil, r.longLine(r.skipped + 1)
		} else if err != nil {
			return nil, err
		}
	}
	if r.Separator == 0 {
		r.Separator = declared
	}
	if r.Separator == 0 {
		if r.Separator, err = r.detectSeparator(text); err != nil {
			return nil, err
		}
	}
	d := opt.Dialect
	d.Separator = r.Separator
	r.scan = newScanner(text, d)
	err = r.readColumns()
	r.scan.transient = opt.Transient
	return r, err
}

// Errorf makes an error about a line.
func (r *Reader) Errorf(line int, hint, format string, args ...any) error {
	unit := "line"
	if r.opt.Sheet {
		unit = "row"
	}
	return invalid.Errorf(hint, "%s, %s %d: %s", r.name, unit, line, fmt.Sprintf(format, args...))
}

// Next returns the cells of the next row that is not empty, and the line where it
// begins; io.EOF after the last one. The cells are valid until the next call. A row
// of the wrong length is a *RowError, after which reading can go on.
func (r *Reader) Next() (cells []string, line int, err error) {
	for {
		if cells, err = r.record(); errors.Is(err, io.EOF) {
			return nil, 0, r.end()
		}
		if err != nil {
			return nil, 0, err
		}
		if !blank(cells) || r.hasData || !r.rejected && len(r.scan.quoted) > 0 {
			break
		}
	}
	r.rows++
	line = r.scan.row + r.skipped
	if r.Columns == nil {
		return cells, line, nil
	}
	for len(cells) > len(r.Columns) && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if r.rejected {
		if err := r.rejectedAgain(cells, line); err != nil {
			return nil, 0, err
		}
	}
	if len(cells) != len(r.Columns) && !r.opt.Ragged {
		return nil, 0, r.wrongLength(cells, line)
	}
	return cells, line, nil
}

// end returns io.EOF, or an error if the text holds something but no row came of it.
func (r *Reader) end() error {
	switch {
	case r.rows > 0 || !r.text || r.rejected:
		return io.EOF
	case r.Columns == nil || r.header == 0 && r.opt.Header:
		if r.skipped > 0 {
			return r.Errorf(r.skipped+1, "check the option 'skip'", "no row follows the %s that 'skip' leaves out", english.Plural(r.skipped, "line", ""))
		}
		return r.Errorf(1, "look at the file: the export may have failed", "there are only blank lines")
	case len(r.Columns) == 1 && r.opt.Header && !r.headerQuoted && !isWord(r.Columns[0]) && !r.named():
		return r.Errorf(r.header, "look at the file: it may be a message instead of rows. If it is a header without rows, confirm it with { required = { "+luatext.Quote(r.Columns[0])+" } }",
			"this is the only line, and it has no separator: %s", luatext.Quote(invalid.Cut(r.Columns[0], 60)))
	}
	return io.EOF
}

// named reports whether the options name columns, which the header then has.
func (r *Reader) named() bool {
	return len(r.opt.Required)+len(r.opt.Typed)+len(r.opt.Find)+len(r.opt.Names)+len(r.opt.Renames) > 0
}

// record reads the next row's cells, which are valid until the next call.
func (r *Reader) record() ([]string, error) {
	record, err := r.scan.read()
	var quote *scanError
	switch {
	case errors.As(err, &quote):
		return nil, r.quoteError(quote)
	case errors.Is(err, textfile.ErrLongLine):
		return nil, r.longLine(r.scan.number + r.skipped + 1)
	case err != nil:
		return nil, err
	}
	if r.check && !r.scan.valid() {
		for i, cell := range record {
			if !utf8.ValidString(cell) {
				return nil, r.encodingError(i, cell)
			}
		}
	}
	r.wide = r.wide || r.check && utf8.RuneCount(r.scan.buf) < len(r.scan.buf)
	if r.rejected {
		return r.leaveOut(record)
	}
	return record, nil
}
