package serve

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/config"
)

// outFolder is the folder that every run may write to.
const outFolder = "out"

// writable returns the folders that a run of any schedule may write to. Their scripts
// schedule nothing: what a run writes may come from records.
func (l *Loader) writable(c config.Config) (folders []string) {
	list := append([]string{outFolder}, c.AllowWrite...)
	for _, s := range c.Schedules {
		list = append(list, s.AllowWrite...)
	}
	for _, folder := range list {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(l.Dir, folder)
		}
		folders = append(folders, resolved(folder))
	}
	return folders
}

// resolved resolves the links in the existing part of a path.
func resolved(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if parent := filepath.Dir(path); err != nil && parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return cmp.Or(real, path)
}

// within reports whether a folder is one of others, or inside of one.
func within(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		rel, err := filepath.Rel(folder, path)
		return err == nil && filepath.IsLocal(rel)
	})
}

// hasScripts reports whether a script is in a folder.
func hasScripts(folder string) bool {
	entries, _ := os.ReadDir(folder)
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return isScript(e.Name()) })
}

func isScript(name string) bool {
	return strings.HasSuffix(name, ".lua") && !strings.HasSuffix(name, "_test.lua") && !strings.HasPrefix(name, ".")
}
