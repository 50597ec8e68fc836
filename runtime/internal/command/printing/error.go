// Package printing writes what people and programs read of a command: errors,
// tables, JSON, the log, and the files that flags ask for.
package printing

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/display"
)

// Error shows an error on standard error.
func Error(w io.Writer, color bool, err error) {
	if script, ok := errors.AsType[*runtime.ScriptError](err); ok {
		_ = script.Render(w, color)
		return
	}
	fmt.Fprintln(w, "error:", strings.ReplaceAll(display.Text(err.Error()), "\n", "\n  "))
	var hinter interface{ ErrorHint() string }
	if errors.As(err, &hinter) && hinter.ErrorHint() != "" {
		fmt.Fprintln(w, "hint:", display.Text(hinter.ErrorHint()))
	}
}
