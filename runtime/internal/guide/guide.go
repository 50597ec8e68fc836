// Package guide reads the guides, splits them into sections and searches them.
package guide

import (
	"io/fs"
	"strings"
	"sync"
	"unicode"

	"github.com/phscript/phscript/docs"
)

// Section is a part of a guide: what is under one heading of the second level,
// or what comes before the first of them.
type Section struct {
	// Page is the guide's file without its ending, such as connectors/zendesk, Title
	// its first heading.
	Page, Title string
	// Heading is the section's own, "" for the part before the first one.
	Heading string
	// Text is Markdown, without the heading.
	Text string
}

// Name returns what the section is called: "script-guide#dry-run", as in a link.
func (s *Section) Name() string {
	if s.Heading == "" {
		return s.Page
	}
	return s.Page + "#" + Anchor(s.Heading)
}

// Headline returns the heading, or the page's title.
func (s *Section) Headline() string {
	if s.Heading == "" {
		return s.Title
	}
	return s.Heading
}

// Anchor makes a heading what a link calls it.
func Anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}

// Guides are all sections, page by page. They do not change after New, so they
// are safe for concurrent use.
type Guides struct{ sections []*indexed }

// All returns phscript's own guides.
var All = sync.OnceValue(func() *Guides {
	g, err := New(docs.Guides)
	if err != nil {
		panic(err) // they are embedded
	}
	return g
})

// New reads the guides in a folder and its subfolders.
func New(files fs.FS) (*Guides, error) {
	g := &Guides{}
	for _, pattern := range []string{"*.md", "*/*.md"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return nil, err
		}
		if err := g.read(files, names); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *Guides) read(files fs.FS, names []string) error {
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		for _, s := range split(strings.TrimSuffix(name, ".md"), string(text)) {
			g.sections = append(g.sections, index(s))
		}
	}
	return nil
}

// split cuts a page into its sections. Comments, such as the marks of generated
// parts, are left out.
func split(page, text string) []*Section {
	now := &Section{Page: page}
	list := []*Section{now}
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		fenced = fenced != strings.HasPrefix(strings.TrimSpace(line), "```")
		title, first := strings.CutPrefix(line, "# ")
		heading, second := strings.CutPrefix(line, "## ")
		switch {
		case fenced:
			now.Text += line + "\n"
		case first && now.Title == "":
			now.Title = plain(title)
		case second:
			now = &Section{Page: page, Title: list[0].Title, Heading: plain(heading)}
			list = append(list, now)
		case !strings.HasPrefix(line, "<!--"):
			now.Text += line + "\n"
		}
	}
	return list
}

// plain is a heading without the marks of Markdown.
func plain(heading string) string {
	return strings.TrimSpace(strings.NewReplacer("`", "", "**", "").Replace(heading))
}

// Find returns the section of a name, as Name returns it, and nil if there is
// none. The case does not matter.
func (g *Guides) Find(name string) *Section {
	name = strings.ToLower(strings.Replace(name, ".md", "", 1))
	for _, s := range g.sections {
		if strings.ToLower(s.Name()) == name {
			return s.Section
		}
	}
	return nil
}

// Page returns the sections of a page, its beginning first.
func (g *Guides) Page(page string) []*Section {
	var list []*Section
	for _, s := range g.sections {
		if s.Page == page {
			list = append(list, s.Section)
		}
	}
	return list
}

// Sections returns all sections, page by page.
func (g *Guides) Sections() []*Section {
	list := make([]*Section, len(g.sections))
	for i, s := range g.sections {
		list[i] = s.Section
	}
	return list
}
