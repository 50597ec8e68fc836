package manual

import (
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// PageOptions say how pages are set for a terminal.
type PageOptions struct {
	// Width is the length of a line; 0 is 80.
	Width int
	// Color allows escape sequences for colours.
	Color bool
	// Ask is how a reader asks for a further page, with %s in the place of its
	// name; "phscript doc %s" where it is empty.
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

// styled colours a text where colours are wanted.
func (s *sheet) styled(text string, as style) string {
	if !s.o.Color || as == plain || text == "" {
		return text
	}
	return string(as) + text + normal
}

// line writes one line, indented.
func (s *sheet) line(by int, text string) {
	s.WriteString(strings.TrimRight(strings.Repeat(" ", by)+text, " ") + "\n")
}

// gap leaves a line empty, but never two, and none at the top.
func (s *sheet) gap() {
	if text := s.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		s.WriteByte('\n')
	}
}

// heading begins a part of the page.
func (s *sheet) heading(text string) {
	s.gap()
	s.line(0, s.styled(text, strong))
}

// markdown writes a text with its paragraphs, lists and code.
func (s *sheet) markdown(by int, text string) {
	for i, b := range blocks(text) {
		if i > 0 && !b.tightly {
			s.gap()
		}
		switch {
		case b.code:
			s.code(by+2, b.text)
		case b.heading:
			s.line(by, s.styled(b.text, strong))
		case b.table != nil:
			s.items(by, tableItems(b.table))
		case b.marker != "":
			for j, line := range wrap(b.text, s.width-by-len(b.marker), s.o.Color) {
				s.line(by, []string{b.marker, strings.Repeat(" ", len(b.marker))}[min(j, 1)]+line)
			}
		default:
			for _, line := range wrap(b.text, s.width-by, s.o.Color) {
				s.line(by, line)
			}
		}
	}
}

// tableItems makes items of a table: the first column names them, further columns
// than the second bear their titles.
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

// code writes lines as they are.
func (s *sheet) code(by int, text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		s.line(by, s.styled(strings.TrimRight(line, "\n"), code))
	}
}

// item is something with a name and a text that explains it.
type item struct {
	name string
	// note stands behind the name: a type.
	note string
	doc  string
}

// request is the request that a model's function makes, behind what it does.
var request = pattern.Lazy(": `[A-Z]+ /[^`]*`\\.$")

// brief is the first sentence of a text, as short as a list wants it.
func brief(doc string) string {
	return request().ReplaceAllString(spec.Summary(doc), ".")
}

// Brief is the first sentence about a topic on one line and without the marks
// of Markdown, for lists such as a shell's completion.
func (t *Topic) Brief() string {
	return strings.Join(wrap(brief(t.Doc), 1<<20, false), " ")
}

// items writes names in a column, their notes in another and what they mean
// beside them; below, where there is no room for a further column.
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
		label := s.styled(it.name, code)
		if it.note != "" {
			label += strings.Repeat(" ", length-utf8.RuneCountInString(it.name)-utf8.RuneCountInString(it.note)) + s.styled(it.note, faint)
		}
		lines := wrap(it.doc, s.width-deeper, s.o.Color)
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

// length is how much room the name and the note take, where names have a column
// of that width.
func (it item) length(names int) int {
	n := utf8.RuneCountInString(it.name)
	if it.note == "" {
		return n
	}
	return max(n, names) + 2 + utf8.RuneCountInString(it.note)
}

// columns writes names side by side, read downwards.
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
			line.WriteString(s.styled(names[i], code))
			if i+down < len(names) {
				line.WriteString(strings.Repeat(" ", wide+2-utf8.RuneCountInString(names[i])))
			}
		}
		s.line(by, line.String())
	}
}

// Card returns a short page about something that is no topic: a title, a text in
// Markdown and a list of fields.
func Card(title, text string, fields []spec.Field, o PageOptions) string {
	s := newSheet(o)
	s.line(0, s.styled(title, strong))
	s.gap()
	s.markdown(indent, text)
	s.gap()
	s.items(indent, fieldItems(fields))
	return s.finish()
}

// finish returns the page, ended by a single newline.
func (s *sheet) finish() string { return strings.TrimRight(s.String(), "\n") + "\n" }
