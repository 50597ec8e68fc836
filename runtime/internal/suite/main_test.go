package suite

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/phscript/phscript/runtime/internal/suite/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder writes files into a folder of the test, by name.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	return dir
}

// runIn runs all tests of a folder.
func runIn(t *testing.T, dir string, o Options) *report.Report {
	t.Helper()
	o.Dir = dir
	paths, err := Find(dir, []string{"."})
	require.NoError(t, err)
	return Run(t.Context(), o, paths)
}

// runOne runs a single test file.
func runOne(t *testing.T, source string, o Options) *report.File {
	t.Helper()
	r := runIn(t, folder(t, map[string]string{"a_test.lua": source}), o)
	require.Len(t, r.Files, 1)
	return r.Files[0]
}

// outcomes writes the tests of a file as "name status".
func outcomes(f *report.File) []string {
	var out []string
	for _, test := range f.Tests {
		out = append(out, test.FullName()+" "+string(test.Status))
	}
	return out
}

var timing = regexp.MustCompile(`\d+ ms|\d+\.\d s\b`)

// text writes a report as a person gets it, without times.
func text(r *report.Report, verbose bool) string {
	var b strings.Builder
	out := &report.Text{W: &b, Verbose: verbose}
	for _, f := range r.Files {
		out.File(f)
	}
	out.Failures()
	out.Close(r)
	return timing.ReplaceAllString(b.String(), "5 ms")
}
