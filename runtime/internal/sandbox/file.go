package sandbox

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// file is an open file of the sandbox. A new file has a temporary name until it is
// closed.
type file struct {
	*os.File
	sandbox *Sandbox
	// root, temporary and final are set if Close renames the file.
	root             *os.Root
	temporary, final string
	// name is what the script calls a file that it writes.
	name string

	once sync.Once
	err  error
}

// OpenWrite opens a file for writing. The file appears under its name, complete, when
// it is closed; until then, an existing one does not change. With appendTo, text is
// added to the end of the file at once.
func (s *Sandbox) OpenWrite(name string, appendTo bool) (io.WriteCloser, error) {
	at, err := s.locateForWrite("writing to", name, true)
	if err != nil {
		return nil, err
	}
	old, err := at.root.Stat(at.rel)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, renamed(err, "open", name)
	}
	if err == nil {
		if err := ordinary(old, fs.ModeNamedPipe|fs.ModeSocket, name); err != nil {
			return nil, err
		}
	}
	mode := fs.FileMode(0o644)
	if old != nil {
		mode = old.Mode().Perm()
	}
	if appendTo || old != nil && !old.Mode().IsRegular() {
		f, err := at.root.OpenFile(at.rel, os.O_WRONLY|os.O_CREATE|os.O_APPEND, mode)
		if err != nil {
			return nil, renamed(err, "open", name)
		}
		return s.track(&file{File: f, sandbox: s, name: name}), nil
	}
	temporary := filepath.Join(filepath.Dir(at.rel), "."+filepath.Base(at.rel)+"."+rand.Text()[:8]+".tmp")
	f, err := at.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, renamed(err, "open", name)
	}
	return s.track(&file{File: f, sandbox: s, name: name, root: at.root, temporary: temporary, final: at.rel}), nil
}

func (s *Sandbox) track(f *file) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[f] = struct{}{}
	return f
}

// Close closes the file, and gives a new one its name. A second Close does nothing.
func (f *file) Close() error {
	f.once.Do(func() { f.err = f.finish(true) })
	return f.err
}

// Abort closes the file and discards a new one. Text that was appended stays.
func (f *file) Abort() error {
	f.once.Do(func() { f.err = f.finish(false) })
	return f.err
}

func (f *file) finish(keep bool) error {
	f.sandbox.mu.Lock()
	delete(f.sandbox.open, f)
	f.sandbox.mu.Unlock()
	err := f.File.Close()
	if f.temporary == "" {
		return renamed(err, "close", f.name)
	}
	if keep && err == nil {
		if err = f.root.Rename(f.temporary, f.final); err == nil {
			return nil
		}
	}
	if removed := f.root.Remove(f.temporary); err == nil {
		err = removed
	}
	return renamed(err, "write", f.name)
}
