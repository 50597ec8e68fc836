package suite

import (
	"time"

	"github.com/phscript/phscript/runtime"
)

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
	// Groups are the names of its groups, outermost first.
	Groups []string
	Name   string
	// Line is where it is defined, 0 if unknown.
	Line   int
	Status Status
	// Reason says why it was skipped, or is empty.
	Reason string
	// Err says why it failed: usually a *runtime.ScriptError, wrapping an
	// *Expectation if one failed.
	Err error
	// Output is what it printed and logged.
	Output   string
	Duration time.Duration
}

// FullName is the test's name in reports and filters.
func (t *Test) FullName() string { return join(append(append([]string{}, t.Groups...), t.Name)) }

// File is the result of one test file.
type File struct {
	// Name is the file's name in messages, Path its location.
	Name, Path string
	Tests      []*Test
	// Err says why the file could not be loaded, or what ended it before all
	// its tests ran.
	Err error
	// Loaded is set if the file could be loaded.
	Loaded bool
	// Output is what the file printed while loading.
	Output   string
	Duration time.Duration
	// Sources are the paths of all files compiled for it.
	Sources []string

	coverage coverage
}

// Failed reports whether anything in the file failed.
func (f *File) Failed() bool { return f.Err != nil || f.count(Failed) > 0 }

// problem introduces Err.
func (f *File) problem() string {
	if f.Loaded {
		return "did not finish"
	}
	return "could not be loaded"
}

func (f *File) count(s Status) int {
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
		passed += f.count(Passed)
		failed += f.count(Failed)
		skipped += f.count(Skipped)
		if f.Err != nil {
			failed++
		}
	}
	return passed, failed, skipped
}

// scriptError returns the script error in err's chain, or nil.
func scriptError(err error) *runtime.ScriptError {
	e, _ := asType[*runtime.ScriptError](err)
	return e
}
