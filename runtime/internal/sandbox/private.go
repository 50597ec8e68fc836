package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"

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
	return at, nil
}

// refusePrivate returns a *PrivateError for a private file. info describes the file at
// the place, nil if there is none.
func (s *Sandbox) refusePrivate(act, name string, at place, info fs.FileInfo) error {
	refused := trust.Secret(s.abs(name)) || trust.Secret(filepath.Join(at.root.Name(), at.rel))
	for _, file := range s.Private {
		private, err := os.Stat(file)
		refused = refused || info != nil && err == nil && os.SameFile(info, private)
	}
	if refused {
		return &PrivateError{act, s.abs(name)}
	}
	return nil
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
