package quota

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestStartsAreStored: what is read is what was written, whatever the clock says.
func TestStartsAreStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := tenant{bookedAt: rapid.Int64Range(0, 1<<52).Draw(t, "booked at"), last: rapid.Int64Range(0, 1<<40).Draw(t, "last")}
		for range rapid.IntRange(0, 20).Draw(t, "starts") {
			want.starts = append(want.starts, start{
				at: rapid.Int64Range(0, 1<<52).Draw(t, "at"), id: rapid.Int64Range(0, 1<<40).Draw(t, "id"),
				run: rapid.StringN(0, 3, -1).Draw(t, "run"), script: rapid.SampledFrom([]string{"a.lua", `b "c", [d].lua`}).Draw(t, "script"),
				long: rapid.Bool().Draw(t, "long"), settled: rapid.Bool().Draw(t, "settled"),
			})
		}
		runs, starts, err := want.write()
		require.NoError(t, err)
		got, err := want.parse(runs, starts)
		require.NoError(t, err)
		assert.ElementsMatch(t, want.starts, got)
	})
}

func TestDamagedStartsAreReported(t *testing.T) {
	for _, text := range []string{"[[1,2,0,0],[1,2]]", "[[1,2,1,0]]", "[[1,2,-1,0]]", "[[1,x,0,0]]", "[[1,2,0,0]"[:8]} {
		_, err := (&tenant{}).parse(`[["run","script"]]`, text)
		require.Error(t, err, text)
	}
	_, err := (&tenant{}).parse(`[["run"`, "[]")
	require.Error(t, err)
}
