package reference

import (
	"strings"

	"github.com/phscript/phscript/bindings/spec"
)

// Index returns the page that links to all others.
func (r *Reference) Index() string {
	p := r.newPage("README.md")
	p.paragraph("# Reference")
	p.paragraph("All modules and models, generated from the program. " +
		"[The script guide](../script-guide.md) shows how to use them together.")
	p.paragraph("## Modules")
	p.paragraph("You can require each of them. Some are also globals; the page of a module says if it is not. Those for tests exist only in test files.")
	var modules [][]string
	for _, m := range r.modules {
		modules = append(modules, []string{"[`" + m.Name + "`](" + modulePath(m.Name) + ")", spec.Summary(m.Doc)})
	}
	p.table([]string{"Module", "What it does"}, modules)

	var models [][]string
	for _, m := range r.modules {
		for _, part := range m.Modules {
			model := r.model(part)
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
	p.section("Models", []string{"Model", "What it is", "Functions"}, models)
	p.paragraph("## JSON output")
	p.paragraph("[What commands print with `--json`](" + FormsPath + ").")
	return p.finish()
}
