package sandbox

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/phscript/phscript/runtime/internal/trust"
)

// locateToChange is locateForWrite for what removes or renames a file or link itself.
// It refuses private files, and folders whose files are private.
func (s *Sandbox) locateToChange(act, name string) (place, error) {
	at, err := s.locateForWrite(act, name, false)
	if err != nil {
		return at, err
	}
	info, _ := at.root.Lstat(at.rel)
	if err := s.refusePrivate(act, name, at, info); err != nil {
		return place{}, err
	}
	if trust.Secret(filepath.Join(at.root.Name(), at.rel, "file")) {
		return place{}, &PrivateError{act, s.abs(name)}
	}
	if info != nil && info.IsDir() && protects(at) {
		return place{}, &PrivateError{act, s.abs(name)}
	}
	return at, nil
}

// protects reports whether a folder holds folders whose files are private only while they
// are in it, as .config holds gcloud.
func protects(at place) bool {
	list, err := fs.ReadDir(at.root.FS(), filepath.ToSlash(at.rel))
	return err == nil && slices.ContainsFunc(list, func(e fs.DirEntry) bool {
		return trust.Secret(filepath.Join(at.root.Name(), at.rel, e.Name(), "file")) && !trust.Secret(filepath.Join("moved", e.Name(), "file"))
	})
}

// refusePrivate returns a *PrivateError for a private file. info describes the file at
// the place, nil if there is none.
func (s *Sandbox) refusePrivate(act, name string, at place, info fs.FileInfo) error {
	refused := trust.Secret(s.abs(name)) || trust.Secret(filepath.Join(at.root.Name(), at.rel))
	for _, file := range s.Private {
		private, err := os.Stat(file)
		refused = refused || info != nil && err == nil && os.SameFile(info, private)
	}
	if refused || info != nil && linked(info) && s.linksToPrivate(info, filepath.Dir(filepath.Join(at.root.Name(), at.rel))) {
		return &PrivateError{act, s.abs(name)}
	}
	return nil
}

// linksToPrivate reports whether a file with several names has one, in the given folder or
// in the working folder, that makes it private.
func (s *Sandbox) linksToPrivate(info fs.FileInfo, folder string) bool {
	return slices.ContainsFunc([]string{folder, s.workDir}, func(dir string) bool {
		list, _ := os.ReadDir(dir)
		return slices.ContainsFunc(list, func(e fs.DirEntry) bool {
			path := filepath.Join(dir, e.Name())
			if !trust.Secret(path) {
				return false
			}
			private, err := os.Stat(path)
			return err == nil && os.SameFile(info, private)
		})
	})
}

// storeStart is how much of a file is searched for the tables of a store.
const storeStart = 256 << 10

// isStore reports whether a file is a store, or the journal of one, which is beside it. A
// store holds the runs, logs and rejected rows of all scripts.
func isStore(f *os.File, at place) bool {
	for _, suffix := range []string{"-wal", "-journal"} {
		if name, ok := strings.CutSuffix(at.rel, suffix); ok && !hasTables(f) {
			db, err := at.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				return false
			}
			defer func() { _ = db.Close() }()
			return hasTables(db)
		}
	}
	return hasTables(f)
}

// hasTables reports whether a SQLite file, or the journal of one, has the tables of a store.
func hasTables(f *os.File) bool {
	magic := make([]byte, 16)
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != "SQLite format 3\x00" && string(magic[:3]) != "\x37\x7f\x06" {
		return false
	}
	start := make([]byte, storeStart)
	n, _ := f.ReadAt(start, 0)
	return bytes.Contains(start[:n], []byte("phscript_run"))
}

// PrivateError is the error for a file that no script may use. It matches
// fs.ErrPermission.
type PrivateError struct {
	// Act is what was tried, such as "writing to", and Path the file, absolute.
	Act, Path string
}

func (e *PrivateError) Error() string {
	return e.Act + " " + e.Path + " is not allowed: scripts never use files that hold settings or keys"
}

// ErrorKind names the kind of the error for scripts.
func (e *PrivateError) ErrorKind() string { return "permission" }

// ErrorHint says what can be done instead.
func (e *PrivateError) ErrorHint() string {
	return "the planhat module uses the configured token by itself, and env.get reads variables that --allow-env names; if the file holds only data, give it another name"
}

// Is reports whether target is fs.ErrPermission.
func (e *PrivateError) Is(target error) bool { return target == fs.ErrPermission }
