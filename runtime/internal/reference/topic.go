package reference

import (
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Topic returns the Markdown of one topic: the page of a module or a model, or
// its part of a page. Links are relative to the folder of the reference.
func (r *Reference) Topic(m *manual.Manual, t *manual.Topic) string {
	p := &page{ref: r, path: "README.md"}
	switch t.Kind {
	case manual.KindModel:
		return strings.TrimPrefix(r.Model(t.Model, t.Module), generated)
	case manual.KindModule:
		return strings.TrimPrefix(r.Module(t.Module), generated)
	case manual.KindFunction:
		note := m.OperationNote(t)
		if note != "" {
			note = "Planhat's notes: " + note
		}
		p.function(t.Module.Name, t.Func, note)
	case manual.KindTable:
		p.printf("### %s\n\n", t.Name)
		p.paragraph(t.Doc)
		if t.Model != nil {
			p.properties(t.Model, t.Model.Properties)
			break
		}
		p.fields(t.Shape.Fields)
	case manual.KindProperty:
		p.printf("### %s\n\n", t.Name)
		p.paragraph(p.propertyType(t.Property))
		p.paragraph(manual.Meaning(t.Property))
		if t.Property.ReadOnly {
			p.paragraph("It is read-only.")
		}
		p.paragraph(origin(t.Property))
	case manual.KindValue:
		p.printf("### %s\n\n", t.Name)
		p.paragraph(p.typed(t.Value.Type))
		p.paragraph(t.Doc)
	}
	return p.finish()
}

// Topics returns a list of topics.
func (r *Reference) Topics(topics []*manual.Topic) string {
	p := &page{ref: r, path: "README.md"}
	var rows [][]string
	for _, t := range topics {
		rows = append(rows, []string{"`" + t.Name + "`", spec.Summary(t.Doc)})
	}
	p.table([]string{"Topic", "What it is"}, rows)
	return p.finish()
}
