package architecture

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSizes keeps hand-written files in Go and Lua, tests included, readable in one sitting, and
// packages small enough to know.
func TestSizes(t *testing.T) {
	const mostLines, mostFiles = 400, 35
	files := map[string]int{}
	require.NoError(t, filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		extension := filepath.Ext(name)
		if err != nil || e.IsDir() || extension != ".go" && extension != ".lua" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if strings.Contains(string(text[:min(len(text), 200)]), "DO NOT EDIT") {
			return nil
		}
		assert.LessOrEqual(t, strings.Count(string(text), "\n"), mostLines, "%s is long: give it a second file", name)
		if extension == ".go" && !strings.HasSuffix(name, "_test.go") {
			files[filepath.Dir(name)]++
		}
		return nil
	}))
	require.NotEmpty(t, files)
	for folder, n := range files {
		assert.LessOrEqual(t, n, mostFiles, "%s has many files: give it a second package", folder)
	}
}
