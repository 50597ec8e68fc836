package html

import "strings"

// table is an open table.
type table struct {
	// headed reports whether it has cells of a header, so it shows data: others often
	// only arrange a page.
	headed bool
	// started reports whether the row has a cell, and bars is how many cells ended since
	// the latest text of the row.
	started bool
	bars    int
}

// row begins a row of a table.
func (w *writer) row() {
	w.endRow()
	w.block(1)
}

func (w *writer) endRow() {
	w.cell = false
	if n := len(w.tables); n > 0 {
		t := &w.tables[n-1]
		if t.headed && t.bars > 0 && w.out.Len() > 0 && w.breaks == 0 {
			w.out.WriteString(strings.Repeat(" |", min(t.bars, mostCells)))
		}
		t.started, t.bars = false, 0
		w.block(1)
	}
}

// mostCells is how many empty cells in a row are shown.
const mostCells = 100

// column begins a cell.
func (w *writer) column(header bool) {
	n := len(w.tables)
	if n == 0 {
		w.block(1)
		return
	}
	t := &w.tables[n-1]
	t.headed = t.headed || header
	if t.started {
		t.bars++
		if t.bars == 1 && !w.cell {
			w.breaks = 0 // what ended the text of the cell before
		}
	}
	t.started, w.cell, w.space = true, true, false
}
