package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// file is an open file of the sandbox. A new file has a temporary name until it is
// closed.
type file struct {
	file    *os.File
	sandbox *Sandbox
	// root, unfinished and final are set if Close gives the file its name.
	root       *os.Root
	unfinished *unfinished.File
	final      string
	// name is what the script calls a file that it writes.
	name string
	// failed is the first error of a write, or nil. After it, the file is incomplete.
	failed error

	once sync.Once
	err  error
}

func (f *file) Read(p []byte) (int, error) { return f.file.Read(p) }

// ReadAt implements io.ReaderAt, which readers of packed files need.
func (f *file) ReadAt(p []byte, at int64) (int, error) { return f.file.ReadAt(p, at) }

func (f *file) Seek(offset int64, whence int) (int64, error) { return f.file.Seek(offset, whence) }

// Write writes to the file, and remembers an error for Close.
func (f *file) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	if err != nil {
		err = renamed(err, "write", f.name)
		f.failed = cmp.Or(f.failed, err)
	}
	return n, err
}

// OpenWrite opens a file for writing. The file appears under its name, complete, when
// it is closed; until then, an existing one does not change. With appendTo, text is
// added to the end of the file at once.
func (s *Sandbox) OpenWrite(name string, appendTo bool) (io.WriteCloser, error) {
	mode := byte('w')
	if appendTo {
		mode = 'a'
	}
	f, err := s.openWrite(name, mode, os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// OpenUpdate opens a file for reading and writing, for which it needs both permissions:
// an existing one for 'r', a new one for 'w', which appears under its name when it is
// closed, and for 'a' one whose writes go to its end.
func (s *Sandbox) OpenUpdate(name string, mode byte) (interface {
	io.ReadWriteCloser
	io.Seeker
}, error,
) {
	if _, err := s.locate("reading", name, true); err != nil {
		return nil, err
	}
	// openWrite refuses what is private.
	f, err := s.openWrite(name, mode, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// newFile is the mode of a file that a script makes, since most hold rows about customers.
// An existing file keeps its mode, so that an operator can let others read it.
const newFile fs.FileMode = 0o600

func (s *Sandbox) openWrite(name string, mode byte, access int) (*file, error) {
	at, err := s.locateForWrite("writing to", name, true)
	if err != nil {
		return nil, err
	}
	old, err := at.root.Stat(at.rel)
	if refused := s.refusePrivate("writing to", name, at, old); refused != nil {
		return nil, refused
	}
	if err != nil && (mode == 'r' || !errors.Is(err, fs.ErrNotExist)) {
		return nil, renamed(err, "open", name)
	}
	refused := fs.ModeNamedPipe | fs.ModeSocket
	if access == os.O_RDWR {
		refused = fs.ModeType
	}
	permission := newFile
	if err == nil {
		if err := ordinary(old, refused, name); err != nil {
			return nil, err
		}
		permission = old.Mode().Perm()
	}
	f := &file{sandbox: s, name: name}
	flags := access
	switch {
	case mode == 'r':
	case mode == 'a', old != nil && !old.Mode().IsRegular():
		flags |= os.O_CREATE | os.O_APPEND
	default:
		folder := filepath.Dir(at.rel)
		s.clear(at.root, folder)
		if f.unfinished, err = unfinished.Create(at.root, folder, access, permission); err != nil {
			return nil, renamed(err, "open", name)
		}
		f.root, f.final, f.file = at.root, at.rel, f.unfinished.File
		if old != nil {
			err = f.file.Chmod(permission) // whatever the umask is
		}
		if s.track(f); err != nil {
			return nil, errors.Join(renamed(err, "open", name), f.Abort())
		}
		return f, nil
	}
	if f.file, err = at.root.OpenFile(at.rel, flags, permission); err != nil {
		return nil, renamed(err, "open", name)
	}
	return s.track(f), nil
}

// clear removes what killed runs left in a folder, once.
func (s *Sandbox) clear(root *os.Root, folder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := filepath.Join(root.Name(), folder)
	if !s.cleared[path] {
		s.cleared[path] = true
		unfinished.Clear(root, folder)
	}
}

func (s *Sandbox) track(f *file) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[f] = struct{}{}
	return f
}

// Close closes the file, and gives a new one its name. If a write failed, it discards a
// new one instead, and returns the error of the write. A second Close does nothing.
func (f *file) Close() error {
	f.once.Do(func() {
		f.err = f.finish(true)
		f.sandbox.note(f)
	})
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
	err := cmp.Or(f.failed, renamed(f.file.Close(), "close", f.name))
	if f.unfinished == nil {
		return err
	}
	defer func() { _ = f.unfinished.Release() }()
	if keep && err == nil {
		if err = f.root.Rename(f.unfinished.Temporary, f.final); err == nil {
			return nil
		}
	}
	if removed := f.root.Remove(f.unfinished.Temporary); err == nil {
		err = removed
	}
	return renamed(err, "write", f.name)
}

// note records whether a file that was closed is as the script wrote it.
func (s *Sandbox) note(f *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch whole := f.unfinished != nil; {
	case f.err != nil && whole:
		s.lost[f.name] = fmt.Errorf("%w; the file was not written, and an old one has not changed", f.err)
	case f.err != nil && f.name != "":
		s.lost[f.name] = fmt.Errorf("%w; only part of the text is in the file", f.err)
	case whole: // also after a first attempt that failed
		delete(s.lost, f.name)
	}
	if f.err == nil && f.name != "" {
		s.changed[f.name] = false
	}
}

// lostFiles returns an error for the files that the script closed but that are not as
// it wrote them. The library of Lua returns such an error where scripts rarely look.
func (s *Sandbox) lostFiles() error {
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(s.lost)) {
		failed = append(failed, s.lost[name])
	}
	return errors.Join(failed...)
}
