package suite

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// suffix ends the names of test files.
const suffix = "_test.lua"

// IsTest reports whether a file holds tests, by its name.
func IsTest(path string) bool { return strings.HasSuffix(path, suffix) }

// Find returns the test files among the given files and, at any depth, in the
// given folders, sorted by name.
func Find(dir string, names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("no such file or folder: %s", name)
		}
		if !info.IsDir() && !IsTest(path) {
			return nil, fmt.Errorf("%s is not a test: the names of tests end in _test.lua, such as %s_test.lua", name, strings.TrimSuffix(name, ".lua"))
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := Walk(path, IsTest)
		if err != nil {
			return nil, fmt.Errorf("cannot search %s: %w", name, err)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// Walk returns the wanted files in a folder, at any depth. Hidden folders and
// node_modules are skipped.
func Walk(root string, wanted func(path string) bool) (files []string, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && skippedFolder(entry.Name()):
			return filepath.SkipDir
		case entry.Type()&^fs.ModeSymlink == 0 && wanted(path):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// parents returns the folders above dir up to root, nearest first; none if dir
// is not in root.
func parents(root, dir string) []string {
	rel, err := filepath.Rel(root, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	var list []string
	for at := dir; at != root && len(at) > len(root); {
		at = filepath.Dir(at)
		list = append(list, at)
	}
	return list
}

// skippedFolder reports whether a folder is not searched.
func skippedFolder(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules"
}
