package lualib_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// TestCountingLinesChangesNothing compares generated programs with themselves:
// compiled plainly, and with their lines counted.
func TestCountingLinesChangesNothing(t *testing.T) {
	skipShort(t)
	count, seed := settings(t)
	t.Logf("%d programs from seed %d", count, seed)
	for i := range count {
		text := program(generate(seed + int64(i)))
		want := runHere(text)
		lines := &compile.Lines{}
		require.Equal(t, want, runWith(compile.Options{Cover: lines}, text), "seed %d", seed+int64(i))
		executed := 0
		lines.Each(func(_, n int) { executed += n })
		require.NotZero(t, executed)
	}
}
