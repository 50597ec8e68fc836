package serve

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Notices wait in the store until they are sent, so that none is lost with the
// process that queued it, and one process sends each.
const (
	// noticeTries is how often a notice is tried before it is given up, after
	// about a day. The pause before the second try doubles up to the longest.
	noticeTries        = 100
	firstNoticePause   = 2 * time.Second
	longestNoticePause = 15 * time.Minute
	// noticeTime is how long sending may take. After twice that, another process
	// tries: the sender may be gone.
	noticeTime = 30 * time.Second
	// lastMoments is how long sending may still take when the service stops.
	lastMoments = 5 * time.Second
	mostNotices = 20
)

func (s *Schedules) queueNotice(ctx context.Context, tx *store.Tx, e Event, a config.Action) error {
	event, err := json.Marshal(e)
	if err != nil {
		return err
	}
	action, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return store.Exec(ctx, tx, `INSERT INTO phscript_notice (event, action, due_at) VALUES (?, ?, `+s.db.Now()+`)`, string(event), string(action))
}

// notice is a notification that is due.
type notice struct {
	id     int64
	tries  int
	event  Event
	action config.Action
}

// Deliver sends the notices that are due. Every process calls it every second.
func (s *Service) Deliver(ctx context.Context) error {
	due, err := s.dueNotices(ctx)
	failed := make([]error, len(due))
	var sending sync.WaitGroup
	for i, n := range due {
		sending.Go(func() { failed[i] = s.deliver(ctx, n) })
	}
	sending.Wait()
	return errors.Join(append(failed, err)...)
}

// dueNotices returns the notices to send now. The notices of a schedule for one action
// are sent in order: each waits until the one before is sent or given up.
func (s *Service) dueNotices(ctx context.Context) (list []notice, err error) {
	var failed error
	err = store.Each(ctx, s.o.DB, func(row *sql.Rows) error {
		var n notice
		var event, action []byte
		if err := row.Scan(&n.id, &n.tries, &event, &action); err != nil {
			return err
		}
		if err := errors.Join(json.Unmarshal(event, &n.event), json.Unmarshal(action, &n.action)); err != nil {
			failed = errors.Join(failed, fmt.Errorf("notification %d: %w", n.id, err))
			return nil
		}
		list = append(list, n)
		return nil
	}, `SELECT id, tries, event, action FROM (
		SELECT id, tries, event, action, due_at, row_number() OVER (PARTITION BY `+eventSchedule(s.o.DB)+`, action ORDER BY id) AS place FROM phscript_notice) AS waiting
		WHERE place = 1 AND due_at <= `+s.o.DB.Now()+` ORDER BY id LIMIT ?`, mostNotices)
	return list, errors.Join(failed, err)
}

// Undelivered counts the notifications that could not be sent yet, by schedule.
func (s *Schedules) Undelivered(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	err := store.Each(ctx, s.db, func(row *sql.Rows) error {
		var name string
		var n int64
		err := row.Scan(&name, &n)
		counts[name] = n
		return err
	}, `SELECT `+eventSchedule(s.db)+` AS name, count(*) FROM phscript_notice WHERE tries > 0 GROUP BY 1`)
	return counts, err
}

// eventSchedule is the SQL expression for the schedule of a notice's event.
func eventSchedule(db *store.DB) string {
	if db.Pool() != nil {
		return `CAST(event AS json) ->> 'schedule'`
	}
	return `event ->> 'schedule'`
}

// deliver sends one notice unless another process does.
func (s *Service) deliver(ctx context.Context, n notice) error {
	db := s.o.DB
	taken, err := store.Changed(ctx, db, `UPDATE phscript_notice SET tries = tries + 1, due_at = `+db.Now()+` + ? WHERE id = ? AND tries = ?`,
		(2 * noticeTime).Microseconds(), n.id, n.tries)
	if err != nil || !taken {
		return err
	}
	log := s.o.Log.With("event", n.event.Kind, "schedule", n.event.Schedule, "run", n.event.Run, "by", actionName(n.action))
	// If the service stops, sending continues for a moment.
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticeTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastMoments, cancel) })()
	failed := s.o.Notifier.act(sending, n.action, n.event)
	keep, done := context.WithTimeout(context.WithoutCancel(ctx), noticeTime)
	defer done()
	switch {
	case failed == nil:
		log.Info("notified")
	case errors.Is(failed, errWithheld):
		log.Info("not notified", "reason", failed.Error())
	case n.tries+1 >= noticeTries:
		log.Error("notification given up", "reason", failed.Error())
		return db.InTx(keep, func(tx *store.Tx) error {
			return errors.Join(
				store.Exec(keep, tx, `UPDATE phscript_schedule SET given_up = given_up + 1, given_up_at = `+db.Now()+` WHERE name = ?`, n.event.Schedule),
				store.Exec(keep, tx, `DELETE FROM phscript_notice WHERE id = ?`, n.id),
			)
		})
	default:
		pause := doubled(cmp.Or(s.o.Notifier.Pause, firstNoticePause), longestNoticePause, n.tries)
		log.Warn("notification failed; it will be sent again", "reason", failed.Error(), "in", pause.String())
		return store.Exec(keep, db, `UPDATE phscript_notice SET due_at = `+db.Now()+` + ? WHERE id = ?`, pause.Microseconds(), n.id)
	}
	return store.Exec(keep, db, `DELETE FROM phscript_notice WHERE id = ?`, n.id)
}
