package reference

import (
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Index returns the page that leads to all others.
func (b *Book) Index() string {
	p := b.newPage("README.md")
	p.paragraph("# Reference")
	p.paragraph("Every module and every model, as the program itself describes them. " +
		"[The script guide](../script-guide.md) shows how they are used together.")
	p.paragraph("## Modules")
	p.paragraph("All of them can be required; those written in Go are globals as well, what belongs to tests in test files.")
	var modules [][]string
	for _, m := range b.modules {
		modules = append(modules, []string{"[`" + m.Name + "`](" + modulePath(m.Name) + ")", spec.Summary(m.Doc)})
	}
	for _, s := range b.sources {
		modules = append(modules, []string{"[`" + s.Name + "`](" + modulePath(s.Name) + ")", spec.Summary(manual.LuaModule(s).Doc)})
	}
	p.table([]string{"Module", "What it does"}, modules)

	var models [][]string
	for _, m := range b.modules {
		for _, part := range m.Modules {
			model := b.model(part)
			if model == nil {
				continue
			}
			var names []string
			for _, f := range part.Funcs {
				names = append(names, f.Name)
			}
			models = append(models, []string{
				"[`" + part.Name + "`](" + modelPath(model) + ")", spec.Summary(model.Doc), strings.Join(names, ", ")})
		}
	}
	if len(models) > 0 {
		p.paragraph("## Models")
	}
	p.table([]string{"Model", "What it is", "Functions"}, models)
	return p.finish()
}
