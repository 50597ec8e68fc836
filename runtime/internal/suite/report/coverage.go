package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

//go:embed coverage.html
var coveragePage string

var coverageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("coverage").Parse(coveragePage))
})

// Coverage is which lines the tests have executed.
type Coverage struct{ Files []*Covered }

// Covered is one file under test.
type Covered struct {
	// Name is the file's name in messages.
	Name string
	// Source holds the lines and Counts how often each was executed, -1 if no
	// statement begins on it. Line 1 is at index 0.
	Source []string
	Counts []int
}

// share is how many of the lines with a statement were executed.
func (c *Covered) share() share {
	all, hit := 0, 0
	for _, n := range c.Counts {
		if n >= 0 {
			all++
		}
		if n > 0 {
			hit++
		}
	}
	return shareOf(all, hit)
}

// missed lists the lines that were not executed, as "12, 40-42". Lines without
// a statement do not split a range.
func (c *Covered) missed() string {
	var ranges []string
	start, last := 0, 0
	end := func() {
		switch start {
		case 0:
		case last:
			ranges = append(ranges, strconv.Itoa(start))
		default:
			ranges = append(ranges, fmt.Sprintf("%d-%d", start, last))
		}
		start = 0
	}
	for i, n := range c.Counts {
		switch {
		case n > 0:
			end()
		case n == 0:
			if start == 0 {
				start = i + 1
			}
			last = i + 1
		}
	}
	end()
	const most = 8
	if len(ranges) > most {
		ranges = append(ranges[:most], "…")
	}
	return strings.Join(ranges, ", ")
}

// Coverage adds up the lines that the tests of all files executed.
func (r *Report) Coverage(dir string) (*Coverage, error) {
	merged := map[string]*Covered{}
	for _, f := range r.Files {
		for path, list := range f.Executed {
			c := merged[path]
			if c == nil {
				source, err := sourcefile.Read(path)
				if err != nil {
					return nil, fmt.Errorf("cannot show the coverage: %w", err)
				}
				c = &Covered{Name: Shown(dir, path), Source: strings.Split(strings.TrimSuffix(string(source), "\n"), "\n")}
				c.Counts = slices.Repeat([]int{-1}, len(c.Source))
				merged[path] = c
			}
			for _, l := range list {
				l.Each(func(line, n int) {
					if line <= len(c.Counts) {
						c.Counts[line-1] = max(c.Counts[line-1], 0) + n
					}
				})
			}
		}
	}
	files := slices.SortedFunc(maps.Values(merged), func(a, b *Covered) int { return strings.Compare(a.Name, b.Name) })
	return &Coverage{Files: files}, nil
}

// share is a part of some lines, in percent, with a grade.
type share struct {
	All, Hit int
	Percent  float64
	Grade    string
}

func shareOf(all, hit int) share {
	s := share{all, hit, 100, "good"}
	if all > 0 {
		s.Percent = 100 * float64(hit) / float64(all)
	}
	switch {
	case s.Percent < 50:
		s.Grade = "bad"
	case s.Percent < 80:
		s.Grade = "fair"
	}
	return s
}

// gradeStyles are the colors of grades in the table.
var gradeStyles = map[string]display.Style{"good": display.Green, "fair": display.Yellow, "bad": display.Red}

func (c *Coverage) total() share {
	all, hit := 0, 0
	for _, f := range c.Files {
		s := f.share()
		all, hit = all+s.All, hit+s.Hit
	}
	return shareOf(all, hit)
}

// Table returns the coverage for a person.
func (c *Coverage) Table(color bool) string {
	if len(c.Files) == 0 {
		return "\ncoverage: the tests ran no script or module\n"
	}
	width := len("all")
	for _, f := range c.Files {
		width = max(width, utf8.RuneCountInString(f.Name))
	}
	var b strings.Builder
	row := func(name string, s share, missed string) {
		percent := display.Paint(gradeStyles[s.Grade], fmt.Sprintf("%5.1f %%", s.Percent), color)
		line := fmt.Sprintf("  %-*s  %s  %5d of %-5d %s", width, name, percent, s.Hit, s.All, display.Paint(display.Dim, missed, color))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	fmt.Fprintf(&b, "\n  %s\n", display.Paint(display.Bold, fmt.Sprintf("%-*s  %7s  %-15s %s", width, "coverage", "", "lines", "not executed"), color))
	for _, f := range c.Files {
		row(f.Name, f.share(), f.missed())
	}
	if len(c.Files) > 1 {
		row("all", c.total(), "")
	}
	return b.String()
}

// LCOV returns the coverage in the format of lcov and genhtml.
func (c *Coverage) LCOV() string {
	var b strings.Builder
	for _, f := range c.Files {
		fmt.Fprintf(&b, "TN:\nSF:%s\n", f.Name)
		for i, n := range f.Counts {
			if n >= 0 {
				fmt.Fprintf(&b, "DA:%d,%d\n", i+1, n)
			}
		}
		s := f.share()
		fmt.Fprintf(&b, "LF:%d\nLH:%d\nend_of_record\n", s.All, s.Hit)
	}
	return b.String()
}

// htmlRow is a file in the index, htmlLine a line of a file.
type (
	htmlPage struct {
		Title string
		Total htmlRow
		Rows  []htmlRow
		Lines []htmlLine
	}
	htmlRow struct {
		Name, Link string
		share
	}
	htmlLine struct {
		Number             int
		Count, Class, Text string
	}
)

// HTML hands the coverage to write as pages by file name: an index, and one
// self-contained page per file.
func (c *Coverage) HTML(write func(name string, page []byte) error) error {
	render := func(name string, page htmlPage) error {
		var text bytes.Buffer
		if err := coverageTemplate().Execute(&text, page); err != nil {
			return err
		}
		return write(name, text.Bytes())
	}
	index := htmlPage{Title: "Coverage", Total: htmlRow{"All files", "", c.total()}}
	taken := map[string]bool{"index.html": true}
	for _, f := range c.Files {
		base := strings.NewReplacer("/", "_", "\\", "_", ":", "_").Replace(f.Name)
		name := base + ".html"
		for i := 2; taken[name]; i++ {
			name = fmt.Sprintf("%s-%d.html", base, i)
		}
		taken[name] = true
		row := htmlRow{f.Name, name, f.share()}
		index.Rows = append(index.Rows, row)
		if err := render(name, htmlPage{Title: f.Name, Total: row, Lines: f.htmlLines()}); err != nil {
			return err
		}
	}
	return render("index.html", index)
}

func (c *Covered) htmlLines() []htmlLine {
	lines := make([]htmlLine, len(c.Source))
	for i, text := range c.Source {
		l := htmlLine{Number: i + 1, Text: strings.TrimSuffix(text, "\r")}
		switch n := c.Counts[i]; {
		case n > 0:
			l.Class, l.Count = "hit", fmt.Sprintf("%d×", n)
		case n == 0:
			l.Class, l.Count = "miss", "0×"
		}
		lines[i] = l
	}
	return lines
}
