package suite

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
)

//go:embed coverage.html
var coveragePage string

var coverageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("coverage").Parse(coveragePage))
})

// Page is one page of a coverage report.
type Page struct {
	// Name is the page's file name.
	Name  string
	write func(w io.Writer) error
}

// Write writes the page.
func (p *Page) Write(w io.Writer) error { return p.write(w) }

// row is a file in the index, line a line of a file.
type (
	pageRow struct {
		Name, Link, Grade string
		All, Hit          int
		Percent           string
		Width             float64
	}
	pageLine struct {
		Number       int
		Count, Class string
		Text         string
	}
	pageData struct {
		Title string
		Total pageRow
		Rows  []pageRow
		Lines []pageLine
	}
)

// Pages returns the coverage as HTML: an index, and one self-contained page per
// file.
func (c *Coverage) Pages() []*Page {
	index := pageData{Title: "Coverage"}
	all, hit := c.total()
	index.Total = rowOf("All files", "", all, hit)
	taken := map[string]bool{"index.html": true}
	var pages []*Page
	for _, f := range c.Files {
		base := strings.NewReplacer("/", "_", "\\", "_", ":", "_").Replace(f.Name)
		name := base + ".html"
		for i := 2; taken[name]; i++ {
			name = fmt.Sprintf("%s-%d.html", base, i)
		}
		taken[name] = true
		all, hit := f.Lines()
		row := rowOf(f.Name, name, all, hit)
		index.Rows = append(index.Rows, row)
		data := pageData{Title: f.Name, Total: row, Lines: linesOf(f)}
		pages = append(pages, &Page{name, func(w io.Writer) error { return coverageTemplate().Execute(w, data) }})
	}
	first := &Page{"index.html", func(w io.Writer) error { return coverageTemplate().Execute(w, index) }}
	return append([]*Page{first}, pages...)
}

func rowOf(name, link string, all, hit int) pageRow {
	share := percent(all, hit)
	grade := "good"
	switch {
	case share < 50:
		grade = "bad"
	case share < 80:
		grade = "fair"
	}
	return pageRow{name, link, grade, all, hit, fmt.Sprintf("%.1f %%", share), share}
}

func linesOf(f *Covered) []pageLine {
	lines := make([]pageLine, len(f.Source))
	for i, text := range f.Source {
		l := pageLine{Number: i + 1, Text: strings.TrimSuffix(text, "\r")}
		switch n := f.Counts[i]; {
		case n > 0:
			l.Class, l.Count = "hit", fmt.Sprintf("%d×", n)
		case n == 0:
			l.Class, l.Count = "miss", "0×"
		}
		lines[i] = l
	}
	return lines
}
