package serve

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

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
