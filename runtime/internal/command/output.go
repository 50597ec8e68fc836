package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// output is a file that a flag names to be written. Each begins in a way of its
// own.
type output struct{ flag, what, begins string }

var (
	summaryOutput = output{"--summary", "the summary", "{\n  \"script\":"}
	junitOutput   = output{"--junit", "the JUnit report", "<?xml"}
	lcovOutput    = output{"--lcov", "the coverage", "TN:"}
)

// check refuses to write over a file that was not written for the same flag,
// such as a script that somebody named behind the flag. An empty name is none.
func (o output) check(env *environment, name string) error {
	if name == "" {
		return nil
	}
	path := env.path(name)
	if !isDir(env, filepath.Dir(path)) {
		return o.noFolder(path)
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	text, err := env.readFile(path)
	if err == nil && (len(text) == 0 || strings.HasPrefix(string(text), o.begins)) {
		return nil
	}
	return &usageError{
		message: fmt.Sprintf("%s is a file already, and not one that %s has written; it stays as it is", name, o.flag),
		hint:    fmt.Sprintf("the name behind %s is that of a new file, for %s", o.flag, o.what),
	}
}

func (o output) noFolder(path string) error {
	return &usageError{
		message: fmt.Sprintf("%s cannot be written: there is no folder %s", o.what, filepath.Dir(path)),
		hint:    o.flag + " names a file in a folder that exists",
	}
}

// write writes the file.
func (o output) write(env *environment, name string, text []byte) error {
	return writeWhole(env.path(name), text, o.what)
}

// writeWhole writes a file; it appears whole or not at all. What it is called
// in messages.
func writeWhole(name string, text []byte, what string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		// Such as /dev/stdout, which no other file may take the place of.
		return writeInto(name, text, what)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".phscript-*")
	if err != nil {
		return &usageError{message: fmt.Sprintf("%s cannot be written to %s: %v", what, name, bare(err))}
	}
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s cannot be written: %w", what, err), os.Remove(temp.Name()))
	}
	return nil
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
		return fmt.Errorf("%s cannot be written: %w", what, err)
	}
	return nil
}
