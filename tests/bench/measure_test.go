package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestMeasures holds that the judges of the quota see what they should.
func TestMeasures(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(offsets ...float64) []time.Time {
		var starts []time.Time
		for _, s := range offsets {
			starts = append(starts, began.Add(time.Duration(s*float64(time.Second))))
		}
		return starts
	}
	for name, x := range map[string]struct {
		starts []time.Time
		most   int
		used   float64
	}{
		"exactly used":      {at(0, 1, 60, 61, 120, 121), 2, 1},
		"one too many":      {at(0, 1, 59.9, 61), 3, 60 / 59.95},
		"half used":         {at(0, 0, 120, 120), 2, 0.5},
		"spread, as a rate": {at(0, 30, 60, 90), 2, 1},
	} {
		assert.Equal(t, x.most, mostWithin(x.starts, time.Minute), name)
		assert.InDelta(t, x.used, windowUsed(x.starts, 2), 0.0001, name)
	}
	assert.Equal(t, 2*time.Second, median([]time.Duration{3 * time.Second, time.Second, 2 * time.Second}))
}
