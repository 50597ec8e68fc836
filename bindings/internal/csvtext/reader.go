// Package csvtext reads CSV text as programs really write it: with byte order
// marks, several encodings, separators and line ends.
//
// Errors about the text are *invalid.Error, which names the line. Others are those
// of the source.
package csvtext

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/planhat/catalog"
)

// Options say how CSV text is read.
type Options struct {
	// Header reports whether the first row names the columns, Ragged whether rows
	// may have other lengths.
	Header, Ragged, LazyQuotes bool
	// Separator is 0 if it must be detected, Encoding "" for UTF-8.
	Separator rune
	Encoding  string
	// Names replace all names of the header, Renames some of them.
	Names   []string
	Renames map[string]string
	// Required are the columns that must exist. Typed are more of them, with the
	// option that names each.
	Required []string
	Typed    map[string]string
}

// Reader reads rows.
type Reader struct {
	// Columns are the names of the columns, or nil if there are none.
	Columns []string
	name    string
	opt     Options
	r       *csv.Reader
	// skipped counts the lines before those that r sees.
	skipped int
	// checked reports whether the text must be valid UTF-8.
	checked bool
}

// NewReader starts to read src, called name in messages: it detects the byte order
// mark and the separator, and reads the header row.
func NewReader(name string, src io.Reader, opt Options) (*Reader, error) {
	r := &Reader{name: name, opt: opt}
	text, err := r.decode(src)
	if err != nil {
		return nil, err
	}
	if text, err = lineEnds(text); err != nil {
		return nil, err
	}
	separator, err := r.separator(text)
	if err != nil {
		return nil, err
	}
	r.r = csv.NewReader(text)
	r.r.Comma = separator
	r.r.FieldsPerRecord = -1
	r.r.LazyQuotes = opt.LazyQuotes
	r.r.ReuseRecord = true
	return r, r.readColumns()
}

// readColumns sets the names of the columns.
func (r *Reader) readColumns() error {
	names := r.opt.Names
	if r.opt.Header {
		record, err := r.record()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if names, err = r.header(record); err != nil {
			return err
		}
	} else if len(names) == 0 {
		return nil
	}
	for _, name := range r.opt.Required {
		if !slices.Contains(names, name) {
			return r.unknownColumn("required", name, names)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.opt.Typed)) {
		if !slices.Contains(names, name) && len(names) > 0 {
			return r.unknownColumn(r.opt.Typed[name], name, names)
		}
	}
	for i, name := range names {
		if first := slices.Index(names, name); first < i {
			return r.Errorf(1, "name all columns yourself, in the order of the file: { columns = { \"...\", \"...\" } }",
				"columns %d and %d are both named %q", first+1, i+1, name)
		}
	}
	r.Columns = names
	return nil
}

// header returns the names of the columns by the header row, which an empty file
// does not have, and the options.
func (r *Reader) header(record []string) ([]string, error) {
	var names []string
	for i, cell := range record {
		names = append(names, cmp.Or(strings.TrimSpace(cell), ColumnName(i)))
	}
	if given := r.opt.Names; len(given) > 0 && len(record) > 0 {
		if len(given) != len(names) {
			return nil, r.Errorf(1, "pass one name per column of the header: "+strings.Join(names, ", "),
				"'columns' names %s, but the header row has %d", english.Plural(len(given), "column", ""), len(names))
		}
		names = slices.Clone(given)
	}
	for from := range r.opt.Renames {
		if !slices.Contains(names, from) {
			return nil, r.unknownColumn("columns", from, names)
		}
	}
	for i, name := range names {
		if to, ok := r.opt.Renames[name]; ok {
			names[i] = to
		}
	}
	return names, nil
}

// ColumnName returns the name of a column without one, counted from 0.
func ColumnName(i int) string { return "column_" + strconv.Itoa(i+1) }

func (r *Reader) unknownColumn(option, name string, names []string) error {
	known := "the file is empty"
	if len(names) > 0 {
		known = "the file has: " + strings.Join(names, ", ")
	}
	return invalid.Errorf(known, "%s has no column %q, which the option '%s' names%s", r.name, name, option, catalog.DidYouMean(name, names))
}

// Errorf makes an error about a line.
func (r *Reader) Errorf(line int, hint, format string, args ...any) error {
	return invalid.Errorf(hint, "%s, line %d: %s", r.name, line, fmt.Sprintf(format, args...))
}

// Next returns the cells of the next row that is not empty, and the line where it
// begins; io.EOF after the last one. The cells are valid until the next call.
func (r *Reader) Next() (cells []string, line int, err error) {
	for !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		if cells, err = r.record(); err != nil {
			return nil, 0, err
		}
	}
	line, _ = r.r.FieldPos(0)
	line += r.skipped
	if r.Columns == nil {
		return cells, line, nil
	}
	for len(cells) > len(r.Columns) && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) != len(r.Columns) && !r.opt.Ragged {
		return nil, 0, r.Errorf(line, "there is probably a missing or extra separator or quote; to allow rows of different lengths, pass { ragged = \"allow\" }",
			"the row has %s, but there are %s", english.Plural(len(cells), "cell", ""), english.Plural(len(r.Columns), "column", ""))
	}
	return cells, line, nil
}

// record reads the next row's cells, which are valid until the next call.
func (r *Reader) record() ([]string, error) {
	record, err := r.r.Read()
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse) && parse.Line != parse.StartLine && errors.Is(parse.Err, csv.ErrQuote):
		return nil, r.Errorf(parse.StartLine+r.skipped, "close the quote; inside a quoted cell, write a quote twice (\"\")",
			"a cell begins with a quote (\") that is not closed correctly by line %d", parse.Line+r.skipped)
	case errors.As(err, &parse):
		return nil, r.Errorf(parse.Line+r.skipped, "quote the whole cell and write the quote twice (\"\"), or read with { lazy_quotes = true }",
			"unexpected quote (\") at character %d", parse.Column)
	case err != nil || !r.checked:
		return record, err
	}
	for i, cell := range record {
		if !utf8.ValidString(cell) {
			line, _ := r.r.FieldPos(i)
			return nil, r.Errorf(line+r.skipped, "the file was probably saved by Excel or an older program: pass { encoding = \"windows-1252\" }",
				"cell %d is not valid UTF-8: %s", i+1, luatext.Quote(invalid.Cut(cell, 40)))
		}
	}
	return record, nil
}
