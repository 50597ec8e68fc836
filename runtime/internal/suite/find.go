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

// IsTest tells whether a file holds tests, by its name.
func IsTest(path string) bool { return strings.HasSuffix(path, suffix) }

// Find returns the test files among the given files and, however deep, in the
// given folders, in the order of their names. A file that is named counts
// whatever it is called. Hidden folders and node_modules are passed over.
func Find(dir string, names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("there is no file or folder %s", name)
		}
		if !info.IsDir() && !IsTest(path) {
			return nil, fmt.Errorf("%s is no test: the names of tests end in _test.lua, such as %s_test.lua", name, strings.TrimSuffix(name, ".lua"))
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		err = filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && at != path && passedOver(entry.Name()):
				return filepath.SkipDir
			case !entry.IsDir() && IsTest(at):
				files = append(files, at)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s cannot be searched: %w", name, err)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// parents returns the folders above dir up to root, the nearest first; none
// where dir does not lie in root.
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

// passedOver tells whether a folder is not searched.
func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules"
}
