// Package quota shares the call quota of a Planhat tenant between processes,
// and between machines. The start of each call is booked in one database, by its
// clock alone.
package quota

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
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
	// Reserve is how many of them are left for runs that have at most that many
	// themselves.
	Reserve int
	// Run is who makes the calls, Script its name for people.
	Run, Script string
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
		o: o, tenant: tenantKey(host, o.Token), host: host, rules: newRules(o.Limit, o.Reserve, o.Length, o.Spacing),
		store: &store.Persistent{Open: o.Open, What: "the store of the shared quota", Waits: "calls are waiting", Log: o.Log},
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
			err := db.InTx(ctx, func(tx *store.Tx) (err error) {
				b, at, err = w.book(ctx, tx, lead)
				return err
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

// book stores the earliest start that is at least lead ahead. The booking's wait
// begins at the returned time.
func (w *Window) book(ctx context.Context, tx *store.Tx, lead time.Duration) (b planhat.Booking, at time.Time, err error) {
	state, err := w.load(ctx, tx)
	if err != nil {
		return b, state.read, err
	}
	from := max(state.now+lead.Microseconds(), state.blockedUntil)
	start := w.rules.earliest(state.starts, w.o.Run, from)
	b = planhat.Booking{Slot: rand.Int64(), Wait: time.Duration(start-state.now) * time.Microsecond, Blocked: state.blockedUntil > state.now, Added: w.o.Length}
	if w.o.Limit <= 0 {
		return b, state.read, nil
	}
	return b, state.read, store.Exec(ctx, tx, `INSERT INTO phscript_quota_start (id, tenant, starts_at, booked_at, run, script) VALUES (?, ?, ?, ?, ?, ?)`,
		b.Slot, w.tenant, start, state.now, w.o.Run, w.o.Script)
}

// tenantState is what the store holds about a tenant.
type tenantState struct {
	// now is the database's time, read is ours just after it.
	now  int64
	read time.Time

	blockedUntil int64
	starts       []start
}

// mostExpired is how many starts may have left the window before they are deleted.
// Each statement is a round trip to the database.
const mostExpired = 20

// load reads the tenant's state and locks it until the transaction ends.
func (w *Window) load(ctx context.Context, tx *store.Tx) (tenantState, error) {
	var s tenantState
	blockedAt, err := w.lock(ctx, tx, &s)
	if err != nil {
		return s, err
	}
	// The time is read after the row is locked, which may take long.
	var bookedAt int64
	row := tx.QueryRowContext(ctx, "SELECT "+tx.DB.Now()+", (SELECT coalesce(max(booked_at), 0) FROM phscript_quota_start WHERE tenant = ?)", w.tenant)
	if err := row.Scan(&s.now, &bookedAt); err != nil {
		return s, err
	}
	s.read = time.Now()
	if ahead := max(bookedAt, blockedAt) - s.now; ahead > 0 {
		// The clock was set back: what has happened cannot be in the future.
		if err := w.moveBack(ctx, tx, ahead); err != nil {
			return s, err
		}
		s.blockedUntil -= ahead
	}
	starts, err := w.starts(ctx, tx)
	if err != nil {
		return s, err
	}
	expired := 0
	for expired < len(starts) && starts[expired].at <= s.now-w.o.Length.Microseconds() {
		expired++
	}
	s.starts = starts[expired:]
	if expired > mostExpired {
		err = store.Exec(ctx, tx, `DELETE FROM phscript_quota_start WHERE tenant = ? AND starts_at <= ?`, w.tenant, s.now-w.o.Length.Microseconds())
	}
	return s, err
}

// lock reads and locks the tenant's row, and creates it if it is missing.
func (w *Window) lock(ctx context.Context, tx *store.Tx, s *tenantState) (blockedAt int64, err error) {
	read := func() error {
		row := tx.QueryRowContext(ctx, `SELECT blocked_until, blocked_at FROM phscript_quota WHERE tenant = ?`+tx.DB.Locking(), w.tenant)
		return row.Scan(&s.blockedUntil, &blockedAt)
	}
	if err = read(); !errors.Is(err, sql.ErrNoRows) {
		return blockedAt, err
	}
	if err = store.Exec(ctx, tx, `INSERT INTO phscript_quota (tenant, host) VALUES (?, ?) ON CONFLICT (tenant) DO NOTHING`, w.tenant, w.host); err != nil {
		return 0, err
	}
	err = read()
	return blockedAt, err
}

func (w *Window) moveBack(ctx context.Context, tx *store.Tx, by int64) error {
	if err := store.Exec(ctx, tx, `UPDATE phscript_quota_start SET starts_at = starts_at - ?, booked_at = booked_at - ? WHERE tenant = ?`, by, by, w.tenant); err != nil {
		return err
	}
	return store.Exec(ctx, tx, `UPDATE phscript_quota SET blocked_until = blocked_until - ?, blocked_at = blocked_at - ? WHERE tenant = ?`, by, by, w.tenant)
}

func (w *Window) starts(ctx context.Context, tx *store.Tx) (list []start, err error) {
	err = store.Each(ctx, tx, func(row *sql.Rows) error {
		var s start
		err := row.Scan(&s.at, &s.run)
		list = append(list, s)
		return err
	}, `SELECT starts_at, run FROM phscript_quota_start WHERE tenant = ? ORDER BY starts_at`, w.tenant)
	return list, err
}

// Return gives back a booking that was not used.
func (w *Window) Return(ctx context.Context, b planhat.Booking) error {
	return w.try(ctx, func(ctx context.Context, db *store.DB) error { return w.remove(ctx, db, b) })
}

func (w *Window) remove(ctx context.Context, db *store.DB, b planhat.Booking) error {
	return store.Exec(ctx, db, `DELETE FROM phscript_quota_start WHERE id = ?`, b.Slot)
}

// Block pauses all users of the tenant, and records which script caused it.
func (w *Window) Block(ctx context.Context, d time.Duration) error {
	return w.try(ctx, func(ctx context.Context, db *store.DB) error {
		return db.InTx(ctx, func(tx *store.Tx) error {
			s, err := w.load(ctx, tx)
			if err != nil {
				return err
			}
			return store.Exec(ctx, tx, `UPDATE phscript_quota SET blocked_until = ?, blocked_at = ?, blocked_by = ? WHERE tenant = ?`,
				max(s.blockedUntil, s.now+d.Microseconds()), s.now, w.o.Script, w.tenant)
		})
	})
}

// State returns how much of the quota is booked.
func (w *Window) State(ctx context.Context) (planhat.WindowState, error) {
	var state planhat.WindowState
	err := w.try(ctx, func(ctx context.Context, db *store.DB) error {
		return db.InTx(ctx, func(tx *store.Tx) error {
			s, err := w.load(ctx, tx)
			if err != nil {
				return err
			}
			from := max(s.now, s.blockedUntil)
			state = planhat.WindowState{
				Limit: max(w.o.Limit, 0), Used: len(s.starts),
				Next:    time.Duration(w.rules.earliest(s.starts, w.o.Run, from)-s.now) * time.Microsecond,
				Blocked: time.Duration(max(0, s.blockedUntil-s.now)) * time.Microsecond,
			}
			return nil
		})
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
