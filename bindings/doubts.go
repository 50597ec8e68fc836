package bindings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/precheck"
	"github.com/phscript/phscript/planhat/catalog"
)

// doubts collects warnings about records that are sent.
type doubts struct {
	a        *Args
	model    *catalog.Model
	readOnly []string
	// rows counts the rows, keyless those without a key; first is the number of
	// the first row without one.
	rows, keyless, first int
}

// options returns encoding options that collect warnings.
func (d *doubts) options() EncodeOptions {
	return EncodeOptions{Model: d.model, Unknown: d.unknown, Value: d.value, Date: d.date, Shortened: d.shortened, ReadOnly: func(name string) {
		// Under an older name, such as time of a metric, it is translated.
		if !d.model.Alias(name) && !slices.Contains(d.readOnly, name) {
			d.readOnly = append(d.readOnly, name)
		}
	}}
}

// value warns of an unknown value, which Planhat may reject. A dry run has no
// other way to tell.
func (d *doubts) value(p *catalog.Property, text string) {
	d.a.Host.Log.WarnOnce(d.a.Context(), d.model.Snake+"."+p.Name+" "+text, fmt.Sprintf("unknown %s %s %q%s; known values: %s",
		d.model.Noun, p.Name, text, catalog.DidYouMean(text, p.Enum), strings.Join(p.Enum, ", ")))
}

// date warns of a date that Planhat rejects, or reads in a way that nobody meant.
func (d *doubts) date(p *catalog.Property, text string) {
	d.a.Host.Log.WarnOnce(d.a.Context(), d.model.Snake+"."+p.Name+" date", fmt.Sprintf("the %s %s takes a date as YYYY-MM-DD, not %q, which Planhat rejects or misreads", d.model.Noun, p.Name, text))
}

// shortened warns of an id that may be that of several records.
func (d *doubts) shortened(name, id string) {
	d.a.Host.Log.WarnOnce(d.a.Context(), d.model.Snake+"."+name+" shortened", fmt.Sprintf("the %s %s %q looks like a shortened number, so different records may have the same one; keep such ids as text, in spreadsheets as well",
		d.model.Noun, name, id))
}

// unknown warns of a property that the catalog does not have. It is not an
// error, because a tenant may have other fields.
func (d *doubts) unknown(name string) {
	if !d.model.Alias(name) {
		unknownProperty(d.a, d.model, "", name, "it is sent unchanged. Custom fields usually belong in custom = { ... }")
	}
}

// unknownProperty warns of a property once for each option that names it, unless
// all models have it.
func unknownProperty(a *Args, m *catalog.Model, option, name, consequence string) {
	if m.Open || slices.Contains(catalog.CommonProperties, name) {
		return
	}
	known := make([]string, len(m.Properties))
	for i, p := range m.Properties {
		known[i] = p.Name
	}
	a.Host.Log.WarnOnce(a.Context(), option+" "+m.Snake+"."+name,
		fmt.Sprintf("unknown %s property '%s'%s; %s", m.Snake, name, catalog.DidYouMean(name, known), consequence))
}

// row checks the keys of a row. It returns what a row without a key lacks, which is
// rejected, not created.
func (d *doubts) row(row *lua.LTable) string {
	d.rows++
	codec := CodecOf(d.a.L)
	has := func(name string) bool {
		v := codec.Field(row, name)
		return v != lua.LNil && v != lua.LString("") && !codec.IsNull(v)
	}
	if slices.ContainsFunc(d.model.Keyables.Bulk, has) {
		return ""
	}
	if len(d.model.Lacks(has, true)) > 0 {
		return precheck.Incomplete(d.model, has)
	}
	if d.keyless++; d.first == 0 {
		d.first = d.rows
	}
	return ""
}

// shownReadOnly is how many properties a warning names.
const shownReadOnly = 5

// warn logs the warnings about the rows as a whole.
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
	rejected := len(d.model.RequiredOneOf) > 0 && !slices.ContainsFunc(d.model.RequiredOneOf, func(name string) bool { return !slices.Contains(keys, name) })
	if d.keyless == 0 || len(keys) == 0 || rejected {
		return // a row without any of its keys is rejected, not created
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

// rejectValues rejects rows with values that the catalog is sure about.
func (s *rowSource) rejectValues() {
	value, date, m := s.opt.Value, s.opt.Date, s.doubts.model
	s.opt.Value = func(p *catalog.Property, text string) {
		if !precheck.Sure(p) {
			value(p, text)
			return
		}
		s.wrong = precheck.Unknown(m, p, text)
	}
	s.opt.Date = func(p *catalog.Property, text string) {
		if !precheck.Sure(p) {
			date(p, text)
			return
		}
		s.wrong = fmt.Sprintf("the %s %s takes a date as YYYY-MM-DD, not %q", m.Noun, p.Name, text)
	}
}

// references returns what looks for the records that rows refer to, nil if nobody asked.
func (b binding) references(a *Args, o Options) (*precheck.References, error) {
	if !o.Bool("check_references") {
		return nil, nil
	}
	c, err := b.client(a)
	if err != nil {
		return nil, err
	}
	return &precheck.References{Model: b.model, Resource: c.Resource}, nil
}
