// Package quota shares the call quota of a Planhat tenant between processes,
// and between machines. The start of each call is booked in one database, by its
// clock alone.
package quota

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Options describe one user of a tenant's quota.
type Options struct {
	// Open returns the store; it is called before the first call is booked.
	Open func(ctx context.Context) (*store.DB, error)
	// URL and Token identify the tenant. The token is not stored.
	URL, Token string
	// At most Limit calls start in any stretch of Length, each Spacing after the
	// one before. 0 or less means no limit.
	Limit           int
	Length, Spacing time.Duration
	// Run is who makes the calls, Script its name for people.
	Run, Script string
	// Urgent makes calls fail while the store cannot be written, instead of waiting.
	Urgent bool
	// Log receives a warning while the store is unreachable.
	Log *slog.Logger
}

// Window is a planhat.Window in a store. While the store is unreachable, its
// methods wait: no call starts without a booking.
type Window struct {
	o      Options
	tenant string
	host   string
	rules  rules
	store  *store.Persistent
	// lead is how far ahead starts are booked, in nanoseconds.
	lead atomic.Int64
	seen seen
}

var _ planhat.Window = (*Window)(nil)

// New returns a window. It does not open the store.
func New(o Options) *Window {
	host := o.URL
	if u, err := url.Parse(o.URL); err == nil && u.Host != "" {
		host = u.Host
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Window{
		o: o, tenant: tenantKey(host, o.Token), host: host, rules: newRules(o.Limit, o.Length, o.Spacing),
		store: &store.Persistent{Open: o.Open, What: "the store of the shared quota", Waits: "calls are waiting", Urgent: o.Urgent, Log: o.Log},
	}
}

// tenantKey identifies a tenant without revealing its token.
func tenantKey(host, token string) string {
	sum := sha256.Sum256([]byte(host + "\n" + token))
	return hex.EncodeToString(sum[:12])
}

// Times of a booking.
const (
	// latest is how late a booking may reach its caller and still be used.
	latest = 50 * time.Millisecond
	// longestLead is how far ahead starts are booked at most, if the store is slow.
	longestLead = 10 * time.Second
	// slow is how many bookings in a row may be too late before a warning.
	slow = 5
)

// Take books the earliest start.
func (w *Window) Take(ctx context.Context) (planhat.Booking, error) {
	var b planhat.Booking
	var missed []planhat.Booking
	err := w.try(ctx, func(ctx context.Context, db *store.DB) error {
		for tries := 1; ; tries++ {
			for ; len(missed) > 0; missed = missed[1:] {
				if err := w.remove(ctx, db, missed[0]); err != nil {
					return err
				}
			}
			lead := time.Duration(w.lead.Load())
			var at time.Time
			err := change(ctx, db, w.tenant, w.host, func(t *tenant) bool {
				b, at = w.book(t, lead), t.read
				if w.o.Limit > 0 {
					t.note()
					w.seen.booked(t)
				}
				return w.o.Limit > 0
			})
			if err != nil {
				return err
			}
			// The time that the booking took counts. If its start has passed, the
			// booking is given up, and the next one is booked further ahead.
			took := time.Since(at)
			w.lead.Store(int64(nextLead(lead, took)))
			if b.Wait -= took; b.Wait >= -latest {
				b.Wait = max(b.Wait, 0)
				return nil
			}
			if tries%slow == 0 {
				w.o.Log.WarnContext(ctx, "the store of the shared quota is slow; calls are waiting", "booking", took.Round(time.Millisecond).String())
			}
			missed = append(missed, b)
		}
	})
	return b, err
}

// nextLead is how far ahead to book after a booking that took so long: not at all
// if bookings are stored in time.
func nextLead(lead, took time.Duration) time.Duration {
	lead -= lead / 8
	if took > latest/2 {
		lead = max(lead, took+took/4)
	}
	if lead < latest/2 {
		return 0
	}
	return min(lead, longestLead)
}

// book books the earliest start that is at least lead ahead. The booking's wait begins
// when the tenant was read.
func (w *Window) book(t *tenant, lead time.Duration) planhat.Booking {
	from := max(t.now+lead.Microseconds(), t.blockedUntil)
	s := start{at: from, settled: true}
	if w.o.Limit > 0 {
		t.drop(t.now - w.rules.length)
		t.last++
		t.bookedAt = t.now
		s = start{id: t.last, run: w.o.Run, script: w.o.Script, settled: lead > planhat.Settled/2}
		var moves bool
		if t.starts, s, moves = w.rules.book(t.starts, s, t.now, from); moves {
			t.moved = t.last
		}
	}
	return planhat.Booking{
		Slot: s.id, At: s.at, Wait: time.Duration(s.at-t.now) * time.Microsecond,
		Fixed: s.fixed(t.now), Blocked: t.blockedUntil > t.now,
	}
}

// Confirm looks up when a booking starts now.
func (w *Window) Confirm(ctx context.Context, b planhat.Booking) (planhat.Booking, error) {
	err := w.try(ctx, func(ctx context.Context, db *store.DB) error {
		t, err := glance(ctx, db, w.tenant)
		if err != nil {
			return err
		}
		s := start{id: b.Slot, at: b.At, long: !b.Fixed}
		if w.o.Limit <= 0 {
			s.at = max(b.At, t.blockedUntil)
		} else if b.Slot <= t.moved || b.Slot > t.last {
			if t, err = read(ctx, db, w.tenant); err != nil {
				return err
			}
			i := slices.IndexFunc(t.starts, func(s start) bool { return s.id == b.Slot })
			if i < 0 {
				b.Fixed, b.Blocked = true, true
				return nil
			}
			s = t.starts[i]
		}
		b.At, b.Wait = s.at, time.Duration(s.at-t.now)*time.Microsecond-time.Since(t.read)
		b.Fixed, b.Blocked = s.fixed(t.now), t.blockedUntil > s.at
		return nil
	})
	return b, err
}

// Return gives back a booking that was not used.
func (w *Window) Return(ctx context.Context, b planhat.Booking) error {
	return w.try(ctx, func(ctx context.Context, db *store.DB) error { return w.remove(ctx, db, b) })
}

func (w *Window) remove(ctx context.Context, db *store.DB, b planhat.Booking) error {
	return change(ctx, db, w.tenant, w.host, func(t *tenant) bool {
		before := len(t.starts)
		t.starts = slices.DeleteFunc(t.starts, func(s start) bool { return s.id == b.Slot })
		return len(t.starts) < before
	})
}

// Block pauses all users of the tenant, and records which script caused that.
func (w *Window) Block(ctx context.Context, d time.Duration) error {
	return w.try(ctx, func(ctx context.Context, db *store.DB) error {
		return change(ctx, db, w.tenant, w.host, func(t *tenant) bool {
			t.blockedUntil, t.blockedAt, t.blockedBy = max(t.blockedUntil, t.now+d.Microseconds()), t.now, w.o.Script
			return true
		})
	})
}

// State returns how much of the quota is booked.
func (w *Window) State(ctx context.Context) (planhat.WindowState, error) {
	var state planhat.WindowState
	err := w.try(ctx, func(ctx context.Context, db *store.DB) error {
		t, err := read(ctx, db, w.tenant)
		if err != nil {
			return err
		}
		t.drop(t.now - w.rules.length)
		from := max(t.now, t.blockedUntil)
		state = planhat.WindowState{Limit: max(w.o.Limit, 0), Used: len(t.starts), Next: time.Duration(from-t.now) * time.Microsecond,
			Blocked: time.Duration(max(0, t.blockedUntil-t.now)) * time.Microsecond}
		if w.o.Limit > 0 {
			_, s, _ := w.rules.book(t.starts, start{run: w.o.Run}, t.now, from)
			state.Next = time.Duration(s.at-t.now) * time.Microsecond
		}
		return nil
	})
	return state, err
}

// try does something with the store, and repeats it until it succeeds or the error
// is final.
func (w *Window) try(ctx context.Context, do func(ctx context.Context, db *store.DB) error) error {
	err := w.store.Do(ctx, do)
	if final, ok := errors.AsType[*store.Error](err); ok {
		return &planhat.Error{Kind: planhat.KindConfig, Message: final.Message, Hint: final.Hint}
	}
	return err
}
