package bindings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/catalog"
)

// doubts collects what is odd about records that are sent, in the words of a
// warning. Nothing of it keeps them from being sent.
type doubts struct {
	a        *Args
	model    *catalog.Model
	readOnly []string
	// rows is how many rows were looked at, keyless how many of them have no
	// key, and first the number of the first one of those.
	rows, keyless, first int
}

// options are those of a record whose doubts are collected.
func (d *doubts) options() EncodeOptions {
	return EncodeOptions{Model: d.model, Unknown: d.unknown, Value: d.value, ReadOnly: func(name string) {
		if !slices.Contains(d.readOnly, name) {
			d.readOnly = append(d.readOnly, name)
		}
	}}
}

// value warns of a text that a property is not known to take, which Planhat may
// reject: a dry run has nobody else to ask.
func (d *doubts) value(p *catalog.Property, text string) {
	d.a.Host.Log.WarnOnce(d.a.Context(), d.model.Snake+"."+p.Name+" "+text, fmt.Sprintf("unknown %s %s %q%s; known values: %s",
		d.model.Noun, p.Name, text, catalog.DidYouMean(text, p.Enum), strings.Join(p.Enum, ", ")))
}

// unknown warns of a property that the catalog does not know. It is a warning,
// since a tenant may have fields of its own.
func (d *doubts) unknown(name string) {
	if d.model.Alias(name) || slices.Contains(catalog.CommonProperties, name) {
		return
	}
	d.a.Host.Log.WarnOnce(d.a.Context(), d.model.Snake+"."+name, fmt.Sprintf(
		"unknown %s property '%s'%s; it is sent unchanged. Custom fields usually belong in custom = { ... }",
		d.model.Snake, name, catalog.DidYouMean(name, propertyNames(d.model))))
}

// row looks at the keys of a row.
func (d *doubts) row(row *lua.LTable) {
	d.rows++
	for _, key := range d.model.Keyables.Bulk {
		if v := row.RawGetString(key); v != lua.LNil && v != lua.LString("") && !CodecOf(d.a.L).IsNull(v) {
			return
		}
	}
	if d.keyless++; d.first == 0 {
		d.first = d.rows
	}
}

// shownReadOnly is how many properties a warning names.
const shownReadOnly = 5

// warn tells of what was collected.
func (d *doubts) warn() {
	if n := len(d.readOnly); n > 0 {
		slices.Sort(d.readOnly)
		names := "'" + strings.Join(d.readOnly[:min(n, shownReadOnly)], "', '") + "'"
		if n > shownReadOnly {
			names += fmt.Sprintf(" and %d more", n-shownReadOnly)
		}
		what := english.PluralWord(n, "it", "them")
		d.a.Host.Log.WarnOnce(d.a.Context(), d.model.Snake+" read-only", fmt.Sprintf("Planhat sets %s of %s itself, so writing %s has no effect", names, catalog.WithArticle(d.model.Noun), what))
	}
	keys := slices.DeleteFunc(slices.Clone(d.model.Keyables.Bulk), func(name string) bool { return name == "_id" })
	if d.keyless == 0 || len(keys) == 0 {
		return
	}
	which := "none of the rows has"
	switch {
	case d.rows == 1:
		which = "the row has no"
	case d.keyless < d.rows:
		which = fmt.Sprintf("%d of %d rows %s no", d.keyless, d.rows, english.PluralWord(d.keyless, "has", "have"))
	}
	message := fmt.Sprintf("%s %s, so every run creates %s", which, english.WordSeries(keys, "or"), english.PluralWord(d.keyless, "a new "+d.model.Snake, "new records"))
	if d.keyless < d.rows {
		message += fmt.Sprintf("; %s row %d", english.PluralWord(d.keyless, "it is", "the first is"), d.first)
	}
	d.a.Host.Log.WarnOnce(d.a.Context(), d.model.Snake+" keys", message)
}
