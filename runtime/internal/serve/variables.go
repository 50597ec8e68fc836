package serve

import (
	"runtime"
	"slices"
	"strings"
)

// SameVariable reports whether two names mean the same environment variable on this
// system. Windows ignores case.
func SameVariable(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(a, b)
	}
	return a == b
}

func hasVariable(environment []string, name string) bool {
	return slices.ContainsFunc(environment, func(variable string) bool {
		set, _, _ := strings.Cut(variable, "=")
		return SameVariable(set, name)
	})
}
