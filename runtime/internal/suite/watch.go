package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// settle is how long no file may change before tests run again: editors write a
// file in several steps.
const settle = 80 * time.Millisecond

// Watcher reruns tests when something that they depend on changes.
type Watcher struct {
	// Roots are the folders and files to test.
	Roots []string
	// Find returns the current test files.
	Find func() ([]string, error)
	// Run runs test files and shows the result. All is set if these are all of
	// them.
	Run func(ctx context.Context, paths []string, all bool) *report.Report

	// sources are the files that each test file compiled.
	sources map[string][]string
	watched map[string]bool
}

// Watch runs all tests and then, until ctx ends, those that changed or that
// loaded a changed file.
func (w *Watcher) Watch(ctx context.Context) error {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("cannot watch files: %w", err)
	}
	defer func() { _ = events.Close() }()
	w.sources, w.watched = map[string][]string{}, map[string]bool{}
	paths, err := w.Find()
	if err != nil {
		return err
	}
	// Watch first, so a change during the run counts.
	if err := w.follow(events); err != nil {
		return err
	}
	w.run(ctx, paths, true)
	for ctx.Err() == nil {
		if err := w.follow(events); err != nil {
			return err
		}
		changed, err := w.changes(ctx, events)
		if err != nil || len(changed) == 0 {
			return err
		}
		paths, err := w.Find()
		if err != nil {
			return err
		}
		if affected := w.affected(paths, changed); len(affected) > 0 {
			w.run(ctx, affected, len(affected) == len(paths))
		}
	}
	return nil
}

// run runs tests and notes what they depend on. A file that could not be loaded
// keeps its previous dependencies.
func (w *Watcher) run(ctx context.Context, paths []string, all bool) {
	r := w.Run(ctx, paths, all)
	for _, f := range r.Files {
		known := f.Sources
		if f.Err != nil {
			known = append(known, w.sources[f.Path]...)
		}
		slices.Sort(known)
		w.sources[f.Path] = slices.Compact(known)
	}
}

// affected returns the test files that depend on a change.
func (w *Watcher) affected(paths []string, changed map[string]bool) []string {
	var out []string
	for _, p := range paths {
		_, known := w.sources[p]
		if !known || changed[p] || slices.ContainsFunc(w.sources[p], func(s string) bool { return changed[s] }) {
			out = append(out, p)
		}
	}
	return out
}

// follow watches the folders of the roots and of all compiled files.
func (w *Watcher) follow(events *fsnotify.Watcher) error {
	add := func(dir string) error {
		if w.watched[dir] {
			return nil
		}
		if err := events.Add(dir); err != nil {
			return fmt.Errorf("cannot watch %s: %w", dir, err)
		}
		w.watched[dir] = true
		return nil
	}
	for _, root := range w.Roots {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case !entry.IsDir() && path == root:
				return add(filepath.Dir(path))
			case !entry.IsDir():
				return nil
			case path != root && skippedFolder(entry.Name()):
				return filepath.SkipDir
			}
			return add(path)
		})
		if err != nil {
			return err
		}
	}
	for _, list := range w.sources {
		for _, path := range list {
			if err := add(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// changes returns the Lua files that changed, once they settle; none if ctx
// ends.
func (w *Watcher) changes(ctx context.Context, events *fsnotify.Watcher) (map[string]bool, error) {
	changed := map[string]bool{}
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case err := <-events.Errors:
			return nil, fmt.Errorf("watching files failed: %w", err)
		case e := <-events.Events:
			if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
				delete(w.watched, e.Name)
			}
			if e.Has(fsnotify.Create) && !strings.HasSuffix(e.Name, ".lua") {
				// A new folder may already hold tests.
				if err := w.follow(events); err != nil {
					return nil, err
				}
			}
			if e.Op != fsnotify.Chmod && strings.HasSuffix(e.Name, ".lua") {
				changed[e.Name] = true
				quiet.Reset(settle)
			}
		case <-quiet.C:
			if len(changed) > 0 {
				return changed, nil
			}
			quiet.Reset(time.Hour)
		}
	}
}
