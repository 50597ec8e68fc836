package serve

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Folders of runs lie among the system's temporary files.
const (
	folderPrefix = "phscript-run-"
	// folderLock is the file in it that is locked as long as its service lives.
	folderLock = "lock"
	// folderNew is how old a folder without that file may be and still be one
	// that a service is about to lock.
	folderNew = time.Minute
)

// folder is a folder for the files of one run, which may hold tokens and rows.
type folder struct {
	path string
	lock *flock.Flock
}

func newFolder() (*folder, error) {
	path, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path, lock: flock.New(filepath.Join(path, folderLock))}
	if err := f.lock.Lock(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	return f, nil
}

func (f *folder) remove() error {
	return errors.Join(f.lock.Close(), os.RemoveAll(f.path))
}

// ClearFolders removes the folders of runs whose service was killed.
func ClearFolders() error {
	list, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	for _, path := range list {
		if abandoned(path) {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	return err
}

// abandoned tells whether a folder of ours has no service any more. One of
// another person cannot be looked into, and stays.
func abandoned(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return false
	}
	lock := flock.New(filepath.Join(path, folderLock), flock.SetFlag(os.O_RDWR))
	switch free, err := lock.TryLock(); {
	case errors.Is(err, os.ErrNotExist):
		return time.Since(info.ModTime()) > folderNew
	case err != nil || !free:
		return false
	}
	return lock.Close() == nil
}
