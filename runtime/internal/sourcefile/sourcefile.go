// Package sourcefile reads files with scripts and settings. It neither waits for other
// programs nor takes much memory, whatever stands at a name by now: a pipe, a device, or
// a file that is far too large.
package sourcefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Most is how many bytes a file may have.
const Most = 16 << 20

var (
	errSpecial = errors.New("is a pipe or a device, not a file")
	errTooLong = fmt.Errorf("is larger than %d MiB", Most>>20)
)

// Open opens a file, and describes it. It refuses pipes and devices, without waiting.
func Open(name string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() && name != os.DevNull {
		err = &fs.PathError{Op: "open", Path: name, Err: errSpecial}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// All reads what a file holds.
func All(f *os.File) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, Most+1))
	if len(text) > Most {
		return nil, &fs.PathError{Op: "read", Path: f.Name(), Err: errTooLong}
	}
	return text, err
}

// Read reads a file.
func Read(name string) (text []byte, err error) {
	f, _, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return All(f)
}

// Head reads the first bytes of a file, at most that many.
func Head(name string, most int64) (text []byte, err error) {
	f, _, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, most))
}

// Wait reads a file that the user named, which may be a pipe: the shell makes one of
// <(command).
func Wait(name string) (text []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return All(f)
}
