package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// mostScripts bounds how many files are looked at for schedules in their
// headers.
const mostScripts = 5000

// retryEvery is how often a configuration with a mistake is looked at again that
// has not changed: what mends it may lie elsewhere.
const retryEvery = 10 * time.Second

// Loader reads the schedules of a folder: those of its configuration file, and
// those that scripts set in their headers. One goroutine uses it at a time.
type Loader struct {
	// Dir is the folder that scripts are named from.
	Dir string
	// File is the configuration file, also where there is none yet.
	File string
	// Read reads the configuration.
	Read func() (config.Config, error)
	// Check, where set, reports whether a script can be run.
	Check func(name string, source []byte) error

	// config is the configuration that was read last, also where something in it
	// is wrong, and print the fingerprint of what Load looked at last.
	config config.Config
	print  string
}

// Loaded is what a Loader found.
type Loaded struct {
	Config      config.Config
	Definitions []schedule.Definition
	// Unread are the folders that this user may not look into.
	Unread []string
}

// Load reads and checks everything. Of several mistakes all are told.
func (l *Loader) Load() (*Loaded, error) {
	// The fingerprint is taken before what it stands for is read: a change in
	// between is noticed the next time.
	file := l.noteFile()
	c, err := l.Read()
	if err == nil {
		l.config = c
	}
	files, unread, unlisted := l.scripts(l.config)
	l.print = file + l.noteScripts(files, unlisted)
	if err != nil {
		return nil, err
	}
	loaded := &Loaded{Config: c, Unread: unread}
	var wrong []error
	places := map[string]string{}
	uses := handlers(c.File, "serve.", c.Serve.OnFailure, c.Serve.OnRecovery)
	add := func(s config.Schedule, source string) {
		d, err := schedule.New(s, source)
		switch {
		case err != nil:
			wrong = append(wrong, err)
		case places[d.Name] != "":
			wrong = append(wrong, &config.Error{Where: source, Message: fmt.Sprintf("schedule '%s' is already defined in %s", d.Name, places[d.Name]), Hint: "rename one of them"})
		default:
			places[d.Name] = source
			loaded.Definitions = append(loaded.Definitions, d)
			of := "schedule '" + d.Name + "'"
			uses = append(append(uses, use{source, of, d.Script}), handlers(source, of+": ", d.OnFailure, d.OnRecovery)...)
		}
	}
	for _, s := range c.Schedules {
		add(s, c.File)
	}
	for _, of := range []struct {
		name    string
		actions []config.Action
	}{{"on_failure", c.Serve.OnFailure}, {"on_recovery", c.Serve.OnRecovery}} {
		if err := schedule.CheckActions(of.actions); err != nil {
			wrong = append(wrong, &config.Error{Where: c.File, Message: "serve." + of.name + ": " + err.Error()})
		}
	}
	if unlisted != nil {
		wrong = append(wrong, unlisted)
	}
	for _, name := range files {
		text, err := os.ReadFile(l.path(name))
		if err != nil {
			wrong = append(wrong, &config.Error{Where: name, Message: "the script cannot be read: " + err.Error()})
			continue
		}
		list, err := schedule.FromHeader(name, text)
		if err != nil {
			wrong = append(wrong, err)
		}
		for _, s := range list {
			add(s, name)
		}
	}
	if c.Serve.KeepSize != "" {
		if _, err := config.ParseSize(c.Serve.KeepSize); err != nil {
			wrong = append(wrong, &config.Error{Where: c.File, Message: "serve.keep_size: " + err.Error()})
		}
	}
	wrong = append(wrong, l.checkScripts(uses)...)
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return loaded, nil
}

// use is a script that is to be run: where that is written, and for what.
type use struct{ where, of, script string }

// handlers are the uses of scripts that tell people.
func handlers(where, prefix string, onFailure, onRecovery []config.Action) (list []use) {
	for _, a := range onFailure {
		list = append(list, use{where, prefix + "on_failure", a.Script})
	}
	for _, a := range onRecovery {
		list = append(list, use{where, prefix + "on_recovery", a.Script})
	}
	return slices.DeleteFunc(list, func(u use) bool { return u.script == "" })
}

// checkScripts reports whether scripts lie where they may, and can be run; each is
// compiled once.
func (l *Loader) checkScripts(uses []use) (wrong []error) {
	seen := map[string]bool{}
	for _, u := range uses {
		switch {
		case !filepath.IsLocal(filepath.FromSlash(u.script)):
			wrong = append(wrong, &config.Error{Where: u.where, Message: fmt.Sprintf("%s: the script %s is outside %s", u.of, u.script, l.Dir), Hint: "keep scripts in the folder of phscript.toml or below it"})
			continue
		case !l.exists(u.script):
			wrong = append(wrong, &config.Error{Where: u.where, Message: fmt.Sprintf("%s: the script %s does not exist", u.of, u.script), Hint: "the path is relative to " + l.Dir})
			continue
		case l.Check == nil || seen[u.script]:
			continue
		}
		seen[u.script] = true
		text, err := os.ReadFile(l.path(u.script))
		if err == nil {
			err = l.Check(u.script, text)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", u.of, err))
		}
	}
	return wrong
}

func (l *Loader) exists(script string) bool {
	info, err := os.Stat(l.path(script))
	return err == nil && !info.IsDir()
}

// roots are the folders whose scripts may have headers.
func roots(c config.Config) []string {
	if len(c.Serve.Scripts) == 0 {
		return []string{"."}
	}
	return c.Serve.Scripts
}

// scripts lists the scripts that may have headers, by their names from Dir, and
// the folders that may not be looked into.
func (l *Loader) scripts(c config.Config) (files, unread []string, err error) {
	for _, root := range roots(c) {
		found, closed, err := l.scriptsIn(root, mostScripts-len(files))
		if err != nil {
			return nil, nil, err
		}
		files, unread = append(files, found...), append(unread, closed...)
	}
	slices.Sort(files)
	return slices.Compact(files), unread, nil
}

// scriptsIn lists the scripts in a folder, by their names from Dir, which stay
// the same where the folder is a link: releases are often switched by one.
func (l *Loader) scriptsIn(root string, most int) (files, unread []string, err error) {
	top, err := filepath.EvalSymlinks(filepath.Join(l.Dir, root))
	if err != nil {
		return nil, nil, err
	}
	fromDir := func(path string) string {
		rel, _ := filepath.Rel(top, path) // it lies below
		return filepath.ToSlash(filepath.Join(root, rel))
	}
	err = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path != top && errors.Is(err, fs.ErrPermission) {
				unread = append(unread, fromDir(path))
				return nil
			}
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != top && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "out") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".lua") && !strings.HasSuffix(name, "_test.lua") && !strings.HasPrefix(name, ".") {
			if files = append(files, fromDir(path)); len(files) > most {
				return &config.Error{Where: root, Message: fmt.Sprintf("there are more than %d scripts", mostScripts), Hint: `list the folders with scheduled scripts: [serve] scripts = ["jobs"]`}
			}
		}
		return nil
	})
	return files, unread, err
}

// Fingerprint changes when something may have changed that Load reads. It goes
// by what the configuration said that was read last, also where that was wrong.
func (l *Loader) Fingerprint() string {
	file := l.noteFile()
	files, _, err := l.scripts(l.config)
	return file + l.noteScripts(files, err)
}

// noteFile notes the configuration file. A link may be switched to another file
// that looks the same.
func (l *Loader) noteFile() string {
	var b strings.Builder
	note(&b, l.File)
	if real, err := filepath.EvalSymlinks(l.File); err == nil {
		fmt.Fprintln(&b, real)
	}
	return b.String()
}

// noteScripts notes the folders with headers and where they really lie, the
// scripts in them, and those that are named elsewhere, also where there is no
// such script yet.
func (l *Loader) noteScripts(files []string, unlisted error) string {
	var b strings.Builder
	for _, root := range roots(l.config) {
		if real, err := filepath.EvalSymlinks(filepath.Join(l.Dir, root)); err == nil {
			fmt.Fprintf(&b, "%s is %s\n", root, real)
		}
	}
	if unlisted != nil {
		fmt.Fprintln(&b, unlisted)
	}
	for _, list := range [][]string{files, named(l.config)} {
		for _, name := range list {
			note(&b, l.path(name))
		}
	}
	return b.String()
}

// named are the scripts that a configuration names.
func named(c config.Config) (list []string) {
	actions := slices.Concat(c.Serve.OnFailure, c.Serve.OnRecovery)
	for _, s := range c.Schedules {
		list = append(list, s.Script)
		actions = slices.Concat(actions, s.OnFailure, s.OnRecovery)
	}
	for _, a := range actions {
		list = append(list, a.Script)
	}
	return list
}

// path is where a script lies.
func (l *Loader) path(name string) string { return filepath.Join(l.Dir, filepath.FromSlash(name)) }

// note notes how a file looks. Its rights count: they may have kept it from
// being read.
func note(b *strings.Builder, file string) {
	info, err := os.Stat(file)
	if err != nil {
		fmt.Fprintf(b, "%s -\n", file)
		return
	}
	fmt.Fprintf(b, "%s %d %d %s\n", file, info.Size(), info.ModTime().UnixNano(), info.Mode())
}
