package xlsx

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/export"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/planhat/catalog"
)

const (
	defaultSheet = "Sheet1"
	// epoch is the number of 1970-01-01 in Excel, firstDay that of 1900-03-01, before which
	// Excel counts a day that did not exist, and lastDay that of 9999-12-31.
	epoch    = 25_569
	firstDay = 61
	lastDay  = 2_958_465
)

// book is a workbook that is written.
type book struct {
	name   string
	file   *output
	out    *export.Workbook
	sheet  *sheet
	closed bool
}

// sheet is the sheet to which rows are written.
type sheet struct {
	name    string
	columns []string
	titles  map[string]string
	dates   []string
	// header reports whether a header row is to be written. strict reports whether the
	// columns came from the first row, so another field would be lost.
	header, strict bool
	count          int
	// unseen are the chosen columns that no row had.
	unseen map[string]bool
	cells  []export.Cell
}

// output is the file, whose errors name it.
type output struct {
	host   *bindings.Host
	name   string
	file   io.WriteCloser
	failed error
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	if err != nil {
		o.failed = bindings.FileError(o.host.Files, "write", o.name, err)
	}
	return n, o.failed
}

func create(a *bindings.Args, name string) (*book, error) {
	if err := refusedName(name); err != nil {
		return nil, a.Errorf("%w", err)
	}
	file, err := a.Host.Files.OpenWrite(name, false)
	if err != nil {
		return nil, bindings.FileError(a.Host.Files, "write", name, err)
	}
	out := &output{host: a.Host, name: name, file: file}
	return &book{name: name, file: out, out: export.NewWorkbook(out)}, nil
}

// abort discards what was written. If the host cannot discard it, the file stays open,
// because closing would publish it.
func (b *book) abort() {
	b.closed = true
	if f, ok := b.file.file.(bindings.Aborter); ok {
		_ = f.Abort() // the error that led here is the one to report
	}
}

// close completes the file.
func (b *book) close(a *bindings.Args) error {
	b.closed = true
	if b.sheet == nil {
		if err := b.begin(a, defaultSheet, bindings.Options{}); err != nil {
			b.abort()
			return err
		}
	}
	err := b.endSheet(a)
	if err == nil {
		err = b.out.Close()
	}
	if err != nil {
		b.abort()
		return err
	}
	return bindings.FileError(a.Host.Files, "write", b.name, b.file.file.Close())
}

// begin begins a sheet.
func (b *book) begin(a *bindings.Args, name string, o bindings.Options) error {
	s := &sheet{name: name, columns: o.Strings("columns"), dates: o.Strings("dates"), header: !o.Has("header") || o.Bool("header"), titles: map[string]string{}}
	if o.Has("columns") && len(s.columns) == 0 {
		return a.Errorf("'columns' must be a list of at least one name, such as { \"id\", \"name\" }")
	}
	for i, column := range s.columns {
		if slices.Index(s.columns, column) < i {
			return a.Errorf("'columns' names '%s' twice", column)
		}
	}
	if t, ok := o.Get("titles").(*lua.LTable); ok {
		var bad error
		t.ForEach(func(k, v lua.LValue) {
			if k.Type() != lua.LTString || !lua.LVCanConvToString(v) {
				bad = a.Errorf("option 'titles' must be a table of strings by name, such as { name = \"...\" }")
			}
			s.titles[lua.LVAsString(k)] = lua.LVAsString(v)
		})
		if bad != nil {
			return bad
		}
	}
	if s.columns != nil {
		s.unseen = map[string]bool{}
		for _, column := range s.columns {
			s.unseen[column] = true
		}
		if err := b.checkNames(s); err != nil {
			return err
		}
	}
	if err := b.endSheet(a); err != nil {
		return err
	}
	if err := b.out.Sheet(name); err != nil {
		return invalid.Errorf("", "%s, sheet %s: %v", b.name, luatext.Quote(invalid.Cut(name, 40)), err)
	}
	b.sheet = s
	return nil
}

// checkNames rejects titles and dates that do not name a column.
func (b *book) checkNames(s *sheet) error {
	for option, names := range map[string][]string{"titles": slices.Sorted(maps.Keys(s.titles)), "dates": s.dates} {
		for _, name := range names {
			if !slices.Contains(s.columns, name) {
				return invalid.Errorf("", "the option '%s' names '%s', which is not a column%s; the columns are: %s",
					option, name, catalog.DidYouMean(name, s.columns), strings.Join(s.columns, ", "))
			}
		}
	}
	return nil
}

// endSheet ends the latest sheet, if there is one.
func (b *book) endSheet(a *bindings.Args) error {
	s := b.sheet
	if s == nil {
		return nil
	}
	for _, column := range s.columns {
		if s.unseen[column] && s.count > 0 {
			text := fmt.Sprintf("%s, sheet %s: no row has the field '%s', so its column is empty", b.name, luatext.Quote(s.name), column)
			a.Host.Log.WarnOnce(a.Context(), text, text)
		}
	}
	return b.head()
}

// head writes the header row, once.
func (b *book) head() error {
	s := b.sheet
	if !s.header || s.columns == nil {
		return nil
	}
	if err := b.checkNames(s); err != nil {
		return err
	}
	s.header = false
	cells := make([]export.Cell, len(s.columns))
	for i, column := range s.columns {
		cells[i] = export.Cell{Kind: export.Text, Text: column}
		if title, ok := s.titles[column]; ok {
			cells[i].Text = title
		}
		if !utf8.ValidString(cells[i].Text) {
			return b.errorf("the title of column %d is not valid UTF-8", i+1)
		}
	}
	return b.put(cells)
}

// put writes a row of cells.
func (b *book) put(cells []export.Cell) error {
	err := b.out.Row(cells)
	if err == nil || b.file.failed != nil {
		return err
	}
	return b.errorf("%w", err)
}

func (b *book) writeValue(L *lua.LState, v lua.LValue) error {
	row, ok := v.(*lua.LTable)
	if !ok {
		return b.errorf("a row must be a table, not a %s", v.Type())
	}
	return b.write(L, row)
}

// write writes a row.
func (b *book) write(L *lua.LState, row *lua.LTable) error {
	s := b.sheet
	bindings.Fill(row)
	listed := row.MaxN()
	if s.columns == nil && listed == 0 {
		one := L.NewTable()
		one.Append(row)
		s.columns, s.strict = fieldsOf(one), true
	}
	if s.columns == nil && s.header && listed == 0 {
		return b.errorf("the row has no fields, so the columns are not known; pass them with 'columns'")
	}
	if err := b.head(); err != nil {
		return err
	}
	if err := b.fits(row, listed); err != nil {
		return err
	}
	s.cells = s.cells[:0]
	for i := range max(listed, len(s.columns)) {
		column := ""
		if i < len(s.columns) {
			column = s.columns[i]
		}
		v := row.RawGetInt(i + 1)
		if listed == 0 {
			v = fieldOf(L, row, column)
		}
		if v != lua.LNil {
			delete(s.unseen, column)
		}
		cell, err := b.cell(L, v, slices.Contains(s.dates, column))
		if err != nil {
			if column == "" {
				column = fmt.Sprint(i + 1)
			}
			return b.errorf("column %q: %w", column, err)
		}
		s.cells = append(s.cells, cell)
	}
	if err := b.put(s.cells); err != nil {
		return err
	}
	s.count++
	return nil
}

// fits checks whether a row has only cells for the columns.
func (b *book) fits(row *lua.LTable, listed int) error {
	s := b.sheet
	if listed > 0 && s.columns != nil && listed > len(s.columns) {
		return b.errorf("the row is a list of %s, but the sheet has %s", english.Plural(listed, "cell", ""), english.Plural(len(s.columns), "column", ""))
	}
	if listed == 0 && !s.strict {
		return nil
	}
	for k, _ := row.Next(lua.LNil); k != lua.LNil; k, _ = row.Next(k) {
		name, named := k.(lua.LString)
		if named && listed > 0 {
			return b.errorf("the row holds both list items and the field %q; a row is one or the other", string(name))
		}
		if named && !slices.Contains(s.columns, string(name)) {
			return b.errorf("the row has the field %q, which is not a column%s; unless you pass 'columns', the columns are those of the first row", string(name), catalog.DidYouMean(string(name), s.columns))
		}
	}
	return nil
}

// fieldsOf returns the names of the fields of all rows of a list, in alphabetical order,
// or nil.
func fieldsOf(list *lua.LTable) []string {
	seen := map[string]bool{}
	for i := 1; i <= list.Len(); i++ {
		row, ok := list.RawGetInt(i).(*lua.LTable)
		if !ok {
			continue
		}
		bindings.Fill(row)
		for k, _ := row.Next(lua.LNil); k != lua.LNil; k, _ = row.Next(k) {
			if name, ok := k.(lua.LString); ok {
				seen[string(name)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// fieldOf returns a row's field. If there is none of that name, the part before a dot
// names a table.
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

// cell returns a value as a cell.
func (b *book) cell(L *lua.LState, v lua.LValue, date bool) (export.Cell, error) {
	codec := bindings.CodecOf(L)
	switch v := v.(type) {
	case *lua.LNilType:
		return export.Cell{}, nil
	case lua.LBool:
		return export.Cell{Kind: export.Boolean, Text: v.String()}, nil
	case lua.LNumber:
		f := float64(v)
		switch {
		case math.IsNaN(f) || math.IsInf(f, 0):
			return export.Cell{}, fmt.Errorf("%s is not a number that a file can hold; look for a division by zero", luatext.Number(f))
		case date && f+epoch >= firstDay && f+epoch <= lastDay:
			return day(f + epoch), nil
		case date:
			return export.Cell{}, fmt.Errorf("%s is not the number of a day since 1970-01-01 that Excel can hold", luatext.Number(f))
		}
		return export.Cell{Kind: export.Number, Text: luatext.Number(f)}, nil
	case lua.LString:
		s := string(v)
		if !utf8.ValidString(s) {
			return export.Cell{}, fmt.Errorf("the text %s is not valid UTF-8; if it comes from a file, name its encoding when you read it", luatext.Quote(invalid.Cut(s, 40)))
		}
		if date && strings.TrimSpace(s) != "" {
			return moment(s)
		}
		return export.Cell{Kind: export.Text, Text: s}, nil
	case *lua.LTable:
		text, err := codec.EncodeBytes(v, bindings.EncodeOptions{})
		return export.Cell{Kind: export.Text, Text: string(text)}, err
	}
	if codec.IsNull(v) {
		return export.Cell{}, nil
	}
	return export.Cell{}, fmt.Errorf("a %s cannot be written to a cell", v.Type())
}

// moment reads a date. One that Excel's days cannot hold stays a text.
func moment(s string) (export.Cell, error) {
	at, dateOnly, err := calendar.Reader{Zone: time.UTC}.Read(s)
	if err != nil {
		return export.Cell{}, err
	}
	n := float64(at.Unix())/86_400 + epoch
	if n < firstDay || n >= lastDay+1 {
		return export.Cell{Kind: export.Text, Text: s}, nil
	}
	if dateOnly {
		return day(n), nil
	}
	return export.Cell{Kind: export.Moment, Text: luatext.Number(n)}, nil
}

// day is a cell that shows the day of a number, or the moment if it has a fraction.
func day(n float64) export.Cell {
	if n != math.Trunc(n) {
		return export.Cell{Kind: export.Moment, Text: luatext.Number(n)}
	}
	return export.Cell{Kind: export.Day, Text: luatext.Number(n)}
}

// errorf is an error about the next row.
func (b *book) errorf(format string, args ...any) error {
	return invalid.Errorf("", "%s, sheet %s, row %d: %s", b.name, luatext.Quote(b.sheet.name), b.sheet.count+1, fmt.Errorf(format, args...).Error())
}
