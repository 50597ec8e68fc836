package serve

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
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
	for _, w := range c.Hooks {
		list = append(list, w.AllowWrite...)
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
var requires = pattern.Lazy(`\brequire\s*\(?\s*(?:["']|\[\[)([^"'\]\s]+)`)

// untrusted returns an error for each script of uses, module that one requires, and
// program that sends notifications, that other users can change: it would run with the
// service's token. Files that only the run finds, such as modules with computed names, are
// checked when it loads them.
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
		for path := range l.code(u.script) {
			check(u.where, u.of, path)
		}
	}
	for _, a := range commands {
		if path, ok := l.program(a); ok {
			check(where, fmt.Sprintf("the program %s, which sends notifications", a.Command[0]), path)
		}
	}
	return wrong
}

// code yields the files of a script and of what it requires by a name in quotes, with their
// texts.
func (l *Loader) code(script string) iter.Seq2[string, []byte] {
	return func(yield func(path string, text []byte) bool) {
		waiting := []string{l.path(script)}
		for read := map[string]bool{}; len(waiting) > 0; waiting = waiting[1:] {
			path := waiting[0]
			if read[path] {
				continue
			}
			read[path] = true
			text, err := sourcefile.Read(path)
			if err != nil {
				continue
			}
			if !yield(path, text) {
				return
			}
			for _, found := range requires().FindAllStringSubmatch(string(text), -1) {
				name := filepath.FromSlash(strings.ReplaceAll(found[1], ".", "/"))
				for _, dir := range []string{filepath.Dir(l.path(script)), l.Dir} {
					for _, dir := range []string{dir, filepath.Join(dir, "lib")} {
						waiting = append(waiting, filepath.Join(dir, name+".lua"), filepath.Join(dir, name, "init.lua"))
					}
				}
			}
		}
	}
}

// unreadParams lists the parameters of schedules that their scripts never read.
func (l *Loader) unreadParams(definitions []schedule.Definition) (list []string) {
	if l.Params == nil {
		return nil
	}
	for _, d := range definitions {
		var given map[string]json.RawMessage
		if json.Unmarshal([]byte(d.Params.JSON()), &given) != nil || len(given) == 0 {
			continue
		}
		read, known := map[string]bool{}, true
		for path, text := range l.code(d.Script) {
			known = known && l.Params(path, text, read)
		}
		names := slices.Sorted(maps.Keys(read))
		for _, name := range slices.Sorted(maps.Keys(given)) {
			near := catalog.Nearest(name, slices.DeleteFunc(slices.Clone(names), func(other string) bool { _, ok := given[other]; return ok }))
			if !known || read[name] {
				continue
			}
			reads := "it reads no parameters"
			if len(names) > 0 {
				reads = "it reads: " + strings.Join(names, ", ")
			}
			list = append(list, fmt.Sprintf("schedule '%s': params: the script %s never reads '%s'%s; %s", d.Name, d.Script, name, catalog.Aside(near), reads))
		}
	}
	return list
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

// headers reads the headers of scripts, each once.
type headers struct {
	loader *Loader
	read   map[string]*header.Header
}

// of returns the header of a script, without what is wrong in it: the check of the script
// reports that.
func (h *headers) of(script string) *header.Header {
	if says := h.read[script]; says != nil {
		return says
	}
	says := &header.Header{}
	if filepath.IsLocal(filepath.FromSlash(script)) {
		if text, err := sourcefile.Head(h.loader.path(script), longestHeader); err == nil {
			says, _ = header.Parse(text)
		}
	}
	h.read[script] = says
	return says
}

// limited gives a schedule the time limit of its script if it has none.
func (h *headers) limited(s config.Schedule) config.Schedule {
	if limit := h.of(s.Script).Timeout; s.Timeout == "" && limit > 0 {
		s.Timeout = limit.String()
	}
	return s
}

// hooks checks the webhooks of a configuration, and returns the uses of their scripts.
func (l *Loader) hooks(c config.Config, says *headers) (list []hooks.Hook, uses []use, wrong []error) {
	names, paths := map[string]bool{}, map[string]string{}
	for _, w := range c.Hooks {
		w.Timeout = says.limited(w.Run()).Timeout
		h, err := hooks.New(w, c.Webhooks, c.File)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		other, twice := paths[h.Path]
		of := "webhook '" + h.Name + "'"
		switch {
		case names[h.Name]:
			wrong = append(wrong, &config.Error{Where: c.File, Message: "two webhooks are named '" + h.Name + "'", Hint: "give one of them another name"})
			continue
		case twice:
			wrong = append(wrong, &config.Error{Where: c.File, Message: of + ": path: webhook '" + other + "' has the same path", Hint: "give one of them another path"})
			continue
		}
		names[h.Name], paths[h.Path] = true, h.Name
		for _, err := range []error{schedule.CheckParams(h.Settings, says.of(h.Script), l.set), l.checkProfile(c, h.Settings, c.File)} {
			if err != nil {
				wrong = append(wrong, ofHook(err, h.Name))
			}
		}
		list = append(list, h)
		uses = append(append(uses, use{c.File, of, h.Script}), handlers(c.File, of+": ", h.Reactions())...)
	}
	return list, uses, wrong
}

// ofHook makes an error about a schedule one about a webhook.
func ofHook(err error, name string) error {
	e, ok := errors.AsType[*config.Error](err)
	if !ok {
		return err
	}
	changed := *e
	changed.Message = strings.Replace(e.Message, "schedule '"+name+"'", "webhook '"+name+"'", 1)
	changed.Hint = strings.NewReplacer("this schedule", "this webhook", "the schedule", "the webhook").Replace(e.Hint)
	return &changed
}

// checkProfile returns the error about the profile of a schedule, or nil.
func (l *Loader) checkProfile(c config.Config, d schedule.Definition, source string) error {
	if l.Choose == nil {
		return nil
	}
	err := l.Choose(c, d.Profile)
	e, ok := errors.AsType[*config.Error](err)
	if !ok {
		return err
	}
	hint := e.Hint
	if d.Profile == "" {
		hint = `name one for this schedule, such as profile = "sandbox", or start the service with --profile NAME`
	}
	return &config.Error{Where: source, Message: "schedule '" + d.Name + "': " + e.Message, Hint: hint}
}
