package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

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
