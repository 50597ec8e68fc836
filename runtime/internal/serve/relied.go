package serve

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/pattern"
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

// requires matches a call of require with the name of a module.
var requires = pattern.Lazy(`\brequire\s*\(?\s*["']([\w./-]+)["']`)

// untrusted returns an error for each script of uses, module that one requires, and
// program that sends notifications, that other users can change: it would run with the
// service's token. A module whose name is computed is not found.
func (l *Loader) untrusted(uses []use, commands []config.Action, where string) (wrong []error) {
	if l.Trust == nil {
		return nil
	}
	seen := map[string]bool{}
	check := func(where, of, path string) {
		if seen[path] {
			return
		}
		seen[path] = true
		if err := l.Trust(path); err != nil && !seen[err.Error()] {
			seen[err.Error()] = true // one folder may be the reason for many
			e := &config.Error{Where: where, Message: of + ": " + err.Error()}
			if advice, ok := errors.AsType[interface {
				error
				ErrorHint() string
			}](err); ok {
				e.Hint = advice.ErrorHint()
			}
			wrong = append(wrong, e)
		}
	}
	for _, u := range uses {
		waiting := []string{l.path(u.script)}
		for read := map[string]bool{}; len(waiting) > 0; waiting = waiting[1:] {
			path := waiting[0]
			text, err := os.ReadFile(path)
			if err != nil || read[path] {
				continue
			}
			read[path] = true
			check(u.where, u.of, path)
			for _, found := range requires().FindAllStringSubmatch(string(text), -1) {
				name := filepath.FromSlash(strings.ReplaceAll(found[1], ".", "/"))
				for _, dir := range []string{filepath.Dir(l.path(u.script)), l.Dir} {
					waiting = append(waiting, filepath.Join(dir, name+".lua"), filepath.Join(dir, name, "init.lua"))
				}
			}
		}
	}
	for _, a := range commands {
		if path, ok := l.program(a); ok {
			check(where, fmt.Sprintf("the program %s, which sends notifications", a.Command[0]), path)
		}
	}
	return wrong
}

// program returns the file of a program that sends notifications, if the action has one
// and names it by a path.
func (l *Loader) program(a config.Action) (path string, ok bool) {
	if len(a.Command) == 0 || !strings.ContainsAny(a.Command[0], `/\`) {
		return "", false
	}
	return programPath(l.Dir, a.Command[0]), true
}

// programPath is the file that is started for a path: one that is relative to a folder.
func programPath(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}
