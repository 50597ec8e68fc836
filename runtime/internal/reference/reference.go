// Package reference renders modules and the API catalog as pages.
//
// It names no module and no model: everything comes from the specs of package
// bindings and from package catalog, so pages always agree with the code.
package reference

import (
	"path"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/guide"
)

// Page is one Markdown file of the reference.
type Page struct {
	// Path is the file's path in the reference, with slashes:
	// "models/company.md".
	Path string
	Text string
}

// Reference is everything that the reference describes. It is immutable and
// safe for concurrent use.
type Reference struct {
	modules []*spec.Module
	api     *catalog.Catalog
	// homes are the pages that describe the named tables.
	homes map[string]string
}

// New returns the reference of the given modules. A part of a module that is
// named after a model of the catalog has its own page.
func New(modules []*spec.Module, api *catalog.Catalog) *Reference {
	r := &Reference{modules: modules, api: api, homes: map[string]string{}}
	for _, m := range modules {
		for _, s := range m.Records {
			r.homes[s.Name] = modulePath(m.Name) + "#" + guide.Anchor(s.Name)
		}
		for _, part := range m.Modules {
			if model := r.model(part); model != nil {
				r.homes[model.Name] = modelPath(model) + "#properties"
			}
		}
	}
	return r
}

// Pages returns all pages, ordered by path: the index, and a page per module
// and per model.
func (r *Reference) Pages() []Page {
	pages := []Page{{Path: "README.md", Text: r.Index()}}
	for _, m := range r.modules {
		pages = append(pages, Page{Path: modulePath(m.Name), Text: r.Module(m)})
		for _, part := range m.Modules {
			if model := r.model(part); model != nil {
				pages = append(pages, Page{Path: modelPath(model), Text: r.Model(model, part)})
			}
		}
	}
	slices.SortFunc(pages, func(x, y Page) int { return strings.Compare(x.Path, y.Path) })
	return pages
}

// model returns the model that a module's part stands for, or nil.
func (r *Reference) model(part *spec.Module) *catalog.Model {
	_, snake, found := strings.Cut(part.Name, ".")
	if !found {
		return nil
	}
	return r.api.Model(snake)
}

func modulePath(name string) string { return name + ".md" }

func modelPath(m *catalog.Model) string { return path.Join("models", m.Snake+".md") }
