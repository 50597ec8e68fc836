package planhat

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Planhat's own limits on the main host.
const (
	DefaultCallsPerMinute = 200
	DefaultPerSecond      = 150
	DefaultParallel       = 50
)

// LimiterConfig sets a Limiter's limits. Zero means Planhat's own limit, a
// negative value none, which suits tests and simulators.
type LimiterConfig struct {
	// CallsPerMinute bounds the starts in any 60 seconds.
	CallsPerMinute int
	// PerSecond bounds the starts in any second.
	PerSecond int
	// Parallel bounds the requests under way at once.
	Parallel int
	// Window replaces the window in memory, for a quota that several
	// processes share; CallsPerMinute is then up to the window.
	Window Window
}

// Limiter keeps all its users within one tenant's limits: give the same one to
// every client that uses the tenant. The zero value has Planhat's limits. It is
// safe for concurrent use, and must not be copied.
type Limiter struct {
	setup    sync.Once
	window   Window
	second   *rate.Limiter
	parallel chan struct{}
	// asking is how long the window may take to tell its state, in nanoseconds.
	asking atomic.Int64
}

// NewLimiter returns a limiter with the limits of the configuration.
func NewLimiter(cfg LimiterConfig) *Limiter {
	l := &Limiter{}
	l.init(cfg)
	return l
}

// init sets the limits, unless they are set.
func (l *Limiter) init(cfg LimiterConfig) { l.setup.Do(func() { l.set(cfg) }) }

func (l *Limiter) set(cfg LimiterConfig) {
	l.window, l.second = cfg.Window, rate.NewLimiter(rate.Inf, 1)
	if perSecond := orDefault(cfg.PerSecond, DefaultPerSecond); perSecond > 0 {
		steady, burst := pace(perSecond)
		l.second = rate.NewLimiter(rate.Limit(steady), burst)
	}
	if parallel := orDefault(cfg.Parallel, DefaultParallel); parallel > 0 {
		l.parallel = make(chan struct{}, parallel)
	}
	if l.window == nil {
		spec := cfg.WindowSpec()
		l.window = newMemoryWindow(spec.Limit, spec.Length, spec.Spacing)
	}
}

// pace splits the limit per second: a bucket lets rate+burst through in one
// second, so both share it.
func pace(perSecond int) (steady, burst int) {
	burst = max(1, perSecond/10)
	return max(1, perSecond-burst), burst
}

// WindowSpec is what a Window has to keep: at most Limit starts in any stretch
// of Length, Spacing apart. A Limit below 1 sets none.
type WindowSpec struct {
	Limit           int
	Length, Spacing time.Duration
}

// WindowSpec returns what a window has to keep for these limits.
func (cfg LimiterConfig) WindowSpec() WindowSpec {
	s := WindowSpec{Limit: orDefault(cfg.CallsPerMinute, DefaultCallsPerMinute), Length: minuteWindow + windowMargin}
	if perSecond := orDefault(cfg.PerSecond, DefaultPerSecond); perSecond > 0 {
		steady, _ := pace(perSecond)
		s.Spacing = time.Second / time.Duration(steady)
	}
	return s
}

func orDefault(v, fallback int) int {
	if v == 0 {
		return fallback
	}
	return v
}

// Block lets no call start for the duration, whoever makes it. It does so for a
// call that was cancelled, too.
func (l *Limiter) Block(ctx context.Context, d time.Duration) error {
	l.init(LimiterConfig{})
	ctx, cancel := outlive(ctx)
	defer cancel()
	if err := l.window.Block(ctx, d); err != nil {
		return fmt.Errorf("blocking the quota: %w", err)
	}
	return nil
}

// counted tells the window how many calls Planhat has counted.
func (l *Limiter) counted(ctx context.Context, used int) {
	l.init(LimiterConfig{})
	if w, ok := l.window.(CountingWindow); ok {
		w.Counted(ctx, used)
	}
}

// State reports how much of the minute quota is spent.
func (l *Limiter) State(ctx context.Context) (WindowState, error) {
	l.init(LimiterConfig{})
	s, err := l.window.State(ctx)
	if err != nil {
		return s, fmt.Errorf("reading the quota: %w", err)
	}
	return s, nil
}

// Use reports who uses the minute quota, and when the last of so many more calls could
// start. A window that is not a SharedWindow only knows how many calls were made.
func (l *Limiter) Use(ctx context.Context, calls int) (WindowUse, error) {
	l.init(LimiterConfig{})
	if w, ok := l.window.(SharedWindow); ok {
		use, err := w.Use(ctx, calls)
		if err != nil {
			return use, fmt.Errorf("reading the quota: %w", err)
		}
		return use, nil
	}
	s, err := l.State(ctx)
	return WindowUse{Limit: s.Limit, Own: s.Used, After: s.Next}, err
}

// Acquire waits until a call may start and returns the function that ends it,
// which must be called once. It gives up when ctx ends or is stopped (see
// WithStopping), and at once if the quota frees up after ctx's deadline; what was
// booked is then given back.
func (l *Limiter) Acquire(ctx context.Context) (release func(), err error) {
	l.init(LimiterConfig{})
	if err := stopped(ctx); err != nil {
		return nil, err
	}
	release = func() {}
	began := time.Now()
	if l.parallel != nil {
		select {
		case l.parallel <- struct{}{}:
			release = func() { <-l.parallel }
		case <-ctx.Done():
			return nil, stopped(ctx)
		case <-stopSignal(ctx):
			return nil, stopped(ctx)
		}
	}
	noteWait(ctx, WaitQuota, began)
	paced := false
	for {
		ok, err := l.start(ctx, &paced)
		if err != nil {
			release()
			return nil, err
		}
		if ok {
			return release, nil
		}
	}
}

// start books one start and waits for it. It returns false if the start
// came too late or fell into a block, so that another one must be booked. A
// place under the limit per second that came too late for its booking is kept
// for the next one through paced: callers that gave it up, too, would push each
// other back for ever.
func (l *Limiter) start(ctx context.Context, paced *bool) (bool, error) {
	began, reason := time.Now(), WaitQuota
	defer func() { noteWait(ctx, reason, began) }()
	booking, err := l.window.Take(ctx)
	if booking.Blocked {
		reason = WaitPause
	}
	if err != nil {
		if ctx.Err() != nil {
			return false, stopped(ctx)
		}
		return false, fmt.Errorf("booking quota: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok && PauseOf(ctx) == nil && time.Until(deadline) < booking.Wait {
		return false, l.giveBack(ctx, booking, tooLate{booking.Wait, time.Until(deadline)})
	}
	tell(ctx, reason, booking.Wait)
	waited := booking.Wait > startTolerance
	due := time.Now().Add(booking.Wait)
	// The window may move the booking meanwhile, and the others may be told to pause.
	for checked := false; err == nil; checked = true {
		asking, rest := time.Duration(l.asking.Load()), time.Until(due)
		if booking.Fixed && (checked || rest <= asking) {
			break
		}
		if !booking.Fixed {
			asking = min(asking, Settled)
		}
		if err = sleep(ctx, rest-asking); err != nil {
			break
		}
		began := time.Now()
		now, err := l.window.Confirm(ctx, booking)
		took := time.Since(began)
		l.asking.Store(int64(expected(time.Duration(l.asking.Load()), took)))
		moved := now.At != booking.At
		// When a booking that was moved starts is known only as exactly as the answer was
		// fast.
		if err != nil || now.Blocked || moved && took > startTolerance || !now.Fixed && time.Since(due) > startTolerance {
			return false, l.giveBack(ctx, booking, err)
		}
		// It was moved to a later time, or the window's clock was set.
		if moved {
			due = latest(due, time.Now().Add(now.Wait))
		}
		booking = now
	}
	if err == nil {
		err = sleep(ctx, time.Until(due))
	}
	if waited {
		*paced = false
	}
	if err == nil && !*paced {
		err = sleep(ctx, l.second.Reserve().Delay())
		*paced = true
	}
	if err != nil {
		return false, l.giveBack(ctx, booking, err)
	}
	// A place under the limit per second may have been far away.
	if time.Since(due) > startTolerance {
		return false, l.giveBack(ctx, booking, nil)
	}
	return true, nil
}

// tooLate is the error of a wait for the quota that would outlast the caller's
// deadline.
type tooLate struct{ wait, left time.Duration }

func (e tooLate) Error() string {
	return fmt.Sprintf("the quota has room in %s, and only %s are left", e.wait.Round(time.Second/10), max(0, e.left).Round(time.Second/10))
}

func (tooLate) Unwrap() error { return context.DeadlineExceeded }

// expected is how long something may take, after it took so long: as long as it
// ever did, and less with time.
func expected(before, took time.Duration) time.Duration {
	return max(took+took/4, before-before/8)
}

func (l *Limiter) giveBack(ctx context.Context, b Booking, cause error) error {
	ctx, cancel := outlive(ctx)
	defer cancel()
	if err := l.window.Return(ctx, b); err != nil && cause == nil {
		return fmt.Errorf("returning quota: %w", err)
	}
	return cause
}

// settling is how long what has to be told to others may take after a call was
// cancelled. A booking that cannot be given back in that time leaves the window
// by itself.
const settling = 3 * time.Second

// outlive returns a context that ends a little later than ctx does.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(settling, cancel) })
	return longer, func() { stop(); cancel() }
}
