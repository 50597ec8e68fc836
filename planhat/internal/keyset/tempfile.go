package keyset

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// prefix begins the names of the files.
const prefix = "phscript-keys-"

// tempFile is a file that nobody else sees. Where a file can't be removed while it is
// open, it is removed at the end, or by a later process.
type tempFile struct {
	*os.File
	name    string
	removed bool
	// size is how much of it was written.
	size int64
}

func openTemp(dir string) (*tempFile, error) {
	if runtime.GOOS == "windows" {
		sweep(dir)
	}
	f, err := os.CreateTemp(dir, prefix+"*")
	if err != nil {
		return nil, err
	}
	return &tempFile{File: f, name: f.Name(), removed: os.Remove(f.Name()) == nil}, nil
}

// write writes a part of the file.
func (f *tempFile) write(from []byte, at int64) error {
	_, err := f.WriteAt(from, at)
	if err == nil {
		f.size = max(f.size, at+int64(len(from)))
	}
	return err
}

// read reads a part of the file. What was never written is zero.
func (f *tempFile) read(into []byte, at int64) error {
	n, err := f.ReadAt(into, at)
	clear(into[n:])
	if errors.Is(err, io.EOF) && at+int64(n) >= f.size {
		return nil
	}
	return err
}

func (f *tempFile) remove() {
	_ = f.Close()
	if !f.removed {
		_ = os.Remove(f.name)
	}
}

// sweep removes the files that killed processes left. Those that are open can't be
// removed where this is needed.
func sweep(dir string) {
	if dir == "" {
		dir = os.TempDir()
	}
	left, _ := filepath.Glob(filepath.Join(dir, prefix+"*"))
	for _, name := range left {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(name)
		}
	}
}
