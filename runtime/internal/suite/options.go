package suite

import (
	"regexp"
	"strings"
	"time"
)

// DefaultTimeout bounds a test where Options name no time.
const DefaultTimeout = 30 * time.Second

// Options say how tests run.
type Options struct {
	// Dir is the folder that file names are shown from.
	Dir string
	// Match, where set, chooses tests by their full names.
	Match func(fullName string) bool
	// Timeout bounds each function of a file: a test, what runs before or after
	// it, and the loading of the file itself.
	Timeout time.Duration
	// Parallel is the number of files that run at once; 0 means one.
	Parallel int
	// Bail ends the run at the first failure.
	Bail bool
	// Shuffle puts the tests of each group into a random order, by Seed.
	Shuffle bool
	Seed    int64
	// Coverage counts the lines of everything but tests.
	Coverage bool
	// ListOnly loads the files and runs no test.
	ListOnly bool
	// Now is the real time; nil means time.Now.
	Now func() time.Time
	// Done, where set, is called with each file, in the order of their names,
	// as soon as it and those before it are done.
	Done func(*File)
}

// Filter makes a matcher of what --filter takes: a part of the full name,
// whatever its capital letters, or a regular expression between slashes.
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
