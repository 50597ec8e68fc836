package runtime

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var expectation = regexp.MustCompile(`-- error: (.*)$`)

// TestErrorsStandOnTheirLine runs the pieces of testdata/errors.lua: each must
// fail on the line that says so, with a message that matches.
func TestErrorsStandOnTheirLine(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "errors.lua"))
	require.NoError(t, err)
	for piece := range strings.SplitSeq(string(text), "\n---\n") {
		lines := strings.Split(piece, "\n")
		for i, line := range lines {
			m := expectation.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			t.Run(m[1], func(t *testing.T) {
				b := newBench(t)
				e := b.fails(t, piece)
				assert.Equal(t, "main.lua", e.Script)
				assert.Equal(t, i+1, e.Line, e.Message)
				assert.Regexp(t, m[1], e.Message)
				assert.Equal(t, line, e.SourceLine)
				report(t, e)
			})
		}
	}
}

func TestStdlib(t *testing.T) {
	b := newBench(t)
	source, err := os.ReadFile(filepath.Join("testdata", "stdlib.lua"))
	require.NoError(t, err)
	r, err := b.run(t, string(source))
	require.NoError(t, err)
	assert.Equal(t, []any{"done"}, r.Values)
}

func BenchmarkEmptyScript(b *testing.B) {
	rt, err := New(Options{WorkDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := rt.Run(b.Context(), Script{Name: "empty.lua"}); err != nil {
			b.Fatal(err)
		}
	}
}
