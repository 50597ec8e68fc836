package planhat

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// movingWindow books each start a while ahead, and answers what its bookings are now
// with answers, one after the other.
type movingWindow struct {
	*memoryWindow
	began    time.Time
	ahead    time.Duration
	answers  []func(b Booking) Booking
	taken    int
	returned int
}

func (w *movingWindow) Take(context.Context) (Booking, error) {
	w.taken++
	at := time.Now().Add(w.ahead)
	return Booking{Slot: int64(w.taken), At: at.UnixMicro(), Wait: w.ahead}, nil
}

func (w *movingWindow) Confirm(_ context.Context, b Booking) (Booking, error) {
	b.Fixed = time.Until(time.UnixMicro(b.At)) <= Settled
	if len(w.answers) > 0 {
		b = w.answers[0](b)
		w.answers = w.answers[1:]
	}
	b.Wait = time.Until(time.UnixMicro(b.At))
	return b, nil
}

func (w *movingWindow) Return(context.Context, Booking) error {
	w.returned++
	return nil
}

// later is an answer that moves a booking.
func later(by time.Duration) func(b Booking) Booking {
	return func(b Booking) Booking {
		b.At += by.Microseconds()
		b.Fixed = time.Until(time.UnixMicro(b.At)) <= Settled
		return b
	}
}

func slowly(answer func(b Booking) Booking) func(b Booking) Booking {
	return func(b Booking) Booking {
		b = answer(b)
		time.Sleep(time.Second)
		return b
	}
}

// TestMovedBookings: no call starts before the window says that its booking is fixed, or at
// a time that is not known exactly.
func TestMovedBookings(t *testing.T) {
	asIs := later(0)
	for _, c := range []struct {
		name            string
		answers         []func(b Booking) Booking
		starts          time.Duration
		taken, returned int
	}{
		{"as it was", []func(b Booking) Booking{asIs}, 10 * time.Second, 1, 0},
		{"moved once", []func(b Booking) Booking{later(5 * time.Second)}, 15 * time.Second, 1, 0},
		{"moved a little", []func(b Booking) Booking{later(200 * time.Millisecond)}, 10*time.Second + 200*time.Millisecond, 1, 0},
		{"moved twice", []func(b Booking) Booking{later(5 * time.Second), later(time.Second)}, 16 * time.Second, 1, 0},
		{"moved by a slow window", []func(b Booking) Booking{slowly(later(5 * time.Second))}, 21 * time.Second, 2, 1},
		{"as it was, by a slow window", []func(b Booking) Booking{slowly(asIs)}, 21 * time.Second, 2, 1},
		{"the clock was set back", []func(b Booking) Booking{func(b Booking) Booking {
			b.At -= time.Hour.Microseconds()
			b.Fixed = true
			return b
		}}, 10 * time.Second, 1, 0},
		{"unknown", []func(b Booking) Booking{func(b Booking) Booking {
			b.Fixed, b.Blocked = true, true
			return b
		}}, 20 * time.Second, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &movingWindow{memoryWindow: newMemoryWindow(0, time.Minute, 0), began: time.Now(), ahead: 10 * time.Second, answers: c.answers}
				release, err := NewLimiter(LimiterConfig{Window: w, PerSecond: -1}).Acquire(t.Context())
				require.NoError(t, err)
				release()
				assert.Equal(t, c.starts, time.Since(w.began).Round(time.Millisecond))
				assert.Equal(t, []int{c.taken, c.returned}, []int{w.taken, w.returned})
			})
		})
	}
}
