package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The flags that allow what the sandbox refuses.
const (
	readFlag  = "--allow-read"
	writeFlag = "--allow-write"
)

// place is a file inside an allowed folder.
type place struct {
	root *os.Root
	rel  string
}

// locate finds the allowed folder that contains name, for reading. With follow, it also
// resolves a symbolic link at the end of the path.
func (s *Sandbox) locate(act, name string, follow bool) (place, error) {
	return s.find(act, name, s.read, readFlag, follow)
}

// locateForWrite is locate for the write folders. It creates the missing ones that
// contain name. A write folder cannot be removed or renamed.
func (s *Sandbox) locateForWrite(act, name string, follow bool) (place, error) {
	at, err := s.find(act, name, s.write, writeFlag, follow)
	if err == nil && at.rel == "." && !follow {
		err = &fs.PathError{Op: "change", Path: name, Err: errors.New("it is the allowed folder itself")}
	}
	return at, err
}

func (s *Sandbox) find(act, name string, dirs []string, flag string, follow bool) (place, error) {
	if name == "" {
		return place{}, &fs.PathError{Op: "open", Path: name, Err: errors.New("the file name is empty")}
	}
	path := s.abs(name)
	real := resolve(path, follow)
	var found place
	for _, dir := range dirs {
		realDir := resolve(dir, true)
		rel, err := filepath.Rel(realDir, real)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if flag == writeFlag {
			if err := os.MkdirAll(realDir, 0o755); err != nil {
				return place{}, renamed(err, "make the folder for", name)
			}
		}
		if found.root != nil {
			continue
		}
		root, err := s.root(realDir)
		if err != nil {
			return place{}, renamed(err, "open", name)
		}
		found = place{root, rel}
		if flag == readFlag {
			break
		}
	}
	if found.root != nil {
		return found, nil
	}
	wanted := filepath.Dir(real)
	if info, err := os.Stat(real); err == nil && info.IsDir() {
		wanted = real
	}
	refused := &RefusedError{Act: act, Path: path, Target: real, Flag: flag + "=" + wanted}
	if flag == writeFlag && follow {
		refused.Instead = s.instead(path)
	}
	return place{}, refused
}

// Writes reports whether the script can write a file.
func (s *Sandbox) Writes(name string) bool {
	real := resolve(s.abs(name), true)
	return slices.ContainsFunc(s.write, func(dir string) bool {
		rel, err := filepath.Rel(resolve(dir, true), real)
		return err == nil && filepath.IsLocal(rel)
	})
}

// instead names a file like path in the last write folder below the working folder,
// or "" if there is none.
func (s *Sandbox) instead(path string) string {
	for _, dir := range slices.Backward(s.write) {
		rel, err := filepath.Rel(s.workDir, dir)
		if err == nil && filepath.IsLocal(rel) && rel != "." {
			return filepath.ToSlash(filepath.Join(rel, filepath.Base(path)))
		}
	}
	return ""
}

// root returns the os.Root of a folder, which is opened once per run.
func (s *Sandbox) root(dir string) (*os.Root, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if root := s.roots[dir]; root != nil {
		return root, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s.roots[dir] = root
	return root, nil
}

// resolve returns path with the symbolic links of its existing part resolved. Without
// follow, it keeps a link at the very end.
func resolve(path string, follow bool) string {
	if !follow {
		return filepath.Join(resolve(filepath.Dir(path), true), filepath.Base(path))
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	// A link to a missing file decides where that file would be created.
	if target, err := os.Readlink(path); err == nil {
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		if target != path {
			return filepath.Join(resolve(filepath.Dir(target), true), filepath.Base(target))
		}
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(resolve(parent, true), filepath.Base(path))
}
