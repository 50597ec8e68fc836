package bindings

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/mapping"
	"github.com/phscript/phscript/bindings/internal/rowfile"
)

// csvReader turns CSV text into Lua tables, one row at a time.
type csvReader struct {
	*csvtext.Reader
	src *source
	opt csvOptions
	// convert holds the conversion of each column, or nil.
	convert  []convertCell
	problems *problems
	// from is where the rows come from.
	from *origin
	// columns are the names of the columns in tables, and typed reports whether any
	// column is converted.
	columns *luajson.Columns
	typed   bool
	// sheet, if set, is what the text is made from, and kinds are those of the cells of the
	// latest row.
	sheet *rowfile.Sheet
	kinds []mapping.Kind
}

// onCSV makes a function that reads its first argument, a file or a text, by the
// options in its second. It also returns the list of problems if they are collected.
func onCSV(open func(a *Args, name string) (*source, error), read func(*Args, *csvReader) (lua.LValue, error)) func(*Args) (int, error) {
	return func(a *Args) (int, error) {
		opt, err := readCSVOptions(a, 1)
		if err != nil {
			return 0, err
		}
		name := a.String(0)
		opt.Again = func() (io.ReadCloser, error) { return open(a, name) }
		src, err := open(a, name)
		if err != nil {
			return 0, err
		}
		return readRows(a, src, src, nil, opt, read)
	}
}

// readRows reads the rows of CSV text that comes from a source, or from a sheet in it.
func readRows(a *Args, src *source, text io.Reader, sheet *rowfile.Sheet, opt csvOptions, read func(*Args, *csvReader) (lua.LValue, error)) (int, error) {
	r, err := csvtext.NewReader(src.name, text, opt.Options)
	if err != nil {
		src.done()
		return 0, src.fail(err)
	}
	if doubt := r.Doubt(); doubt != "" {
		a.Host.Log.WarnOnce(a.Context(), doubt, doubt)
	}
	if n := r.Unknown(); n > 0 {
		text := mayBeStored(src.name, n)
		a.Host.Log.WarnOnce(a.Context(), text, text)
	}
	c := &csvReader{
		Reader: r, src: src, opt: opt, sheet: sheet, problems: newProblems(a, src.name, opt.collect),
		from: &origin{file: src.file(), titles: r.Titles, columns: r.Columns},
	}
	for _, name := range r.Columns {
		c.convert = append(c.convert, opt.convert[name])
		c.typed = c.typed || opt.convert[name] != nil
	}
	c.columns = luajson.NewColumns(r.Columns)
	v, err := read(a, c)
	return c.problems.give(a, v, err)
}

// mayBeStored warns of rows of a file of rejected rows.
func mayBeStored(name string, n int) string {
	if n == 1 {
		return name + ": 1 row has the state \"unknown\": Planhat may have stored it. Look it up in Planhat, and if it is there, delete it from the file " +
			"before you import the file: a row without a key would be stored twice"
	}
	return fmt.Sprintf("%s: %s rows have the state \"unknown\": Planhat may have stored them. Look them up in Planhat, and delete those that are there from the file "+
		"before you import it: rows without a key would be stored twice", name, humanize.Comma(int64(n)))
}

// next returns the next row that is not empty, and the line where it begins;
// io.EOF after the last one.
func (c *csvReader) next(L *lua.LState) (lua.LValue, int, error) {
	for {
		cells, line, err := c.Next()
		if c.sheet != nil && err == nil {
			line, c.kinds = c.sheet.Place(line)
		}
		var wrong *csvtext.RowError
		switch {
		case errors.As(err, &wrong) && c.opt.collect:
			at := c.place(wrong.Line, wrong.Cells)
			at.width, at.text = wrong.Columns, wrong.Text
			c.problems.add(wrong.Line, wrong.Err, map[string]lua.LValue{"row": c.text(L, wrong.Cells, at)})
			continue
		case errors.Is(err, io.EOF):
			return nil, 0, c.problems.end()
		case err != nil:
			return nil, 0, err
		}
		at := c.place(line, cells)
		own := at.cells
		if c.opt.Trim {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			own = slices.Clone(cells)
		}
		if c.Columns == nil {
			row, err := c.list(L, cells, at)
			switch {
			case err == nil:
				putPlace(row, at)
				return row, line, c.problems.good()
			case !c.opt.collect:
				return nil, 0, err
			}
			continue
		}
		values, err := c.convertAll(L, cells, at)
		switch {
		case err == nil:
			return c.row(L, own, values, at), line, c.problems.good()
		case !c.opt.collect:
			return nil, 0, err
		}
	}
}

// convertAll returns the values of a row's cells, nil if they are their text. The error
// is that of the last cell without a value; each is a problem if those are collected.
func (c *csvReader) convertAll(L *lua.LState, cells []string, at place) (values []lua.LValue, failed error) {
	if !c.typed && c.sheet == nil {
		return nil, nil
	}
	values = make([]lua.LValue, min(len(cells), len(c.Columns)))
	for i, cell := range cells {
		var err error
		name := csvtext.ColumnName(i)
		if i < len(values) {
			name = c.Columns[i]
			values[i], err = c.value(i, cell)
		} else {
			err = c.fault(i, cell)
		}
		if err != nil {
			failed = c.problem(L, cells, i, name, err, at)
		}
	}
	return values, failed
}

// problem returns the error about a cell, and notes it if problems are collected.
func (c *csvReader) problem(L *lua.LState, cells []string, i int, name string, err error, at place) error {
	data := &invalid.Error{}
	errors.As(err, &data)
	failed := c.Errorf(at.line, data.Hint, "column %q: %v", name, err)
	if c.opt.collect {
		c.problems.add(at.line, failed, map[string]lua.LValue{"row": c.text(L, cells, at), "column": lua.LString(name), "value": lua.LString(cells[i])})
	}
	return failed
}

// fault returns why a cell of the latest row has no value. Errors of a spreadsheet are
// texts in a column of texts.
func (c *csvReader) fault(i int, cell string) error {
	if i >= len(c.kinds) || c.kinds[i] == mapping.Error && i < len(c.Columns) && c.opt.texts[c.Columns[i]] {
		return nil
	}
	return c.kinds[i].Fault(cell)
}

// place is where the row of the cells comes from.
func (c *csvReader) place(line int, cells []string) place {
	return place{origin: c.from, line: line, cells: slices.Clone(cells)}
}

// row makes a table of cells and their values, if they are not their text. Cells beyond
// the columns are named by their number.
func (c *csvReader) row(L *lua.LState, cells []string, values []lua.LValue, at place) *lua.LTable {
	named := min(len(cells), len(c.Columns))
	row := CodecOf(L).NewRow(c.columns, cells[:named], values, c.opt.empty)
	putPlace(row, at)
	if named < len(cells) {
		Fill(row)
	}
	for i, cell := range cells[named:] {
		row.RawSetString(csvtext.ColumnName(named+i), lua.LString(cell))
	}
	return row
}

// text makes a table of cells that are left as they are. There may be more cells than
// columns.
func (c *csvReader) text(L *lua.LState, cells []string, at place) *lua.LTable {
	t := L.CreateTable(0, len(cells))
	for i, cell := range cells {
		name := csvtext.ColumnName(i)
		if i < len(c.Columns) {
			name = c.Columns[i]
		}
		t.RawSetString(name, lua.LString(cell))
	}
	putPlace(t, at)
	return t
}

// list makes a row that is a list.
func (c *csvReader) list(L *lua.LState, cells []string, at place) (row *lua.LTable, failed error) {
	if c.sheet == nil {
		return stringList(L, cells), nil
	}
	row = L.CreateTable(len(cells), 0)
	for i, cell := range cells {
		if err := c.fault(i, cell); err != nil {
			failed = c.problem(L, cells, i, csvtext.ColumnName(i), err, at)
		}
		row.RawSetInt(i+1, c.plain(i, cell))
	}
	return row, failed
}

// value returns the value of a cell of a column.
func (c *csvReader) value(i int, cell string) (lua.LValue, error) {
	if err := c.fault(i, cell); err != nil {
		return nil, err
	}
	convert := c.convert[i]
	if convert != nil {
		cell = strings.TrimSpace(cell)
	}
	switch {
	case cell == "":
		return c.opt.empty, nil
	case convert == nil:
		return c.plain(i, cell), nil
	case c.exact(i):
		return c.opt.exact[c.Columns[i]](cell)
	}
	return convert(cell)
}

// exact reports whether a cell of the latest row is a number, a boolean or a date as such.
func (c *csvReader) exact(i int) bool { return i < len(c.kinds) && c.kinds[i] == mapping.Exact }

// plain returns the value of a cell without a conversion.
func (c *csvReader) plain(i int, cell string) lua.LValue {
	if !c.exact(i) {
		return lua.LString(cell)
	}
	if cell == "true" || cell == "false" {
		return lua.LBool(cell == "true")
	}
	if n, err := strconv.ParseFloat(cell, 64); err == nil {
		return lua.LNumber(n)
	}
	return lua.LString(cell)
}

// readAll reads all rows and closes the source.
func readAll(a *Args, c *csvReader) (lua.LValue, error) {
	defer c.src.done()
	rows := a.L.NewTable()
	for {
		row, _, err := c.next(a.L)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, c.src.fail(err)
		}
		rows.Append(row)
	}
}

// SheetOptions are the options of ReadSheet: those of CSV that apply to a sheet.
func SheetOptions() []Field {
	fields := []Field{{Name: "sheet", Type: "string|integer", Doc: "The sheet, by its name or its number. Default: the first one."}}
	for _, f := range csvReadOptions {
		if !slices.Contains(formats["xlsx"].without, f.Name) {
			fields = append(fields, f)
		}
	}
	return fields
}

// ReadSheet reads a sheet of the workbook that argument 0 names, by the options in
// argument 1, and pushes its rows: a list of all, or an iterator. It also pushes the
// problems if they are collected.
func ReadSheet(a *Args, all bool) (int, error) {
	return onSheet(a, func(a *Args, c *csvReader) (lua.LValue, error) {
		if all {
			return readAll(a, c)
		}
		return c.src.iterator(a, c.next), nil
	})
}

// SheetColumns pushes the names of the columns of such a sheet.
func SheetColumns(a *Args) (int, error) {
	return onSheet(a, func(a *Args, c *csvReader) (lua.LValue, error) {
		c.src.done()
		return stringList(a.L, c.Columns), nil
	})
}

func onSheet(a *Args, read func(*Args, *csvReader) (lua.LValue, error)) (int, error) {
	opt, err := readCSVOptions(a, 1)
	if err != nil {
		return 0, err
	}
	src, whole, size, err := openBook(a, a.String(0))
	if err != nil {
		return 0, err
	}
	sheet, err := sheetOf(a, src, whole, size, a.Options(1).Get("sheet"))
	if err != nil {
		src.done()
		return 0, src.fail(err)
	}
	src.ReadCloser = &bookFile{src.ReadCloser, sheet}
	sheet.Skip, opt.Skip = opt.Skip, 0 // a row can have several lines
	opt.Separator, opt.Ragged, opt.Sheet = ',', true, true
	return readRows(a, src, sheet, sheet, opt, read)
}

// sheetOf opens a sheet by its name or its number.
func sheetOf(a *Args, src *source, whole io.ReaderAt, size int64, wanted lua.LValue) (*rowfile.Sheet, error) {
	name := lua.LVAsString(wanted)
	if n, ok := wanted.(lua.LNumber); ok {
		names, err := rowfile.SheetNames(src.name, whole, size)
		if err != nil {
			return nil, err
		}
		if n < 1 || int(n) > len(names) {
			return nil, a.Errorf("option 'sheet': %s has %s, so there is no sheet %s", src.name, english.Plural(len(names), "sheet", ""), n.String())
		}
		name = names[int(n)-1]
	}
	return rowfile.OpenSheet(src.name, whole, size, name, src.most)
}

// SheetNames returns the names of the sheets of a workbook.
func SheetNames(a *Args, name string) ([]string, error) {
	src, whole, size, err := openBook(a, name)
	if err != nil {
		return nil, err
	}
	defer src.done()
	names, err := rowfile.SheetNames(name, whole, size)
	return names, src.fail(err)
}

// openBook opens a workbook for reading at any place.
func openBook(a *Args, name string) (*source, io.ReaderAt, int64, error) {
	src, err := openSource(a, name)
	if err != nil {
		return nil, nil, 0, err
	}
	whole, size, err := src.whole()
	if err != nil {
		src.done()
		return nil, nil, 0, src.fail(err)
	}
	return src, whole, size, nil
}

// bookFile is a workbook and its sheet.
type bookFile struct {
	io.ReadCloser
	sheet *rowfile.Sheet
}

func (f *bookFile) Close() error { return errors.Join(f.sheet.Close(), f.ReadCloser.Close()) }
