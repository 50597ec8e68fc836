package memory

import (
	goruntime "runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// grow starts a watch, allocates that many bytes and keeps them until the watch
// has looked several times. It reports whether the watch found too much.
func grow(limit int64, bytes int) (exceeded bool, peak int64) {
	goruntime.GC()
	w := Start(limit, func() { exceeded = true })
	kept := make([]byte, bytes)
	time.Sleep(6 * sampleEvery)
	peak = w.Stop()
	goruntime.KeepAlive(kept)
	return exceeded, peak
}

func TestWatchEndsWhatGrowsBeyondTheLimit(t *testing.T) {
	const limit = 32 << 20
	exceeded, peak := grow(limit, limit+limit/4)
	assert.True(t, exceeded)
	assert.Greater(t, peak, int64(limit))

	exceeded, peak = grow(limit, limit-limit/4)
	assert.False(t, exceeded)
	assert.InDelta(t, limit-limit/4, peak, limit/8)
}

func TestWatchWithoutALimitMeasures(t *testing.T) {
	exceeded, peak := grow(0, 16<<20)
	assert.False(t, exceeded)
	assert.InDelta(t, 16<<20, peak, 4<<20)
}

func TestWatchDoesNotCountGarbage(t *testing.T) {
	const limit = 16 << 20
	exceeded := false
	w := Start(limit, func() { exceeded = true })
	for range 100 {
		garbage := make([]byte, limit/2)
		time.Sleep(sampleEvery / 25)
		goruntime.KeepAlive(garbage)
	}
	w.Stop()
	assert.False(t, exceeded)
}
