package reference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Model returns the page of one model: its keys, functions and properties.
func (r *Reference) Model(m *catalog.Model, part *spec.Module) string {
	p := r.newPage(modelPath(m))
	p.printf("# %s\n\n", part.Name)
	p.paragraph(m.Doc)
	p.table([]string{"", ""}, [][]string{
		{"Name in Planhat", "`" + m.Name + "`"},
		{"Path", "`" + m.Path + "` on " + p.host(m.Base)},
		{"Certainty", string(cmp.Or(m.Confidence, catalog.High)) + " confidence"},
	})
	p.contents(part)
	p.keys(m)
	p.needs(m)
	p.limits(m)
	p.printf("## Functions\n\n")
	for _, f := range part.Funcs {
		note := ""
		if op := manual.OperationOf(m, f.Name); op != nil && op.Note != "" {
			note = "Planhat's notes: " + manual.Sentence(op.Note)
		}
		p.function(part.Name, f, note)
	}
	p.printf("## Properties\n\n")
	p.paragraph("Types are [the API's](" + p.up() + "../planhat-api.md#s10). Planhat documents a property unless its source says otherwise.")
	p.properties(m, m.Properties)
	if len(m.SegmentProperties) > 0 {
		p.printf("## Properties of segment calls\n\n")
		p.properties(m, m.SegmentProperties)
	}
	if len(m.Notes) > 0 {
		p.printf("## Notes\n\n")
		for _, note := range m.Notes {
			p.printf("- %s\n", manual.Sentence(note))
		}
		p.printf("\n")
	}
	return p.finish()
}

func (p *page) host(h catalog.Host) string {
	return "`" + p.ref.api.Hosts[h] + "`"
}

func (p *page) keys(m *catalog.Model) {
	var rows [][]string
	for _, k := range manual.Keys(m) {
		what := "`" + k.For + "`"
		if k.For == "bulk_upsert" {
			what += " matches by the first of"
		}
		rows = append(rows, []string{what, quoted(k.Names)})
	}
	p.section("Keys", []string{"Call", "Keys"}, rows)
}

func (p *page) needs(m *catalog.Model) {
	var rows [][]string
	for _, n := range manual.Needs(m) {
		rows = append(rows, []string{n.For, quoted(n.Names)})
	}
	p.section("Creating a record", []string{"", "Properties"}, rows)
}

func (p *page) limits(m *catalog.Model) {
	var rows [][]string
	for _, op := range m.Operations {
		row := []string{"`" + op.Name + "`", "", "", "", ""}
		if limit := op.Parameter("limit"); limit != nil {
			row[1], row[2] = count(limit.Max), count(limit.Default)
		}
		row[3] = count(op.MaxItems)
		if op.MaxBodyBytes > 0 {
			row[4] = fmt.Sprintf("%d MB", op.MaxBodyBytes>>20)
		}
		if slices.ContainsFunc(row[1:], func(s string) bool { return s != "" }) {
			rows = append(rows, row)
		}
	}
	p.section("Limits of one request", []string{"Operation", "Largest page", "Default page", "Most rows", "Largest body"}, rows)
}

func (p *page) properties(m *catalog.Model, properties []*catalog.Property) {
	var rows [][]string
	for _, prop := range properties {
		var flags []string
		if prop.Required || slices.Contains(m.RequiredOnCreate, prop.Name) {
			flags = append(flags, "required")
		}
		if slices.Contains(m.RequiredOneOf, prop.Name) {
			flags = append(flags, "one of these is required")
		}
		if prop.ReadOnly {
			flags = append(flags, "read-only")
		}
		rows = append(rows, []string{"`" + prop.Name + "`", p.propertyType(prop), strings.Join(flags, ", "), manual.Meaning(prop), origin(prop)})
	}
	p.table([]string{"Property", "Type", "", "Meaning", "Source"}, rows)
}

// propertyType is a property's type, with the model that it refers to.
func (p *page) propertyType(prop *catalog.Property) string {
	typ := "`" + string(prop.Type) + "`"
	if prop.Ref == "" {
		return typ
	}
	if model := p.ref.api.ModelNamed(prop.Ref); model != nil {
		return typ + " of [" + prop.Ref + "](" + p.to(modelPath(model)) + ")"
	}
	return typ + " of " + prop.Ref
}

// origin says how certain a property is, if it is not plainly documented.
func origin(prop *catalog.Property) string {
	var words []string
	if prop.Origin != "" {
		words = append(words, prop.Origin)
	}
	if prop.Confidence != "" && prop.Confidence != catalog.High {
		words = append(words, string(prop.Confidence)+" confidence")
	}
	return strings.Join(words, ", ")
}

// count writes a limit; 0 means unknown.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
