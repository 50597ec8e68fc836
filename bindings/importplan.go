package bindings

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/luajson"
	"github.com/phscript/phscript/bindings/internal/mapping"
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
	csv.Again = func() (io.ReadCloser, error) { return openSource(a, name) }
	im := &importer{a: a, trim: csv.Trim}
	if im.where, _ = o.Get("where").(*lua.LFunction); im.where == nil && o.Has("where") {
		return nil, a.Errorf("option 'where' must be a function")
	}
	if im.src, err = openSource(a, name); err != nil {
		return nil, err
	}
	if im.file, err = csvtext.NewReader(im.src.name, im.src, csv.Options); err == nil {
		im.plan, err = b.importPlan(im, o, declared, csv.empty)
	}
	if err != nil {
		im.src.done()
		return nil, im.src.fail(err)
	}
	if doubt := im.file.Doubt(); doubt != "" {
		a.Host.Log.WarnOnce(a.Context(), doubt, doubt)
	}
	if n := im.file.Unknown(); n > 0 {
		text := mayBeStored(name, n)
		a.Host.Log.WarnOnce(a.Context(), text, text)
	}
	im.names = luajson.NewColumns(im.file.Columns)
	im.from = &origin{file: im.src.file(), titles: im.file.Titles, columns: im.file.Columns}
	if unused := im.plan.Unused(im.file.Columns); len(unused) > 0 {
		a.Host.Log.Write(a.Context(), slog.LevelInfo, fmt.Sprintf("%s: %s not imported: %s", name, english.PluralWord(len(unused), "this column is", "these columns are"), strings.Join(unused, ", ")), nil)
	}
	return im, nil
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
	c := mapping.Column{Title: title, At: slices.Index(im.file.Columns, title)}
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
		c.Empty = text
	}
	if fn, ok := own.Get("convert").(*lua.LFunction); ok {
		c.Convert = im.function(fn)
		return c, nil
	}
	property := b.model.Property(c.Property)
	kind := own.String("type")
	if kind == "" {
		if kind = mapping.TypeOf(property); kind == "" {
			return c, fail("the property %s is an object; name a part of it, such as %s.Tier, or use 'convert'", c.Property, c.Property)
		}
	}
	var err error
	if c.Convert, err = importForm(a, o, own, kind); err != nil {
		return c, err
	}
	if c.Convert == nil {
		return c, fail("unknown type '%s'%s; valid types: %s", kind, catalog.DidYouMean(kind, mapping.Types), strings.Join(mapping.Types, ", "))
	}
	return c, nil
}

// importForm returns the conversion of a type, nil if there is none of that name.
func importForm(a *Args, o, own Options, kind string) (mapping.Convert, error) {
	option := func(name string) string {
		if own.Has(name) {
			return own.String(name)
		}
		return o.String(name)
	}
	form := mapping.Form{Decimal: option("decimal"), Separator: ","}
	if form.Decimal != "" && form.Decimal != "." && form.Decimal != "," {
		return nil, a.Errorf("option 'decimal' must be \".\" or \",\", not %q", form.Decimal)
	}
	if kind == "money" && form.Decimal == "" {
		return nil, a.Errorf("the type 'money' needs the option 'decimal', \".\" or \",\"")
	}
	if own.Has("separator") {
		if form.Separator = own.String("separator"); form.Separator == "" {
			return nil, a.Errorf("the separator of a list must not be empty")
		}
	}
	switch reference := own.String("reference"); reference {
	case "":
	case "externalId":
		form.Prefix = "extid-"
	case "sourceId":
		form.Prefix = "srcid-"
	default:
		return nil, a.Errorf("'reference' must be \"externalId\" or \"sourceId\", not %q", reference)
	}
	loc, err := a.zone(option("zone"))
	if err != nil {
		return nil, err
	}
	form.Dates = calendar.Reader{Zone: loc, Layout: option("date_format"), Option: calendar.CSVFormat}
	if err := form.Dates.Check(); err != nil {
		return nil, err
	}
	convert, _ := form.Converter(kind)
	return convert, nil
}
