package check_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/check"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/suite"
)

// testsModule stands for what only test scripts can name.
var testsModule = spec.Module{Values: []*spec.Value{{Name: "HostName", Type: "string", Doc: "A host's name."}}}

// FuzzCheck proves that no text breaks the check, and that findings lie within
// the text.
func FuzzCheck(f *testing.F) {
	for _, pattern := range []string{"testdata/*.lua", "peer/testdata/*.lua", "../../../scripts/examples/*.lua"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			src, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(string(src))
		}
	}
	for _, src := range []string{"", "\xef\xbb\xbf#!x\nprnt()", "local a <const> = 1", "x = '\\\n", "for", "((((", "--[[", "return return", "\x00", "local self; function a:b() end"} {
		f.Add(src)
	}
	checker := newChecker()
	f.Fuzz(func(t *testing.T, src string) {
		lines := strings.Count(src, "\n") + 1
		for _, found := range checker.Source("fuzz.lua", []byte(src)) {
			if strings.HasPrefix(found.Message, "the check itself failed") {
				t.Fatalf("%s\n%s", found.Message, src)
			}
			assert.LessOrEqual(t, found.Line, lines)
			assert.GreaterOrEqual(t, found.EndLine, found.Line)
		}
	})
}

// TestBrokenOffScripts checks every script as it is while it is being typed.
func TestBrokenOffScripts(t *testing.T) {
	checker := newChecker()
	files, err := filepath.Glob("testdata/*.lua")
	require.NoError(t, err)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		for end := 0; end < len(src); end += 29 {
			for _, f := range checker.Source(file, src[:end]) {
				require.NotContains(t, f.Message, "the check itself failed", "%s up to %d", file, end)
			}
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	checker := newChecker()
	src, err := os.ReadFile("testdata/calls.lua")
	require.NoError(t, err)
	want := checker.Source("testdata/calls.lua", src)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.Equal(t, want, checker.Source("testdata/calls.lua", src)) })
	}
	wg.Wait()
}

// TestDeepNesting checks what people do not write, and programs might.
func TestDeepNesting(t *testing.T) {
	checker := newChecker()
	for name, src := range map[string]string{
		"sum":     "local x = 1 print(x" + strings.Repeat(" + x", 150) + ")",
		"tables":  "print(" + strings.Repeat("{", 150) + strings.Repeat("}", 150) + ")",
		"blocks":  strings.Repeat("do ", 150) + strings.Repeat("end ", 150),
		"elseifs": "if args[1] then print(0)" + strings.Repeat(" elseif args[2] then print(1)", 400) + " end",
		"aliases": "local a0 = planhat " + aliases(60) + " print(a60.compny)",
	} {
		for _, f := range checker.Source(name, []byte(src)) {
			assert.NotContains(t, f.Message, "the check itself failed", name)
		}
	}
}

func aliases(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString("local a" + strconv.Itoa(i+1) + " = a" + strconv.Itoa(i) + "\n")
	}
	return out.String()
}

// TestOwnScriptsAreClean holds the repository's scripts to the rules.
func TestOwnScriptsAreClean(t *testing.T) {
	checker := check.New(builtins.Manual(), check.Options{ForTests: builtins.Manual(suite.Modules()...), Exists: exists})
	for _, pattern := range []string{"../../../scripts/examples/*.lua", "../../../scripts/examples/lib/*.lua", "../../../stdlib/*.lua", "../../../tests/bench/testdata/*.lua"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, f := range checker.Source(file, src) {
				t.Errorf("%s:%d:%d: %s [%s]", f.File, f.Line, f.Column, f.Message, f.Rule)
			}
		}
	}
}

// A mistake in the check itself is a message, not a crash.
func TestFailureOfTheCheckIsTold(t *testing.T) {
	findings := (&check.Checker{}).Source("a.lua", []byte("print(1)"))
	require.Len(t, findings, 1)
	assert.Equal(t, report.Error, findings[0].Severity)
	assert.Contains(t, findings[0].Message, "the check itself failed on this file")
	assert.NotEmpty(t, findings[0].Hint)
}

// BenchmarkExamples checks the example scripts.
func BenchmarkExamples(b *testing.B) {
	files, err := filepath.Glob("../../../scripts/examples/*.lua")
	require.NoError(b, err)
	var sources [][]byte
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(b, err)
		sources = append(sources, src)
		b.SetBytes(int64(len(src)))
	}
	checker := newChecker()
	for b.Loop() {
		for i, src := range sources {
			checker.Source(files[i], src)
		}
	}
}
