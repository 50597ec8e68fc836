// Package sandbox gives a script access to the files of a few folders and to
// nothing else.
//
// Every path is resolved, symbolic links included, before it is compared with
// the allowed folders, and is then opened through an os.Root of that folder, so
// that a link put there in between leads nowhere either.
package sandbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Sandbox is one run's view of the file system. It is safe for use by many
// goroutines.
type Sandbox struct {
	workDir string
	read    []string
	write   []string

	mu    sync.Mutex
	roots map[string]*os.Root
	open  map[*file]struct{}
}

// New makes a sandbox. Relative names are taken from workDir, which must be
// absolute. Files can be read under the read and the write folders, written
// under the write folders. A write folder that does not exist is made when
// something is first written there.
func New(workDir string, read, write []string) *Sandbox {
	return &Sandbox{
		workDir: workDir,
		read:    absolute(workDir, append(append([]string{}, read...), write...)),
		write:   absolute(workDir, write),
		roots:   map[string]*os.Root{},
		open:    map[*file]struct{}{},
	}
}

func absolute(workDir string, dirs []string) []string {
	out := make([]string, 0, len(dirs))
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

// Close ends the sandbox. Files that are still open are closed; those that were
// being written anew are thrown away.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	open := make([]*file, 0, len(s.open))
	for f := range s.open {
		open = append(open, f)
	}
	s.mu.Unlock()
	var failed []error
	for _, f := range open {
		failed = append(failed, f.Abort())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for dir, root := range s.roots {
		failed = append(failed, root.Close())
		delete(s.roots, dir)
	}
	return errors.Join(failed...)
}

// Unfinished names the files that are open for writing, as the script named
// them.
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

// OpenRead opens a file for reading. Pipes and devices are refused: to wait for
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
	if err := ordinary(info, fs.ModeType, name); err != nil {
		return nil, err
	}
	f, err := at.root.Open(at.rel)
	if err != nil {
		return nil, renamed(err, "open", name)
	}
	return s.track(&file{File: f, sandbox: s}), nil
}

// ordinary refuses folders, and files of the modes in refused.
func ordinary(info fs.FileInfo, refused fs.FileMode, name string) error {
	switch {
	case info.IsDir():
		return &fs.PathError{Op: "open", Path: name, Err: errors.New("is a folder, not a file")}
	case info.Mode()&refused != 0:
		return &fs.PathError{Op: "open", Path: name, Err: errors.New("is a pipe or a device, not a file")}
	}
	return nil
}

// ReadFile returns the content of a file, and the absolute path that it was
// read from.
func (s *Sandbox) ReadFile(name string) (content []byte, path string, err error) {
	f, err := s.OpenRead(name)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	content, err = io.ReadAll(f)
	return content, s.abs(name), err
}

// Stat describes a file; a symbolic link is followed.
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

// MkdirAll makes a folder and those above it.
func (s *Sandbox) MkdirAll(name string) error {
	at, err := s.locateForWrite("making the folder", name, true)
	if err != nil {
		return err
	}
	return renamed(at.root.MkdirAll(at.rel, 0o755), "make", name)
}

// Remove removes a file or an empty folder. Of a symbolic link, the link goes
// and its target stays.
func (s *Sandbox) Remove(name string) error {
	at, err := s.locateForWrite("removing", name, false)
	if err != nil {
		return err
	}
	return renamed(at.root.Remove(at.rel), "remove", name)
}

// Rename gives a file another name, within one of the folders that may be
// written.
func (s *Sandbox) Rename(from, to string) error {
	a, err := s.locateForWrite("renaming", from, false)
	if err != nil {
		return err
	}
	b, err := s.locateForWrite("renaming to", to, false)
	if err != nil {
		return err
	}
	if a.root != b.root {
		return &fs.PathError{Op: "rename", Path: from, Err: fmt.Errorf("%s is in another allowed folder; copy the file instead", to)}
	}
	return renamed(a.root.Rename(a.rel, b.rel), "rename", from)
}

// renamed puts the name the script used in place of the one inside a root.
func renamed(err error, op, name string) error {
	if err == nil {
		return nil
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
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

// RefusedError says that a script may not touch a file, and which flag allows
// it. It matches fs.ErrPermission.
type RefusedError struct {
	// Act is what was tried, such as "writing".
	Act string
	// Path is the file, absolute; Target is where it really is, if Path is or
	// passes a symbolic link.
	Path, Target string
	// Flag allows it: "--allow-write=/srv/reports".
	Flag string
	// Instead is a name that may be written without the flag, as the script
	// would give it, or "".
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

// Is reports that a refusal is a lack of permission.
func (e *RefusedError) Is(target error) bool { return target == fs.ErrPermission }
