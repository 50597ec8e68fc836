package suite

import (
	"errors"
	"slices"
	"strings"
)

func sortNames(names []string) { slices.Sort(names) }

func join(names []string) string { return strings.Join(names, separator) }

// asType finds an error of a type in a chain.
func asType[T error](err error) (T, bool) {
	var e T
	ok := errors.As(err, &e)
	return e, ok
}
