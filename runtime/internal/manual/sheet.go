package manual

import (
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// PageOptions say how pages look on a terminal.
type PageOptions struct {
	// Width is the length of a line; 0 is 80.
	Width int
	// Color allows escape sequences for colors.
	Color bool
	// Ask is how a reader asks for another page, with %s for its name (default
	// "phscript doc %s").
	Ask string
}

const (
	defaultWidth = 80
	leastWidth   = 30
	mostWidth    = 110 // longer lines are hard to read
	indent       = 2
)

func (o PageOptions) width() int {
	if o.Width <= 0 {
		return defaultWidth
	}
	return min(max(o.Width, leastWidth), mostWidth)
}

func (o PageOptions) ask(name string) string {
	if o.Ask == "" {
		return "phscript doc " + name
	}
	return strings.ReplaceAll(o.Ask, "%s", name)
}

// sheet collects the lines of one page.
type sheet struct {
	strings.Builder
	o     PageOptions
	width int
}

func newSheet(o PageOptions) *sheet { return &sheet{o: o, width: o.width()} }

func (s *sheet) styled(text string, as display.Style) string {
	return display.Paint(as, text, s.o.Color)
}

func (s *sheet) line(by int, text string) {
	s.WriteString(strings.TrimRight(strings.Repeat(" ", by)+text, " ") + "\n")
}

// gap leaves one empty line, except at the top.
func (s *sheet) gap() {
	if text := s.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		s.WriteByte('\n')
	}
}

func (s *sheet) heading(text string) {
	s.gap()
	s.line(0, s.styled(text, display.Bold))
}

// section writes a heading and items, nothing if there are none.
func (s *sheet) section(heading string, list []item) {
	if len(list) > 0 {
		s.heading(heading)
		s.items(indent, list)
	}
}

func (s *sheet) markdown(by int, text string) {
	for i, b := range blocks(text) {
		if i > 0 && !b.tightly {
			s.gap()
		}
		switch {
		case b.code:
			s.code(by+2, b.text)
		case b.heading:
			s.line(by, s.styled(b.text, display.Bold))
		case b.table != nil:
			s.items(by, tableItems(b.table))
		case b.marker != "":
			for j, line := range Wrap(b.text, s.width-by-len(b.marker), s.o.Color) {
				s.line(by, []string{b.marker, strings.Repeat(" ", len(b.marker))}[min(j, 1)]+line)
			}
		default:
			for _, line := range Wrap(b.text, s.width-by, s.o.Color) {
				s.line(by, line)
			}
		}
	}
}

// tableItems makes items of a table. The first column is the name; columns
// after the second show their titles.
func tableItems(table [][]string) []item {
	var list []item
	for _, row := range table[1:] {
		it := item{name: strings.NewReplacer("`", "", "**", "").Replace(row[0])}
		for i, cell := range row[1:] {
			if i > 0 && cell != "" {
				cell = table[0][min(i+1, len(table[0])-1)] + ": " + cell
			}
			if it.doc != "" && cell != "" {
				it.doc += "; "
			}
			it.doc += cell
		}
		list = append(list, it)
	}
	return list
}

func (s *sheet) code(by int, text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		s.line(by, s.styled(strings.TrimRight(line, "\n"), display.Cyan))
	}
}

type item struct {
	name string
	// note follows the name: a type.
	note string
	doc  string
}

// request matches the request that a model's function makes, after its
// description.
var request = pattern.Lazy(": `[A-Z]+ /[^`]*`\\.$")

// brief is the first sentence of a text, short enough for a list.
func brief(doc string) string {
	return request().ReplaceAllString(spec.Summary(doc), ".")
}

// Brief is a topic's first sentence on one line and without Markdown, for lists
// such as a shell's completion.
func (t *Topic) Brief() string {
	return strings.Join(Wrap(brief(t.Doc), 1<<20, false), " ")
}

// items writes columns of names, notes and meanings. If there is no room, the
// meaning goes below the name.
func (s *sheet) items(by int, list []item) {
	most := min(36, s.width*2/5)
	names, column := 0, 0
	for _, it := range list {
		if n := utf8.RuneCountInString(it.name); n <= most {
			names = max(names, n)
		}
	}
	for _, it := range list {
		if n := it.length(names); n <= most {
			column = max(column, n)
		}
	}
	deeper := by + column + 2
	beside := s.width-deeper >= 24
	if !beside {
		deeper = by + 4
	}
	for _, it := range list {
		length := it.length(names)
		label := s.styled(it.name, display.Cyan)
		if it.note != "" {
			label += strings.Repeat(" ", length-utf8.RuneCountInString(it.name)-utf8.RuneCountInString(it.note)) + s.styled(it.note, display.Dim)
		}
		lines := Wrap(it.doc, s.width-deeper, s.o.Color)
		if beside && length <= column && len(lines) > 0 {
			label += strings.Repeat(" ", column-length+2) + lines[0]
			lines = lines[1:]
		}
		s.line(by, label)
		for _, line := range lines {
			s.line(deeper, line)
		}
	}
}

// length is the width of the name and the note, given the width of the column
// of names.
func (it item) length(names int) int {
	n := utf8.RuneCountInString(it.name)
	if it.note == "" {
		return n
	}
	return max(n, names) + 2 + utf8.RuneCountInString(it.note)
}

// columns writes names side by side, to read downwards.
func (s *sheet) columns(by int, names []string) {
	wide := 0
	for _, name := range names {
		wide = max(wide, utf8.RuneCountInString(name))
	}
	across := max(1, (s.width-by+2)/(wide+2))
	down := (len(names) + across - 1) / across
	for row := range down {
		var line strings.Builder
		for i := row; i < len(names); i += down {
			line.WriteString(s.styled(names[i], display.Cyan))
			if i+down < len(names) {
				line.WriteString(strings.Repeat(" ", wide+2-utf8.RuneCountInString(names[i])))
			}
		}
		s.line(by, line.String())
	}
}

// Card returns a short page on something that is not a topic: a title, Markdown
// text and a list of fields.
func Card(title, text string, fields []spec.Field, o PageOptions) string {
	s := newSheet(o)
	s.line(0, s.styled(title, display.Bold))
	s.gap()
	s.markdown(indent, text)
	s.gap()
	s.items(indent, fieldItems(fields))
	return s.finish()
}

// finish returns the page, ended by a single newline.
func (s *sheet) finish() string { return strings.TrimRight(s.String(), "\n") + "\n" }
