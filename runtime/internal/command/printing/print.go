package printing

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

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

// List prints items as a table for people, or the text none if the list is empty.
func List[T any](env *environment.Env, items []T, none string, columns []view.Column, cells func(T) []string) error {
	if len(items) == 0 {
		_, err := fmt.Fprintln(env.Stdout, none)
		return err
	}
	var rows [][]string
	for _, one := range items {
		rows = append(rows, cells(one))
	}
	return Table(env, columns, rows)
}

// Table prints a table with its columns aligned. It fits a terminal; what is piped is
// never shortened.
func Table(env *environment.Env, columns []view.Column, rows [][]string) error {
	_, err := io.WriteString(env.Stdout, view.Table(columns, rows, width(env)))
	return err
}

// Lines prints named values, one a line. On a terminal, long values are wrapped.
func Lines(env *environment.Env, lines []view.Line) error {
	_, err := io.WriteString(env.Stdout, view.Lines(lines, width(env)))
	return err
}

// usualWidth is the width of a terminal that does not say how wide it is.
const usualWidth = 80

// width returns how long lines may be on a terminal, and 0 elsewhere.
func width(env *environment.Env) int {
	if !env.StdoutTTY {
		return 0
	}
	if n := env.Width(); n > 0 {
		return n
	}
	return usualWidth
}
