package serve

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Folders of runs are in the system's temporary folder.
const (
	folderPrefix = "phscript-run-"
	// folderLock is the file in it that the service keeps locked.
	folderLock = "lock"
	// folderNew is the age at which a folder without that file counts as abandoned,
	// and not as one that a service is about to lock.
	folderNew = time.Minute
)

// folder is a folder for the files of one run, which may contain tokens and rows.
type folder struct {
	path string
	lock *flock.Flock
}

// newFolder creates a folder. If another service removes it as abandoned before it is
// locked, it creates another one.
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

// clearFolder removes a folder whose service is gone. It leaves another user's folder,
// which it cannot read.
func clearFolder(path string) error {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return nil //nolint:nilerr // it is gone, or not ours
	}
	f := &folder{path: path, lock: flock.New(filepath.Join(path, folderLock), flock.SetFlag(os.O_RDWR))}
	switch free, err := f.lock.TryLock(); {
	case errors.Is(err, os.ErrNotExist) && time.Since(info.ModTime()) > folderNew:
		return os.RemoveAll(path)
	case err != nil || !free:
		return nil //nolint:nilerr // it is in use, new, or another user's
	}
	// It stays locked meanwhile, but Windows cannot delete open files.
	if err := os.RemoveAll(path); err == nil {
		return f.lock.Close()
	}
	return f.remove()
}
