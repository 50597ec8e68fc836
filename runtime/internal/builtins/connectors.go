package builtins

import (
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/stdlib"
)

// Connectors returns the names of the built-in connectors: those whose systems are
// connected, and those that need no connection, because nothing in them declares one.
// Modules below theirs are parts of connectors.
func Connectors() (connected, others []string) {
	declares := map[string]bool{}
	for _, module := range stdlib.Names() {
		if system, ok := strings.CutPrefix(module, "connectors."); ok {
			system, _, _ = strings.Cut(system, ".")
			text, _ := stdlib.Source(module)
			declares[system] = declares[system] || strings.Contains(string(text), "setup.add{")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declares)) {
		if declares[name] {
			connected = append(connected, name)
		} else {
			others = append(others, name)
		}
	}
	return connected, others
}
