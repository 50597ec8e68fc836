package view

import (
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/display"
)

// Column is a column of a table.
type Column struct {
	Name string
	// Least, if set, is how many characters the column keeps when the table is too
	// wide for a terminal.
	Least int
	// Below moves the last column to lines of its own when the table is too wide.
	Below bool
}

// gap is the space between columns.
const gap = "  "

// Table writes rows with their columns aligned, under the names of the columns if they
// have some. If width is positive, lines have at most so many characters where the
// columns allow it; otherwise nothing is shortened. The last cell of a row may be
// longer than its column.
func Table(columns []Column, rows [][]string, width int) string {
	var head []string
	for _, c := range columns {
		head = append(head, c.Name)
	}
	all := make([][]string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			all[i] = append(all[i], display.Cell(cell))
		}
	}
	if strings.Join(head, "") != "" {
		all = append([][]string{head}, all...)
	}
	widths := widest(columns, all)
	below := -1
	if last := len(columns) - 1; width > 0 && last > 0 && columns[last].Below && total(all, widths) > width {
		below, columns = last, columns[:last]
	}
	shown := make([][]string, len(all))
	for i, row := range all {
		if shown[i] = row; below >= 0 && len(row) > below {
			shown[i] = row[:below]
		}
	}
	if below >= 0 {
		widths = widest(columns, shown)
	}
	if width > 0 {
		shorten(columns, shown, widths, width)
	}
	var b strings.Builder
	for i, row := range shown {
		b.WriteString(line(columns, row, widths))
		if below >= 0 && len(all[i]) > below && all[i][below] != "" && (i > 0 || len(all) == len(rows)) {
			b.WriteString(gap + Clip(all[i][below], max(width-len(gap), 1)) + "\n")
		}
	}
	return b.String()
}

// line writes one row.
func line(columns []Column, row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		if columns[i].Least > 0 && aligned(columns, row, i) {
			cell = Clip(cell, widths[i])
		}
		b.WriteString(cell)
		if i < len(row)-1 {
			b.WriteString(strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell))) + gap)
		}
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// aligned reports whether a cell counts for its column's width: the last cell of a row
// with fewer cells than columns does not.
func aligned(columns []Column, row []string, i int) bool {
	return i < len(row)-1 || i == len(columns)-1 && columns[i].Least > 0
}

// widest returns the width of each column.
func widest(columns []Column, rows [][]string) []int {
	widths := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			if aligned(columns, row, i) {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	return widths
}

// total returns the width of the longest line.
func total(rows [][]string, widths []int) (longest int) {
	for _, row := range rows {
		sum := 0
		for i, cell := range row {
			if i < len(row)-1 {
				sum += widths[i] + len(gap)
			} else {
				sum += utf8.RuneCountInString(cell)
			}
		}
		longest = max(longest, sum)
	}
	return longest
}

// shorten makes the widest columns narrower until the lines fit, as far as they
// allow it.
func shorten(columns []Column, rows [][]string, widths []int, width int) {
	for total(clipped(columns, rows, widths), widths) > width {
		most := -1
		for i, c := range columns {
			if c.Least > 0 && widths[i] > c.Least && (most < 0 || widths[i] > widths[most]) {
				most = i
			}
		}
		if most < 0 {
			return
		}
		widths[most]--
	}
}

// clipped returns rows with the cells that may be shortened.
func clipped(columns []Column, rows [][]string, widths []int) [][]string {
	list := make([][]string, len(rows))
	for i, row := range rows {
		for at, cell := range row {
			if columns[at].Least > 0 && aligned(columns, row, at) {
				cell = Clip(cell, widths[at])
			}
			list[i] = append(list[i], cell)
		}
	}
	return list
}

// Lines writes named values, one a line. If width is positive, longer values continue
// on the next line.
func Lines(lines []Line, width int) string {
	names := 0
	for _, l := range lines {
		names = max(names, utf8.RuneCountInString(l.Name))
	}
	var b strings.Builder
	for _, l := range lines {
		name := l.Name
		for _, part := range wrap(display.Cell(l.Value), width-names-len(gap)) {
			b.WriteString(strings.TrimRight(name+strings.Repeat(" ", names-utf8.RuneCountInString(name))+gap+part, " ") + "\n")
			name = ""
		}
	}
	return b.String()
}

// wrap breaks a text at spaces into lines of so many characters. A word that is
// longer has a line of its own.
func wrap(text string, width int) (lines []string) {
	if width < 20 || utf8.RuneCountInString(text) <= width {
		return []string{text}
	}
	current := ""
	for word := range strings.SplitSeq(text, " ") {
		if current != "" && utf8.RuneCountInString(current+" "+word) > width {
			lines, current = append(lines, current), word
			continue
		}
		if current != "" {
			current += " "
		}
		current += word
	}
	return append(lines, current)
}
