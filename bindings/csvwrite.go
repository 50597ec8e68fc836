package bindings

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/planhat/catalog"
)

var csvWriteOptions = []Field{
	{Name: "columns", Type: "string[]", Doc: "The fields to write, in order; `custom.Tier` reads from a field that is a table. Other fields are left out. A column that no row has stays empty, with a warning. Default: all fields of the list's rows, or of an iterator's first row, in alphabetical order."},
	{Name: "titles", Type: "table<string, string>", Doc: "The texts of the header row, by column. A name that is not a column is an error. Default: the column's name."},
	{Name: "header", Type: "boolean", Doc: "Whether to write a header row. Default: true."},
	{Name: "append", Type: "boolean", Doc: "Add to the end of the file. The columns are those of its header row; if you also pass `columns`, they must be the same. A new file gets a header row. Default: false."},
	{Name: "separator", Type: "string", Doc: "The character between cells. Default: `,`."},
	{Name: "crlf", Type: "boolean", Doc: "End lines with CRLF instead of LF. Default: false."},
	{Name: "bom", Type: "boolean", Doc: "Begin a new file with a byte order mark, so that Excel recognizes UTF-8. Default: false."},
	{Name: "excel_safe", Type: "boolean", Doc: "Put a `'` before texts that Excel would run as a formula (those that begin with `=`, `+`, `-` or `@`). Use it for files that hold text from strangers and that people open in Excel. Default: false."},
}

// csvWriteOpts are the checked options of a writing function.
type csvWriteOpts struct {
	columns                                []string
	titles                                 map[string]string
	header, appendTo, crlf, bom, excelSafe bool
	separator                              rune
}

func readCSVWriteOptions(a *Args, i int) (csvWriteOpts, error) {
	o := a.Options(i)
	opt := csvWriteOpts{
		separator: ',', columns: o.Strings("columns"), header: !o.Has("header") || o.Bool("header"), appendTo: o.Bool("append"),
		crlf: o.Bool("crlf"), bom: o.Bool("bom"), excelSafe: o.Bool("excel_safe"),
	}
	separator, err := separatorOption(a, o, ",")
	if err != nil {
		return opt, err
	}
	if separator != 0 {
		opt.separator = separator
	}
	if o.Has("columns") && len(opt.columns) == 0 {
		return opt, a.Errorf("'columns' must be a list of at least one name, such as { \"id\", \"name\" }")
	}
	for i, name := range opt.columns {
		if slices.Index(opt.columns, name) < i {
			return opt, a.Errorf("'columns' names '%s' twice", name)
		}
	}
	if t, ok := o.Get("titles").(*lua.LTable); ok {
		if opt.titles, err = textTable(a, "titles", t); err != nil {
			return opt, err
		}
	}
	return opt, opt.checkTitles()
}

// checkTitles rejects a title that does not name a column, once the columns are
// known.
func (o *csvWriteOpts) checkTitles() error {
	if o.columns == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(o.titles)) {
		if !slices.Contains(o.columns, name) {
			return invalid.Errorf("use the names of columns as keys, such as { mrr = \"MRR in EUR\" }",
				"the option 'titles' names '%s', which is not a column%s; the columns are: %s", name, catalog.DidYouMean(name, o.columns), strings.Join(o.columns, ", "))
		}
	}
	return nil
}

// titleRow returns the texts of the header row.
func (o *csvWriteOpts) titleRow() []string {
	titles := slices.Clone(o.columns)
	for i, column := range titles {
		if title, ok := o.titles[column]; ok {
			titles[i] = title
		}
	}
	return titles
}

// csvWriter turns Lua tables into CSV text.
type csvWriter struct {
	*target
	log Logger
	opt csvWriteOpts
	out *csv.Writer
	// count counts the rows; headed reports whether there is a header row.
	count  int
	headed bool
	// strict reports whether the columns came from the rows or the file, so
	// that another field would be lost.
	strict  bool
	missing missingColumns
	record  []string
}

func newCSVWriter(log Logger, to *target, opt csvWriteOpts) *csvWriter {
	out := csv.NewWriter(to)
	out.Comma, out.UseCRLF = opt.separator, opt.crlf
	return &csvWriter{target: to, log: log, opt: opt, out: out, headed: !opt.header, missing: missingColumns{columns: slices.Clone(opt.columns)}}
}

// createCSV opens the file of a call's first argument for writing, with the options
// of argument options. When rows are added to a file, its header row decides the
// columns.
func createCSV(a *Args, options int) (*csvWriter, error) {
	opt, err := readCSVWriteOptions(a, options)
	if err != nil {
		return nil, err
	}
	name := a.String(0)
	existing, midline, chosen := false, false, opt.columns != nil
	if opt.appendTo {
		if existing, midline, err = textEnd(a, name); err != nil {
			return nil, err
		}
	}
	if existing && opt.header {
		if err := opt.continueFile(a, name); err != nil {
			return nil, err
		}
	}
	to, err := openTarget(a, name, opt.appendTo)
	if err != nil {
		return nil, err
	}
	w := newCSVWriter(a.Host.Log, to, opt)
	w.headed = w.headed || existing
	w.strict = existing && opt.header && !chosen
	if !chosen {
		w.missing = missingColumns{}
	}
	start := ""
	switch {
	case midline:
		start = "\n"
	case opt.bom && !existing:
		start = "\ufeff"
	}
	if _, err := io.WriteString(to, start); err != nil {
		return nil, to.finish(to.fail(err))
	}
	return w, nil
}

// continueFile takes the columns from the header row of a file that rows are added
// to, or checks that they are the same.
func (o *csvWriteOpts) continueFile(a *Args, name string) error {
	src, err := openSource(a, name)
	if err != nil {
		return err
	}
	defer src.done()
	r, err := csvtext.NewReader(name, src, csvtext.Options{Header: true, Separator: o.separator})
	if err != nil {
		return src.fail(err)
	}
	if o.columns == nil {
		o.columns = r.Columns
		return nil
	}
	if titles := o.titleRow(); !slices.Equal(titles, r.Columns) {
		return invalid.Errorf("use the same columns in the same order, or write another file",
			"%s has the columns %s; rows with the columns %s cannot be added to it", name, strings.Join(r.Columns, ", "), strings.Join(titles, ", "))
	}
	return nil
}

// writeAll writes a list of rows, or all that an iterator gives.
func (w *csvWriter) writeAll(L *lua.LState, rows lua.LValue) error {
	// An error that the iterator raises passes through here as a panic.
	ended := false
	defer func() {
		if !ended {
			w.abort()
		}
	}()
	err := w.writeEach(L, rows)
	ended = true
	return err
}

func (w *csvWriter) writeEach(L *lua.LState, rows lua.LValue) error {
	if next, ok := rows.(*lua.LFunction); ok {
		for row := range drained(L, next) {
			if err := w.writeValue(L, row); err != nil {
				return err
			}
		}
		return w.header()
	}
	list := rows.(*lua.LTable)
	if list.Len() == 0 && !isEmpty(list) {
		return invalid.Errorf("to write a single row, pass { row }", "the rows must be a list of tables, not one table with named fields")
	}
	all := items(list)
	if w.opt.columns == nil {
		w.opt.columns = allFields(all...)
	}
	for _, row := range all {
		if err := w.writeValue(L, row); err != nil {
			return err
		}
	}
	return w.header()
}

// allFields returns the names of the fields of all rows, in alphabetical order,
// or nil.
func allFields(rows ...lua.LValue) []string {
	seen := map[string]bool{}
	for _, v := range rows {
		row, ok := v.(*lua.LTable)
		if !ok {
			continue
		}
		for k, _ := row.Next(lua.LNil); k != lua.LNil; k, _ = row.Next(k) {
			if name, ok := k.(lua.LString); ok {
				seen[string(name)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func (w *csvWriter) writeValue(L *lua.LState, v lua.LValue) error {
	row, ok := v.(*lua.LTable)
	if !ok {
		return w.errorf("a row must be a table, not %s", describeValue(v))
	}
	return w.write(L, row)
}

// write writes one row.
func (w *csvWriter) write(L *lua.LState, row *lua.LTable) error {
	if w.opt.columns == nil {
		w.opt.columns = allFields(row)
		w.strict = w.opt.columns != nil
	}
	if err := w.header(); err != nil {
		return err
	}
	cells, err := w.cells(L, row)
	if err != nil {
		return err
	}
	w.record = w.record[:0]
	for i, v := range cells {
		text, err := w.cell(L, v)
		if err != nil {
			name := strconv.Itoa(i + 1)
			if i < len(w.opt.columns) {
				name = w.opt.columns[i]
			}
			return w.errorf("column %q: %v", name, err)
		}
		w.record = append(w.record, text)
	}
	if err := w.out.Write(w.record); err != nil {
		return w.fail(err)
	}
	w.count++
	w.missing.see(L, row)
	return nil
}

// cells returns a row's values in the order of the columns.
func (w *csvWriter) cells(L *lua.LState, row *lua.LTable) ([]lua.LValue, error) {
	columns := w.opt.columns
	if n := row.MaxN(); n > 0 {
		if columns != nil && n > len(columns) {
			return nil, w.errorf("the row is a list of %s, but the file has %s", english.Plural(n, "cell", ""), english.Plural(len(columns), "column", ""))
		}
		cells := make([]lua.LValue, max(n, len(columns)))
		for i := range cells {
			cells[i] = row.RawGetInt(i + 1)
		}
		return cells, nil
	}
	if w.strict {
		for k, _ := row.Next(lua.LNil); k != lua.LNil; k, _ = row.Next(k) {
			name := lua.LVAsString(k)
			written := func(column string) bool { return column == name || strings.HasPrefix(column, name+".") }
			if !slices.ContainsFunc(columns, written) {
				return nil, w.errorf("the row has the field %q, which is not a column%s; unless you pass 'columns', the columns are those of the file or of the first row", name, catalog.DidYouMean(name, columns))
			}
		}
	}
	cells := make([]lua.LValue, len(columns))
	for i, column := range columns {
		cells[i] = fieldOf(L, row, column)
	}
	return cells, nil
}

// fieldOf returns a row's field. If there is none of that name, the part before
// a dot names a table.
func fieldOf(L *lua.LState, row *lua.LTable, column string) lua.LValue {
	v := L.GetField(row, column)
	if v != lua.LNil {
		return v
	}
	outer, inner, dotted := strings.Cut(column, ".")
	if !dotted {
		return lua.LNil
	}
	if t, ok := L.GetField(row, outer).(*lua.LTable); ok {
		return fieldOf(L, t, inner)
	}
	return lua.LNil
}

// cell returns a value as the text of a cell.
func (w *csvWriter) cell(L *lua.LState, v lua.LValue) (string, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return "", nil
	case lua.LNumber:
		return luatext.Number(float64(v)), nil
	case lua.LBool:
		return v.String(), nil
	case lua.LString:
		if w.opt.excelSafe {
			return csvtext.Guard(string(v)), nil
		}
		return string(v), nil
	case *lua.LTable:
		b, err := CodecOf(L).EncodeBytes(v, EncodeOptions{})
		return string(b), err
	}
	if CodecOf(L).IsNull(v) {
		return "", nil
	}
	return "", fmt.Errorf("a %s cannot be written to a cell", v.Type())
}

// header writes the header row, once.
func (w *csvWriter) header() error {
	if w.headed || w.opt.columns == nil {
		return nil
	}
	if err := w.opt.checkTitles(); err != nil {
		return err
	}
	w.headed = true
	return w.fail(w.out.Write(w.opt.titleRow()))
}

// end completes the file, or discards it if err is set.
func (w *csvWriter) end(ctx context.Context, err error) error {
	if err == nil {
		err = w.header()
	}
	if err == nil {
		w.out.Flush()
		err = w.fail(w.out.Error())
	}
	if err = w.finish(err); err == nil {
		w.missing.warn(ctx, w.log, w.name)
	}
	return err
}

func (w *csvWriter) errorf(format string, args ...any) error {
	return invalid.Errorf("", "%s, row %d: %s", w.name, w.count+1, fmt.Sprintf(format, args...))
}
