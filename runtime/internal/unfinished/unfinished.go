// Package unfinished creates files under a temporary name, which they keep until they
// are complete, and removes those that killed processes left.
package unfinished

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The temporary names. No other program uses them.
const (
	prefix = ".phscript-"
	suffix = ".tmp"
)

// File is a file that is not finished. Whoever created it writes it, closes it, gives
// it its name or removes it, and then calls Release.
type File struct {
	*os.File
	// Temporary is its name in the root.
	Temporary string
	hold      *os.File
}

// Create creates a file in a folder of root. access is os.O_WRONLY or os.O_RDWR, with
// further flags.
func Create(root *os.Root, folder string, access int, permission fs.FileMode) (*File, error) {
	for {
		name := filepath.Join(folder, prefix+rand.Text()[:12]+suffix)
		f, err := root.OpenFile(name, access|os.O_CREATE|os.O_EXCL, permission)
		if err != nil {
			return nil, err
		}
		hold, err := take(root, name)
		if err == nil {
			if _, err := root.Lstat(name); err == nil {
				return &File{f, name, hold}, nil
			}
		}
		// Another process treated it as abandoned before it was locked.
		created := &File{f, name, hold}
		if err := errors.Join(f.Close(), created.Release()); err != nil {
			return nil, err
		}
	}
}

// Release unlocks the file. If it still exists, other processes treat it as abandoned.
func (f *File) Release() error {
	if f.hold == nil {
		return nil
	}
	return f.hold.Close()
}

// Clear removes the unfinished files in a folder of root whose process has ended. It
// leaves what it cannot read or remove.
func Clear(root *os.Root, folder string) {
	dir, err := root.Open(folder)
	if err != nil {
		return
	}
	names, _ := dir.Readdirnames(-1)
	_ = dir.Close()
	for _, base := range names {
		if temporary(base) {
			clear(root, filepath.Join(folder, base))
		}
	}
}

// mostVisited bounds how many names ClearFolder looks at.
const mostVisited = 2000

// ClearFolder clears a folder, which may be missing, and those below it. If they hold
// more than a few thousand files, it leaves the rest.
func ClearFolder(path string) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return
	}
	defer func() { _ = root.Close() }()
	visited := 0
	_ = fs.WalkDir(root.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		if visited++; visited > mostVisited {
			return fs.SkipAll
		}
		if err == nil && temporary(filepath.Base(name)) {
			clear(root, filepath.FromSlash(name))
		}
		return nil
	})
}

// temporary reports whether a name is that of an unfinished file.
func temporary(base string) bool {
	return strings.HasPrefix(base, prefix) && strings.HasSuffix(base, suffix)
}

func clear(root *os.Root, name string) {
	if info, err := root.Lstat(name); err != nil || !info.Mode().IsRegular() || held(info) {
		return
	}
	hold, err := take(root, name)
	if err != nil {
		return
	}
	_ = root.Remove(name)
	_ = (&File{hold: hold}).Release()
}

// Replace writes a file as a whole: it has its old content, or all of the new one.
func Replace(name string, permission fs.FileMode, write func(f *os.File) error) error {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	Clear(root, ".")
	f, err := Create(root, ".", os.O_WRONLY, permission)
	if err != nil {
		return err
	}
	defer func() { _ = f.Release() }()
	// The umask of the process may have removed permissions.
	if err = errors.Join(write(f.File), f.Chmod(permission), f.Close()); err == nil {
		err = root.Rename(f.Temporary, filepath.Base(name))
	}
	if err != nil {
		return errors.Join(err, root.Remove(f.Temporary))
	}
	return nil
}
