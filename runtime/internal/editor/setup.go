package editor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/schema"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

// typesDir is the folder of the definitions, with a folder per version.
const typesDir = ".phscript/types"

// Step is one thing that a setup does, or leaves alone.
type Step struct {
	Action Action
	// Path is the file or folder, relative to the one that is set up.
	Path string
	// Detail says more, such as which settings are added. It may be empty.
	Detail string

	run func() error
}

// Action is what happens to a file or a folder.
type Action string

// The actions. Add adds what Detail names to a settings file. Keep means that
// nothing needs changing, Leave that the user has something else there, which
// stays.
const (
	Create Action = "create"
	Update Action = "update"
	Add    Action = "add"
	Remove Action = "remove"
	Keep   Action = "keep"
	Leave  Action = "leave"
)

// Plan is what a folder needs. Only Apply writes.
type Plan struct {
	dir     string
	version string
	Steps   []Step
}

// NewPlan plans what a folder needs for editors to know this version of
// phscript, and what the account has, nil if that is unknown. A settings file that cannot be
// read is an error.
func NewPlan(dir, version string, m *manual.Manual, known *schema.Schema) (*Plan, error) {
	p := &Plan{dir: dir, version: folderName(version)}
	if err := p.definitions(Definitions(m, known)); err != nil {
		return nil, err
	}
	if err := p.luaSettings(); err != nil {
		return nil, err
	}
	if err := p.recommendation(); err != nil {
		return nil, err
	}
	return p, p.outdated()
}

// unusual are characters that folder names leave out.
var unusual = pattern.Lazy(`[^A-Za-z0-9._-]+`)

func folderName(version string) string {
	name := strings.Trim(unusual().ReplaceAllString(version, "-"), "-.")
	if name == "" {
		return "unknown"
	}
	return name
}

// types is the folder of this version's definitions, with slashes.
func (p *Plan) types() string { return path.Join(typesDir, p.version) }

func (p *Plan) path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// Current reports whether there is nothing to do.
func (p *Plan) Current() bool {
	return !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.run != nil })
}

// Apply carries out the plan and reports each step when it is done.
func (p *Plan) Apply(done func(Step)) error {
	for _, s := range p.Steps {
		if s.run != nil {
			if err := s.run(); err != nil {
				return fmt.Errorf("%s: %w", s.Path, err)
			}
		}
		done(s)
	}
	return nil
}

func (p *Plan) add(action Action, path, detail string, run func() error) {
	p.Steps = append(p.Steps, Step{Action: action, Path: path, Detail: detail, run: run})
}

// definitions plans the files of this version's definitions: it writes those
// that differ, and removes ours that no longer exist.
func (p *Plan) definitions(files []File) error {
	var stale []File
	wanted := map[string]bool{}
	for _, f := range files {
		wanted[f.Path] = true
		text, err := sourcefile.Read(p.path(path.Join(p.types(), f.Path)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || string(text) != f.Text {
			stale = append(stale, f)
		}
	}
	ours, err := p.ours(p.types())
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(slices.Clone(ours), func(name string) bool { return wanted[name] })
	if len(stale) == 0 && len(gone) == 0 {
		p.add(Keep, p.types(), "", nil)
		return nil
	}
	action, detail := Create, fmt.Sprintf("%d files", len(files))
	if len(ours) > 0 {
		action, detail = Update, fmt.Sprintf("%d of %d files", len(stale)+len(gone), len(files))
	}
	p.add(action, p.types(), detail, func() error {
		for _, f := range stale {
			if err := writeFile(p.path(path.Join(p.types(), f.Path)), []byte(f.Text)); err != nil {
				return err
			}
		}
		return p.removeFiles(p.types(), gone)
	})
	return nil
}

func (p *Plan) outdated() error {
	versions, err := os.ReadDir(p.path(typesDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, v := range versions {
		if !v.IsDir() || v.Name() == p.version {
			continue
		}
		folder := path.Join(typesDir, v.Name())
		files, err := p.ours(folder)
		if err != nil {
			return err
		}
		if len(files) > 0 {
			p.add(Remove, folder, "another version", func() error { return p.removeFiles(folder, files) })
		}
	}
	return nil
}

// ours lists the files in a folder that a setup made, relative to it.
func (p *Plan) ours(folder string) ([]string, error) {
	var files []string
	root := p.path(folder)
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".d.lua") {
			return err
		}
		text, err := sourcefile.Read(name)
		if err != nil {
			return err
		}
		if _, second, _ := strings.Cut(string(text), "\n"); strings.HasPrefix(second, made) {
			inside, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(inside))
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return files, err
}

// removeFiles removes files in a folder, and the folders left empty.
func (p *Plan) removeFiles(folder string, files []string) error {
	for _, name := range files {
		file := p.path(path.Join(folder, name))
		if err := os.Remove(file); err != nil {
			return err
		}
		for dir := filepath.Dir(file); len(dir) >= len(p.path(folder)); dir = filepath.Dir(dir) {
			if os.Remove(dir) != nil {
				break // it is not empty
			}
		}
	}
	return nil
}
