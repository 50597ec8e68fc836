// Package pattern makes regular expressions when they are first used, so that a
// program does not pay for those that it does not need each time it starts.
package pattern

import (
	"regexp"
	"sync"
)

// Lazy returns a function that compiles an expression at its first call, which
// panics where the expression is wrong. It may be called from many goroutines.
func Lazy(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
