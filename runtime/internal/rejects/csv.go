// Package rejects writes the rows that a run rejected as a CSV file, to be corrected
// and read again.
package rejects

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"iter"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// Write writes rows as CSV, and counts them. A row of a file that was rejected several
// times is one row. Write goes through the rows twice, since the header comes first and
// has the columns of all of them, in the order in which they appear.
func Write(to io.Writer, rows iter.Seq2[outcome.RejectedRow, error]) (count outcome.Written, err error) {
	var columns []string
	known := map[string]int{}
	m := merger{map[string]int{}, map[place][]cause{}}
	for row, err := range rows {
		if err != nil {
			return count, err
		}
		if !m.add(&row) {
			continue
		}
		for _, field := range fields(row) {
			if _, ok := known[field.name]; !ok {
				known[field.name] = len(columns)
				columns = append(columns, field.name)
			}
		}
	}
	// What says why a row could not be read comes before the row.
	slices.SortStableFunc(columns, func(a, b string) int { return cmp.Compare(order(a), order(b)) })
	for i, name := range columns {
		known[name] = i
	}
	w, err := bindings.NewRejectedWriter(to, columns)
	if err != nil {
		return count, err
	}
	for row, err := range rows {
		if err != nil {
			return count, err
		}
		why, first := m.merge(&row)
		if !first {
			continue
		}
		var cells []string
		if dataOf(row) != nil {
			cells = make([]string, 0, len(columns))
		}
		for _, field := range fields(row) {
			i := known[field.name]
			cells = cells[:max(len(cells), i+1)]
			cells[i] = field.text
		}
		if err := w.WriteRow(bindings.RejectedRow{
			Reason: why.reason, State: why.state, Call: why.call, File: row.File, Line: row.Line, Cells: cells,
		}); err != nil {
			return count, err
		}
		count.Rows++
		if why.state == string(planhat.RowUnknown) {
			count.Unknown++
		}
		if cells == nil {
			count.Unidentified++
		}
	}
	return count, w.Flush()
}

func order(column string) int {
	if column == bindings.RejectedCells || column == bindings.RejectedText {
		return 0
	}
	return 1
}

type field struct{ name, text string }

// dataOf returns what a row was made from, or the row, or nil if it is not known which
// row it was.
func dataOf(row outcome.RejectedRow) []byte {
	if row.Source != nil {
		return row.Source
	}
	return row.Data
}

// fields returns the fields of a row's data. Those of a list are called as csv calls
// columns without names.
func fields(row outcome.RejectedRow) []field {
	d := jsontext.NewDecoder(bytes.NewReader(dataOf(row)), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	var all []field
	open, _ := d.ReadToken()
	for d.PeekKind() != jsontext.KindInvalid && d.PeekKind() != jsontext.KindEndObject && d.PeekKind() != jsontext.KindEndArray {
		one := field{name: bindings.ColumnName(len(all))}
		if open.Kind() == jsontext.KindBeginObject {
			name, err := d.ReadToken()
			if err != nil {
				return all
			}
			one.name = name.String()
		}
		value, err := d.ReadValue()
		if err != nil {
			return all
		}
		one.text = text(value)
		if !slices.Contains(bindings.RejectedColumns, one.name) { // a rejected row that was read as JSON
			all = append(all, one)
		}
	}
	return all
}

// text returns a value as a cell: a string as it is, null as nothing, anything else
// as JSON.
func text(value jsontext.Value) string {
	var s string
	switch {
	case value.Kind() == jsontext.KindNull:
		return ""
	case value.Kind() == jsontext.KindString && json.Unmarshal(value, &s) == nil:
		return s
	}
	return string(value)
}

// Of returns rows for Write.
func Of(rows []outcome.RejectedRow) iter.Seq2[outcome.RejectedRow, error] {
	return func(yield func(outcome.RejectedRow, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}
