package bindings

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/luajson"
	"github.com/phscript/phscript/bindings/internal/mapping"
	"github.com/phscript/phscript/bindings/internal/precheck"
	"github.com/phscript/phscript/bindings/internal/rowfile"
	"github.com/phscript/phscript/planhat/catalog"
)

// importer opens the file and compares the declaration with it.
func (b binding) importer(a *Args, o Options) (*importer, error) {
	declared := o.Get("columns").(*lua.LTable)
	if declared.Len() > 0 || luajson.IsEmpty(declared) {
		return nil, a.Errorf("option 'columns' must name at least one column and its property, such as { [\"Account ID\"] = \"externalId\" }")
	}
	rest := a.L.NewTable()
	o.t.ForEach(func(k, v lua.LValue) {
		if k != lua.LString("columns") {
			rest.RawSet(k, v)
		}
	})
	csv, err := csvOptionsOf(a, Options{rest})
	if err != nil {
		return nil, err
	}
	csv.Typed, csv.Transient = map[string]string{}, true
	declared.ForEach(func(k, _ lua.LValue) { csv.Typed[k.String()] = "columns" })
	name := o.String("from")
	im := &importer{a: a, trim: csv.Trim, model: b.model, keyed: o.String("key") != ""}
	if im.where, _ = o.Get("where").(*lua.LFunction); im.where == nil && o.Has("where") {
		return nil, a.Errorf("option 'where' must be a function")
	}
	format, err := importFormat(a, o, name)
	if err != nil {
		return nil, err
	}
	open := formats[format].open
	if format != "csv" { // a file of rejected rows is CSV
		if err := refuseOptions(a, o, name, format); err != nil {
			return nil, err
		}
	}
	if im.src, err = openSource(a, name); err != nil {
		return nil, err
	}
	if err = open(im, o, csv); err == nil && format == "csv" && !im.again {
		err = refuseOptions(a, o, name, format)
	}
	if err == nil {
		im.plan, err = b.importPlan(im, o, declared, csv.empty)
	}
	if err != nil {
		im.done()
		return nil, im.src.fail(err)
	}
	im.names = luajson.NewColumns(im.from.columns)
	if unused := im.plan.Unused(im.from.columns); len(unused) > 0 {
		a.Host.Log.Write(a.Context(), slog.LevelInfo, fmt.Sprintf("%s: %s not imported: %s", name, english.PluralWord(len(unused), "this column is", "these columns are"), strings.Join(unused, ", ")), nil)
	}
	return im, nil
}

// openCSV opens a file of CSV.
func (im *importer) openCSV(_ Options, csv csvOptions) error {
	csv.Again = func() (io.ReadCloser, error) { return openSource(im.a, im.src.name) }
	file, err := im.table(im.src, csv)
	if err != nil {
		return err
	}
	im.read = func() ([]string, []mapping.Kind, int, error) {
		cells, line, err := file.Next()
		return cells, nil, line, err
	}
	return nil
}

// table begins to read CSV text.
func (im *importer) table(from io.Reader, csv csvOptions) (*csvtext.Reader, error) {
	a, name := im.a, im.src.name
	file, err := csvtext.NewReader(name, from, csv.Options)
	if err != nil {
		return nil, err
	}
	if doubt := file.Doubt(); doubt != "" {
		a.Host.Log.WarnOnce(a.Context(), doubt, doubt)
	}
	if n := file.Unknown(); n > 0 {
		text := mayBeStored(name, n)
		a.Host.Log.WarnOnce(a.Context(), text, text)
	}
	im.again, im.csv = file.Rejected(), file
	im.from = &origin{file: im.src.file(), titles: file.Titles, columns: file.Columns}
	return file, nil
}

// fromSheet reports whether the row comes from a workbook, perhaps through a file of rejected
// rows. A workbook holds numbers as such, and says nothing about those that are text.
func (im *importer) fromSheet() bool {
	return im.exact || im.again && strings.HasSuffix(strings.ToLower(im.csv.Source()), ".xlsx")
}

// openSheet opens a workbook, whose sheet is read as if it were CSV.
func (im *importer) openSheet(o Options, csv csvOptions) error {
	whole, size, err := im.src.whole()
	if err != nil {
		return err
	}
	sheet, err := rowfile.OpenSheet(im.src.name, whole, size, o.String("sheet"), im.src.most)
	if err != nil {
		return err
	}
	im.exact, im.close = true, sheet.Close
	sheet.Skip, csv.Skip = csv.Skip, 0 // a row can have several lines
	csv.Separator, csv.Ragged = ',', true
	file, err := im.table(sheet, csv)
	if err != nil {
		return err
	}
	im.read = func() ([]string, []mapping.Kind, int, error) {
		cells, line, err := file.Next()
		var wrong *csvtext.RowError
		if errors.As(err, &wrong) {
			wrong.Line, _ = sheet.Place(wrong.Line)
			return nil, nil, 0, wrong
		}
		row, kinds := sheet.Place(line)
		return cells, kinds, row, err
	}
	return nil
}

// openLines opens a file of JSON Lines.
func (im *importer) openLines(_ Options, csv csvOptions) error {
	columns := slices.Sorted(maps.Keys(csv.Typed))
	lines, err := rowfile.OpenLines(im.src.name, im.src, csv.Encoding, columns)
	if err != nil {
		return err
	}
	im.exact, im.lines, im.encoding = true, lines, csv.Encoding
	if err := im.doubtLines(csv.Encoding); err != nil {
		return err
	}
	im.from = &origin{file: im.src.file(), titles: columns, columns: columns}
	im.read = func() ([]string, []mapping.Kind, int, error) {
		cells, line, err := lines.Next()
		return cells, lines.Kinds(), line, err
	}
	return nil
}

// importPlan reads the declaration of the columns and constants.
func (b binding) importPlan(im *importer, o Options, declared *lua.LTable, empty lua.LValue) (*mapping.Plan, error) {
	a, key := im.a, o.String("key")
	if keys := b.model.Keyables.Bulk; key != "" && !slices.Contains(keys, key) {
		return nil, a.Errorf("option 'key' must be one of the keys of %s, %s, not %q", b.model.Plural, strings.Join(keys, ", "), key)
	}
	var columns []mapping.Column
	var failed error
	declared.ForEach(func(k, v lua.LValue) {
		title, ok := k.(lua.LString)
		if !ok {
			failed = a.Errorf("option 'columns' must have the names of columns as keys, not %s", describeValue(k))
		}
		if failed == nil {
			var c mapping.Column
			if c, failed = b.importColumn(im, o, string(title), v, empty); failed == nil {
				c.Required = c.Property == key
				columns = append(columns, c)
			}
		}
	})
	if failed != nil {
		return nil, failed
	}
	mapping.Sort(columns)
	constants := map[string]jsontext.Value{}
	if t, ok := o.Get("constants").(*lua.LTable); ok {
		t.ForEach(func(k, v lua.LValue) {
			text, err := CodecOf(a.L).EncodeBytes(v, EncodeOptions{})
			if err == nil {
				err = b.checkValue(k.String(), text)
			}
			if err != nil && failed == nil {
				failed = a.Errorf("option 'constants', %s: %v", k.String(), err)
			}
			constants[k.String()] = text
		})
	}
	if failed != nil {
		return nil, failed
	}
	if _, fixed := constants[key]; fixed {
		return nil, a.Errorf("option 'constants' sets the key %s, so all rows would be the same %s", key, b.model.Noun)
	}
	plan, err := mapping.New(columns, constants)
	switch {
	case err != nil:
		return nil, a.Errorf("option 'columns': %v", err)
	case key != "" && !plan.Sets(key):
		return nil, a.Errorf("option 'columns' has no column for the key %s", key)
	}
	b.doubtProperties(a, plan, key)
	return plan, nil
}

// doubtProperties warns of properties that Planhat does not know or sets itself, and of
// rows without keys.
func (b binding) doubtProperties(a *Args, plan *mapping.Plan, key string) {
	doubts := doubts{a: a, model: b.model}
	for _, name := range plan.Properties() {
		switch p := b.model.Property(name); {
		case p == nil:
			doubts.unknown(name)
		case p.ReadOnly && name != "_id" && name != "custom" && !slices.Contains(b.model.Keyables.Bulk, name):
			doubts.readOnly = append(doubts.readOnly, name)
		}
	}
	if key == "" && !slices.ContainsFunc(b.model.Keyables.Bulk, plan.Sets) {
		doubts.rows, doubts.keyless, doubts.first = 2, 2, 1 // all of them
	}
	doubts.warn()
}

// importColumn reads the declaration of one column.
func (b binding) importColumn(im *importer, o Options, title string, v lua.LValue, empty lua.LValue) (mapping.Column, error) {
	a := im.a
	c := mapping.Column{Title: title, At: slices.Index(im.from.columns, title)}
	fail := func(format string, args ...any) error {
		return a.Errorf("option 'columns', %q: %s", title, fmt.Sprintf(format, args...))
	}
	own := Options{}
	switch v := v.(type) {
	case lua.LString:
		c.Property = string(v)
	case *lua.LTable:
		own.t = v
		var wrong error
		v.ForEach(func(k, _ lua.LValue) {
			known := make([]string, len(importColumnShape.Fields))
			for i, f := range importColumnShape.Fields {
				known[i] = f.Name
			}
			if !slices.Contains(known, k.String()) {
				wrong = fail("unknown field '%s'%s", k.String(), catalog.DidYouMean(k.String(), known))
			}
		})
		if wrong != nil {
			return c, wrong
		}
		c.Property = own.String("property")
	}
	if c.Property == "" {
		return c, fail("it needs the name of a property, such as \"name\" or { property = \"name\" }")
	}
	if own.Has("default") {
		empty = own.Get("default")
	}
	if empty != lua.LNil {
		text, err := CodecOf(a.L).EncodeBytes(empty, EncodeOptions{})
		if err != nil {
			return c, fail("the default can't be sent: %v", err)
		}
		if err := b.checkValue(c.Property, text); err != nil && own.Has("default") {
			return c, fail("the default is wrong: %v", err)
		}
		c.Empty = text
	}
	property := b.model.Property(c.Property)
	if precheck.Sure(property) && (own.t != nil || len(property.Enum) > 0) {
		c.Check = func(v jsontext.Value) error { return b.checkValue(c.Property, v) }
	}
	if fn, ok := own.Get("convert").(*lua.LFunction); ok {
		c.Convert = im.function(fn)
		return c, nil
	}
	kind := own.String("type")
	if kind == "" {
		if kind = mapping.TypeOf(property); kind == "" {
			return c, fail("the property %s is an object; name a part of it, such as %s.Tier, or use 'convert'", c.Property, c.Property)
		}
	}
	form, err := im.form(o, own, kind)
	if err != nil {
		return c, err
	}
	var known bool
	if c.Convert, known = form.Converter(kind); !known {
		return c, fail("unknown type '%s'%s; valid types: %s", kind, catalog.DidYouMean(kind, mapping.Types), strings.Join(mapping.Types, ", "))
	}
	if im.exact {
		exact := mapping.Form{Decimal: ".", Dates: calendar.Reader{Zone: time.UTC, Option: calendar.CSVFormat}}
		exact.Dates.Zone, err = a.zone(cmp.Or(own.String("zone"), o.String("zone")))
		c.Exact, _ = exact.Converter(kind)
		if own.String("reference") != "" || kind == "list" {
			c.Exact = nil // as text
		} else {
			c.Written = func(cell string) (string, bool, bool) { return form.Written(kind, cell) }
		}
	}
	switch {
	case kind == "list":
		c.Inner = form.Items
	case property == nil && !own.Has("type") && own.String("reference") == "":
		c.Inner = mapping.Any
	}
	return c, err
}

// checkValue returns why a property does not take a value.
func (b binding) checkValue(name string, v jsontext.Value) error {
	if p := b.model.Property(name); p != nil {
		if message := precheck.Value(b.model, p, v); message != "" {
			return errors.New(message)
		}
	}
	return nil
}

// form returns how the cells of a column are written. In a file whose numbers are numbers,
// and in that of its rejected rows, amounts need no decimal sign.
func (im *importer) form(o, own Options, kind string) (mapping.Form, error) {
	a := im.a
	option := func(name string) string {
		if own.Has(name) {
			return own.String(name)
		}
		return o.String(name)
	}
	form := mapping.Form{Decimal: option("decimal"), Separator: ",", Again: im.again}
	if form.Decimal != "" && form.Decimal != "." && form.Decimal != "," {
		return form, a.Errorf("option 'decimal' must be \".\" or \",\", not %q", form.Decimal)
	}
	if form.Decimal == "" && im.lines == nil {
		form.Ask = im.fromSheet
	}
	if kind == "money" && form.Decimal == "" && (im.exact || im.again) {
		form.Decimal = "."
	}
	if kind == "money" && form.Decimal == "" {
		return form, a.Errorf("the type 'money' needs the option 'decimal', \".\" or \",\"")
	}
	if own.Has("separator") {
		if form.Separator = own.String("separator"); form.Separator == "" {
			return form, a.Errorf("the separator of a list must not be empty")
		}
	}
	switch reference := own.String("reference"); reference {
	case "":
	case "externalId":
		form.Prefix = "extid-"
	case "sourceId":
		form.Prefix = "srcid-"
	default:
		return form, a.Errorf("'reference' must be \"externalId\" or \"sourceId\", not %q", reference)
	}
	loc, err := a.zone(option("zone"))
	if err != nil {
		return form, err
	}
	form.Dates = calendar.Reader{Zone: loc, Layout: option("date_format"), Option: calendar.CSVFormat}
	if err := form.Dates.Check(); err != nil {
		return form, err
	}
	return form, nil
}
