package lualib_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCases runs the cases under testdata. A file holds many of them, each
// below a line "--- name".
func TestCases(t *testing.T) {
	needLua(t)
	files, err := filepath.Glob("testdata/*.lua")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".lua"), func(t *testing.T) {
			names, programs := readCases(t, file)
			for i, want := range runReal(t, programs) {
				t.Run(names[i], func(t *testing.T) {
					assert.Equal(t, comparable(want), comparable(runHere(programs[i])), programs[i])
				})
			}
		})
	}
}

// readCases splits a file into its cases.
func readCases(t *testing.T, file string) (names, programs []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for part := range strings.SplitSeq("\n"+string(text), "\n--- ") {
		name, program, found := strings.Cut(part, "\n")
		if found && strings.TrimSpace(name) != "" {
			names, programs = append(names, name), append(programs, program+"\n")
		}
	}
	require.NotEmpty(t, programs)
	return names, programs
}
