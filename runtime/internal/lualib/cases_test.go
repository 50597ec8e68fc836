package lualib_test

import (
	"fmt"
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

// Of several operations on one line, errors name the value of the one that failed.
func TestNamesOnCrowdedLines(t *testing.T) {
	needLua(t)
	for _, src := range []string{
		"local t = {} return t.a.b + t.c.d", "local t = {a = {}} return t.a.b.c, t.x.y", "a() b()", "local a = function() end a() b()",
		"local t = {} t.x:y() t.z:w()", "local t = {x = 1} return t.y.z + t.x.z", "local t = {a = {}} t.a.b = 1 t.c.d = 2", "return f(g(1), h(2))",
		"local f = function(x) return x end return f(1) + f(nil)", "local t = {{1}} return t[1][1] + t[2][1]", "math.foo(1) math.bar(2)",
		"local s = 'x' return s.a.b, s.c.d",
	} {
		program := fmt.Sprintf("print(pcall(loadstring(%q, '=c')))", src)
		assert.Equal(t, runReal(t, []string{program})[0], runHere(program), src)
	}
}
