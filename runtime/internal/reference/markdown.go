package reference

import (
	"fmt"
	"path"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// generated is the first line of every page.
const generated = "<!-- Generated from the code by: go test ./runtime/internal/documents -update. Changes made here are lost. -->\n\n"

// page collects the Markdown of one file.
type page struct {
	strings.Builder
	ref *Reference
	// path is the page's path in the reference; links are relative to it.
	path string
}

func (r *Reference) newPage(path string) *page {
	p := &page{ref: r, path: path}
	p.WriteString(generated)
	return p
}

func (p *page) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *page) paragraph(text string) {
	if text = strings.TrimSpace(text); text != "" {
		p.WriteString(text + "\n\n")
	}
}

func (p *page) code(language, text string) {
	p.printf("```%s\n%s\n```\n\n", language, strings.TrimSpace(text))
}

// section writes a heading and a table, nothing if there are no rows.
func (p *page) section(heading string, head []string, rows [][]string) {
	if len(rows) > 0 {
		p.printf("## %s\n\n", heading)
		p.table(head, rows)
	}
}

// table writes rows of cells with a head. It leaves out columns that are empty
// in every row; without rows, it writes nothing.
func (p *page) table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	var used []int
	for i := range head {
		for _, row := range rows {
			if row[i] != "" {
				used = append(used, i)
				break
			}
		}
	}
	line := func(cells []string) {
		p.WriteString("|")
		for _, i := range used {
			p.WriteString(" " + cell(cells[i]) + " |")
		}
		p.WriteString("\n")
	}
	line(head)
	p.WriteString("|" + strings.Repeat(" --- |", len(used)) + "\n")
	for _, row := range rows {
		line(row)
	}
	p.WriteString("\n")
}

// cell escapes text for a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// typed writes a type as code, linked to the first table that it names.
func (p *page) typed(typ spec.Type) string {
	for _, name := range typ.Names() {
		if home := p.ref.homes[name]; home != "" {
			return "[`" + string(typ) + "`](" + p.to(home) + ")"
		}
	}
	return "`" + string(typ) + "`"
}

// to returns the link from this page to a place in the reference.
func (p *page) to(target string) string {
	if rest, ok := strings.CutPrefix(target, p.path+"#"); ok {
		return "#" + rest
	}
	return p.up() + target
}

// up leads from the page's folder to the reference's.
func (p *page) up() string {
	if dir := path.Dir(p.path); dir != "." {
		return strings.Repeat("../", strings.Count(dir, "/")+1)
	}
	return ""
}

var sections = pattern.Lazy(`§(\d+)`)

// sourced links sections to the page about the API.
func (p *page) sourced(source string) string {
	return sections().ReplaceAllString(source, "[§$1]("+p.up()+"../planhat-api.md#s$1)")
}

func quoted(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
