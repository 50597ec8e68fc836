package standin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
)

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

func TestRollingWindowIsExact(t *testing.T) {
	clock := standin.NewClock(start)
	throttle := standin.NewThrottle(clock)
	limit := standin.Limit{Name: "burst", Max: 3, Per: 10 * time.Second}
	for _, at := range []time.Duration{0, 4 * time.Second, 9 * time.Second} {
		clock.Set(start.Add(at))
		require.Nil(t, throttle.Take("a", limit))
	}
	clock.Set(start.Add(10*time.Second - time.Nanosecond))
	refusal := throttle.Take("a", limit)
	require.NotNil(t, refusal)
	assert.Equal(t, time.Nanosecond, refusal.RetryAfter)
	assert.Nil(t, throttle.Take("b", limit), "another account")

	clock.Set(start.Add(10 * time.Second)) // the first request has left the window; refused ones were never in it
	assert.Equal(t, 1, throttle.Left("a", limit))
	require.Nil(t, throttle.Take("a", limit))
	refusal = throttle.Take("a", limit)
	require.NotNil(t, refusal)
	assert.Equal(t, 4*time.Second, refusal.RetryAfter, "until the second request leaves the window")
}

func TestRefusedRequestsCountNowhere(t *testing.T) {
	clock := standin.NewClock(start)
	throttle := standin.NewThrottle(clock)
	narrow := standin.Limit{Name: "search", Max: 1, Per: time.Second}
	wide := standin.Limit{Name: "burst", Max: 2, Per: 10 * time.Second}
	require.Nil(t, throttle.Take("a", wide, narrow))
	require.NotNil(t, throttle.Take("a", wide, narrow))
	assert.Equal(t, 1, throttle.Left("a", wide))
	clock.Advance(time.Second)
	require.Nil(t, throttle.Take("a", wide, narrow))
	refusal := throttle.Take("a", wide, narrow)
	require.NotNil(t, refusal)
	assert.Equal(t, "burst", refusal.Limit.Name, "the one that takes longer")
}

func TestDayEndsAtMidnightOfItsZone(t *testing.T) {
	zone := time.FixedZone("", 14*60*60)
	clock := standin.NewClock(start) // 22:00 there
	throttle := standin.NewThrottle(clock)
	limit := standin.Limit{Name: "daily", Max: 1, Zone: zone}
	require.Nil(t, throttle.Take("a", limit))
	refusal := throttle.Take("a", limit)
	require.NotNil(t, refusal)
	assert.Equal(t, 2*time.Hour, refusal.RetryAfter)
	clock.Advance(2 * time.Hour)
	assert.Nil(t, throttle.Take("a", limit))
}
