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

// newFolder makes a folder. A service that clears may take it for abandoned in
// the moment before it is locked: then another one is made.
func newFolder() (*folder, error) {
	for {
		path, err := os.MkdirTemp("", folderPrefix)
		if err != nil {
			return nil, err
		}
		f := &folder{path: path, lock: flock.New(filepath.Join(path, folderLock))}
		if err := f.lock.Lock(); err != nil {
			return nil, errors.Join(err, os.RemoveAll(path))
		}
		if _, err := os.Stat(f.lock.Path()); err == nil {
			return f, nil
		}
		if err := f.remove(); err != nil {
			return nil, err
		}
	}
}

func (f *folder) remove() error {
	return errors.Join(f.lock.Close(), os.RemoveAll(f.path))
}

// ClearFolders removes the folders of runs whose service was killed.
func ClearFolders() error {
	list, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	for _, path := range list {
		err = errors.Join(err, clearFolder(path))
	}
	return err
}

// clearFolder removes a folder of ours that has no service any more. One of
// another person cannot be looked into, and stays.
func clearFolder(path string) error {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return nil //nolint:nilerr // it is gone, or none of ours
	}
	f := &folder{path: path, lock: flock.New(filepath.Join(path, folderLock), flock.SetFlag(os.O_RDWR))}
	switch free, err := f.lock.TryLock(); {
	case errors.Is(err, os.ErrNotExist) && time.Since(info.ModTime()) > folderNew:
		return os.RemoveAll(path)
	case err != nil || !free:
		return nil //nolint:nilerr // it is in use, just begun, or somebody else's
	}
	// It stays locked while it goes; what is open cannot go on Windows.
	if err := os.RemoveAll(path); err == nil {
		return f.lock.Close()
	}
	return f.remove()
}
