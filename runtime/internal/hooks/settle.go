package hooks

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// endedRuns are the runs that have ended and that events are in. There are few, and stored
// events are many, so it must not look at those.
const endedRuns = `SELECT e.run FROM (SELECT DISTINCT hook, run FROM phscript_hook_event WHERE state = 'running') AS e
	LEFT JOIN phscript_run r ON r.id = e.run WHERE r.id IS NULL OR r.ended_at IS NOT NULL ORDER BY e.run LIMIT ?`

// settle notes for events how their runs ended.
func (h *Handler) settle(ctx context.Context, hooks []Hook) error {
	var runs []int64
	err := store.Each(ctx, h.DB, func(row *sql.Rows) error {
		var id int64
		err := row.Scan(&id)
		runs = append(runs, id)
		return err
	}, endedRuns, mostSettled)
	for _, id := range runs {
		err = errors.Join(err, h.DB.InTx(ctx, func(tx *store.Tx) error { return h.settleRun(ctx, tx, hooks, id) }))
	}
	return err
}

// inRun is an event of a run that has ended.
type inRun struct {
	id             int64
	hook, delivery string
	tries          int
}

// settleRun notes how a run ended. A run that did not fail has handled all of its events, and
// so has one that failed those that its script had finished with.
func (h *Handler) settleRun(ctx context.Context, tx *store.Tx, hooks []Hook, id int64) error {
	r, err := h.history.Get(ctx, tx, id)
	if errors.Is(err, history.ErrNoRun) {
		r, err = &history.Run{ID: id, Status: history.Lost, Reason: "its record was deleted"}, nil
	}
	if err != nil {
		return err
	}
	var name string
	err = tx.QueryRowContext(ctx, `SELECT hook FROM phscript_hook_event WHERE run = ? AND state = 'running' LIMIT 1`, id).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // another process was first
	}
	if err != nil {
		return err
	}
	if err := lock(ctx, tx, name); err != nil {
		return err
	}
	var left []inRun
	err = store.Each(ctx, tx, func(row *sql.Rows) error {
		var e inRun
		err := row.Scan(&e.id, &e.hook, &e.delivery, &e.tries)
		left = append(left, e)
		return err
	}, `SELECT id, hook, delivery, tries FROM phscript_hook_event WHERE run = ? AND state = 'running' ORDER BY id`, id)
	if err != nil || len(left) == 0 {
		return err
	}
	hook := find(hooks, name)
	switch r.Status {
	case history.Succeeded, history.Rejected:
		return h.handled(ctx, tx, hook, r, left)
	}
	finished, err := store.Exists(ctx, tx, `FROM phscript_hook_event WHERE run = ? AND state = 'handled'`, id)
	if err != nil {
		return err
	}
	return h.failed(ctx, tx, hook, r, left, finished)
}

// find returns a webhook. One that is not configured here has the defaults.
func find(hooks []Hook, name string) *Hook {
	for i := range hooks {
		if hooks[i].Name == name {
			return &hooks[i]
		}
	}
	return &Hook{Webhook: config.Webhook{Name: name, Tries: DefaultTries}, RetryPause: DefaultRetryPause}
}

func (h *Handler) handled(ctx context.Context, tx *store.Tx, hook *Hook, r *history.Run, left []inRun) error {
	// In one statement: there may be hundreds, and senders wait meanwhile.
	body := "body"
	if !hook.KeepsBodies() {
		body = "NULL"
	}
	if err := store.Exec(ctx, tx, setHandled(h.DB, body)+`run = ? AND state = 'running'`, r.ID); err != nil {
		return err
	}
	if r.Status == history.Rejected {
		return h.turn(ctx, tx, hook, r, left[0], true)
	}
	parked, err := store.Exists(ctx, tx, `FROM phscript_hook_event WHERE hook = ? AND state = 'parked'`, hook.Name)
	if err != nil {
		return err
	}
	if parked {
		return store.Exec(ctx, tx, `UPDATE phscript_hook SET failing = ? WHERE name = ? AND failing = ?`, failingParked, hook.Name, failingRun)
	}
	return h.turn(ctx, tx, hook, r, left[0], false)
}

// setHandled is the beginning of a statement that notes that events were handled. body is an
// expression for what is left of their bodies.
func setHandled(db *store.DB, body string) string {
	drop := ""
	if body != "body" {
		drop = ", body = " + body
	}
	return `UPDATE phscript_hook_event SET state = 'handled', reason = '', ended_at = ` + db.Now() + drop + ` WHERE `
}

// failed gives the events of a run that failed their next try, or parks them. If the script
// had finished with some of them, only the next one has used up a try: it was in hand. All of
// them are parked if somebody cancelled the run.
func (h *Handler) failed(ctx context.Context, tx *store.Tx, hook *Hook, r *history.Run, left []inRun, finished bool) error {
	reason := cmp.Or(history.Why(r.Reason, r.Error), "its run "+string(r.Status))
	byHand := r.Status == history.Cancelled && (r.CancelWanted || r.Started.IsZero())
	park := byHand || inDoubt(r)
	pause := doubled(hook.RetryPause, longestRetryPause, left[0].tries)
	stopped := r.Status == history.Cancelled && !park
	for i, e := range left {
		var err error
		switch {
		case stopped || finished && i > 0 && !byHand:
			// It was not in hand, or the service ended the run: that is not the event's fault.
			err = store.Exec(ctx, tx, `UPDATE phscript_hook_event SET state = 'waiting', due_at = `+tx.DB.Now()+` WHERE id = ? AND run = ? AND state = 'running'`, e.id, r.ID)
		case park || e.tries+1 >= hook.Tries && (len(left) == 1 || finished):
			// Of several events, nobody knows which one failed: each has a try of its own first.
			err = store.Exec(ctx, tx, `UPDATE phscript_hook_event SET state = 'parked', tries = tries + 1, reason = ?, resume = '' WHERE id = ? AND run = ? AND state = 'running'`, reason, e.id, r.ID)
			if err == nil {
				err = tried(ctx, tx, e.id, r.ID, reason)
			}
			if err == nil {
				h.Log.Error("event parked", "webhook", hook.Name, "event", e.id, "run", r.ID, "tries", e.tries+1, "reason", reason)
				err = h.turn(ctx, tx, hook, r, e, true)
			}
		default:
			err = store.Exec(ctx, tx, `UPDATE phscript_hook_event SET state = 'waiting', tries = tries + 1, reason = ?, due_at = `+tx.DB.Now()+` + ? WHERE id = ? AND run = ? AND state = 'running'`,
				reason, pause.Microseconds(), e.id, r.ID)
			if err == nil {
				err = tried(ctx, tx, e.id, r.ID, reason)
			}
			h.Log.Warn("event failed; it will be tried again", "webhook", hook.Name, "event", e.id, "run", r.ID, "in", pause.String(), "reason", reason)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inDoubt reports whether another try would fail in the same way, until somebody decides
// about rows that may be stored.
func inDoubt(r *history.Run) bool {
	var s struct {
		InDoubt bool `json:"in_doubt"`
	}
	return json.Unmarshal(r.Summary, &s) == nil && s.InDoubt
}

// doubled returns a pause, doubled a number of times, at most the longest.
func doubled(first, longest time.Duration, times int) time.Duration {
	for ; times > 0 && first < longest; times-- {
		first *= 2
	}
	return min(first, longest)
}

// Values of the column failing of a webhook that fails.
const (
	// failingRun is that no run has succeeded since an event was parked or rows were rejected.
	failingRun = 1
	// failingParked is that one has, but events are parked.
	failingParked = 2
)

// recover ends the failure of webhooks of which a run has succeeded and the last parked event
// was discarded. A process that discards events cannot notify people.
func (h *Handler) recover(ctx context.Context, hooks []Hook) error {
	reader, err := h.DB.Reader()
	if err != nil {
		return err
	}
	var names []string
	err = store.Each(ctx, reader, func(row *sql.Rows) error {
		var name string
		err := row.Scan(&name)
		names = append(names, name)
		return err
	}, recovered, failingParked)
	for _, name := range names {
		err = errors.Join(err, h.DB.InTx(ctx, func(tx *store.Tx) error { return h.recoverOne(ctx, tx, find(hooks, name)) }))
	}
	return err
}

// recovered are the webhooks that fail only because of parked events, and have none.
const recovered = `SELECT name FROM phscript_hook WHERE failing = ? AND NOT EXISTS (SELECT 1 FROM phscript_hook_event WHERE hook = name AND state = 'parked')
	AND NOT EXISTS (SELECT 1 FROM phscript_hook_event WHERE hook = name AND state = 'running')
	AND NOT EXISTS (SELECT 1 FROM phscript_hook_event WHERE hook = name AND state = 'waiting')`

func (h *Handler) recoverOne(ctx context.Context, tx *store.Tx, hook *Hook) error {
	if err := lock(ctx, tx, hook.Name); err != nil {
		return err
	}
	still, err := store.Exists(ctx, tx, `FROM (`+recovered+`) AS all_recovered WHERE name = ?`, failingParked, hook.Name)
	if err != nil || !still {
		return err
	}
	e := inRun{hook: hook.Name}
	var run int64
	err = tx.QueryRowContext(ctx, `SELECT id, delivery, run FROM phscript_hook_event WHERE hook = ? AND state = 'handled' ORDER BY ended_at DESC LIMIT 1`, hook.Name).Scan(&e.id, &e.delivery, &run)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	r, err := h.history.Get(ctx, tx, run)
	if errors.Is(err, history.ErrNoRun) {
		r, err = &history.Run{ID: run, Status: history.Succeeded}, nil // its record was deleted
	}
	if err != nil {
		return err
	}
	return h.turn(ctx, tx, hook, r, e, false)
}

// turn records that a webhook has begun to fail, or works again. If that is a change, people
// are notified.
func (h *Handler) turn(ctx context.Context, tx *store.Tx, hook *Hook, r *history.Run, e inRun, failing bool) error {
	condition, to := `failing <> 0`, 0
	if failing {
		condition, to = `failing = 0`, failingRun
	}
	changed, err := store.Changed(ctx, tx, `UPDATE phscript_hook SET failing = ? WHERE name = ? AND `+condition, to, hook.Name)
	if err == nil && !changed && failing {
		err = store.Exec(ctx, tx, `UPDATE phscript_hook SET failing = ? WHERE name = ? AND failing = ?`, failingRun, hook.Name, failingParked)
	}
	if err != nil || !changed || h.Tell == nil {
		return err
	}
	h.mu.Lock()
	defaults := h.defaults
	h.mu.Unlock()
	c := Change{Hook: hook.Name, Failing: failing, Run: r, Delivery: e.delivery, Reason: history.Why(r.Reason, r.Error)}
	setting, actions := "on_recovery", hook.OnRecovery
	if failing {
		setting, actions = "on_failure", hook.OnFailure
	}
	c.Actions = actions
	for _, d := range defaults {
		if actions == nil && d.Setting == setting {
			c.Actions = d.Actions
		}
	}
	if err := h.Tell(ctx, tx, c); err != nil {
		return fmt.Errorf("webhook '%s': %w", hook.Name, err)
	}
	return nil
}
