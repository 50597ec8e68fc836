// Package quota shares the call quota of a Planhat tenant between processes,
// and between machines: the starts of all calls are booked in one database, by
// its clock alone.
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
	// URL and Token tell whose quota it is. The token is not stored.
	URL, Token string
	// Limit starts may lie in any stretch of Length, Spacing apart. A limit of
	// 0 or less sets none.
	Limit           int
	Length, Spacing time.Duration
	// Reserve is how many of the starts are left for runs that have no more than
	// that many in a stretch.
	Reserve int
	// Run is what the starts count for, Script what people call it.
	Run, Script string
	// Log is told when the store cannot be reached, and when it can again.
	Log *slog.Logger
}

// Window is a planhat.Window that lives in a store. While the store cannot be
// reached, its methods wait: no call starts that was not booked.
type Window struct {
	o      Options
	tenant string
	host   string
	rules  rules
	store  *store.Persistent
	// lead is how long it may take until a booking is stored, in nanoseconds.
	lead atomic.Int64
}

var _ planhat.Window = (*Window)(nil)

// New returns the window of a user. It opens nothing.
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

// tenantKey tells tenants apart without giving their token away.
func tenantKey(host, token string) string {
	sum := sha256.Sum256([]byte(host + "\n" + token))
	return hex.EncodeToString(sum[:12])
}

// Times of a booking.
const (
	// latest is how late a booking may reach its caller to be used.
	latest = 50 * time.Millisecond
	// longestLead bounds how far ahead a start is booked because the store is
	// slow.
	longestLead = 10 * time.Second
	// slow is how many bookings in a row may come too late before that is told.
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
			err := db.InTx(ctx, func(tx *store.Tx) error {
				var err error
				b, at, err = w.book(ctx, db, tx, lead)
				return err
			})
			if err != nil {
				return err
			}
			// What it took to store the booking counts: a start that is due stays
			// where it is, and one that was missed is given up. The next one is
			// booked so far ahead that it is stored in time.
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

// nextLead is how far ahead to book after a booking took so long, and the lead
// was another: not at all where it is stored in time anyway.
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

// book finds and stores a start that lies at least lead ahead. The wait counts
// from the returned time on.
func (w *Window) book(ctx context.Context, db *store.DB, tx *store.Tx, lead time.Duration) (planhat.Booking, time.Time, error) {
	var b planhat.Booking
	state, err := w.load(ctx, db, tx)
	if err != nil {
		return b, state.read, err
	}
	from := max(state.now+lead.Microseconds(), state.blockedUntil)
	at := w.rules.earliest(state.starts, w.o.Run, from)
	b = planhat.Booking{Slot: rand.Int64(), Wait: time.Duration(at-state.now) * time.Microsecond, Added: w.o.Length}
	if w.o.Limit <= 0 {
		return b, state.read, nil
	}
	_, err = tx.ExecContext(ctx, db.Bind(`INSERT INTO phscript_quota_start (id, tenant, starts_at, booked_at, run, script) VALUES (?, ?, ?, ?, ?, ?)`),
		b.Slot, w.tenant, at, state.now, w.o.Run, w.o.Script)
	return b, state.read, err
}

// tenantState is what the store holds of a tenant.
type tenantState struct {
	// now is the database's time, which was read before the time read.
	now  int64
	read time.Time

	blockedUntil int64
	starts       []start
}

// mostExpired is how many starts may have left the window before they are
// deleted: each statement is a way to the database and back.
const mostExpired = 20

// load reads a tenant's state, and keeps others from it until the transaction
// ends.
func (w *Window) load(ctx context.Context, db *store.DB, tx *store.Tx) (tenantState, error) {
	var s tenantState
	blockedAt, err := w.lock(ctx, db, tx, &s)
	if err != nil {
		return s, err
	}
	// The time is asked for once the row is locked, however long that took.
	var bookedAt int64
	row := tx.QueryRowContext(ctx, db.Bind("SELECT "+db.Now()+", (SELECT coalesce(max(booked_at), 0) FROM phscript_quota_start WHERE tenant = ?)"), w.tenant)
	if err := row.Scan(&s.now, &bookedAt); err != nil {
		return s, err
	}
	s.read = time.Now()
	if ahead := max(bookedAt, blockedAt) - s.now; ahead > 0 {
		// The clock was set back. What happened cannot lie in the future.
		if err := w.moveBack(ctx, db, tx, ahead); err != nil {
			return s, err
		}
		s.blockedUntil -= ahead
	}
	starts, err := w.starts(ctx, db, tx)
	if err != nil {
		return s, err
	}
	expired := 0
	for expired < len(starts) && starts[expired].at <= s.now-w.o.Length.Microseconds() {
		expired++
	}
	s.starts = starts[expired:]
	if expired > mostExpired {
		_, err = tx.ExecContext(ctx, db.Bind(`DELETE FROM phscript_quota_start WHERE tenant = ? AND starts_at <= ?`), w.tenant, s.now-w.o.Length.Microseconds())
	}
	return s, err
}

// lock reads the tenant's row, which it makes where there is none yet.
func (w *Window) lock(ctx context.Context, db *store.DB, tx *store.Tx, s *tenantState) (blockedAt int64, err error) {
	read := func() error {
		row := tx.QueryRowContext(ctx, db.Bind(`SELECT blocked_until, blocked_at FROM phscript_quota WHERE tenant = ?`+db.Locking()), w.tenant)
		return row.Scan(&s.blockedUntil, &blockedAt)
	}
	if err = read(); !errors.Is(err, sql.ErrNoRows) {
		return blockedAt, err
	}
	if _, err = tx.ExecContext(ctx, db.Bind(`INSERT INTO phscript_quota (tenant, host) VALUES (?, ?) ON CONFLICT (tenant) DO NOTHING`), w.tenant, w.host); err != nil {
		return 0, err
	}
	err = read()
	return blockedAt, err
}

func (w *Window) moveBack(ctx context.Context, db *store.DB, tx *store.Tx, by int64) error {
	if _, err := tx.ExecContext(ctx, db.Bind(`UPDATE phscript_quota_start SET starts_at = starts_at - ?, booked_at = booked_at - ? WHERE tenant = ?`), by, by, w.tenant); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, db.Bind(`UPDATE phscript_quota SET blocked_until = blocked_until - ?, blocked_at = blocked_at - ? WHERE tenant = ?`), by, by, w.tenant)
	return err
}

func (w *Window) starts(ctx context.Context, db *store.DB, tx *store.Tx) ([]start, error) {
	rows, err := tx.QueryContext(ctx, db.Bind(`SELECT starts_at, run FROM phscript_quota_start WHERE tenant = ? ORDER BY starts_at`), w.tenant)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []start
	for rows.Next() {
		var s start
		if err := rows.Scan(&s.at, &s.run); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// Return gives a booking back that was not used.
func (w *Window) Return(ctx context.Context, b planhat.Booking) error {
	return w.try(ctx, func(ctx context.Context, db *store.DB) error { return w.remove(ctx, db, b) })
}

func (w *Window) remove(ctx context.Context, db *store.DB, b planhat.Booking) error {
	_, err := db.ExecContext(ctx, db.Bind(`DELETE FROM phscript_quota_start WHERE id = ?`), b.Slot)
	return err
}

// Block holds all users of the tenant back, and takes a note of who was told.
func (w *Window) Block(ctx context.Context, d time.Duration) error {
	return w.try(ctx, func(ctx context.Context, db *store.DB) error {
		return db.InTx(ctx, func(tx *store.Tx) error {
			s, err := w.load(ctx, db, tx)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, db.Bind(`UPDATE phscript_quota SET blocked_until = ?, blocked_at = ?, blocked_by = ? WHERE tenant = ?`),
				max(s.blockedUntil, s.now+d.Microseconds()), s.now, w.o.Script, w.tenant)
			return err
		})
	})
}

// State tells how much of the quota is booked.
func (w *Window) State(ctx context.Context) (planhat.WindowState, error) {
	var state planhat.WindowState
	err := w.try(ctx, func(ctx context.Context, db *store.DB) error {
		return db.InTx(ctx, func(tx *store.Tx) error {
			s, err := w.load(ctx, db, tx)
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

// try does one thing with the store, and again until it succeeds: an error that
// may pass is waited out.
func (w *Window) try(ctx context.Context, do func(ctx context.Context, db *store.DB) error) error {
	err := w.store.Do(ctx, do)
	var final *store.Error
	if errors.As(err, &final) {
		return &planhat.Error{Kind: planhat.KindConfig, Message: "the shared quota cannot be used: " + final.Message, Hint: final.Hint}
	}
	return err
}
