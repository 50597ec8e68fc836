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

// Aborter is implemented by files of Files.OpenWrite that can discard what was
// written: after Abort, the name has its earlier contents.
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
	// The host's refusals name the file and the flag that allows it.
	if text := e.Err.Error(); strings.Contains(text, e.Name) {
		return text
	}
	return fmt.Sprintf("cannot %s %q: %v", e.Op, e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// ErrorKind returns "io".
func (e *FileError) ErrorKind() string { return "io" }

// ErrorHint returns the hint of the cause, or one about the file.
func (e *FileError) ErrorHint() string {
	var hinter Hinter
	if errors.As(e.Err, &hinter) {
		return hinter.ErrorHint()
	}
	return e.hint
}

// fileError wraps the error of a file operation. nil, and errors that have their
// own kind, such as a cancelled run, are returned unchanged.
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

// fileHint says what to do about a failed file operation, or returns "".
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

// similarFile suggests a name from the folder in which name was expected.
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

// abort discards a half-written file. If the host cannot discard it, it stays
// open, because closing would publish it.
func abort(w io.WriteCloser) {
	if a, ok := w.(Aborter); ok {
		// The error that led here is the one to report.
		_ = a.Abort()
	}
}

// finish closes a written file, or discards it if err is set, and returns the
// first error.
func finish(files Files, name string, w io.WriteCloser, err error) error {
	if err != nil {
		abort(w)
		return err
	}
	return fileError(files, "write", name, w.Close())
}

// closeRead closes a file that was only read, so errors do not matter.
func closeRead(r io.Closer) { _ = r.Close() }
