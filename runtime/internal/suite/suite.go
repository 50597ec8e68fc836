// Package suite runs tests written in Lua: files that end in _test.lua and use
// describe and it. Each test has its own environment.
//
// An environment is a simulated Planhat, a clock and an output. It belongs to
// the context of its test, so a request that outlives a test cannot reach the
// next one. No test reaches a real Planhat.
package suite

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/memory"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// DefaultTimeout bounds a test unless Options name a time.
const DefaultTimeout = 30 * time.Second

// Options say how tests run.
type Options struct {
	// Dir is the folder that file names are relative to.
	Dir string
	// Match, if set, selects tests by their full names.
	Match func(fullName string) bool
	// Timeout bounds each test, each hook, and the loading of each file.
	Timeout time.Duration
	// Parallel is how many files run at once; 0 means one.
	Parallel int
	// Bail ends the run at the first failure.
	Bail bool
	// Shuffle runs the tests of each group in a random order, by Seed.
	Shuffle bool
	Seed    int64
	// Coverage counts the lines of everything except tests.
	Coverage bool
	// MaxHeap limits the memory of each test, in bytes; 0 means memory.DefaultLimit.
	MaxHeap int64
	// ListOnly loads the files and runs no test.
	ListOnly bool
	// Models are models that the catalog does not know; tests and their Planhat
	// know them.
	Models []*catalog.Model
	// Now is the real time; nil means time.Now.
	Now func() time.Time
	// Done, if set, is called for each file, in the order of their names, as
	// soon as the file and all before it are done.
	Done func(*report.File)
}

// Filter compiles the value of --filter: a part of the full name, ignoring
// case, or a regular expression between slashes.
func Filter(text string) (func(string) bool, error) {
	if len(text) > 2 && strings.HasPrefix(text, "/") && strings.HasSuffix(text, "/") {
		pattern, err := regexp.Compile(text[1 : len(text)-1])
		if err != nil {
			return nil, err
		}
		return pattern.MatchString, nil
	}
	text = strings.ToLower(text)
	return func(name string) bool { return strings.Contains(strings.ToLower(name), text) }, nil
}

// Run runs test files in parallel, each in its own state. The report lists them
// in the order of their names.
func Run(ctx context.Context, o Options, paths []string) *report.Report {
	started := time.Now()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxHeap <= 0 {
		o.MaxHeap = memory.DefaultLimit
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make([]chan *report.File, len(paths))
	for i := range done {
		done[i] = make(chan *report.File, 1)
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range max(1, min(o.Parallel, len(paths))) {
		workers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(paths); i = next.Add(1) - 1 {
				if ctx.Err() == nil {
					done[i] <- runFile(ctx, o, paths[i])
				}
				close(done[i])
			}
		})
	}
	r := &report.Report{}
	if o.Shuffle {
		r.Seed = o.Seed
	}
	bailed := false
	for i := range done {
		f := <-done[i]
		if f == nil || bailed {
			continue
		}
		if ctx.Err() != nil {
			f.Err = nil // caused by the end of the run: it says nothing about the file
		}
		r.Files = append(r.Files, f)
		if o.Done != nil {
			o.Done(f)
		}
		if o.Bail && f.Failed() {
			bailed = true
			stop()
		}
	}
	workers.Wait()
	r.Duration = time.Since(started)
	r.Interrupted = ctx.Err() != nil && !bailed
	return r
}
