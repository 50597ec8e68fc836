package suite

import (
	"regexp"
	"strings"
	"time"
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
	// ListOnly loads the files and runs no test.
	ListOnly bool
	// Now is the real time; nil means time.Now.
	Now func() time.Time
	// Done, if set, is called for each file, in the order of their names, as
	// soon as the file and all before it are done.
	Done func(*File)
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
