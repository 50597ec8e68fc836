package suite

import (
	"time"

	"github.com/phscript/phscript/runtime"
)

// Status is how a test ended.
type Status string

// The ways in which a test ends.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Test is one test that ran, or that was left out.
type Test struct {
	// Groups are the names of the groups around it, the outermost first.
	Groups []string
	Name   string
	// Line is where it is defined, 0 where that is not known.
	Line   int
	Status Status
	// Reason says why it was skipped, "" where nobody said so.
	Reason string
	// Err is why it failed: a *runtime.ScriptError as a rule, with an
	// *Expectation behind it where that did not hold.
	Err error
	// Output is what it printed and logged.
	Output   string
	Duration time.Duration
}

// FullName is how reports and filters call the test.
func (t *Test) FullName() string { return join(append(append([]string{}, t.Groups...), t.Name)) }

// File is what became of one test file.
type File struct {
	// Name is the file as messages call it, Path where it lies.
	Name, Path string
	Tests      []*Test
	// Err is why the file could not be loaded, or what ended it before all of
	// its tests had run; nil where all went well.
	Err error
	// Loaded is true where it could be loaded.
	Loaded bool
	// Output is what it printed while it was loaded.
	Output   string
	Duration time.Duration
	// Sources are the paths of everything that was compiled for it.
	Sources []string

	coverage coverage
}

// Failed tells whether something in the file failed.
func (f *File) Failed() bool { return f.Err != nil || f.count(Failed) > 0 }

// problem names what Err is about.
func (f *File) problem() string {
	if f.Loaded {
		return "did not come to its end"
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

// Report is what became of all files, in the order of their names.
type Report struct {
	Files    []*File
	Duration time.Duration
	// Interrupted is true where the run was ended before its end.
	Interrupted bool
	// Seed is the seed of a shuffled run, 0 without one.
	Seed int64
}

// Counts returns how many tests ended in which way. A file that could not be
// loaded counts as one that failed.
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

// scriptError returns the error of a script behind err, or nil.
func scriptError(err error) *runtime.ScriptError {
	e, _ := asType[*runtime.ScriptError](err)
	return e
}
