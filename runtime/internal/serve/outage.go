package serve

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// oneOutage is how short the time between two outages is if they count as one: the store
// may accept a small change while it refuses larger ones.
const oneOutage = 2 * seenEvery

// Outage is a time in which a service could not write to its store.
type Outage struct {
	Server string    `json:"service" doc:"the service: its host and process"`
	From   time.Time `json:"from" doc:"when it could not write for the first time"`
	Until  time.Time `json:"until" doc:"when it could write again"`
	Reason string    `json:"reason" doc:"why, for example because the disk was full"`
}

// String says what happened, and when.
func (o *Outage) String() string {
	from, until := o.From.UTC(), o.Until.UTC()
	short := time.DateTime
	if from.Format(time.DateOnly) == until.Format(time.DateOnly) {
		short = time.TimeOnly
	}
	return fmt.Sprintf("the store could not be written from %s to %s UTC: %s", from.Format(time.DateTime), until.Format(short), o.Reason)
}

// Outages lists the outages that ended recently, the latest first.
func Outages(ctx context.Context, db *store.DB, within time.Duration) ([]Outage, error) {
	return outages(ctx, db, `until_at >= `+db.Now()+` - ? ORDER BY until_at DESC, server LIMIT 20`, within.Microseconds())
}

func outages(ctx context.Context, q store.Queryer, where string, args ...any) (list []Outage, err error) {
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		var o Outage
		var from, until int64
		err := row.Scan(&o.Server, &from, &until, &o.Reason)
		o.From, o.Until = time.UnixMicro(from), time.UnixMicro(until)
		list = append(list, o)
		return err
	}, `SELECT server, from_at, until_at, reason FROM phscript_outage WHERE `+where, args...)
	return list, err
}

// outageAt returns the outage that the store had at a time, or nil.
func outageAt(ctx context.Context, q store.Queryer, at time.Time) (*Outage, error) {
	// Services notice an outage when they next write.
	found, err := outages(ctx, q, `from_at <= ? AND until_at >= ? ORDER BY until_at DESC LIMIT 1`, at.Add(seenEvery).UnixMicro(), at.UnixMicro())
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// explained returns why a tick did not run: reason, or if the store had an outage at that
// time, the outage.
func (s *Schedules) explained(ctx context.Context, tx *store.Tx, tick time.Time, reason string) (string, error) {
	found, err := outageAt(ctx, tx, tick)
	if err != nil || found == nil {
		return reason, err
	}
	told := found.String()
	for _, untrue := range []string{noWorker, noWorkers} {
		if strings.Contains(reason, untrue) {
			return strings.Replace(reason, untrue, told, 1), nil
		}
	}
	return reason + "; " + told, nil
}

// explain corrects the reasons of ticks that did not run when they were due.
func (s *Schedules) explain(ctx context.Context, tx *store.Tx, runs []*history.Run) (err error) {
	for _, r := range runs {
		if err == nil && strings.Contains(r.Reason, noWorkers) {
			r.Reason, err = s.explained(ctx, tx, r.Tick, r.Reason)
		}
	}
	return err
}

// outage is the one that a service notices now. Its zero value is none. It is safe for
// concurrent use.
type outage struct {
	mu     sync.Mutex
	since  time.Time
	reason string

	// ending is held while one is stored. stored is the last one in the store.
	ending sync.Mutex
	stored Outage
}

// begin notes that the store cannot be written.
func (o *outage) begin(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		o.since = time.Now()
	}
	o.reason = store.Trouble(err)
}

// now returns whether there is an outage, for how long, and why.
func (o *outage) now() (lasts time.Duration, reason string, on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Since(o.since), o.reason, !o.since.IsZero()
}

// end stores an outage that is over, by the store's clock. If that fails, it is not over.
func (o *outage) end(ctx context.Context, db *store.DB, server string) error {
	o.ending.Lock()
	defer o.ending.Unlock()
	lasts, reason, on := o.now()
	if !on {
		return nil
	}
	last := o.stored
	err := db.InTx(ctx, func(tx *store.Tx) error {
		var now int64
		if err := tx.QueryRowContext(ctx, "SELECT "+db.Now()).Scan(&now); err != nil {
			return err
		}
		o.stored = Outage{Server: server, From: time.UnixMicro(now).Add(-lasts), Until: time.UnixMicro(now), Reason: reason}
		if o.stored.From.Sub(last.Until) < oneOutage {
			o.stored.From = last.From
		}
		return store.Exec(ctx, tx, `INSERT INTO phscript_outage (server, from_at, until_at, reason) VALUES (?, ?, ?, ?)
			ON CONFLICT (server, from_at) DO UPDATE SET until_at = excluded.until_at, reason = excluded.reason`,
			server, o.stored.From.UnixMicro(), o.stored.Until.UnixMicro(), reason)
	})
	if err != nil {
		o.stored = last
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since = time.Time{}
	return nil
}

// writable ends an outage before a pass decides what becomes of ticks, so that their
// records can tell of it.
func (s *Service) writable(do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, _, on := s.outage.now(); on {
			if err := s.seen(ctx); err != nil {
				return err
			}
		}
		err := do(ctx)
		if store.Full(err) {
			s.outage.begin(err)
		}
		return err
	}
}
