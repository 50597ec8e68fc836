package show

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-runewidth"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// looked is how many records of a list are read to decide what it is.
const looked = 50

// isRecords reports whether a list holds tables with named fields.
func (s *shower) isRecords(t *lua.LTable, n int) bool {
	for i := range min(n, looked) {
		item, ok := t.RawGetInt(i + 1).(*lua.LTable)
		if !ok || item.Len() > 0 {
			return false
		}
		bindings.Fill(item)
		if k, _ := item.Next(lua.LNil); k.Type() != lua.LTString {
			return false
		}
	}
	return true
}

type column struct {
	name   string
	width  int
	number bool
	cells  []string
}

// records shows a list of records as a table: the columns that fit, and the
// first rows.
func (s *shower) records(t *lua.LTable, n int) string {
	rows := s.Rows
	if rows < 1 {
		rows = looked
	}
	if n <= rows+rows/4 {
		rows = n // a few more are better than a remark about them
	}
	var items []*lua.LTable
	for i := range min(n, rows) {
		item, ok := t.RawGetInt(i + 1).(*lua.LTable)
		if !ok {
			item = &lua.LTable{}
		}
		bindings.Fill(item)
		items = append(items, item)
	}
	columns, left := s.columns(items)
	var b strings.Builder
	for i := -1; i < len(items); i++ {
		var line strings.Builder
		for at, c := range columns {
			cell := c.name
			if i >= 0 {
				cell = c.cells[i]
			}
			if at > 0 {
				line.WriteString("  ")
			}
			cell = s.cut(cell, c.width)
			if c.number {
				line.WriteString(runewidth.FillLeft(cell, c.width))
			} else {
				line.WriteString(runewidth.FillRight(cell, c.width))
			}
		}
		text := strings.TrimRight(line.String(), " ")
		if i < 0 {
			text = s.bold(text)
		}
		b.WriteString(text + "\n")
	}
	var remarks []string
	if n > len(items) {
		remarks = append(remarks, humanize.Comma(int64(n-len(items)))+" more")
	}
	if len(left) > 0 {
		remarks = append(remarks, "more columns: "+strings.Join(left, ", "))
	}
	if len(remarks) > 0 {
		b.WriteString(s.dim(s.cut("… "+strings.Join(remarks, "; "), s.Width)) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// columns chooses the columns that fit; left names the others.
func (s *shower) columns(items []*lua.LTable) (chosen []*column, left []string) {
	names := s.columnNames(items)
	free := s.Width
	for _, name := range names {
		c := s.column(name, items)
		gap := 0
		if len(chosen) > 0 {
			gap = 2
		}
		switch {
		case c.width+gap <= free:
		case free-gap >= narrowestCell && !c.number && len(chosen) < 2:
			c.width = free - gap
		default:
			left = append(left, name)
			continue
		}
		free -= c.width + gap
		chosen = append(chosen, c)
	}
	return chosen, left
}

// columnNames are the fields of the first records. Those that refer to other
// records or hold tables come last.
func (s *shower) columnNames(items []*lua.LTable) []string {
	seen, last := map[string]bool{}, map[string]int{}
	var names []string
	for _, item := range items[:min(len(items), looked)] {
		count := 0
		for k, v := item.Next(lua.LNil); k != lua.LNil && count < mostFields; k, v = item.Next(k) {
			count++
			name, ok := k.(lua.LString)
			if !ok {
				continue
			}
			if !seen[string(name)] {
				seen[string(name)] = true
				names = append(names, string(name))
			}
			if v.Type() == lua.LTTable {
				last[string(name)] = 2
			} else if text, ok := v.(lua.LString); ok && isID(string(text)) && name != "_id" {
				last[string(name)] = max(last[string(name)], 1)
			}
		}
	}
	s.sortNames(names)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(last[a], last[b]) })
	return names
}

// isID reports whether a string is a record's _id: 24 hexadecimal digits.
func isID(text string) bool {
	return len(text) == 24 && strings.Trim(text, "0123456789abcdef") == ""
}

// column reads the cells of a column.
func (s *shower) column(name string, items []*lua.LTable) *column {
	c := &column{name: oneLine(name), number: true}
	c.width = runewidth.StringWidth(c.name)
	for _, item := range items {
		v := item.RawGetString(name)
		cell := s.cell(v)
		c.number = c.number && (v == lua.LNil || v.Type() == lua.LTNumber)
		c.cells = append(c.cells, cell)
		c.width = max(c.width, min(runewidth.StringWidth(cell), widestCell))
	}
	return c
}

// cell shows a value in a table: strings without quotes, nil as nothing.
func (s *shower) cell(v lua.LValue) string {
	switch v := v.(type) {
	case *lua.LNilType:
		return ""
	case lua.LString:
		text := string(v)
		if len(text) > 4*widestCell {
			text = text[:4*widestCell]
		}
		return oneLine(strings.ToValidUTF8(text, "�"))
	case *lua.LTable:
		if n := v.Len(); n > nestedItems {
			return fmt.Sprintf("a list of %s", humanize.Comma(int64(n)))
		}
	}
	return oneLine(s.inline(v))
}
