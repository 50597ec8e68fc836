package csvtext

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/internal/textfile"
)

// RowError reports a row whose cells do not fit the columns.
type RowError struct {
	// Err is the error, Line where the row begins, Cells what it holds.
	Err   error
	Line  int
	Cells []string
	// Columns is how many columns there are if Cells are more or fewer, or else 0.
	Columns int
	// Text is the row as the file has it if it has no cells, such as a line of JSON Lines
	// that is not valid.
	Text string
}

func (e *RowError) Error() string { return e.Err.Error() }

func (e *RowError) Unwrap() error { return e.Err }

// mostTried is how many rows are read to try out a hint.
const mostTried = 1_000_000

// works reports whether the whole text can be read once the options are changed,
// and has rows then.
func (r *Reader) works(change func(*Options)) bool {
	return r.try(change, func([]string) bool { return true })
}

// try is works for rows that are all as wanted.
func (r *Reader) try(change func(*Options), wanted func(cells []string) bool) bool {
	if r.opt.Again == nil {
		return false
	}
	src, err := r.opt.Again()
	if err != nil {
		return false
	}
	defer func() { _ = src.Close() }()
	opt := r.opt
	opt.Again = nil
	change(&opt)
	other, err := NewReader(r.name, src, opt)
	for err == nil && other.rows < mostTried {
		var cells []string
		if cells, _, err = other.Next(); err == nil && !wanted(cells) {
			return false
		}
	}
	return (err == nil || errors.Is(err, io.EOF)) && other.rows > 0
}

// quoting advises on the option that reads the quotes of the text, or returns "".
func (r *Reader) quoting() string {
	for _, option := range []struct {
		lua, why string
		dialect  Dialect
	}{
		{`trim = true`, "there are blanks around the quoted cells", Dialect{Trim: true}},
		{`escape = "\\"`, "quotes seem to be written as \\\"", Dialect{Escape: '\\'}},
		{`escape = "\\", trim = true`, "quotes seem to be written as \\\", and there are blanks around the quoted cells", Dialect{Escape: '\\', Trim: true}},
		{`lazy_quotes = true`, "the quotes seem to be part of the text", Dialect{LazyQuotes: true}},
	} {
		option.dialect.Separator = r.opt.Separator
		if option.dialect != r.opt.Dialect && r.works(func(o *Options) { o.Dialect = option.dialect }) {
			return option.why + ": read with { " + option.lua + " }"
		}
	}
	return ""
}

// quoteError says what is wrong with a quote, and which option reads the text.
func (r *Reader) quoteError(e *scanError) error {
	start, line := e.start+r.skipped, e.line+r.skipped
	hint := "quote the whole cell and write each quote in it twice (\"\")"
	if e.fault == quoteOpen || e.line != e.start {
		hint = "close the quote; inside a quoted cell, write a quote twice (\"\")"
	}
	hint = cmp.Or(r.quoting(), hint)
	if e.fault == quoteOpen || e.line != e.start {
		return r.Errorf(start, hint, "a cell begins with a quote (\") that is not closed correctly by line %d", line)
	}
	return r.Errorf(line, hint, "unexpected quote (\") at character %d", e.column)
}

// longLine reports a line without an end.
func (r *Reader) longLine(line int) error {
	return r.Errorf(line, "look at the file: rows of CSV text end with a line feed", "%v", textfile.ErrLongLine)
}

// wrongLength reports a row that has more or fewer cells than there are columns.
func (r *Reader) wrongLength(cells []string, line int) error {
	skip, before := line-1, 0
	// A line end in a cell without quotes makes two short rows of one.
	short := func(cells []string) bool {
		torn := before+len(cells)-1 == len(r.Columns)
		before = len(cells)
		return len(cells) <= len(r.Columns) && !torn
	}
	hint := "a cell probably holds the separator or a line end without quotes; correct the file"
	switch {
	case r.opt.Header && len(r.Columns) == 1 && r.works(func(o *Options) { o.Skip, o.Find = skip, nil }):
		hint = fmt.Sprintf("if line %d is the header, pass { skip = %d }", skip+1, skip)
	case r.opt.LazyQuotes:
		hint = cmp.Or(r.quoting(), hint)
	case len(cells) < len(r.Columns) && r.try(func(o *Options) { o.Ragged = true }, short):
		hint = "if the missing cells are the last ones and empty, pass { ragged = \"allow\" }"
	}
	return &RowError{Line: line, Cells: slices.Clone(cells), Columns: len(r.Columns), Err: r.Errorf(line, hint,
		"the row has %s, but there %s", english.Plural(len(cells), "cell", ""), arePlural(len(r.Columns), "column"))}
}

// arePlural returns "is 1 column" or "are 2 columns".
func arePlural(n int, noun string) string {
	verb := "are "
	if n == 1 {
		verb = "is "
	}
	return verb + english.Plural(n, noun, "")
}

// headerBelow advises to look for the header further down, if it is there.
func (r *Reader) headerBelow(option, name string) string {
	names := map[string][]string{"required": r.opt.Required, "columns": slices.Sorted(maps.Keys(r.opt.Renames))}[option]
	for original, renamed := range r.opt.Renames {
		if i := slices.Index(names, renamed); option == "required" && i >= 0 {
			names = slices.Replace(slices.Clone(names), i, i+1, original)
		}
	}
	if len(names) == 0 {
		names = []string{name}
	}
	if !r.opt.Header || len(r.opt.Find) > 0 || !r.works(func(o *Options) { o.Find = names }) {
		return ""
	}
	for i, name := range names {
		names[i] = luatext.Quote(name)
	}
	return "the header is further down: find it with { header = { " + strings.Join(names, ", ") + " } }"
}

// repeatedName reports two columns of the same name.
func (r *Reader) repeatedName(first, second int, name string) error {
	hint := "name all columns yourself, in the order of the file: { columns = { \"...\", \"...\" } }"
	if len(r.opt.Names) == 0 && r.works(func(o *Options) { o.RenameRepeated = true }) {
		hint = "pass { repeated = \"rename\" }, which calls the second one " + luatext.Quote(name+"_2") + ", or " + hint
	}
	return r.Errorf(max(r.header, 1), hint, "columns %d and %d are both named %q", first+1, second+1, name)
}

// encodingError reports a cell that is not UTF-8.
func (r *Reader) encodingError(i int, cell string) error {
	hint := "the file was probably saved by Excel or an older program: pass { encoding = \"windows-1252\" }"
	if r.wide || r.opt.Again != nil && r.wideBelow() {
		// Another encoding would change the text that is UTF-8.
		hint = "other cells are UTF-8, so the file mixes two encodings; export it again as UTF-8"
	}
	return r.Errorf(r.scan.lines[i]+r.skipped, hint, "cell %d is not valid UTF-8: %s", i+1, luatext.Quote(invalid.Cut(cell, 40)))
}

// wideBelow reports whether a line of the text holds characters other than ASCII in
// UTF-8.
func (r *Reader) wideBelow() bool {
	src, err := r.opt.Again()
	if err != nil {
		return false
	}
	defer func() { _ = src.Close() }()
	text, err := textfile.Open(r.name, src, textfile.Options{})
	if err != nil {
		return false
	}
	for line := newScanner(text.Reader, Dialect{}); line.next() == nil; {
		if utf8.Valid(line.line) && utf8.RuneCount(line.line) < len(line.line) {
			return true
		}
	}
	return false
}

// Doubt says what makes the header row doubtful, or returns "": it names few of the
// columns, and a row below names them all, as in reports whose lines are all of the
// same length.
func (r *Reader) Doubt() string {
	named := 0
	for i, name := range r.Columns {
		if name != ColumnName(i) {
			named++
		}
	}
	if !r.opt.Header || r.rejected || len(r.opt.Find) > 0 || 2*named > len(r.Columns) || r.opt.Again == nil {
		return ""
	}
	line, below := 0, 0
	_ = r.try(func(*Options) {}, func(cells []string) bool {
		below++
		if !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) == "" }) && len(cells) == len(r.Columns) {
			line = below
		}
		return line == 0 && below < 10
	})
	if line == 0 {
		return ""
	}
	return fmt.Sprintf("%s, line %d: the header names only %d of %s; if the header is further down, skip the lines above it with { skip = ... } or find it with { header = { \"...\" } }",
		r.name, r.header, named, english.Plural(len(r.Columns), "column", ""))
}
