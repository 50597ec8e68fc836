package suite

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// coverage counts the lines that a test file executes in other files.
type coverage struct {
	files map[string][]*compile.Lines
}

// lines returns a counter for one more load of a file.
func (c *coverage) lines(path string) *compile.Lines {
	if c.files == nil {
		c.files = map[string][]*compile.Lines{}
	}
	l := &compile.Lines{}
	c.files[path] = append(c.files[path], l)
	return l
}

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

// Lines returns how many lines have a statement, and how many of those were
// executed.
func (c *Covered) Lines() (all, hit int) {
	for _, n := range c.Counts {
		if n >= 0 {
			all++
		}
		if n > 0 {
			hit++
		}
	}
	return all, hit
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
		for path, list := range f.coverage.files {
			c := merged[path]
			if c == nil {
				source, err := os.ReadFile(path)
				if err != nil {
					return nil, fmt.Errorf("cannot show the coverage: %w", err)
				}
				c = &Covered{Name: shown(dir, path), Source: strings.Split(strings.TrimSuffix(string(source), "\n"), "\n")}
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
	out := &Coverage{}
	for _, c := range merged {
		out.Files = append(out.Files, c)
	}
	slices.SortFunc(out.Files, func(a, b *Covered) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// covers reports whether the lines of a file count: not those of tests, nor of
// LuaUnit.
func covers(path string) bool { return !IsTest(path) && filepath.Base(path) != "luaunit.lua" }

func percent(all, hit int) float64 {
	if all == 0 {
		return 100
	}
	return 100 * float64(hit) / float64(all)
}

func (c *Coverage) total() (all, hit int) {
	for _, f := range c.Files {
		a, h := f.Lines()
		all, hit = all+a, hit+h
	}
	return all, hit
}

// Table writes the coverage for a person.
func (c *Coverage) Table(w io.Writer, color bool) error {
	t := &Text{Color: color}
	if len(c.Files) == 0 {
		_, err := fmt.Fprintln(w, "\ncoverage: the tests ran no script or module")
		return err
	}
	width := len("all")
	for _, f := range c.Files {
		width = max(width, len([]rune(f.Name)))
	}
	var b strings.Builder
	row := func(name string, all, hit int, missed string) {
		share, style := percent(all, hit), green
		switch {
		case share < 50:
			style = red
		case share < 80:
			style = yellow
		}
		pad := strings.Repeat(" ", width-len([]rune(name)))
		line := fmt.Sprintf("  %s%s  %s  %5d of %-5d %s", name, pad, t.paint(style, fmt.Sprintf("%5.1f %%", share)), hit, all, t.paint(dim, missed))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	fmt.Fprintf(&b, "\n  %s\n", t.paint(bold, fmt.Sprintf("%-*s  %7s  %-15s %s", width, "coverage", "", "lines", "not executed")))
	for _, f := range c.Files {
		all, hit := f.Lines()
		row(f.Name, all, hit, f.missed())
	}
	if len(c.Files) > 1 {
		all, hit := c.total()
		row("all", all, hit, "")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// LCOV writes the coverage in the format of lcov and genhtml.
func (c *Coverage) LCOV(w io.Writer) error {
	var b strings.Builder
	for _, f := range c.Files {
		fmt.Fprintf(&b, "TN:\nSF:%s\n", f.Name)
		for i, n := range f.Counts {
			if n >= 0 {
				fmt.Fprintf(&b, "DA:%d,%d\n", i+1, n)
			}
		}
		all, hit := f.Lines()
		fmt.Fprintf(&b, "LF:%d\nLH:%d\nend_of_record\n", all, hit)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
