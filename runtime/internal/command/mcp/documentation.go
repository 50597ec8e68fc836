package mcp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/guide"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/reference"
	"github.com/phscript/phscript/runtime/internal/schema"
	"github.com/phscript/phscript/runtime/internal/suite"
)

// page is how much of a text one answer has, in bytes, and hits how many results of a search.
const (
	page = 24_000
	hits = 20
)

type searchInput struct {
	Query string `json:"query" jsonschema:"words to search for, such as: dry run"`
}

type readInput struct {
	Topic  string `json:"topic" jsonschema:"the name of a topic as search_docs gives it, such as planhat.company.import, Company.externalId, csv or script-guide#filter"`
	Offset int    `json:"offset,omitempty" jsonschema:"where to continue a long page, in bytes"`
}

type schemaInput struct {
	Model  string `json:"model,omitempty" jsonschema:"a model, such as company; empty lists the models"`
	Offset int    `json:"offset,omitempty" jsonschema:"where to continue a long list, in bytes"`
}

func (s *server) addDocumentation(m *mcp.Server) {
	add(s, m, "search_docs", "Search the documentation",
		"Searches the guides and the reference of phscript, and returns the names of topics with a line about each. Read one with read_doc.",
		false, s.search)
	add(s, m, "read_doc", "Read the documentation",
		"Returns the page of a topic: a module, a function, a model, a property, or a section of a guide. 'index' lists all guides, modules and models.",
		false, s.read)
	add(s, m, "schema", "List the properties of a model",
		"Lists the properties of a model with their types, whether they can be written, and which a new record needs. Includes the account's custom fields if 'phscript schema pull' has saved them.",
		false, s.schema)
}

// manual returns the manual with the models that the project declares.
func (s *server) manual() *manual.Manual {
	c, _ := s.config()
	return suite.Manual(c.Models...)
}

func (s *server) search(_ context.Context, in searchInput) (string, error) {
	if strings.TrimSpace(in.Query) == "" {
		return "", fmt.Errorf("query is empty")
	}
	m := s.manual()
	a := m.Ask(in.Query)
	if a.Empty() {
		return "There is nothing about " + in.Query + catalog.Aside(m.Suggestions(in.Query)) + ". read_doc with topic 'index' lists what there is.", nil
	}
	topics, sections := a.Meant()
	var b strings.Builder
	for _, t := range topics[:min(len(topics), hits)] {
		fmt.Fprintf(&b, "%s: %s\n", t.Name, t.Brief())
	}
	for _, one := range sections[:min(len(sections), hits)] {
		fmt.Fprintf(&b, "%s: %s\n", one.Name(), one.Headline())
	}
	if left := max(len(topics)-hits, 0) + max(len(sections)-hits, 0); left > 0 {
		fmt.Fprintf(&b, "and %d more; add words to the query\n", left)
	}
	return b.String(), nil
}

func (s *server) read(_ context.Context, in readInput) (string, error) {
	m := s.manual()
	pages := reference.New(m.Modules(), m.Catalog())
	if strings.TrimSpace(in.Topic) == "index" {
		return part(pages.Overview(guide.All()), in.Offset)
	}
	a := m.Ask(in.Topic)
	if a.Topic != nil {
		return part(pages.Topic(m, a.Topic), in.Offset)
	}
	if sections := guide.All().Page(in.Topic); len(sections) > 0 {
		var b strings.Builder
		for _, one := range sections {
			b.WriteString("# " + one.Headline() + "\n" + one.Text + "\n")
		}
		return part(b.String(), in.Offset)
	}
	if a.Section != nil {
		return part("# "+a.Section.Headline()+"\n"+a.Section.Text, in.Offset)
	}
	return "", fmt.Errorf("there is no topic %s%s; find its name with search_docs", in.Topic, catalog.Aside(m.Suggestions(in.Topic)))
}

func (s *server) schema(_ context.Context, in schemaInput) (string, error) {
	m := s.manual()
	if in.Model == "" {
		var b strings.Builder
		for _, one := range m.Catalog().Models {
			fmt.Fprintf(&b, "%s: %s\n", one.Snake, one.Doc)
		}
		return part(b.String(), in.Offset)
	}
	model := m.Catalog().ModelNamed(in.Model)
	if model == nil {
		return "", fmt.Errorf("there is no model %s%s", in.Model, catalog.Aside(catalog.Nearest(in.Model, m.ModelNames())))
	}
	text := properties(model)
	c, mistake := s.config()
	known, err := schema.Load(c.SchemaPath(s.dir))
	switch {
	case mistake != nil:
		text += "\nCustom fields of this account are not known until the user corrects the settings:\n" + mistake.Error() + "\n"
	case err != nil:
		return "", err
	case known == nil:
		text += "\nCustom fields of this account are not known: ask the user to run 'phscript schema pull'.\n"
	default:
		text += ofAccount(known.Schema, model)
	}
	return part(text, in.Offset)
}

// ofAccount describes what the account has of a model.
func ofAccount(known *schema.Schema, model *catalog.Model) string {
	var b strings.Builder
	for _, f := range known.Custom(model) {
		fmt.Fprintf(&b, "- %s (%s", schema.Access(f.Name), f.Type)
		for _, mark := range []struct {
			set  bool
			text string
		}{{f.Mandatory, "mandatory"}, {f.Formula, "a formula: read-only"}, {f.Locked, "locked"}} {
			if mark.set {
				b.WriteString(", " + mark.text)
			}
		}
		b.WriteString(")")
		if len(f.Values) > 0 {
			b.WriteString(" Values: " + strings.Join(f.Values, ", ") + ".")
		}
		b.WriteString("\n")
	}
	text := b.String()
	if text != "" {
		text = "\nCustom fields of this account:\n" + text
	}
	for _, p := range model.Properties {
		if values := known.Known(model, p.Name); len(values) > 0 {
			text += fmt.Sprintf("\n%s of this account: %s\n", p.Name, strings.Join(values, ", "))
		}
	}
	return text
}

// properties describes the properties of a model.
func properties(model *catalog.Model) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s (planhat.%s)\n\n%s\n\n", model.Name, model.Snake, model.Doc)
	line := func(title string, names []string) {
		if len(names) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", title, strings.Join(names, ", "))
		}
	}
	line("Keys of bulk_upsert, import and sync", model.Keyables.Bulk)
	line("A new record needs", model.RequiredOnCreate)
	line("A new record needs one of", model.RequiredOneOf)
	b.WriteString("\n")
	for _, p := range model.Properties {
		fmt.Fprintf(&b, "- %s (%s", p.Name, p.Type)
		if p.Ref != "" {
			b.WriteString(" of " + p.Ref)
		}
		if p.ReadOnly {
			b.WriteString(", read-only")
		}
		b.WriteString(")")
		if p.Doc != "" {
			b.WriteString(": " + p.Doc)
		}
		if values := slices.Concat(p.Enum, p.Builtin); len(values) > 0 {
			b.WriteString(" Values: " + strings.Join(values, ", ") + ".")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// part returns what a text has from an offset on, at most a page.
func part(text string, offset int) (string, error) {
	if offset < 0 || offset > len(text) {
		return "", fmt.Errorf("offset %d is not in the text, which has %d bytes", offset, len(text))
	}
	for offset > 0 && offset < len(text) && !utf8.RuneStart(text[offset]) {
		offset++
	}
	rest := text[offset:]
	if len(rest) <= page {
		return rest, nil
	}
	end := page
	if cut := strings.LastIndexByte(rest[:end], '\n'); cut > end/2 {
		end = cut + 1
	}
	for !utf8.RuneStart(rest[end]) {
		end--
	}
	return fmt.Sprintf("%s\n[%d of %d bytes; continue with offset %d]", rest[:end], offset+end, len(text), offset+end), nil
}
