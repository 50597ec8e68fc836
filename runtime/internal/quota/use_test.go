package quota

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
)

func TestUseTellsOwnCallsFromThoseOfOthers(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	window := func(run, script string) *Window {
		return New(Options{
			Open: func(context.Context) (*store.DB, error) { return db, nil },
			URL:  "https://api.example.com", Token: "token", Limit: 20, Length: time.Minute, Run: run, Script: script,
		})
	}
	mine, nightly, third := window("a", "mine.lua"), window("b", "nightly.lua"), window("c", "third.lua")
	use, err := mine.Use(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, planhat.WindowUse{Limit: 20}, use)
	for w, n := range map[*Window]int{mine: 2, nightly: 4, third: 1} {
		for range n {
			_, err := w.Take(t.Context())
			require.NoError(t, err)
		}
	}
	use, err = mine.Use(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, 2, use.Own)
	assert.Equal(t, 5, use.Others)
	assert.Equal(t, "nightly.lua", use.Busiest)
	assert.Equal(t, 4, use.Calls)
	assert.Zero(t, use.After)
	// 15 calls a minute are left, and 13 of them soon.
	use, err = mine.Use(t.Context(), 40)
	require.NoError(t, err)
	assert.InDelta(t, 150, use.After.Seconds(), 45)
}

// Without others, the forecast is what the bookings of a long run then are.
func TestTheForecastIsWhatIsBookedThen(t *testing.T) {
	for _, calls := range []int{1, 10, 60, 130} {
		w := New(Options{Limit: 40, Length: time.Minute, Run: "a", Script: "mine.lua"})
		own := &tenant{now: 1_000_000_000}
		for range 8 {
			w.book(own, 0)
			own.now += 100_000
		}
		forecast := w.use(own, calls).After
		now := own.now
		var last planhat.Booking
		for range calls {
			last = w.book(own, 0)
			own.now = max(own.now, last.At)
		}
		assert.InDelta(t, time.Duration((last.At-now)*1000).Seconds(), forecast.Seconds(), 2, "%d calls", calls)
	}
}
