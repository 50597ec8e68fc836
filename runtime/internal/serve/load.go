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
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

// mostScripts is how many scripts are searched for schedules in their headers.
const mostScripts = 5000

// longestHeader is how many bytes at the start of a script are searched for schedules.
const longestHeader = 1 << 20

// retryEvery is how often an invalid configuration is loaded again although it has not
// changed: the mistake may be elsewhere.
const retryEvery = 10 * time.Second

// Loader reads the schedules of a folder: those in its configuration file, and those
// in the headers of scripts. Only one goroutine may use it at a time.
type Loader struct {
	// Dir is the folder that paths of scripts are relative to.
	Dir string
	// File is the configuration file. It may be missing.
	File string
	// Read reads the configuration.
	Read func() (config.Config, error)
	// Check, if set, returns an error for a script that cannot be run.
	Check func(name string, source []byte) error
	// Trust, if set, returns an error for a file that must not run on a schedule, because
	// other users can change it.
	Trust func(path string) error
	// Params, if set, adds the parameters that a script or module reads. It reports false if
	// the file may read others, too.
	Params func(name string, source []byte, read map[string]bool) (known bool)

	// Choose, if set, returns an error for a schedule whose profile cannot be used; profile
	// is "" if it names none.
	Choose func(c config.Config, profile string) error
	// Getenv, if set, returns variables of the service.
	Getenv func(name string) (string, bool)

	// config is the configuration that was read last, even if some of it is
	// invalid. print is the fingerprint of what Load read last.
	config config.Config
	print  string
}

// Loaded is what a Loader found.
type Loaded struct {
	Config config.Config
	// Dir is the folder, without links, "" if it cannot be told.
	Dir         string
	Definitions []schedule.Definition
	// Hooks are the webhooks.
	Hooks []hooks.Hook
	// Unread are the folders that this user may not read.
	Unread []string
	// Ignored says for scripts and folders why schedules in headers are ignored.
	Ignored []string
	// Doubts says which parameters of schedules are probably misspelt, and which
	// schedules do the same.
	Doubts []string
}

// Load reads and checks everything. Its error names all mistakes.
func (l *Loader) Load() (*Loaded, error) {
	for try := 1; ; try++ {
		dir, _ := filepath.EvalSymlinks(l.Dir)
		loaded, err := l.load()
		if now, _ := filepath.EvalSymlinks(l.Dir); now != dir && try < 5 {
			continue // a link was switched, and parts of two releases were read
		}
		if loaded != nil {
			loaded.Dir = dir
		}
		return loaded, err
	}
}

func (l *Loader) load() (*Loaded, error) {
	// The fingerprint is taken before the files are read, so that a change in
	// between is noticed next time.
	file := l.noteFile()
	c, err := l.Read()
	if err == nil {
		l.config = c
	}
	found, unlisted := l.scripts(l.config)
	files := found.files
	l.print = file + l.noteScripts(files, unlisted)
	if err != nil {
		return nil, err
	}
	loaded := &Loaded{Config: c, Unread: found.unread, Ignored: found.ignored}
	var wrong []error
	defined := map[string]schedule.Definition{}
	says := &headers{loader: l, read: map[string]*header.Header{}}
	uses := handlers(c.File, "serve.", c.Serve.Reactions())
	add := func(s config.Schedule, source string) {
		d, err := schedule.New(says.limited(s), source)
		first, twice := defined[d.Name]
		switch {
		case err != nil:
			wrong = append(wrong, err)
		case twice:
			wrong = append(wrong, schedule.SameName(d, first))
		default:
			if err := schedule.CheckParams(d, says.of(d.Script), l.set); err != nil {
				wrong = append(wrong, err)
			}
			if err := l.checkProfile(c, d, source); err != nil {
				wrong = append(wrong, err)
			}
			d.Signature = schedule.SignatureOf(says.of(d.Script))
			defined[d.Name] = d
			loaded.Definitions = append(loaded.Definitions, d)
			of := "schedule '" + d.Name + "'"
			uses = append(append(uses, use{source, of, d.Script}), handlers(source, of+": ", d.Reactions())...)
		}
	}
	for _, s := range c.Schedules {
		add(s, c.File)
	}
	webhooks, theirUses, failed := l.hooks(c, says)
	loaded.Hooks, uses, wrong = webhooks, append(uses, theirUses...), append(wrong, failed...)
	for _, r := range c.Serve.Reactions() {
		if err := schedule.CheckActions(r.Actions); err != nil {
			wrong = append(wrong, &config.Error{Where: c.File, Message: "serve." + r.Setting + ": " + err.Error()})
		}
	}
	if unlisted != nil {
		wrong = append(wrong, unlisted)
	}
	for _, name := range files {
		text, err := sourcefile.Head(l.path(name), longestHeader)
		if err != nil {
			wrong = append(wrong, &config.Error{Where: name, Message: "the script cannot be read: " + err.Error()})
			continue
		}
		list, err := schedule.FromHeader(name, text)
		if err != nil {
			wrong = append(wrong, err)
		}
		if len(list) > 0 && l.Trust != nil {
			if err := l.Trust(l.path(name)); err != nil {
				loaded.Ignored = append(loaded.Ignored, fmt.Sprintf("the schedules in %s are ignored: %v", name, err))
				continue
			}
		}
		if err := schedule.DeclaredTwice(c, name, says.of(name)); err != nil {
			wrong = append(wrong, err)
			continue
		}
		for _, s := range list {
			add(s, name)
		}
	}
	if err := config.Set("serve.keep_size: ", c.Serve.KeepSize, new(int64), config.ParseSize); err != nil {
		wrong = append(wrong, &config.Error{Where: c.File, Message: err.Error()})
	}
	wrong = append(wrong, l.checkScripts(uses)...)
	wrong = append(wrong, l.untrusted(uses, allActions(c, loaded.Definitions), c.File)...)
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	loaded.Doubts = append(schedule.Alike(loaded.Definitions), l.unreadParams(loaded.Definitions)...)
	return loaded, nil
}

// set reports whether a variable of the service is set.
func (l *Loader) set(variable string) bool {
	if l.Getenv == nil {
		return false
	}
	value, ok := l.Getenv(variable)
	return ok && value != ""
}

// Scripts lists the scripts of the folders whose scripts may schedule themselves, by their
// paths from Dir.
func (l *Loader) Scripts(c config.Config) ([]string, error) {
	found, err := l.scripts(c)
	return found.files, err
}

// use is a use of a script: where it is written, and what it is for.
type use struct{ where, of, script string }

// handlers returns the uses of scripts in reactions.
func handlers(where, prefix string, reactions []config.Reaction) (list []use) {
	for _, r := range reactions {
		for _, a := range r.Actions {
			if a.Script != "" {
				list = append(list, use{where, prefix + r.Setting, a.Script})
			}
		}
	}
	return list
}

// allActions returns the actions of a configuration and of other schedules.
func allActions(c config.Config, others []schedule.Definition) (list []config.Action) {
	all := c.Serve.Reactions()
	for _, s := range c.Schedules {
		all = append(all, s.Reactions()...)
	}
	for _, w := range c.Hooks {
		all = append(all, w.Reactions()...)
	}
	for _, d := range others {
		all = append(all, d.Reactions()...)
	}
	for _, r := range all {
		list = append(list, r.Actions...)
	}
	return list
}

// checkScripts returns an error for each script that is outside the folder, missing,
// or cannot be run. It compiles each script once.
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
		text, err := sourcefile.Read(l.path(u.script))
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

// roots are the folders that are searched for scripts with headers.
func roots(c config.Config) []string {
	if len(c.Serve.Scripts) == 0 {
		return []string{"."}
	}
	return c.Serve.Scripts
}

// found are the scripts that may have headers, and the folders that cannot be read, by
// their paths from Dir. ignored is as in Loaded.
type found struct{ files, unread, ignored []string }

// scripts lists the scripts that may have headers.
func (l *Loader) scripts(c config.Config) (f found, err error) {
	writable := l.writable(c)
	for _, root := range roots(c) {
		if err := l.scriptsIn(root, writable, &f); err != nil {
			return found{}, err
		}
	}
	slices.Sort(f.files)
	f.files = slices.Compact(f.files)
	return f, nil
}

// scriptsIn adds the scripts in a folder, unless a run may write to it. The paths do not
// change if the folder is a link: releases are often switched by one.
func (l *Loader) scriptsIn(root string, writable []string, f *found) error {
	top, err := filepath.EvalSymlinks(filepath.Join(l.Dir, root))
	if err != nil {
		return err
	}
	fromDir := func(path string) string {
		rel, _ := filepath.Rel(top, path) // path is below top
		return filepath.ToSlash(filepath.Join(root, rel))
	}
	return filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path != top && errors.Is(err, fs.ErrPermission) {
				f.unread = append(f.unread, fromDir(path))
				return nil
			}
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != top && (strings.HasPrefix(name, ".") || name == "node_modules" || name == outFolder) {
				return fs.SkipDir
			}
			if within(path, writable) {
				if hasScripts(path) {
					f.ignored = append(f.ignored, "schedules in the headers of scripts in "+fromDir(path)+" are ignored, because a run may write to that folder")
				}
				return fs.SkipDir
			}
			return nil
		}
		if isScript(name) {
			if f.files = append(f.files, fromDir(path)); len(f.files) > mostScripts {
				return &config.Error{Where: root, Message: fmt.Sprintf("there are more than %d scripts", mostScripts), Hint: `list the folders with scheduled scripts: [serve] scripts = ["jobs"]`}
			}
		}
		return nil
	})
}

// Fingerprint changes when something that Load reads may have changed. It follows the
// configuration that was read last, even if that was invalid.
func (l *Loader) Fingerprint() string {
	file := l.noteFile()
	found, err := l.scripts(l.config)
	return file + l.noteScripts(found.files, err)
}

// noteFile is the fingerprint of the configuration file. A link may be switched to
// another file of the same size and time.
func (l *Loader) noteFile() string {
	var b strings.Builder
	note(&b, l.File)
	if real, err := filepath.EvalSymlinks(l.File); err == nil {
		fmt.Fprintln(&b, real)
	}
	return b.String()
}

// noteScripts is the fingerprint of scripts: the folders, resolved, the scripts in
// them, and the scripts that the configuration names, even if they are missing.
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

func named(c config.Config) (list []string) {
	for _, s := range c.Schedules {
		list = append(list, s.Script)
	}
	for _, w := range c.Hooks {
		list = append(list, w.Script)
	}
	for _, a := range allActions(c, nil) {
		list = append(list, a.Script)
	}
	return list
}

func (l *Loader) path(name string) string { return filepath.Join(l.Dir, filepath.FromSlash(name)) }

// note adds a file's size, time and permissions, which may have prevented reading
// it.
func note(b *strings.Builder, file string) {
	info, err := os.Stat(file)
	if err != nil {
		fmt.Fprintf(b, "%s -\n", file)
		return
	}
	fmt.Fprintf(b, "%s %d %d %s\n", file, info.Size(), info.ModTime().UnixNano(), info.Mode())
}
