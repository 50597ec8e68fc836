package quota

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestLead: nothing is booked ahead while the store is fast, no further than it
// is slow, and no longer than that.
func TestLead(t *testing.T) {
	assert.Zero(t, nextLead(0, latest/2))
	lead := nextLead(0, 400*time.Millisecond)
	assert.Equal(t, 500*time.Millisecond, lead)
	assert.Equal(t, 500*time.Millisecond, nextLead(lead, 400*time.Millisecond), "it stays while the store does")
	assert.Equal(t, longestLead, nextLead(0, time.Hour))
	for range 30 {
		lead = nextLead(lead, time.Millisecond)
	}
	assert.Zero(t, lead, "it is gone soon after")
}
