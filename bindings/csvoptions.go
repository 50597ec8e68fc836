package bindings

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/internal/textfile"
	"github.com/phscript/phscript/planhat/catalog"
)

var csvReadOptions = []Field{
	{Name: "header", Type: "boolean|string[]", Doc: "Whether the first row names the columns. Default: true. With `false`, rows are lists of strings unless `columns` names the columns. A list of names finds the header: it is the first row that has all of them, and the lines above it are skipped."},
	{Name: "skip", Type: "integer", Doc: "How many lines to skip at the start of the file, such as a title above the header. Default: 0.", Number: refusedSkip},
	{Name: "separator", Type: "string", Doc: "The character between cells. Default: `\"auto\"`, which takes `,` `;` tab or `|`, whichever splits most of the first 100 rows alike.", Text: refusedSeparator("auto")},
	{Name: "encoding", Type: "string", Doc: "The file's encoding: `\"utf-8\"` (default), `\"windows-1252\"`, `\"iso-8859-1\"`, `\"utf-16\"` and others. A byte order mark is detected automatically.", Text: refusedEncoding},
	{Name: "columns", Type: "string[]|table<string, string>", Doc: "A list of names for all columns, in the order of the file, instead of those in the header; or a table that renames some: `{ [\"Account Name\"] = \"name\" }`."},
	{Name: "repeated", Type: "string", Doc: "What to do if columns have the same name: `\"error\"` (default), or `\"rename\"`, which calls them `id`, `id_2`, `id_3` and so on. `columns` can rename them further.", Values: []string{"error", "rename"}},
	{Name: "required", Type: "string[]", Doc: "Columns that must exist, by their names after renaming."},
	{Name: "trim", Type: "boolean", Doc: "Whether to trim white space from both ends of each cell, also before and after its quotes. Names in the header are always trimmed. Default: false."},
	{Name: "empty", Type: "string", Doc: "What an empty cell becomes: `\"nil\"` (default) leaves the field out, so an upsert keeps the stored value; `\"text\"` gives an empty string; `\"null\"` gives `json.null`, which clears the stored value. In rows that are lists, it is always an empty string.", Values: []string{"nil", "text", "null"}},
	{Name: "numbers", Type: "string[]", Doc: "Columns to convert to numbers. Other cells stay text."},
	{Name: "types", Type: "table<string, string>", Doc: "Types by column: `\"number\"`, `\"money\"` (numbers with a currency or a percent sign; see `money.parse`), `\"boolean\"` (true/false, yes/no, 1/0), `\"date\"` (ISO text), `\"days\"` (days since 1970-01-01) or `\"text\"`.", Text: refusedType},
	{Name: "decimal", Type: "string", Doc: "The decimal sign of numbers, `\".\"` or `\",\"`. If you set it, the other sign, spaces or apostrophes may separate groups of exactly three digits before it; anything else is an error. The type `\"money\"` needs it. Default: a point, without thousands separators.", Text: refusedDecimal},
	{Name: "date_format", Type: "string", Doc: "The format of dates, such as `\"%d/%m/%Y\"`, or `\"excel\"` for Excel's day numbers; see `time.parse`. Default: ISO 8601 and other unambiguous formats.", Text: refusedFormat(calendar.CSVFormat)},
	{Name: "zone", Type: "string", Doc: "The zone of dates and times that do not name one. Default: `UTC`.", Text: refusedZone},
	{Name: "ragged", Type: "string", Doc: "What to do with rows that have more or fewer cells than there are columns: `\"error\"` (default), or `\"allow\"`, which leaves missing cells out and names extra ones `column_5` and so on. Empty cells at the end are always allowed.", Values: []string{"error", "allow"}},
	{Name: "lazy_quotes", Type: "boolean", Doc: "Whether unquoted cells may contain quotes, and quoted cells on one line quotes that are not doubled. Default: false."},
	{Name: "escape", Type: "string", Doc: "The character that a program puts before a quote, a separator, a line end or the character itself, such as `\"\\\\\"` in exports of MySQL. Before other characters it is kept. A cell `\\N` is then empty. Default: none, since CSV doubles quotes.", Text: refusedEscape},
	{Name: "on_error", Type: "string", Doc: "What to do with a row that does not fit `numbers`, `types` or the number of columns: `\"stop\"` (default) raises an error; `\"collect\"` leaves the row out, logs a warning at the end, and adds a `CsvProblem` to the list that the function returns after its first result. If no row fits, it raises an error all the same.", Values: []string{"stop", "collect"}},
}

// csvOptions are the checked options of a reading function.
type csvOptions struct {
	csvtext.Options
	// collect reports whether rows with problems are left out.
	collect bool
	// convert holds the conversions of cells, by column.
	convert map[string]convertCell
	// texts are the columns that are declared as text.
	texts map[string]bool
	// exact holds those of cells that are numbers, booleans or dates in a sheet.
	exact map[string]convertCell
	// empty is what an empty cell becomes.
	empty lua.LValue
}

// convertCell makes the value of a cell.
type convertCell func(cell string) (lua.LValue, error)

func readCSVOptions(a *Args, i int) (csvOptions, error) { return csvOptionsOf(a, a.Options(i)) }

func csvOptionsOf(a *Args, o Options) (csvOptions, error) {
	opt := csvOptions{
		Options: csvtext.Options{
			Dialect: csvtext.Dialect{LazyQuotes: o.Bool("lazy_quotes"), Trim: o.Bool("trim")},
			Header:  true, Encoding: o.String("encoding"), Required: o.Strings("required"),
		},
	}
	if _, names := o.Get("header").(*lua.LTable); names {
		if opt.Find = o.Strings("header"); len(opt.Find) == 0 {
			return opt, a.Errorf("'header' must be a boolean or a list of at least one name, such as { \"id\", \"name\" }")
		}
	} else if o.Has("header") {
		opt.Header = o.Bool("header")
	}
	opt.Skip = o.Int("skip")
	err := refusedSkip(float64(opt.Skip))
	if err != nil {
		return opt, a.Errorf("%w", err)
	}
	if opt.Separator, err = separatorOption(a, o, "auto"); err != nil {
		return opt, err
	}
	if escape := o.String("escape"); o.Has("escape") {
		if err := refusedEscape(escape); err != nil || rune(escape[0]) == opt.Separator {
			return opt, a.Errorf("%w", cmp.Or(err, noEscape(escape)))
		}
		opt.Escape = escape[0]
	}
	if err := refusedEncoding(opt.Encoding); err != nil {
		return opt, a.Errorf("%w", err)
	}
	for _, choose := range []struct {
		set                *bool
		name, first, other string
	}{{&opt.Ragged, "ragged", "error", "allow"}, {&opt.RenameRepeated, "repeated", "error", "rename"}, {&opt.collect, "on_error", "stop", "collect"}} {
		word, err := choice(a, o, choose.name, choose.first, choose.other)
		if err != nil {
			return opt, err
		}
		*choose.set = word == choose.other
	}
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
	if err := refusedSeparator(standard)(s); err != nil {
		return 0, a.Errorf("%w", err)
	}
	r, _ := csvtext.Separator(s)
	return r, nil
}

// refusedSeparator returns a check of separators.
func refusedSeparator(standard string) func(string) error {
	return func(s string) error {
		if _, ok := csvtext.Separator(s); ok || s == standard {
			return nil
		}
		hint := ""
		if plain := strings.TrimSpace(s); len(plain) == 1 {
			hint = fmt.Sprintf("; for blanks after it, use { separator = %q, trim = true }", plain)
		}
		return fmt.Errorf("'separator' must be one character, such as \";\", not %q%s", s, hint)
	}
}

func refusedSkip(n float64) error {
	if n < 0 {
		return errors.New("'skip' must not be negative")
	}
	return nil
}

func refusedEncoding(name string) error {
	if name == "" || slices.Contains(textfile.Encodings, strings.ToLower(name)) {
		return nil
	}
	return fmt.Errorf("unknown encoding '%s'%s; valid encodings: %s", name, catalog.DidYouMean(name, textfile.Encodings), strings.Join(textfile.Encodings, ", "))
}

func refusedEscape(escape string) error {
	if len(escape) == 1 && !strings.ContainsAny(escape, "\" \t\r\n") {
		return nil
	}
	return noEscape(escape)
}

func noEscape(escape string) error {
	return fmt.Errorf("'escape' must be one character, such as \"\\\\\", not %s", luatext.Quote(escape))
}

func refusedDecimal(decimal string) error {
	if decimal == "" || decimal == "." || decimal == "," {
		return nil
	}
	return fmt.Errorf("option 'decimal' must be \".\" or \",\", not %q", decimal)
}

func refusedType(name string) error {
	if slices.Contains(csvTypeNames, name) {
		return nil
	}
	return fmt.Errorf("unknown type '%s'%s; valid types: %s", name, catalog.DidYouMean(name, csvTypeNames), strings.Join(csvTypeNames, ", "))
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

var csvTypeNames = []string{"number", "money", "boolean", "date", "days", "text"}

// readTypes reads the options numbers and types.
func (opt *csvOptions) readTypes(a *Args, o Options) error {
	decimal := o.String("decimal")
	if err := refusedDecimal(decimal); err != nil {
		return a.Errorf("%w", err)
	}
	loc, err := a.zone(o.String("zone"))
	if err != nil {
		return err
	}
	dates := calendar.Reader{Zone: loc, Layout: o.String("date_format"), Option: calendar.CSVFormat}
	if err := dates.Check(); err != nil {
		return err
	}
	isoDates := dates
	isoDates.Layout = ""
	types := map[string]string{}
	if t, ok := o.Get("types").(*lua.LTable); ok {
		if types, err = textTable(a, "types", t); err != nil {
			return err
		}
	}
	opt.Typed, opt.convert, opt.exact, opt.texts = map[string]string{}, map[string]convertCell{}, map[string]convertCell{}, map[string]bool{}
	for _, column := range o.Strings("numbers") {
		opt.Typed[column] = "numbers"
		opt.convert[column], opt.exact[column] = numberCell(decimal, "numbers"), numberCell("", "numbers")
	}
	for column, name := range types {
		opt.Typed[column] = "types"
		switch name {
		case "number":
			opt.convert[column], opt.exact[column] = numberCell(decimal, "types"), numberCell("", "types")
		case "money":
			if decimal == "" {
				return a.Errorf("the type 'money' of the column '%s' needs the option 'decimal', \".\" or \",\"", column)
			}
			money := &csvtext.Money{Decimal: decimal}
			opt.convert[column] = func(cell string) (lua.LValue, error) {
				n, err := money.Read(cell)
				return lua.LNumber(n), err
			}
			opt.exact[column] = numberCell("", "types")
		case "boolean":
			opt.convert[column] = func(cell string) (lua.LValue, error) {
				b, err := csvtext.Boolean(cell)
				return lua.LBool(b), err
			}
		case "date", "days":
			numbers, iso := dateCell(dates, loc, name), dateCell(isoDates, loc, name)
			opt.convert[column] = numbers
			opt.exact[column] = func(cell string) (lua.LValue, error) {
				if _, err := strconv.ParseFloat(cell, 64); err == nil {
					return numbers(cell)
				}
				return iso(cell)
			}
		case "text":
			opt.texts[column] = true
			opt.convert[column] = func(cell string) (lua.LValue, error) { return lua.LString(cell), nil }
		default:
			return a.Errorf("unknown type '%s' for the column '%s'%s; valid types: %s", name, column, catalog.DidYouMean(name, csvTypeNames), strings.Join(csvTypeNames, ", "))
		}
	}
	for column, convert := range opt.convert {
		if opt.exact[column] == nil {
			opt.exact[column] = convert
		}
	}
	if len(opt.Typed) > 0 && !opt.Header && !o.Has("columns") {
		return a.Errorf("'numbers' and 'types' need names: pass 'columns' if there is no header row")
	}
	return nil
}

// dateCell reads dates, as text or as days since 1970-01-01.
func dateCell(dates calendar.Reader, loc *time.Location, as string) convertCell {
	return func(cell string) (lua.LValue, error) {
		t, dateOnly, err := dates.Read(cell)
		switch {
		case as == "days":
			return lua.LNumber(calendar.DayNumber(t.In(loc))), err
		case dateOnly:
			return lua.LString(t.Format(time.DateOnly)), err
		}
		return lua.LString(calendar.ISO(t.UTC())), err
	}
}

func numberCell(decimal, option string) convertCell {
	return func(cell string) (lua.LValue, error) {
		n, err := csvtext.Number(cell, decimal, option)
		return lua.LNumber(n), err
	}
}

var csvWriteOptions = []Field{
	{Name: "columns", Type: "string[]", Doc: "The fields to write, in order; `custom.Tier` reads from a field that is a table. Other fields are left out. A column that no row has stays empty, with a warning. Default: all fields of the list's rows, or of an iterator's first row, in alphabetical order."},
	{Name: "titles", Type: "table<string, string>", Doc: "The texts of the header row, by column. A name that is not a column is an error. Default: the column's name."},
	{Name: "header", Type: "boolean", Doc: "Whether to write a header row. Default: true."},
	{Name: "append", Type: "boolean", Doc: "Add to the end of the file. The columns are those of its header row; if you also pass `columns`, they must be the same. A new file gets a header row. Default: false."},
	{Name: "separator", Type: "string", Doc: "The character between cells. Default: `,`; with `append`, that of the file.", Text: refusedSeparator("")},
	{Name: "crlf", Type: "boolean", Doc: "End lines with CRLF instead of LF. Default: false."},
	{Name: "bom", Type: "boolean", Doc: "Begin a new file with a byte order mark, so that Excel recognizes UTF-8. Default: false."},
	{Name: "excel_safe", Type: "boolean", Doc: "Put a `'` before texts that Excel would run as a formula (those that begin with `=`, `+`, `-`, `@` or a line end), also in the header row. Use it for files that hold text from strangers and that people open in Excel. Such texts are not the same when they are read again. Default: false."},
}

// csvWriteOpts are the checked options of a writing function.
type csvWriteOpts struct {
	columns                                []string
	titles                                 map[string]string
	header, appendTo, crlf, bom, excelSafe bool
	// separator is 0 if it was not chosen.
	separator rune
}

func readCSVWriteOptions(a *Args, i int) (csvWriteOpts, error) {
	o := a.Options(i)
	opt := csvWriteOpts{
		columns: o.Strings("columns"), header: !o.Has("header") || o.Bool("header"), appendTo: o.Bool("append"),
		crlf: o.Bool("crlf"), bom: o.Bool("bom"), excelSafe: o.Bool("excel_safe"),
	}
	var err error
	if opt.separator, err = separatorOption(a, o, ""); err != nil {
		return opt, err
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
			return invalid.Errorf(o.titlesHint(name),
				"the option 'titles' names '%s', which is not a column%s; the columns are: %s", name, catalog.DidYouMean(name, o.columns), strings.Join(o.columns, ", "))
		}
	}
	return nil
}

// titlesHint says how to write titles, for a name that is not a column: the other way
// round if its title is one, or with the column that is spelt like it.
func (o *csvWriteOpts) titlesHint(name string) string {
	column, title := o.titles[name], name
	if !slices.Contains(o.columns, column) {
		near := catalog.Nearest(name, o.columns)
		if len(near) != 1 {
			return "use the names of columns as keys"
		}
		column, title = near[0], column
	}
	return fmt.Sprintf("use the names of columns as keys: { [%s] = %s }", luatext.Quote(column), luatext.Quote(title))
}

// titleRow returns the texts of the header row.
func (o *csvWriteOpts) titleRow() []string {
	titles := slices.Clone(o.columns)
	for i, column := range titles {
		if title, ok := o.titles[column]; ok {
			titles[i] = title
		}
		if o.excelSafe {
			titles[i] = csvtext.Guard(titles[i])
		}
	}
	return titles
}
