package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Notices wait in the store until somebody was told, so that none is lost with
// the process that queued it, and each is sent by one process.
const (
	// noticeTries is how often a notice is sent before it is given up, after
	// about a day; firstNoticePause is the pause before the second time, which
	// doubles up to longestNoticePause.
	noticeTries        = 100
	firstNoticePause   = 2 * time.Second
	longestNoticePause = 15 * time.Minute
	// noticeTime is how long sending may take. Another process tries after
	// twice that, where the one that sends is gone.
	noticeTime  = 30 * time.Second
	lastMoments = 5 * time.Second // what is left of it when the service stops
	mostNotices = 20
)

// queueNotice stores a notice within a transaction.
func (s *Schedules) queueNotice(ctx context.Context, tx *store.Tx, e Event, a config.Action) error {
	event, err := json.Marshal(e)
	if err != nil {
		return err
	}
	action, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, s.db.Bind(`INSERT INTO phscript_notice (event, action, due_at) VALUES (?, ?, `+s.db.Now()+`)`), string(event), string(action))
	return err
}

// notice is one that is due.
type notice struct {
	id     int64
	tries  int
	event  Event
	action config.Action
}

// Deliver sends the notices that are due. Every process calls it every second
// or so.
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

// dueNotices returns those to send now. What a schedule has to say by one action
// is said in order: a notice waits while an earlier one is still tried.
func (s *Service) dueNotices(ctx context.Context) ([]notice, error) {
	named := `event ->> 'schedule'`
	if s.o.DB.Pool() != nil {
		named = `CAST(event AS json) ->> 'schedule'`
	}
	rows, err := s.o.DB.QueryContext(ctx, s.o.DB.Bind(`SELECT id, tries, event, action FROM (
		SELECT id, tries, event, action, due_at, row_number() OVER (PARTITION BY `+named+`, action ORDER BY id) AS place FROM phscript_notice) AS waiting
		WHERE place = 1 AND due_at <= `+s.o.DB.Now()+` ORDER BY id LIMIT ?`), mostNotices)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []notice
	var failed error
	for rows.Next() {
		var n notice
		var event, action string
		if err := rows.Scan(&n.id, &n.tries, &event, &action); err != nil {
			return nil, err
		}
		if err := errors.Join(json.Unmarshal([]byte(event), &n.event), json.Unmarshal([]byte(action), &n.action)); err != nil {
			failed = errors.Join(failed, fmt.Errorf("notification %d: %w", n.id, err))
			continue
		}
		list = append(list, n)
	}
	return list, errors.Join(failed, rows.Err())
}

// deliver sends one notice, where no other process is at it.
func (s *Service) deliver(ctx context.Context, n notice) error {
	db := s.o.DB
	result, err := db.ExecContext(ctx, db.Bind(`UPDATE phscript_notice SET tries = tries + 1, due_at = `+db.Now()+` + ? WHERE id = ? AND tries = ?`),
		(2 * noticeTime).Microseconds(), n.id, n.tries)
	if err != nil {
		return err
	}
	if taken, err := result.RowsAffected(); err != nil || taken == 0 {
		return err
	}
	log := s.o.Log.With("event", n.event.Kind, "schedule", n.event.Schedule, "run", n.event.Run, "by", actionName(n.action))
	// What was begun is ended, also when the service stops meanwhile.
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticeTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastMoments, cancel) })()
	failed := s.o.Notifier.act(sending, n.action, n.event)
	keep, done := context.WithTimeout(context.WithoutCancel(ctx), noticeTime)
	defer done()
	switch {
	case failed == nil:
		log.Info("notified")
	case n.tries+1 >= noticeTries:
		log.Error("notification given up", "reason", failed.Error())
	default:
		pause := doubled(s.o.Notifier.pause(), longestNoticePause, n.tries)
		log.Warn("notification failed; it will be sent again", "reason", failed.Error(), "in", pause.String())
		_, err = db.ExecContext(keep, db.Bind(`UPDATE phscript_notice SET due_at = `+db.Now()+` + ? WHERE id = ?`), pause.Microseconds(), n.id)
		return err
	}
	_, err = db.ExecContext(keep, db.Bind(`DELETE FROM phscript_notice WHERE id = ?`), n.id)
	return err
}
