// Package printing writes what people and programs read of a command: errors,
// tables, JSON, the log, and the files that flags ask for.
package printing

import (
	"errors"
	"fmt"
	"io"

	"github.com/phscript/phscript/runtime"
)

// Error shows an error on standard error.
func Error(w io.Writer, color bool, err error) {
	if script, ok := errors.AsType[*runtime.ScriptError](err); ok {
		_ = script.Render(w, color)
		return
	}
	fmt.Fprintln(w, "error:", err)
	var hinter interface{ ErrorHint() string }
	if errors.As(err, &hinter) && hinter.ErrorHint() != "" {
		fmt.Fprintln(w, "hint:", hinter.ErrorHint())
	}
}
