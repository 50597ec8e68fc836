package bindings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
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
	{Name: "decimal", Type: "string", Doc: "The decimal sign of numbers, `\".\"` or `\",\"`. If you set it, the other sign, spaces and apostrophes may separate thousands. Default: a point, without thousands separators."},
	{Name: "date_format", Type: "string", Doc: "The format of dates, such as `\"%d/%m/%Y\"`; see `time.parse`. Default: ISO 8601 and other unambiguous formats."},
	{Name: "zone", Type: "string", Doc: "The zone of dates and times that do not name one. Default: `UTC`."},
	{Name: "ragged", Type: "string", Doc: "What to do with rows that have more or fewer cells than there are columns: `\"error\"` (default), or `\"allow\"`, which leaves missing cells out and names extra ones `column_5` and so on. Empty cells at the end are always allowed."},
	{Name: "lazy_quotes", Type: "boolean", Doc: "Whether unquoted cells may contain quotes. Default: false."},
}

// csvOptions are the checked options of a reading function.
type csvOptions struct {
	header, trim, ragged, lazyQuotes bool
	// separator is 0 if it must be detected.
	separator rune
	encoding  string
	names     []string
	renames   map[string]string
	required  []string
	types     map[string]csvType
	empty     func(*lua.LState) lua.LValue
}

// csvType converts the cells of a column, as an option asked for.
type csvType struct {
	option  string
	convert func(cell string) (lua.LValue, error)
}

func readCSVOptions(a *Args, i int) (csvOptions, error) {
	o := a.Options(i)
	opt := csvOptions{
		header: !o.Has("header") || o.Bool("header"), trim: o.Bool("trim"), lazyQuotes: o.Bool("lazy_quotes"),
		encoding: o.String("encoding"), required: o.Strings("required"),
	}
	var err error
	if opt.separator, err = separatorOption(a, o, "auto"); err != nil {
		return opt, err
	}
	if name := opt.encoding; name != "" && !slices.Contains(encodingNames, strings.ToLower(name)) {
		return opt, a.Errorf("unknown encoding '%s'%s; valid encodings: %s", name, catalog.DidYouMean(name, encodingNames), strings.Join(encodingNames, ", "))
	}
	ragged, err := choice(a, o, "ragged", "error", "allow")
	if err != nil {
		return opt, err
	}
	opt.ragged = ragged == "allow"
	empty, err := choice(a, o, "empty", "nil", "text", "null")
	if err != nil {
		return opt, err
	}
	opt.empty = func(L *lua.LState) lua.LValue {
		switch empty {
		case "text":
			return lua.LString("")
		case "null":
			return CodecOf(L).Null()
		}
		return lua.LNil
	}
	if t, ok := o.Get("columns").(*lua.LTable); ok && t.Len() > 0 {
		opt.names = o.Strings("columns")
	} else if ok {
		if !opt.header {
			return opt, a.Errorf("'columns' must be a list of names if there is no header row")
		}
		opt.renames, err = textTable(a, "columns", t)
		if err != nil {
			return opt, err
		}
	}
	opt.types, err = csvTypes(a, o)
	return opt, err
}

// separatorOption returns the option separator, or 0 if it is absent or the
// default.
func separatorOption(a *Args, o Options, standard string) (rune, error) {
	s := o.String("separator")
	if s == "" && !o.Has("separator") || s == standard {
		return 0, nil
	}
	if named, ok := map[string]string{"tab": "\t", "comma": ",", "semicolon": ";"}[s]; ok {
		s = named
	}
	r, size := utf8.DecodeRuneInString(s)
	if size != len(s) || size == 0 || strings.ContainsRune("\"\r\n\uFFFD", r) {
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

// csvTypes returns the conversions of the options numbers and types, by
// column.
func csvTypes(a *Args, o Options) (map[string]csvType, error) {
	decimal := o.String("decimal")
	if decimal != "" && decimal != "." && decimal != "," {
		return nil, a.Errorf("option 'decimal' must be \".\" or \",\", not %q", decimal)
	}
	loc, err := a.zone(o.String("zone"))
	if err != nil {
		return nil, err
	}
	dates := calendar.Reader{Zone: loc, Layout: o.String("date_format"), Option: calendar.CSVFormat}
	if err := dates.Check(); err != nil {
		return nil, err
	}
	number := func(column, option string) csvType {
		return csvType{option, func(cell string) (lua.LValue, error) { return numberCell(cell, decimal, column, option) }}
	}
	known := map[string]func(string) (lua.LValue, error){
		"boolean": booleanCell, "text": func(cell string) (lua.LValue, error) { return lua.LString(cell), nil },
		"date": func(cell string) (lua.LValue, error) {
			t, dateOnly, err := dates.Read(cell)
			if dateOnly {
				return lua.LString(t.Format(time.DateOnly)), err
			}
			return lua.LString(calendar.ISO(t.UTC())), err
		},
		"days": func(cell string) (lua.LValue, error) {
			t, _, err := dates.Read(cell)
			return lua.LNumber(calendar.DayNumber(t.In(loc))), err
		},
	}
	types := map[string]csvType{}
	for _, column := range o.Strings("numbers") {
		types[column] = number(column, "numbers")
	}
	if t, ok := o.Get("types").(*lua.LTable); ok {
		named, err := textTable(a, "types", t)
		if err != nil {
			return nil, err
		}
		for column, name := range named {
			if name == "number" {
				types[column] = number(column, "types")
				continue
			}
			if known[name] == nil {
				return nil, a.Errorf("unknown type '%s' for the column '%s'%s; valid types: %s", name, column, catalog.DidYouMean(name, csvTypeNames), strings.Join(csvTypeNames, ", "))
			}
			types[column] = csvType{"types", known[name]}
		}
	}
	if len(types) > 0 && o.Has("header") && !o.Bool("header") && !o.Has("columns") {
		return nil, a.Errorf("'numbers' and 'types' need names: pass 'columns' if there is no header row")
	}
	return types, nil
}

// numberCell reads a number. Digits may be grouped where the decimal sign is
// known for sure. The option names the column for one of numbers.
func numberCell(cell, decimal, column, option string) (lua.LValue, error) {
	plain := cell
	if decimal != "" {
		group := map[string]string{".": ",", ",": "."}[decimal]
		plain = strings.NewReplacer(group, "", " ", "", "\u00a0", "", "\u202f", "", "'", "", "’", "", decimal, ".").Replace(cell)
	}
	n, err := strconv.ParseFloat(plain, 64)
	if err == nil && strings.Trim(plain, "+-.0123456789eE") == "" {
		return lua.LNumber(n), nil
	}
	bad := &invalid.Error{
		Message: fmt.Sprintf("%q is not a number", invalid.Cut(cell, 40)),
		Hint: fmt.Sprintf("correct the cell; if you expect such cells, leave the column out of '%s' and use tonumber(row[%s]) in the script, which returns nil for them",
			option, quoteLua(column)),
	}
	if decimal != "" {
		// tonumber would read the column's other cells as different numbers.
		bad.Hint = "correct the cell"
	} else if strings.Trim(cell, "+-.,0123456789 \u00a0'") == "" {
		bad.Hint = `set the decimal sign: { decimal = "." } or { decimal = "," }`
	}
	return nil, bad
}

func booleanCell(cell string) (lua.LValue, error) {
	switch strings.ToLower(cell) {
	case "true", "yes", "y", "1", "on", "t", "x":
		return lua.LTrue, nil
	case "false", "no", "n", "0", "off", "f":
		return lua.LFalse, nil
	}
	return nil, &invalid.Error{
		Message: fmt.Sprintf("%q is neither true nor false", invalid.Cut(cell, 40)),
		Hint:    "true, yes, y, 1 and on are true; false, no, n, 0 and off are false",
	}
}
