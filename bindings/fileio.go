package bindings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// Aborter is what a file that Host.OpenWrite returned may be as well: Abort
// drops what was written, and the name keeps the contents it had before.
type Aborter interface {
	Abort() error
}

// FileError says which file could not be used. Its kind for scripts is "io".
type FileError struct {
	// Op is what was tried, such as "read" or "write"; Name is the file's
	// name as the script gave it.
	Op, Name string
	// Err is the cause.
	Err  error
	hint string
}

func (e *FileError) Error() string {
	var pathErr *fs.PathError
	switch {
	case errors.Is(e.Err, fs.ErrNotExist):
		return fmt.Sprintf("cannot %s %q: there is no such file or folder", e.Op, e.Name)
	case errors.As(e.Err, &pathErr):
		return fmt.Sprintf("cannot %s %q: %v", e.Op, e.Name, pathErr.Err)
	}
	// Refusals of the host name the file and what would allow the act.
	if text := e.Err.Error(); strings.Contains(text, e.Name) {
		return text
	}
	return fmt.Sprintf("cannot %s %q: %v", e.Op, e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// ErrorKind returns "io".
func (e *FileError) ErrorKind() string { return "io" }

// ErrorHint returns the cause's hint where it has one.
func (e *FileError) ErrorHint() string {
	var hinter Hinter
	if errors.As(e.Err, &hinter) {
		return hinter.ErrorHint()
	}
	return e.hint
}

// fileError wraps the error of an act on a file; nil stays nil. What has a
// kind of its own, such as a cancelled run, is handed on as it is.
func fileError(files Files, op, name string, err error) error {
	var kinder ErrorKinder
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kinder), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &FileError{Op: op, Name: name, Err: err, hint: fileHint(files, op, name, err)}
}

// fileHint says what to do about a failed act on a file.
func fileHint(files Files, op, name string, err error) string {
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist) && op == "write":
		return fmt.Sprintf("the folder is missing: create it with fs.mkdir(%q)%s", path.Dir(filepath.ToSlash(name)), similarFile(files, path.Dir(filepath.ToSlash(name))))
	case errors.Is(err, fs.ErrNotExist):
		return "check the name; a relative name starts at the working folder" + similarFile(files, name)
	case !errors.As(err, &pathErr):
		return ""
	case errors.Is(err, fs.ErrPermission):
		return "check the file's permissions"
	case errors.Is(err, fs.ErrExist):
		return "remove the existing one first, or use another name"
	}
	return ""
}

// similarFile returns a suggestion from the folder in which name was expected.
func similarFile(files Files, name string) string {
	entries, err := files.ReadDir(path.Dir(name))
	if err != nil {
		return ""
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return catalog.DidYouMean(path.Base(name), names)
}

func openRead(files Files, name string) (io.ReadCloser, error) {
	f, err := files.OpenRead(name)
	return f, fileError(files, "read", name, err)
}

func openWrite(files Files, name string, appendTo bool) (io.WriteCloser, error) {
	f, err := files.OpenWrite(name, appendTo)
	return f, fileError(files, "write", name, err)
}

// abort gives a half-written file up. Where the host cannot drop it, it is
// left unclosed, for closing would publish it.
func abort(w io.WriteCloser) {
	if a, ok := w.(Aborter); ok {
		// The error that led here is the one to report.
		_ = a.Abort()
	}
}

// finish closes a written file, or gives it up where err is set, and returns
// the first error.
func finish(files Files, name string, w io.WriteCloser, err error) error {
	if err != nil {
		abort(w)
		return err
	}
	return fileError(files, "write", name, w.Close())
}

// closeRead closes a file that was only read; nothing can be lost by it.
func closeRead(r io.Closer) { _ = r.Close() }

// DataError says that a text is not what it should be: a date, a number, a
// line of a file. Its kind for scripts is "validation".
type DataError struct {
	Message, Hint string
}

func (e *DataError) Error() string { return e.Message }

// ErrorKind returns "validation".
func (e *DataError) ErrorKind() string { return "validation" }

// ErrorHint returns what to do about it.
func (e *DataError) ErrorHint() string { return e.Hint }
