// Package reference renders what the modules and the API catalog say about
// themselves as pages to read.
//
// It knows no module and no model by name: everything comes from the specs of
// package bindings and from package catalog, so that a page cannot say
// something else than the code does.
package reference

import (
	"path"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Page is one Markdown file of the reference.
type Page struct {
	// Path is the file's place in the reference, with slashes:
	// "models/company.md".
	Path string
	// Text is its Markdown.
	Text string
}

// Book is everything that the reference describes. It is safe for concurrent
// use once it is made.
type Book struct {
	modules []*spec.Module
	sources []manual.Source
	api     *catalog.Catalog
	// homes are the pages on which the named tables are described.
	homes map[string]string
}

// New returns the book of the given modules. Parts of a module that are named
// after a model of the catalog get a page of their own.
func New(modules []*spec.Module, sources []manual.Source, api *catalog.Catalog) *Book {
	b := &Book{modules: modules, sources: sources, api: api, homes: map[string]string{}}
	for _, m := range modules {
		for _, s := range m.Records {
			b.homes[s.Name] = modulePath(m.Name) + "#" + anchor(s.Name)
		}
		for _, part := range m.Modules {
			if model := b.model(part); model != nil {
				b.homes[model.Name] = modelPath(model) + "#properties"
			}
		}
	}
	return b
}

// Pages returns all pages: the index, a page for each module and one for each
// model, ordered by path.
func (b *Book) Pages() []Page {
	pages := []Page{{Path: "README.md", Text: b.Index()}}
	for _, m := range b.modules {
		pages = append(pages, Page{Path: modulePath(m.Name), Text: b.Module(m)})
		for _, part := range m.Modules {
			if model := b.model(part); model != nil {
				pages = append(pages, Page{Path: modelPath(model), Text: b.Model(model, part)})
			}
		}
	}
	for _, s := range b.sources {
		pages = append(pages, Page{Path: modulePath(s.Name), Text: b.Source(s)})
	}
	slices.SortFunc(pages, func(x, y Page) int { return strings.Compare(x.Path, y.Path) })
	return pages
}

// model returns the model that a module's part stands for, or nil.
func (b *Book) model(part *spec.Module) *catalog.Model {
	_, snake, found := strings.Cut(part.Name, ".")
	if !found {
		return nil
	}
	return b.api.Model(snake)
}

// modulePath is where the page of a module lies.
func modulePath(name string) string { return name + ".md" }

// modelPath is where the page of a model lies.
func modelPath(m *catalog.Model) string { return path.Join("models", m.Snake+".md") }
