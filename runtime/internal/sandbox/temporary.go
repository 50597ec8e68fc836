package sandbox

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// TempName creates an empty file in the last write folder and returns its absolute
// name. Close deletes it if it still exists.
func (s *Sandbox) TempName() (string, error) {
	folder := s.workDir
	if len(s.write) > 0 {
		folder = s.write[len(s.write)-1]
	}
	name := filepath.Join(folder, "lua_"+rand.Text()[:12])
	at, err := s.locateForWrite("writing to", name, true)
	if err != nil {
		return "", err
	}
	f, err := at.root.OpenFile(at.rel, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", renamed(err, "open", name)
	}
	s.mu.Lock()
	s.temporary = append(s.temporary, at)
	s.mu.Unlock()
	return name, renamed(f.Close(), "close", name)
}

// removeTemporary deletes what is left of the files of TempName.
func (s *Sandbox) removeTemporary() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var failed []error
	for _, at := range s.temporary {
		if err := at.root.Remove(at.rel); !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	s.temporary = nil
	return errors.Join(failed...)
}
