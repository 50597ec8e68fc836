// Package report holds what a run of tests found and writes it: as text for
// people, as JSON, JUnit XML and TAP, and the coverage as a table, lcov and HTML.
package report

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// Separator joins the names of a test's groups and its own.
const Separator = " › "

// Status is how a test ended.
type Status string

// How a test can end.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Test is one test that ran or was skipped.
type Test struct {
	Name string `json:"name"`
	// Groups are the names of its groups, outermost first.
	Groups []string `json:"groups"`
	// Line is where it is defined, 0 if unknown.
	Line   int    `json:"line,omitempty"`
	Status Status `json:"status"`
	// Reason says why it was skipped, or is empty.
	Reason string `json:"reason,omitempty"`
	// Output is what it printed and logged.
	Output   string        `json:"output,omitempty"`
	Duration time.Duration `json:"-"`
	// Err says why it failed: usually a *runtime.ScriptError, wrapping an
	// *Expectation if one failed.
	Err error `json:"-"`
	// Also are the errors of the hooks that ran after the test failed.
	Also []error `json:"-"`
	// Note says what else may explain the failure, or is empty.
	Note string `json:"note,omitempty"`
}

// FullName is the test's name in reports and filters.
func (t *Test) FullName() string {
	return strings.Join(append(append([]string{}, t.Groups...), t.Name), Separator)
}

// File is the result of one test file.
type File struct {
	// Name is the file's name in messages, Path its location.
	Name  string  `json:"name"`
	Path  string  `json:"-"`
	Tests []*Test `json:"-"`
	// Output is what the file printed while loading.
	Output   string        `json:"output,omitempty"`
	Duration time.Duration `json:"-"`
	// Err says why the file could not be loaded, or what ended it before all
	// its tests ran.
	Err error `json:"-"`
	// Loaded is set if the file could be loaded.
	Loaded bool `json:"-"`
	// Sources are the paths of all files compiled for it, and Executed counts the
	// lines of those under test, once for each load.
	Sources  []string                    `json:"-"`
	Executed map[string][]*compile.Lines `json:"-"`
}

// Failed reports whether anything in the file failed.
func (f *File) Failed() bool { return f.Err != nil || f.Count(Failed) > 0 }

// problem introduces Err.
func (f *File) problem() string {
	if f.Loaded {
		return "did not finish"
	}
	return "could not be loaded"
}

// all returns the file's tests, and Err as one more.
func (f *File) all() []*Test {
	if f.Err == nil {
		return f.Tests
	}
	return append(f.Tests[:len(f.Tests):len(f.Tests)], &Test{Name: f.problem(), Status: Failed, Err: f.Err, Output: f.Output})
}

// Count returns how many tests ended in a way.
func (f *File) Count(s Status) int {
	n := 0
	for _, t := range f.Tests {
		if t.Status == s {
			n++
		}
	}
	return n
}

// Report is the result of all files, in the order of their names.
type Report struct {
	Files    []*File
	Duration time.Duration
	// Interrupted is set if the run was ended early.
	Interrupted bool
	// Seed is the seed of a shuffled run, else 0.
	Seed int64
}

// Counts returns how many tests passed, failed and were skipped. A file that
// could not be loaded counts as one failure.
func (r *Report) Counts() (passed, failed, skipped int) {
	for _, f := range r.Files {
		passed += f.Count(Passed)
		failed += f.Count(Failed)
		skipped += f.Count(Skipped)
		if f.Err != nil {
			failed++
		}
	}
	return passed, failed, skipped
}

// Shown is a file's name in messages.
func Shown(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return path
}
