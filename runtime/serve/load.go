package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/config"
	"github.com/phscript/phscript/runtime/schedule"
)

// mostScripts bounds how many files are looked at for schedules in their
// headers.
const mostScripts = 5000

// Loader reads the schedules of a folder: those of its configuration file, and
// those that scripts set in their headers.
type Loader struct {
	// Dir is the folder that scripts are named from.
	Dir string
	// Read reads the configuration.
	Read func() (config.Config, error)
}

// Loaded is what a Loader found.
type Loaded struct {
	Config      config.Config
	Definitions []schedule.Definition
}

// Load reads and checks everything. Of several mistakes all are told.
func (l *Loader) Load() (*Loaded, error) {
	c, err := l.Read()
	if err != nil {
		return nil, err
	}
	loaded := &Loaded{Config: c}
	var wrong []error
	places := map[string]string{}
	add := func(s config.Schedule, source string) {
		d, err := schedule.New(s, source)
		switch {
		case err != nil:
			wrong = append(wrong, err)
		case places[d.Name] != "":
			wrong = append(wrong, &config.Error{Where: source, Message: fmt.Sprintf("there is a schedule '%s' in %s already", d.Name, places[d.Name]), Hint: "give one of them another name"})
		case !l.exists(d.Script):
			wrong = append(wrong, &config.Error{Where: source, Message: fmt.Sprintf("schedule '%s': there is no script %s", d.Name, d.Script), Hint: "the path is looked up from " + l.Dir})
		default:
			places[d.Name] = source
			loaded.Definitions = append(loaded.Definitions, d)
		}
	}
	for _, s := range c.Schedules {
		add(s, c.File)
	}
	for name, actions := range map[string][]config.Action{"on_failure": c.Serve.OnFailure, "on_recovery": c.Serve.OnRecovery} {
		if err := schedule.CheckActions(actions); err != nil {
			wrong = append(wrong, &config.Error{Where: c.File, Message: "serve." + name + ": " + err.Error()})
		}
	}
	files, err := l.scripts(c)
	if err != nil {
		wrong = append(wrong, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(l.Dir, filepath.FromSlash(name)))
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
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return loaded, nil
}

func (l *Loader) exists(script string) bool {
	info, err := os.Stat(filepath.Join(l.Dir, filepath.FromSlash(script)))
	return err == nil && !info.IsDir()
}

// scripts lists the scripts that may have headers, by their names from Dir.
func (l *Loader) scripts(c config.Config) ([]string, error) {
	roots := c.Serve.Scripts
	if len(roots) == 0 {
		roots = []string{"."}
	}
	var files []string
	for _, root := range roots {
		err := filepath.WalkDir(filepath.Join(l.Dir, root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := entry.Name()
			if entry.IsDir() {
				if path != filepath.Join(l.Dir, root) && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "out") {
					return fs.SkipDir
				}
				return nil
			}
			if strings.HasSuffix(name, ".lua") && !strings.HasSuffix(name, "_test.lua") && !strings.HasPrefix(name, ".") {
				rel, err := filepath.Rel(l.Dir, path)
				if err != nil {
					return err
				}
				if files = append(files, filepath.ToSlash(rel)); len(files) > mostScripts {
					return &config.Error{Where: root, Message: fmt.Sprintf("there are more than %d scripts", mostScripts), Hint: `name the folders with scheduled ones: [serve] scripts = ["jobs"]`}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// Fingerprint changes when something may have changed that Load reads.
func (l *Loader) Fingerprint(last *Loaded) string {
	var b strings.Builder
	note := func(file string) {
		if info, err := os.Stat(file); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
		}
	}
	note(filepath.Join(l.Dir, config.FileName))
	if last.Config.File != "" {
		note(last.Config.File)
	}
	files, err := l.scripts(last.Config)
	if err != nil {
		fmt.Fprintln(&b, err)
	}
	for _, name := range files {
		note(filepath.Join(l.Dir, filepath.FromSlash(name)))
	}
	return b.String()
}
