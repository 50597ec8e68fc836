package bindings

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/planhat/catalog"
)

var csvReadOptions = []Field{
	{Name: "header", Type: "boolean", Doc: "Whether the first row names the columns. Default: true. With `false`, rows are lists of strings unless `columns` names the columns."},
	{Name: "separator", Type: "string", Doc: "The character between cells. Default: `\"auto\"`, which looks for `,` `;` tab or `|` in the first line."},
	{Name: "encoding", Type: "string", Doc: "The file's encoding: `\"utf-8\"` (default), `\"windows-1252\"`, `\"iso-8859-1\"`, `\"utf-16\"` and others. A byte order mark is detected automatically."},
	{Name: "columns", Type: "string[]|table<string, string>", Doc: "A list of names for all columns, in the order of the file, instead of those in the header; or a table that renames some: `{ [\"Account Name\"] = \"name\" }`."},
	{Name: "required", Type: "string[]", Doc: "Columns that must exist, by their names after renaming."},
	{Name: "trim", Type: "boolean", Doc: "Whether to trim white space from both ends of each cell. Names in the header are always trimmed. Default: false."},
	{Name: "empty", Type: "string", Doc: "What an empty cell becomes: `\"nil\"` (default) leaves the field out, so an upsert keeps the stored value; `\"text\"` gives an empty string; `\"null\"` gives `json.null`, which clears the stored value. In rows that are lists, it is always an empty string."},
	{Name: "numbers", Type: "string[]", Doc: "Columns to convert to numbers. Other cells stay text."},
	{Name: "types", Type: "table<string, string>", Doc: "Types by column: `\"number\"`, `\"boolean\"` (true/false, yes/no, 1/0), `\"date\"` (ISO text), `\"days\"` (days since 1970-01-01) or `\"text\"`."},
	{Name: "decimal", Type: "string", Doc: "The decimal sign of numbers, `\".\"` or `\",\"`. If you set it, the other sign, spaces or apostrophes may separate groups of exactly three digits before it; anything else is an error. Default: a point, without thousands separators."},
	{Name: "date_format", Type: "string", Doc: "The format of dates, such as `\"%d/%m/%Y\"`; see `time.parse`. Default: ISO 8601 and other unambiguous formats."},
	{Name: "zone", Type: "string", Doc: "The zone of dates and times that do not name one. Default: `UTC`."},
	{Name: "ragged", Type: "string", Doc: "What to do with rows that have more or fewer cells than there are columns: `\"error\"` (default), or `\"allow\"`, which leaves missing cells out and names extra ones `column_5` and so on. Empty cells at the end are always allowed."},
	{Name: "lazy_quotes", Type: "boolean", Doc: "Whether unquoted cells may contain quotes. Default: false."},
}

// csvOptions are the checked options of a reading function.
type csvOptions struct {
	csvtext.Options
	trim bool
	// convert holds the conversions of cells, by column.
	convert map[string]convertCell
	// empty is what an empty cell becomes.
	empty lua.LValue
}

// convertCell makes the value of a cell.
type convertCell func(cell string) (lua.LValue, error)

func readCSVOptions(a *Args, i int) (csvOptions, error) {
	o := a.Options(i)
	opt := csvOptions{
		Options: csvtext.Options{
			Header: !o.Has("header") || o.Bool("header"), LazyQuotes: o.Bool("lazy_quotes"), Encoding: o.String("encoding"), Required: o.Strings("required"),
		},
		trim: o.Bool("trim"),
	}
	var err error
	if opt.Separator, err = separatorOption(a, o, "auto"); err != nil {
		return opt, err
	}
	if name := opt.Encoding; name != "" && !slices.Contains(csvtext.Encodings, strings.ToLower(name)) {
		return opt, a.Errorf("unknown encoding '%s'%s; valid encodings: %s", name, catalog.DidYouMean(name, csvtext.Encodings), strings.Join(csvtext.Encodings, ", "))
	}
	ragged, err := choice(a, o, "ragged", "error", "allow")
	if err != nil {
		return opt, err
	}
	opt.Ragged = ragged == "allow"
	empty, err := choice(a, o, "empty", "nil", "text", "null")
	if err != nil {
		return opt, err
	}
	opt.empty = map[string]lua.LValue{"nil": lua.LNil, "text": lua.LString(""), "null": CodecOf(a.L).Null()}[empty]
	if t, ok := o.Get("columns").(*lua.LTable); ok && t.Len() > 0 {
		opt.Names = o.Strings("columns")
	} else if ok {
		if !opt.Header {
			return opt, a.Errorf("'columns' must be a list of names if there is no header row")
		}
		if opt.Renames, err = textTable(a, "columns", t); err != nil {
			return opt, err
		}
	}
	return opt, opt.readTypes(a, o)
}

// separatorOption returns the option separator, or 0 if it is absent or the
// default.
func separatorOption(a *Args, o Options, standard string) (rune, error) {
	s := o.String("separator")
	if !o.Has("separator") || s == standard {
		return 0, nil
	}
	r, ok := csvtext.Separator(s)
	if !ok {
		return 0, a.Errorf("'separator' must be one character, such as \";\", not %q", s)
	}
	return r, nil
}

// choice returns an option that is one of a few words; the first is the
// default.
func choice(a *Args, o Options, name string, words ...string) (string, error) {
	if !o.Has(name) {
		return words[0], nil
	}
	s := o.String(name)
	if !slices.Contains(words, s) {
		return "", a.Errorf("option '%s' must be \"%s\", not %q%s", name, strings.Join(words, "\" or \""), s, catalog.DidYouMean(s, words))
	}
	return s, nil
}

// textTable returns an option that is a table of texts by name.
func textTable(a *Args, option string, t *lua.LTable) (map[string]string, error) {
	texts := map[string]string{}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok || !lua.LVCanConvToString(v) {
			return nil, a.Errorf("option '%s' must be a table of strings by name, such as { name = \"...\" }", option)
		}
		texts[string(name)] = lua.LVAsString(v)
	}
	return texts, nil
}

var csvTypeNames = []string{"number", "boolean", "date", "days", "text"}

// readTypes reads the options numbers and types.
func (opt *csvOptions) readTypes(a *Args, o Options) error {
	decimal := o.String("decimal")
	if decimal != "" && decimal != "." && decimal != "," {
		return a.Errorf("option 'decimal' must be \".\" or \",\", not %q", decimal)
	}
	loc, err := a.zone(o.String("zone"))
	if err != nil {
		return err
	}
	dates := calendar.Reader{Zone: loc, Layout: o.String("date_format"), Option: calendar.CSVFormat}
	if err := dates.Check(); err != nil {
		return err
	}
	types := map[string]string{}
	if t, ok := o.Get("types").(*lua.LTable); ok {
		if types, err = textTable(a, "types", t); err != nil {
			return err
		}
	}
	opt.Typed, opt.convert = map[string]string{}, map[string]convertCell{}
	for _, column := range o.Strings("numbers") {
		opt.Typed[column] = "numbers"
		opt.convert[column] = numberCell(decimal, "numbers")
	}
	for column, name := range types {
		opt.Typed[column] = "types"
		switch name {
		case "number":
			opt.convert[column] = numberCell(decimal, "types")
		case "boolean":
			opt.convert[column] = func(cell string) (lua.LValue, error) {
				b, err := csvtext.Boolean(cell)
				return lua.LBool(b), err
			}
		case "date":
			opt.convert[column] = func(cell string) (lua.LValue, error) {
				t, dateOnly, err := dates.Read(cell)
				if dateOnly {
					return lua.LString(t.Format(time.DateOnly)), err
				}
				return lua.LString(calendar.ISO(t.UTC())), err
			}
		case "days":
			opt.convert[column] = func(cell string) (lua.LValue, error) {
				t, _, err := dates.Read(cell)
				return lua.LNumber(calendar.DayNumber(t.In(loc))), err
			}
		case "text":
			opt.convert[column] = func(cell string) (lua.LValue, error) { return lua.LString(cell), nil }
		default:
			return a.Errorf("unknown type '%s' for the column '%s'%s; valid types: %s", name, column, catalog.DidYouMean(name, csvTypeNames), strings.Join(csvTypeNames, ", "))
		}
	}
	if len(opt.Typed) > 0 && !opt.Header && !o.Has("columns") {
		return a.Errorf("'numbers' and 'types' need names: pass 'columns' if there is no header row")
	}
	return nil
}

func numberCell(decimal, option string) convertCell {
	return func(cell string) (lua.LValue, error) {
		n, err := csvtext.Number(cell, decimal, option)
		return lua.LNumber(n), err
	}
}

// csvReader turns CSV text into Lua tables, one row at a time.
type csvReader struct {
	*csvtext.Reader
	src *source
	opt csvOptions
	// convert holds the conversion of each column, or nil.
	convert []convertCell
}

// onCSV makes a function that reads its first argument, a file or a text, by the
// options in its second.
func onCSV(open func(a *Args, name string) (*source, error), read func(*Args, *csvReader) (lua.LValue, error)) func(*Args) (int, error) {
	return func(a *Args) (int, error) {
		opt, err := readCSVOptions(a, 1)
		if err != nil {
			return 0, err
		}
		src, err := open(a, a.String(0))
		if err != nil {
			return 0, err
		}
		r, err := newCSVReader(src, opt)
		if err != nil {
			return 0, err
		}
		v, err := read(a, r)
		return a.give(v, err)
	}
}

// newCSVReader reads the start of src, which it closes if that fails.
func newCSVReader(src *source, opt csvOptions) (*csvReader, error) {
	r, err := csvtext.NewReader(src.name, src, opt.Options)
	if err != nil {
		src.done()
		return nil, src.fail(err)
	}
	c := &csvReader{Reader: r, src: src, opt: opt}
	for _, name := range r.Columns {
		c.convert = append(c.convert, opt.convert[name])
	}
	return c, nil
}

// next returns the next row that is not empty, and the line where it begins;
// io.EOF after the last one.
func (c *csvReader) next(L *lua.LState) (lua.LValue, int, error) {
	cells, line, err := c.Next()
	if err != nil {
		return nil, 0, err
	}
	if c.opt.trim {
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
	}
	if c.Columns == nil {
		return stringList(L, cells), line, nil
	}
	t := L.CreateTable(0, len(c.Columns))
	for i, cell := range cells {
		v := lua.LValue(lua.LString(cell))
		name := csvtext.ColumnName(i)
		if i < len(c.Columns) {
			name = c.Columns[i]
			if v, err = c.value(c.convert[i], cell); err != nil {
				data := &invalid.Error{}
				errors.As(err, &data)
				return nil, 0, c.Errorf(line, data.Hint, "column %q: %v", name, err)
			}
		}
		if v != lua.LNil {
			t.RawSetString(name, v)
		}
	}
	return t, line, nil
}

func (c *csvReader) value(convert convertCell, cell string) (lua.LValue, error) {
	if convert != nil {
		cell = strings.TrimSpace(cell)
	}
	switch {
	case cell == "":
		return c.opt.empty, nil
	case convert == nil:
		return lua.LString(cell), nil
	}
	return convert(cell)
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
