package printing

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// Output is a file that a flag asks for. Begins is how every such file begins. A private one
// holds rows about customers, so only its owner may read it.
type Output struct {
	Flag, What, Begins string
	Private            bool
}

// Check refuses to write over a file that was not written for the same flag,
// such as a script that somebody named after the flag, and a folder. An empty name is
// none.
func (o Output) Check(env *environment.Env, name string) error {
	if name == "" {
		return nil
	}
	path := env.Path(name)
	if !env.IsDir(filepath.Dir(path)) {
		return o.noFolder(path)
	}
	if env.IsDir(path) {
		return &usage.Error{Message: fmt.Sprintf("cannot write %s: %s is a folder", o.What, name), Hint: o.Flag + " needs the name of a file"}
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	text, err := sourcefile.Head(path, int64(len(o.Begins)))
	if err == nil && (len(text) == 0 || strings.HasPrefix(string(text), o.Begins)) {
		return nil
	}
	return &usage.Error{
		Message: fmt.Sprintf("%s already exists and was not written by %s; it was not changed", name, o.Flag),
		Hint:    fmt.Sprintf("after %s, name a new file for %s", o.Flag, o.What),
	}
}

// CheckNew refuses a file that exists, and a folder that does not. An empty name is
// none.
func (o Output) CheckNew(env *environment.Env, name string) error {
	if name == "" {
		return nil
	}
	path := env.Path(name)
	if !env.IsDir(filepath.Dir(path)) {
		return o.noFolder(path)
	}
	if _, err := os.Lstat(path); err == nil {
		return &usage.Error{Message: name + " already exists", Hint: "name a new file for " + o.What + "; nothing is overwritten"}
	}
	return nil
}

func (o Output) noFolder(path string) error {
	return &usage.Error{
		Message: fmt.Sprintf("cannot write %s: there is no folder %s", o.What, filepath.Dir(path)),
		Hint:    o.Flag + " needs a file in a folder that exists",
	}
}

// Write writes the file.
func (o Output) Write(env *environment.Env, name string, text []byte) error {
	mode := os.FileMode(0o644)
	if o.Private {
		mode = 0o600
	}
	return WriteWhole(env.Path(name), text, mode, o.What)
}

// WriteWhole writes a file; it appears whole or not at all, and an existing one keeps its
// mode, so that an operator can let others read it. What it is called in messages.
func WriteWhole(name string, text []byte, mode os.FileMode, what string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		// Such as /dev/stdout, which no other file may take the place of.
		return writeInto(name, text, what)
	}
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	begun := false
	err := unfinished.Replace(name, mode, func(f *os.File) error {
		begun = true
		_, err := f.Write(text)
		return err
	})
	switch {
	case err == nil:
		return nil
	case !begun:
		return NotWritten(name, what, err)
	}
	return fmt.Errorf("cannot write %s: %w", what, err)
}

// WriteNew writes a file that must not exist yet; one that does is an error that
// matches os.ErrExist.
func WriteNew(name string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// NotWritten is the error for a file that cannot be written.
func NotWritten(name, what string, err error) error {
	return &usage.Error{Message: fmt.Sprintf("cannot write %s to %s: %v", what, name, bare(err))}
}

// bare leaves the name of the file out of an error, where it is not the one that
// the person named.
func bare(err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

func writeInto(name string, text []byte, what string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", what, err)
	}
	return nil
}
