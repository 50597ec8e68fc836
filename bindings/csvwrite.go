package bindings

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/export"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/planhat/catalog"
)

// csvWriter turns Lua tables into CSV text.
type csvWriter struct {
	*target
	log Logger
	opt csvWriteOpts
	out *csvtext.Writer
	// count counts the rows; headed reports whether there is a header row.
	count  int
	headed bool
	// strict reports whether the columns came from the rows or the file, so
	// that another field would be lost.
	strict  bool
	missing missingColumns
	record  []string
}

// newCSVWriter returns a writer. existing reports whether the file holds text
// already.
func newCSVWriter(log Logger, to *target, opt csvWriteOpts, existing bool) *csvWriter {
	out := csvtext.NewWriter(to, cmp.Or(opt.separator, ','), opt.crlf, existing)
	return &csvWriter{target: to, log: log, opt: opt, out: out, headed: !opt.header, missing: missingColumns{columns: slices.Clone(opt.columns)}}
}

// createCSV opens a file for writing. When rows are added to a file, its header row
// decides the columns.
func createCSV(a *Args, name string, opt csvWriteOpts) (_ *csvWriter, err error) {
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
	w := newCSVWriter(a.Host.Log, to, opt, existing)
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
	r, err := csvtext.NewReader(name, src, csvtext.Options{Header: true, Dialect: csvtext.Dialect{Separator: o.separator}})
	switch {
	case err != nil:
		return src.fail(err)
	case r.Rejected():
		return invalid.Errorf("write another file", "%s holds rejected rows, so no others can be added to it", name)
	case !r.Plain:
		return invalid.Errorf("write another file", "%s is compressed or not in UTF-8, so rows cannot be added to it", name)
	}
	o.separator = r.Separator
	if o.columns == nil {
		o.columns = r.Columns
		if o.excelSafe {
			o.columns = unguarded(o.columns)
		}
		return nil
	}
	if titles := o.titleRow(); !slices.Equal(titles, r.Columns) {
		return invalid.Errorf("use the same columns in the same order, or write another file",
			"%s has the columns %s; rows with the columns %s cannot be added to it", name, strings.Join(r.Columns, ", "), strings.Join(titles, ", "))
	}
	return nil
}

// unguarded returns the names of columns without the ' that titleRow puts before
// them.
func unguarded(titles []string) []string {
	names := slices.Clone(titles)
	for i, title := range titles {
		if name, ok := strings.CutPrefix(title, "'"); ok && csvtext.Guard(name) == title {
			names[i] = name
		}
	}
	return names
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
	if list.Len() == 0 && !luajson.IsEmpty(list) {
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
		Fill(row)
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
		if !w.headed && w.opt.columns == nil && row.MaxN() == 0 {
			return w.errorf("the row has no fields, so the columns are not known; pass them with 'columns'")
		}
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

// writeRecord writes a record of Planhat's.
func (w *csvWriter) writeRecord(cells []export.Cell) error {
	if err := w.header(); err != nil {
		return err
	}
	w.record = w.record[:0]
	for _, c := range cells {
		if w.opt.excelSafe && c.Kind == export.Text {
			c.Text = csvtext.Guard(c.Text)
		}
		w.record = append(w.record, c.Text)
	}
	w.count++
	return w.fail(w.out.Write(w.record))
}

// cells returns a row's values in the order of the columns.
func (w *csvWriter) cells(L *lua.LState, row *lua.LTable) ([]lua.LValue, error) {
	columns := w.opt.columns
	if n := row.MaxN(); n > 0 {
		if columns != nil && n > len(columns) {
			return nil, w.errorf("the row is a list of %s, but the file has %s", english.Plural(n, "cell", ""), english.Plural(len(columns), "column", ""))
		}
		for k, _ := row.Next(lua.LNil); k != lua.LNil; k, _ = row.Next(k) {
			if name, ok := k.(lua.LString); ok {
				return nil, w.errorf("the row holds both list items and the field %q; a row is one or the other", string(name))
			}
		}
		cells := make([]lua.LValue, max(n, len(columns)))
		for i := range cells {
			cells[i] = row.RawGetInt(i + 1)
		}
		return cells, nil
	}
	if w.strict {
		Fill(row)
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
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return "", fmt.Errorf("%s is not a number that a file can hold; look for a division by zero", luatext.Number(f))
		}
		return luatext.Number(float64(v)), nil
	case lua.LBool:
		return v.String(), nil
	case lua.LString:
		if !utf8.ValidString(string(v)) {
			return "", fmt.Errorf("the text %s is not valid UTF-8; if it comes from a file, name its encoding when you read it", luatext.Quote(invalid.Cut(string(v), 40)))
		}
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
		err = w.fail(w.out.Flush())
	}
	if err = w.finish(err); err == nil {
		w.missing.warn(ctx, w.log, w.name)
	}
	return err
}

func (w *csvWriter) errorf(format string, args ...any) error {
	return invalid.Errorf("", "%s, row %d: %s", w.name, w.count+1, fmt.Sprintf(format, args...))
}
