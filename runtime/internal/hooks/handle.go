package hooks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Times and bounds of the handler.
const (
	passEvery = 300 * time.Millisecond
	// shortestPause is the pause between two passes if something happens all the time.
	shortestPause = 15 * time.Millisecond
	// gatherPause is that pause if a batch waits for more events.
	gatherPause = 50 * time.Millisecond
	passTime    = 20 * time.Second
	pruneEvery  = 10 * time.Minute
	// batchBytes is what the bodies of a batch may take together.
	batchBytes = 8 << 20
	// mostLooked is how many events a pass looks at, of those of a webhook that are due and not
	// held back. It looks at firstPage of them at first, and then at largestPage.
	mostLooked  = 20_000
	firstPage   = 20
	largestPage = 1000
	// mostSettled is how many ended runs are looked up at a time.
	mostSettled = 100
	// fewAgain is how many events a run gets at most in the second try. In later tries, it
	// gets one, so that an event that always fails stops no other.
	fewAgain = 10
)

// Queue hands runs to workers.
type Queue interface {
	Enqueue(ctx context.Context, tx *store.Tx, run int64, limit time.Duration) (job int64, err error)
}

// Change is that a webhook has begun to fail, or works again.
type Change struct {
	Hook    string
	Actions []config.Action
	Failing bool
	// Run is the run that made the difference, and Delivery an event of it.
	Run      *history.Run
	Delivery string
	Reason   string
}

// HandlerOptions configure a Handler.
type HandlerOptions struct {
	DB    *store.DB
	Queue Queue
	Log   *slog.Logger
	// Outbox, if set, sends the messages of runs.
	Outbox *Outbox
	// Tell, if set, notifies people of a change, within a transaction.
	Tell func(ctx context.Context, tx *store.Tx, c Change) error
}

// Handler hands stored events to runs, and notes how those ended. Several processes may do
// that with one store. It is safe for concurrent use.
type Handler struct {
	HandlerOptions
	events  *Events
	history *history.History
	wake    chan struct{}

	// gathers says that a batch waits for more events.
	gathers atomic.Bool

	mu       sync.Mutex
	hooks    []Hook
	defaults []config.Reaction
	keep     int64
}

// NewHandler returns a handler without webhooks.
func NewHandler(o HandlerOptions) *Handler {
	return &Handler{HandlerOptions: o, events: NewEvents(o.DB), history: history.New(o.DB), wake: make(chan struct{}, 1)}
}

// Use makes the handler work on the events of these webhooks. defaults are the reactions of
// those that have none of their own, and keep is how many bytes the bodies of handled events
// may take.
func (h *Handler) Use(hooks []Hook, defaults []config.Reaction, keep int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hooks, h.defaults, h.keep = hooks, defaults, keep
}

func (h *Handler) used() (hooks []Hook, keep int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hooks, h.keep
}

// Wake makes the handler look at once: events have arrived, or a run has ended.
func (h *Handler) Wake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends.
func (h *Handler) Run(ctx context.Context) {
	if h.Outbox != nil {
		var sending sync.WaitGroup
		defer sending.Wait()
		sending.Go(func() { h.Outbox.Run(ctx) })
	}
	tick := time.NewTicker(passEvery)
	defer tick.Stop()
	failed := false
	var pruned time.Time
	for {
		pass, done := context.WithTimeout(ctx, passTime)
		err := h.Pass(pass)
		done()
		if err == nil && time.Since(pruned) > pruneEvery {
			err = h.prune(ctx)
			pruned = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failed:
			h.Log.Error("handling events failed; retrying", "reason", err.Error())
		case err == nil && failed:
			h.Log.Info("handling events works again")
		}
		failed = err != nil
		pause := shortestPause
		if h.gathers.Load() {
			pause = gatherPause
		}
		rest := time.NewTimer(pause)
		select {
		case <-rest.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-h.wake:
		case <-ctx.Done():
			return
		}
	}
}

// Pass notes which runs have ended, and starts others.
func (h *Handler) Pass(ctx context.Context) error {
	hooks, _ := h.used()
	h.gathers.Store(false)
	// Also without webhooks: there may be runs of some that were removed.
	err := errors.Join(h.settle(ctx, hooks), h.recover(ctx, hooks))
	for _, hook := range hooks {
		for more := hook.Active(); more; {
			var failed error
			more, failed = h.start(ctx, &hook)
			err = errors.Join(err, failed)
		}
	}
	return err
}

// start begins a run for events of a webhook, and reports whether it did.
func (h *Handler) start(ctx context.Context, hook *Hook) (started bool, err error) {
	// Most of the time there is nothing to begin. That must not keep others from writing.
	reader, err := h.DB.Reader()
	if err != nil {
		return false, err
	}
	found, _, err := h.choose(ctx, reader, hook, nil)
	if err != nil || len(found) == 0 {
		return false, err
	}
	among := make([]int64, 0, len(found))
	for _, e := range found {
		among = append(among, e.id)
	}
	var run *history.Run
	var events []waiting
	err = h.DB.InTx(ctx, func(tx *store.Tx) error {
		run = nil
		if err := lock(ctx, tx, hook.Name); err != nil {
			return err
		}
		var now time.Time
		if events, now, err = h.choose(ctx, tx, hook, among); err != nil || len(events) == 0 {
			return err
		}
		run, err = h.begin(ctx, tx, hook, events, now)
		return err
	})
	if err != nil || run == nil {
		return false, err
	}
	h.Log.Debug("queued", "webhook", hook.Name, "run", run.ID, "events", len(events))
	return true, nil
}

const (
	openRuns = `SELECT count(DISTINCT run) FROM phscript_hook_event WHERE hook = ? AND state = 'running'`
	// waitingPage are events that can be handled now. An event that has not been tried is due
	// at once, whatever the clock says. Events are held back by others with their key: those in
	// a run, those that are parked (if the second webhook is set), and earlier ones that are
	// tried again later.
	waitingPage = `SELECT id, order_key, received_at, tries, size, run, resume FROM phscript_hook_event AS e
		WHERE hook = ? AND state = 'waiting' AND id > ? AND (tries = 0 OR due_at <= ?) AND (order_key = '' OR
			order_key NOT IN (SELECT r.order_key FROM phscript_hook_event AS r WHERE r.hook = ? AND r.state = 'running')
			AND NOT EXISTS (SELECT 1 FROM phscript_hook_event AS p WHERE p.hook = ? AND p.state = 'parked' AND p.order_key <> '' AND p.order_key = e.order_key)
			AND NOT EXISTS (SELECT 1 FROM phscript_hook_event AS a WHERE a.hook = ? AND a.state = 'waiting' AND a.tries > 0 AND a.order_key = e.order_key AND a.due_at > ? AND a.id < e.id))
		ORDER BY id LIMIT ?`
)

// choose returns the events of the next run, none if there is nothing to begin. among, if set,
// are the only ones that it looks at.
func (h *Handler) choose(ctx context.Context, q store.Queryer, hook *Hook, among []int64) (events []waiting, now time.Time, err error) {
	var open int
	if err := q.QueryRowContext(ctx, openRuns, hook.Name).Scan(&open); err != nil || open >= hook.AtOnce {
		return nil, now, err
	}
	if now, err = h.now(ctx, q); err == nil {
		events, err = h.pick(ctx, q, hook, now, among)
	}
	return events, now, err
}

// handlingLock is the first key of PostgreSQL's advisory locks for handling the events of a
// webhook.
const handlingLock = 74727479

// lock keeps other processes from handling events of a webhook until the transaction ends. It
// does not lock its counts, which the intake changes with each group of events.
func lock(ctx context.Context, tx *store.Tx, hook string) error {
	if tx.DB.Pool() != nil {
		if err := store.Exec(ctx, tx, `SELECT pg_advisory_xact_lock(?, hashtext(?))`, handlingLock, hook); err != nil {
			return err
		}
	}
	return store.Exec(ctx, tx, `INSERT INTO phscript_hook (name) VALUES (?) ON CONFLICT (name) DO NOTHING`, hook)
}

func (h *Handler) now(ctx context.Context, q store.Queryer) (time.Time, error) {
	var n int64
	err := q.QueryRowContext(ctx, "SELECT "+h.DB.Now()).Scan(&n)
	return time.UnixMicro(n), err
}

// waiting is an event that waits.
type waiting struct {
	id        int64
	key       string
	received  int64
	tries     int
	size, run int64
	resume    string
}

// limit is how many events a run gets that begins with this one.
func (w waiting) limit(hook *Hook) int {
	switch {
	case w.resume != "" || w.tries > 1:
		return 1
	case w.tries == 1:
		return min(fewAgain, hook.Batch)
	}
	return hook.Batch
}

// pick chooses the events of the next run, in the order of their arrival. It leaves out those
// whose key is in a run, or has an earlier event that is not handled.
func (h *Handler) pick(ctx context.Context, q store.Queryer, hook *Hook, now time.Time, among []int64) (chosen []waiting, err error) {
	parked := "" // no webhook
	if hook.Waits() {
		parked = hook.Name
	}
	statement, those := waitingPage, []any(nil)
	for _, id := range among {
		those = append(those, id)
	}
	if len(those) > 0 {
		statement = strings.Replace(statement, "id > ?", "id > ? AND id IN (?"+strings.Repeat(", ?", len(those)-1)+")", 1)
	}
	blocked := map[string]bool{}
	page := max(firstPage, hook.Batch)
	bytes, last := int64(0), int64(0)
	for looked := 0; looked < mostLooked; looked += page {
		args := append(append([]any{hook.Name, last}, those...), now.UnixMicro(), hook.Name, parked, hook.Name, now.UnixMicro(), page)
		n := 0
		full := false
		err := store.Each(ctx, q, func(row *sql.Rows) error {
			var w waiting
			if err := row.Scan(&w.id, &w.key, &w.received, &w.tries, &w.size, &w.run, &w.resume); err != nil {
				return err
			}
			n++
			last = w.id
			fits := len(chosen) == 0 || len(chosen) < chosen[0].limit(hook) && w.limit(hook) == chosen[0].limit(hook) && bytes+w.size <= batchBytes
			switch {
			case full || w.key != "" && blocked[w.key]:
			case !fits:
				blocked[w.key] = true // those after it wait for it
			default:
				chosen, bytes = append(chosen, w), bytes+w.size
			}
			full = full || len(chosen) > 0 && (len(chosen) >= chosen[0].limit(hook) || bytes >= batchBytes)
			return nil
		}, statement, args...)
		if err != nil || full {
			return chosen, err
		}
		if n < page {
			break
		}
		page = largestPage
	}
	if len(chosen) > 0 && chosen[0].tries == 0 && chosen[0].limit(hook) > 1 && now.UnixMicro()-chosen[0].received < hook.Within.Microseconds() && chosen[0].run == 0 {
		h.gathers.Store(true)
		return nil, nil // more may come
	}
	return chosen, nil
}

// begin queues a run for events.
func (h *Handler) begin(ctx context.Context, tx *store.Tx, hook *Hook, events []waiting, now time.Time) (*history.Run, error) {
	run := &history.Run{Cause: history.ByHook, Script: hook.Script, Definition: hook.Settings.Schedule, Status: history.Queued, Due: now}
	alone := false
	if first := events[0]; hook.Batch == 1 && first.run != 0 {
		if err := tx.QueryRowContext(ctx, `SELECT CASE WHEN shared = 0 THEN 1 ELSE 0 END FROM phscript_hook_event WHERE id = ?`, first.id).Scan(&alone); err != nil {
			return nil, err
		}
	}
	if first := events[0]; alone {
		// It continues the journal of the try before. That of a batch is also about other
		// events, which may have runs at the same time.
		run.RetryOf, run.Attempt, run.Definition.Resume = first.run, first.tries+1, first.resume
	}
	if _, err := h.history.Add(ctx, tx, run); err != nil {
		return nil, err
	}
	job, err := h.Queue.Enqueue(ctx, tx, run.ID, hook.Settings.Timeout)
	if err != nil {
		return nil, err
	}
	if err := h.history.SetJob(ctx, tx, run.ID, job); err != nil {
		return nil, err
	}
	// Its script marks events as handled in another process, which does not know the setting.
	keeps := 0
	if hook.KeepsBodies() {
		keeps = 1
	}
	if err := store.Exec(ctx, tx, `UPDATE phscript_hook SET keeps_bodies = ? WHERE name = ? AND keeps_bodies <> ?`, keeps, hook.Name, keeps); err != nil {
		return nil, err
	}
	ids := make([]any, 0, len(events))
	for _, e := range events {
		ids = append(ids, e.id)
	}
	result, err := tx.ExecContext(ctx, `UPDATE phscript_hook_event SET state = 'running', run = ?, shared = ? WHERE state = 'waiting' AND id IN (?`+strings.Repeat(`, ?`, len(ids)-1)+`)`, append([]any{run.ID, min(len(ids)-1, 1)}, ids...)...)
	if err != nil {
		return nil, err
	}
	if n, err := result.RowsAffected(); err != nil || n != int64(len(ids)) {
		return nil, errors.Join(err, fmt.Errorf("%d of %d events were still waiting", n, len(ids)))
	}
	return run, nil
}
