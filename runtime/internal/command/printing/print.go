package printing

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/view"
)

// Text prints a text. A reader that has seen enough, such as head, is not a
// failure.
func Text(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	if errors.Is(err, environment.ErrClosedPipe) {
		return nil
	}
	return err
}

// JSON prints a value for programs.
func JSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, display.JSON(string(text)))
	return err
}

// List prints items as JSON, or as a table for people. none is what it prints
// for people if there are no items.
func List[T any](w io.Writer, asJSON bool, items []T, none string, head []string, cells func(T) []string) error {
	if asJSON {
		return JSON(w, append([]T{}, items...))
	}
	if len(items) == 0 {
		_, err := fmt.Fprintln(w, none)
		return err
	}
	var rows [][]string
	for _, one := range items {
		rows = append(rows, cells(one))
	}
	return Table(w, head, rows)
}

// Table prints a table with its columns aligned. A nil head is left out.
func Table(w io.Writer, head []string, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if head != nil {
		fmt.Fprintln(table, strings.Join(head, "\t"))
	}
	for _, cells := range rows {
		clean := make([]string, len(cells))
		for i, cell := range cells {
			clean[i] = display.Cell(cell)
		}
		fmt.Fprintln(table, strings.Join(clean, "\t"))
	}
	return table.Flush()
}

// Lines prints named values, one a line.
func Lines(w io.Writer, lines []view.Line) error {
	rows := make([][]string, len(lines))
	for i, l := range lines {
		rows[i] = []string{l.Name, l.Value}
	}
	return Table(w, nil, rows)
}
