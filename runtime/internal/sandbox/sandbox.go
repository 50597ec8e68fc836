// Package sandbox gives a script access to the files in a few folders, and to no
// others.
//
// Every path is resolved, including symbolic links, before it is compared with the
// allowed folders. It is then opened through an os.Root of that folder, so that a
// link that is created in between has no effect.
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
	"strings"
	"sync"
	"syscall"

	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

// Sandbox is one run's view of the file system. It is safe for concurrent use.
type Sandbox struct {
	workDir string
	read    []string
	write   []string
	// Private are files that scripts cannot read or change, whatever their names are
	// by now. Files that trust.Secret knows by their names are private anyway.
	Private []string

	mu    sync.Mutex
	roots map[string]*os.Root
	open  map[*file]struct{}
	// cleared are the folders in which files of killed runs were looked for.
	cleared map[string]bool
	// temporary are the files of TempName.
	temporary []place
	// lost has the error of each file that was closed after a failed write.
	lost map[string]error
	// changed are the files that were written or removed, which is true of the latter.
	changed map[string]bool
	// opened are the files that were read, absolute.
	opened map[string]bool
}

// New returns a sandbox. Names are relative to workDir, which must be absolute. Files
// can be read in the read and write folders, and written in the write folders. A
// missing write folder is created when something is first written there.
func New(workDir string, read, write []string) *Sandbox {
	return &Sandbox{
		workDir: workDir,
		read:    absolute(workDir, slices.Concat(read, write)),
		write:   absolute(workDir, write),
		roots:   map[string]*os.Root{},
		cleared: map[string]bool{},
		lost:    map[string]error{},
		changed: map[string]bool{},
		opened:  map[string]bool{},
		open:    map[*file]struct{}{},
	}
}

func absolute(workDir string, dirs []string) []string {
	var out []string
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if !filepath.IsAbs(d) {
			d = filepath.Join(workDir, d)
		}
		out = append(out, filepath.Clean(d))
	}
	return out
}

// Close closes all open files. It discards new files that were not finished, and
// temporary ones. Its error also names files that were closed after a failed write.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	open := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	var failed []error
	for _, f := range open {
		failed = append(failed, f.Abort())
	}
	failed = append(failed, s.removeTemporary())
	s.mu.Lock()
	defer s.mu.Unlock()
	failed = append(failed, s.lostFiles())
	for dir, root := range s.roots {
		failed = append(failed, root.Close())
		delete(s.roots, dir)
	}
	return errors.Join(failed...)
}

// Unfinished returns the names, as the script gave them, of the files that are open
// for writing.
func (s *Sandbox) Unfinished() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for f := range s.open {
		if f.name != "" {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return names
}

// OpenRead opens a file for reading. It refuses pipes and devices, because waiting for
// one could outlast the run's deadline.
func (s *Sandbox) OpenRead(name string) (io.ReadCloser, error) {
	at, err := s.locate("reading", name, true)
	if err != nil {
		return nil, err
	}
	info, err := at.root.Stat(at.rel)
	if err != nil {
		return nil, renamed(err, "open", name)
	}
	if err := cmp.Or(s.refusePrivate("reading", name, at, info), ordinary(info, fs.ModeType, name)); err != nil {
		return nil, err
	}
	f, err := at.root.OpenFile(at.rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, renamed(err, "open", name)
	}
	// Another file may have its name by now.
	if info, err = f.Stat(); err == nil {
		err = cmp.Or(s.refusePrivate("reading", name, at, info), ordinary(info, fs.ModeType, name))
	}
	if err == nil && isStore(f, at) {
		err = &PrivateError{"reading", s.abs(name)}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.mu.Lock()
	s.opened[s.abs(name)] = true
	s.mu.Unlock()
	return s.track(&file{file: f, sandbox: s}), nil
}

// Read returns the files that were opened for reading, absolute.
func (s *Sandbox) Read() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.opened))
}

// ordinary returns an error for folders and for files with a mode in refused.
func ordinary(info fs.FileInfo, refused fs.FileMode, name string) error {
	switch {
	case info.IsDir():
		return &fs.PathError{Op: "open", Path: name, Err: errors.New("is a folder, not a file")}
	case info.Mode()&refused != 0:
		return &fs.PathError{Op: "open", Path: name, Err: errors.New("is a pipe or a device, not a file")}
	}
	return nil
}

// ReadFile returns the content of a file of source, and its absolute path.
func (s *Sandbox) ReadFile(name string) (content []byte, path string, err error) {
	f, err := s.OpenRead(name)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	content, err = io.ReadAll(io.LimitReader(f, sourcefile.Most+1))
	if len(content) > sourcefile.Most {
		return nil, "", &fs.PathError{Op: "open", Path: name, Err: errors.New("is larger than 16 MiB, the most that a script may have; read data with fs.lines, csv.rows or json.rows")}
	}
	return content, s.abs(name), err
}

// Stat describes a file. It follows symbolic links.
func (s *Sandbox) Stat(name string) (fs.FileInfo, error) {
	at, err := s.locate("looking at", name, true)
	if err != nil {
		return nil, err
	}
	info, err := at.root.Stat(at.rel)
	return info, renamed(err, "stat", name)
}

// ReadDir lists a folder, sorted by name.
func (s *Sandbox) ReadDir(name string) ([]fs.DirEntry, error) {
	at, err := s.locate("listing", name, true)
	if err != nil {
		return nil, err
	}
	list, err := fs.ReadDir(at.root.FS(), filepath.ToSlash(at.rel))
	return list, renamed(err, "list", name)
}

// MkdirAll creates a folder and its missing parents.
func (s *Sandbox) MkdirAll(name string) error {
	at, err := s.locateForWrite("making the folder", name, true)
	if err != nil {
		return err
	}
	return renamed(at.root.MkdirAll(at.rel, 0o755), "make", name)
}

// Remove removes a file or an empty folder. It removes a symbolic link, and not its
// target.
func (s *Sandbox) Remove(name string) error {
	at, err := s.locateToChange("removing", name)
	if err != nil {
		return err
	}
	return s.change(renamed(at.root.Remove(at.rel), "remove", name), name, true)
}

// Rename renames a file within one of the write folders.
func (s *Sandbox) Rename(from, to string) error {
	a, err := s.locateToChange("renaming", from)
	if err != nil {
		return err
	}
	b, err := s.locateToChange("renaming to", to)
	if err != nil {
		return err
	}
	if a.root != b.root {
		return &fs.PathError{Op: "rename", Path: from, Err: fmt.Errorf("%s is in another allowed folder; copy the file instead", to)}
	}
	err = renamed(a.root.Rename(a.rel, b.rel), "rename", from)
	return s.change(s.change(err, from, true), to, false)
}

// change notes that a file was written or removed unless that failed.
func (s *Sandbox) change(err error, name string, removed bool) error {
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed[name] = removed
	}
	return err
}

// Changed returns the names, as the script gave them, of the files that it wrote and
// removed. A file that was written and then removed is among the latter.
func (s *Sandbox) Changed() (written, removed []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.changed)) {
		if s.changed[name] {
			removed = append(removed, name)
		} else {
			written = append(written, name)
		}
	}
	return written, removed
}

// renamed replaces the name inside a root by the name that the script used.
func renamed(err error, op, name string) error {
	if err == nil {
		return nil
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	} else if link, ok := errors.AsType[*os.LinkError](err); ok {
		err = link.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

func (s *Sandbox) abs(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(s.workDir, name)
}

// RefusedError is the error for a file that a script may not use. It names the flag
// that allows it, and matches fs.ErrPermission.
type RefusedError struct {
	// Act is what was tried, such as "writing".
	Act string
	// Path is the file, absolute; Target is where it really is, if Path is or
	// passes a symbolic link.
	Path, Target string
	// Flag allows it: "--allow-write=/srv/reports".
	Flag string
	// Instead is a name that the script may write without the flag, or "".
	Instead string
}

func (e *RefusedError) Error() string {
	target, instead := "", ""
	if e.Target != "" && e.Target != e.Path {
		target = fmt.Sprintf(" (a link to %s)", e.Target)
	}
	if e.Instead != "" {
		instead = fmt.Sprintf("use %s, which always is, or ", e.Instead)
	}
	return fmt.Sprintf("%s %s%s is not allowed: %srun with %s", e.Act, e.Path, target, instead, e.Flag)
}

// ErrorKind names the kind of the error for scripts.
func (e *RefusedError) ErrorKind() string { return "permission" }

// ErrorHint says what else can be done.
func (e *RefusedError) ErrorHint() string {
	if strings.HasPrefix(e.Flag, readFlag) {
		return "a file beside the script can be read without that"
	}
	return ""
}

// Is reports whether target is fs.ErrPermission.
func (e *RefusedError) Is(target error) bool { return target == fs.ErrPermission }
