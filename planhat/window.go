package planhat

import (
	"context"
	"slices"
	"sort"
	"sync"
	"time"
)

// Window hands out starts under the minute quota. The one built in lives in
// memory; a store shared between processes or machines can take its place.
// Waits cross the interface as durations, never as times, so that only the
// store's clock counts. Implementations must be safe for concurrent use.
type Window interface {
	// Take books the earliest free start and returns it. It does not wait.
	Take(ctx context.Context) (Booking, error)
	// Confirm returns a booking as it is now: one that is not fixed may have been moved
	// to a later time to make room for others. One that the window does not know is
	// blocked.
	Confirm(ctx context.Context, b Booking) (Booking, error)
	// Return gives a booking back that was not used.
	Return(ctx context.Context, b Booking) error
	// Block lets no start happen for the duration, starting now. A shorter
	// block never ends a longer one.
	Block(ctx context.Context, d time.Duration) error
	// State reports how much of the quota is spent.
	State(ctx context.Context) (WindowState, error)
}

// CountingWindow is a Window that is told how many calls Planhat has counted, also those of
// other programs, since its quota last started anew. Answers may arrive in another order
// than their calls were counted.
type CountingWindow interface {
	Window
	Counted(ctx context.Context, used int)
}

// SharedWindow is a Window that knows who uses it.
type SharedWindow interface {
	Window
	// Use returns who uses the window, and when the last of so many more calls could start
	// if others go on as in the last minute.
	Use(ctx context.Context, calls int) (WindowUse, error)
}

// WindowUse is who uses the calls of a minute.
type WindowUse struct {
	// Limit is the number of calls that a minute allows, 0 for no limit. Own are the calls
	// of this program in the last minute, Others those of everybody else.
	Limit, Own, Others int
	// Busiest is the one of the others with the most calls, "" if there is none.
	Busiest string
	// Calls are those of the busiest.
	Calls int
	// After is when the last of the calls that were asked about can start.
	After time.Duration
}

// Settled is how long before its start a booking is fixed at the latest.
const Settled = 400 * time.Millisecond

// Booking is a start that was booked.
type Booking struct {
	// Slot identifies the booking to the window that gave it.
	Slot int64
	// At is the start in microseconds by the window's clock, which may be set.
	At int64
	// Wait is how long to wait before starting.
	Wait time.Duration
	// Fixed reports whether the window no longer moves the booking.
	Fixed bool
	// Blocked reports whether a block is why to wait.
	Blocked bool
}

// WindowState is a snapshot of a Window.
type WindowState struct {
	// Limit is the number of starts that a minute allows, 0 for no limit, and
	// Used how many of them are booked at this time.
	Limit, Used int
	// Next is the wait that a start booked now would have.
	Next time.Duration
	// Blocked is what remains of a block.
	Blocked time.Duration
}

// Window lengths. The margin keeps the limit exact at Planhat's side although
// requests reach it with varying delay; startTolerance is the part of it that
// a late start may use up.
const (
	minuteWindow   = time.Minute
	windowMargin   = 250 * time.Millisecond
	startTolerance = 100 * time.Millisecond
)

// memoryWindow is an exact sliding window: it remembers each booked start and
// books the next one no earlier than the window's length after the start that
// lies limit places before it.
type memoryWindow struct {
	limit   int
	length  time.Duration
	spacing time.Duration

	mu      sync.Mutex
	starts  []bookedStart // ascending by time
	last    int64
	blocked time.Time
}

type bookedStart struct {
	slot int64
	at   time.Time
}

// newMemoryWindow returns a window of limit starts in any length of time, with
// at least spacing between two starts. A limit of 0 or less sets no limit, so
// that only Block holds starts back.
func newMemoryWindow(limit int, length, spacing time.Duration) *memoryWindow {
	return &memoryWindow{limit: limit, length: length, spacing: spacing}
}

// NewWindow returns a window in memory, for a Limiter with another length than a minute.
func NewWindow(spec WindowSpec) Window {
	return newMemoryWindow(spec.Limit, spec.Length, spec.Spacing)
}

func (w *memoryWindow) Take(context.Context) (Booking, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	at := w.next(now)
	w.last++
	if w.limit > 0 {
		w.starts = append(w.starts, bookedStart{slot: w.last, at: at})
	}
	return Booking{Slot: w.last, At: at.UnixMicro(), Wait: at.Sub(now), Fixed: true, Blocked: w.blocked.After(now)}, nil
}

// next drops the starts that no longer count and returns the earliest start.
func (w *memoryWindow) next(now time.Time) time.Time {
	old := sort.Search(len(w.starts), func(i int) bool { return w.starts[i].at.Add(w.length).After(now) })
	w.starts = w.starts[old:]
	at := now
	if at.Before(w.blocked) {
		at = w.blocked
	}
	if w.limit <= 0 {
		return at
	}
	if n := len(w.starts); n > 0 {
		at = latest(at, w.starts[n-1].at.Add(w.spacing))
		if n >= w.limit {
			at = latest(at, w.starts[n-w.limit].at.Add(w.length))
		}
	}
	return at
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Use implements SharedWindow. Only this program uses the window.
func (w *memoryWindow) Use(_ context.Context, calls int) (WindowUse, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	at := w.next(now)
	use := WindowUse{Limit: max(w.limit, 0), Own: sort.Search(len(w.starts), func(i int) bool { return w.starts[i].at.After(now) })}
	if w.limit > 0 {
		ahead := memoryWindow{limit: w.limit, length: w.length, spacing: w.spacing, blocked: w.blocked, starts: slices.Clone(w.starts)}
		// All calls of a minute that is far away start as those of the one before it.
		whole := max(0, calls/w.limit-2)
		for range calls - whole*w.limit {
			at = ahead.next(now)
			ahead.starts = append(ahead.starts, bookedStart{at: at})
		}
		at = at.Add(time.Duration(whole) * w.length)
	}
	use.After = at.Sub(now)
	return use, nil
}

func (w *memoryWindow) Confirm(_ context.Context, b Booking) (Booking, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	blocked := w.blocked.UnixMicro()
	if w.limit <= 0 {
		b.At = max(b.At, blocked)
	}
	b.Wait, b.Blocked = time.Until(time.UnixMicro(b.At)), blocked > b.At
	return b, nil
}

func (w *memoryWindow) Return(_ context.Context, b Booking) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range w.starts {
		if s.slot == b.Slot {
			w.starts = append(w.starts[:i:i], w.starts[i+1:]...)
			break
		}
	}
	return nil
}

func (w *memoryWindow) Block(_ context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocked = latest(w.blocked, time.Now().Add(d))
	return nil
}

func (w *memoryWindow) State(context.Context) (WindowState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	s := WindowState{Limit: max(w.limit, 0), Next: w.next(now).Sub(now), Used: len(w.starts)}
	if w.blocked.After(now) {
		s.Blocked = w.blocked.Sub(now)
	}
	return s, nil
}
