package bindings

import (
	"bufio"
	"bytes"
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
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/planhat/catalog"
)

// csvReader turns CSV text into Lua tables, one row at a time.
type csvReader struct {
	files Files
	name  string
	opt   csvOptions
	src   io.Closer
	r     *csv.Reader
	// skipped counts the lines before those that r sees.
	skipped int
	// checked reports whether the text must be valid UTF-8.
	checked bool
	columns []csvColumn
}

// csvColumn is one column of a file with a header row.
type csvColumn struct {
	name    string
	convert func(cell string) (lua.LValue, error)
}

// openCSVArg opens the file of a call's first argument, with the options of its
// second.
func openCSVArg(a *Args) (*csvReader, error) {
	opt, err := readCSVOptions(a, 1)
	if err != nil {
		return nil, err
	}
	return openCSV(a, a.String(0), opt)
}

// openCSV opens a file for reading; see newCSVReader.
func openCSV(a *Args, name string, opt csvOptions) (*csvReader, error) {
	f, err := openRead(a.Host.Files, name)
	if err != nil {
		return nil, err
	}
	r, err := newCSVReader(a.Host.Files, name, f, opt)
	if err != nil {
		closeRead(f)
	}
	return r, err
}

// newCSVReader starts to read src, called name in messages: it detects the byte
// order mark and the separator, and reads the header row.
func newCSVReader(files Files, name string, src io.ReadCloser, opt csvOptions) (*csvReader, error) {
	c := &csvReader{files: files, name: name, opt: opt, src: src}
	text, err := c.decode(src)
	if err != nil {
		return nil, err
	}
	if text, err = c.lineEnds(text); err != nil {
		return nil, err
	}
	separator, err := c.separator(text)
	if err != nil {
		return nil, err
	}
	c.r = csv.NewReader(text)
	c.r.Comma = separator
	c.r.FieldsPerRecord = -1
	c.r.LazyQuotes = opt.lazyQuotes
	c.r.ReuseRecord = true
	if opt.header || len(opt.names) > 0 {
		err = c.readHeader()
	}
	return c, err
}

// charmaps are the one-byte encodings, by the names people use for them.
var charmaps = map[string]*charmap.Charmap{
	"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252,
	"windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254, "windows-1257": charmap.Windows1257,
	"cp1252": charmap.Windows1252, "ansi": charmap.Windows1252,
	"iso-8859-1": charmap.ISO8859_1, "latin1": charmap.ISO8859_1, "iso-8859-2": charmap.ISO8859_2, "iso-8859-15": charmap.ISO8859_15,
	"macintosh": charmap.Macintosh, "cp850": charmap.CodePage850, "cp437": charmap.CodePage437,
}

var encodingNames = func() []string {
	names := []string{"utf-8", "utf-16", "utf-16le", "utf-16be"}
	for name := range charmaps {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

// decode returns src as UTF-8 without a byte order mark. A mark overrides the
// script's encoding.
func (c *csvReader) decode(src io.Reader) (*bufio.Reader, error) {
	raw := bufio.NewReaderSize(src, 64<<10)
	mark, err := raw.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fileError(c.files, "read", c.name, err)
	}
	if err := noWorkbook(c.name, mark); err != nil {
		return nil, err
	}
	var enc encoding.Encoding
	switch name := strings.ToLower(c.opt.encoding); {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		c.checked = true
		_, err := raw.Discard(3)
		return raw, err
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")), name == "utf-16":
		enc = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case name == "utf-16le":
		enc = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case name == "utf-16be":
		enc = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case charmaps[name] != nil:
		enc = charmaps[name]
	default:
		c.checked = true
		return raw, noUTF16(c.name, mark)
	}
	return bufio.NewReaderSize(transform.NewReader(raw, enc.NewDecoder()), 64<<10), nil
}

// separator returns the character between cells: the script's, that of a line
// "sep=;" as Excel writes it, or the likeliest one in the first line.
func (c *csvReader) separator(text *bufio.Reader) (rune, error) {
	head, err := text.Peek(32 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fileError(c.files, "read", c.name, err)
	}
	declared := rune(0)
	if line, _, _ := bytes.Cut(head, []byte("\n")); bytes.HasPrefix(line, []byte("sep=")) {
		declared, _ = utf8.DecodeRune(line[4:])
		if _, err := text.Discard(min(len(line)+1, len(head))); err != nil {
			return 0, fileError(c.files, "read", c.name, err)
		}
		c.skipped = 1
	}
	switch {
	case c.opt.separator != 0:
		return c.opt.separator, nil
	case declared != 0 && declared != '\r':
		return declared, nil
	}
	return likeliestSeparator(head), nil
}

// likeliestSeparator returns the candidate that occurs most often in the first
// line, outside quotes, or a comma.
func likeliestSeparator(head []byte) rune {
	counts := map[byte]int{}
	quoted := false
	for _, b := range head {
		if b == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if b == '\n' {
			break
		}
		counts[b]++
	}
	best := byte(',')
	for _, b := range []byte(";\t|") {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return rune(best)
}

func (c *csvReader) readHeader() error {
	var names []string
	if c.opt.header {
		record, err := c.record()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		for i, cell := range record {
			if cell = strings.TrimSpace(cell); cell == "" {
				cell = columnName(i)
			}
			names = append(names, cell)
		}
		if renamed := c.opt.names; len(renamed) > 0 && err == nil {
			if len(renamed) != len(names) {
				return c.errorf(1, "pass one name per column of the header: "+strings.Join(names, ", "),
					"'columns' names %s, but the header row has %d", english.Plural(len(renamed), "column", ""), len(names))
			}
			names = renamed
		}
		for from := range c.opt.renames {
			if !slices.Contains(names, from) {
				return c.unknownColumn("columns", from, names)
			}
		}
		for i, name := range names {
			if to, ok := c.opt.renames[name]; ok {
				names[i] = to
			}
		}
	} else {
		names = c.opt.names
	}
	for _, name := range c.opt.required {
		if !slices.Contains(names, name) {
			return c.unknownColumn("required", name, names)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.opt.types)) {
		if !slices.Contains(names, name) && len(names) > 0 {
			return c.unknownColumn(c.opt.types[name].option, name, names)
		}
	}
	for i, name := range names {
		if first := slices.Index(names, name); first < i {
			return c.errorf(1, "name all columns yourself, in the order of the file: { columns = { \"...\", \"...\" } }",
				"columns %d and %d are both named %q", first+1, i+1, name)
		}
		c.columns = append(c.columns, csvColumn{name, c.opt.types[name].convert})
	}
	return nil
}

func columnName(i int) string { return "column_" + strconv.Itoa(i+1) }

func (c *csvReader) unknownColumn(option, name string, names []string) error {
	known := "the file is empty"
	if len(names) > 0 {
		known = "the file has: " + strings.Join(names, ", ")
	}
	return &invalid.Error{
		Message: fmt.Sprintf("%s has no column %q, which the option '%s' names%s", c.name, name, option, catalog.DidYouMean(name, names)),
		Hint:    known,
	}
}

func (c *csvReader) errorf(line int, hint, format string, args ...any) error {
	return &invalid.Error{Message: fmt.Sprintf("%s, line %d: ", c.name, line) + fmt.Sprintf(format, args...), Hint: hint}
}

// record reads the next row's cells, which are valid until the next call.
func (c *csvReader) record() ([]string, error) {
	record, err := c.r.Read()
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse) && parse.Line != parse.StartLine && errors.Is(parse.Err, csv.ErrQuote):
		return nil, c.errorf(parse.StartLine+c.skipped, "close the quote; inside a quoted cell, write a quote twice (\"\")",
			"a cell begins with a quote (\") that is not closed correctly by line %d", parse.Line+c.skipped)
	case errors.As(err, &parse):
		return nil, c.errorf(parse.Line+c.skipped, "quote the whole cell and write the quote twice (\"\"), or read with { lazy_quotes = true }",
			"unexpected quote (\") at character %d", parse.Column)
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, fileError(c.files, "read", c.name, err)
	}
	if !c.checked {
		return record, nil
	}
	for i, cell := range record {
		if !utf8.ValidString(cell) {
			line, _ := c.r.FieldPos(i)
			return nil, c.errorf(line+c.skipped, "the file was probably saved by Excel or an older program: pass { encoding = \"windows-1252\" }",
				"cell %d is not valid UTF-8: %s", i+1, quoteLua(invalid.Cut(cell, 40)))
		}
	}
	return record, nil
}

// next returns the next row that is not empty, and the line where it begins;
// io.EOF after the last one.
func (c *csvReader) next(L *lua.LState) (*lua.LTable, int, error) {
	for {
		record, err := c.record()
		if err != nil {
			return nil, 0, err
		}
		if !slices.ContainsFunc(record, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			continue
		}
		line, _ := c.r.FieldPos(0)
		line += c.skipped
		if c.columns == nil {
			return c.list(L, record), line, nil
		}
		t, err := c.row(L, record, line)
		return t, line, err
	}
}

func (c *csvReader) list(L *lua.LState, record []string) *lua.LTable {
	t := L.CreateTable(len(record), 0)
	for _, cell := range record {
		if c.opt.trim {
			cell = strings.TrimSpace(cell)
		}
		t.Append(lua.LString(cell))
	}
	return t
}

func (c *csvReader) row(L *lua.LState, record []string, line int) (*lua.LTable, error) {
	for len(record) > len(c.columns) && record[len(record)-1] == "" {
		record = record[:len(record)-1]
	}
	if len(record) != len(c.columns) && !c.opt.ragged {
		return nil, c.errorf(line, "there is probably a missing or extra separator or quote; to allow rows of different lengths, pass { ragged = \"allow\" }",
			"the row has %s, but there are %s", english.Plural(len(record), "cell", ""), english.Plural(len(c.columns), "column", ""))
	}
	t := L.CreateTable(0, len(c.columns))
	for i, cell := range record {
		if i >= len(c.columns) {
			t.RawSetString(columnName(i), lua.LString(cell))
			continue
		}
		column := &c.columns[i]
		if c.opt.trim || column.convert != nil {
			cell = strings.TrimSpace(cell)
		}
		switch {
		case cell == "":
			if v := c.opt.empty(L); v != lua.LNil {
				t.RawSetString(column.name, v)
			}
		case column.convert == nil:
			t.RawSetString(column.name, lua.LString(cell))
		default:
			v, err := column.convert(cell)
			if err != nil {
				hint := ""
				var data *invalid.Error
				if errors.As(err, &data) {
					hint = data.Hint
				}
				return nil, c.errorf(line, hint, "column %q: %v", column.name, err)
			}
			t.RawSetString(column.name, v)
		}
	}
	return t, nil
}

// all reads the remaining rows and closes the source.
func (c *csvReader) all(L *lua.LState) (*lua.LTable, error) {
	defer closeRead(c.src)
	rows := L.NewTable()
	for {
		row, _, err := c.next(L)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows.Append(row)
	}
}

// names returns the columns' names as a Lua list.
func (c *csvReader) names(L *lua.LState) *lua.LTable {
	t := L.CreateTable(len(c.columns), 0)
	for _, column := range c.columns {
		t.Append(lua.LString(column.name))
	}
	return t
}
