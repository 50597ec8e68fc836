package architecture

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// topLevel is what the repository's first level may hold.
var topLevel = []string{
	"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md", "go.mod", "go.sum",
	"bindings", "cmd", "docs", "planhat", "runtime", "scripts", "stdlib", "tests",
}

func TestTopLevel(t *testing.T) {
	for _, name := range firstLevel(t) {
		if !strings.HasPrefix(name, ".") {
			assert.Contains(t, topLevel, name, "the top level holds the agreed folders and files only")
		}
	}
}

// firstLevel returns what the repository's first level holds. In a checkout
// only what git knows or would add counts, not what a build has left behind.
func firstLevel(t *testing.T) []string {
	t.Helper()
	var seen []string
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		entries, err := os.ReadDir(root)
		require.NoError(t, err)
		for _, e := range entries {
			seen = append(seen, e.Name())
		}
		return slices.DeleteFunc(seen, func(name string) bool { return name == "bin" || name == "out" })
	}
	list := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	require.NoError(t, err)
	for name := range strings.Lines(string(out)) {
		first, _, _ := strings.Cut(strings.TrimSpace(name), "/")
		if !slices.Contains(seen, first) {
			seen = append(seen, first)
		}
	}
	require.NotEmpty(t, seen)
	return seen
}
