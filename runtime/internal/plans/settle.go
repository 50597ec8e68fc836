package plans

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Times of Run.
const (
	settleEvery = time.Second
	passTime    = 20 * time.Second
	pruneEvery  = time.Hour
	// mostTries is how often a plan is applied without asking, after its service was stopped or
	// its machine was lost.
	mostTries = 3
	// keepContent is how long the content of a plan that has ended stays, as recorded changes do.
	keepContent = 30 * 24 * time.Hour
)

// Use sets for how many days plans stay that have ended, and how many bytes the content of all
// plans may take.
func (p *Plans) Use(days int, size int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.days, p.keep = days, size
}

// Run notes how runs that apply plans have ended, and ends plans that nobody has decided about,
// until ctx ends. Several processes may do that with one store.
func (p *Plans) Run(ctx context.Context) {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	pruned, failing := time.Time{}, false
	for {
		pass, cancel := context.WithTimeout(ctx, passTime)
		err := p.Settle(pass)
		if err == nil && time.Since(pruned) > pruneEvery {
			pruned = time.Now()
			err = p.Prune(pass)
		}
		cancel()
		if err != nil && !failing && ctx.Err() == nil {
			p.Log.Warn("looking after plans failed; trying again", "reason", err.Error())
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Settle notes how runs that apply plans have ended, and ends plans that nobody has decided
// about in time.
func (p *Plans) Settle(ctx context.Context) error {
	late, err := store.Exists(ctx, p.DB, `FROM phscript_plan WHERE ended_at IS NULL AND state = ? AND expires_at <= `+p.DB.Now(), Waiting)
	if err == nil && late {
		err = store.Exec(ctx, p.DB, `UPDATE phscript_plan SET state = ?, reason = 'nobody has decided about it in time', ended_at = `+p.DB.Now()+`, changed_at = `+p.DB.Now()+`
			WHERE ended_at IS NULL AND state = ? AND expires_at <= `+p.DB.Now(), Expired, Waiting)
	}
	var ended []int64
	err = errors.Join(err, store.Each(ctx, p.DB, func(row *sql.Rows) error {
		var id int64
		err := row.Scan(&id)
		ended = append(ended, id)
		return err
	}, `SELECT p.id FROM phscript_plan p LEFT JOIN phscript_run r ON r.id = p.run WHERE p.ended_at IS NULL AND p.state = ? AND (r.id IS NULL OR r.ended_at IS NOT NULL)`, Approved))
	for _, id := range ended {
		err = errors.Join(err, p.DB.InTx(ctx, func(tx *store.Tx) error { return p.settle(ctx, tx, id) }))
	}
	return err
}

// settle notes how the run of a plan has ended.
func (p *Plans) settle(ctx context.Context, tx *store.Tx, id int64) error {
	one, err := one(ctx, tx, `id = ?`+tx.DB.Locking(), id)
	if err != nil || one.State != Approved {
		return err
	}
	h := history.New(p.DB)
	r, err := h.Get(ctx, tx, one.Run)
	if errors.Is(err, history.ErrNoRun) {
		r, err = &history.Run{ID: one.Run, Status: history.Lost, Reason: "its record was deleted"}, nil
	}
	if err != nil || !r.Status.Over() {
		return err // another process was first
	}
	set, err := changes.OfPlan(ctx, tx, one.Plan)
	if err != nil {
		return err
	}
	begun := false
	if set != nil {
		rows, err := changes.Page(ctx, tx, set.ID, 0, 1)
		if err != nil {
			return err
		}
		begun = len(rows) > 0 || set.Forgotten
	}
	code := -1
	if r.ExitCode != nil {
		code = *r.ExitCode
	}
	reason := cmp.Or(history.Why(r.Reason, r.Error), string(r.Status))
	gone := r.Status == history.Lost || r.Status == history.Cancelled && !r.CancelWanted && !r.Started.IsZero()
	switch {
	case r.Status == history.Succeeded:
		return p.end(ctx, tx, one, Applied, "")
	case set != nil && !set.Ended.IsZero(), r.Status == history.Rejected && !begun:
		return p.end(ctx, tx, one, Applied, reason)
	case gone && one.tries+1 < mostTries:
		return p.again(ctx, tx, one, r, set)
	case begun:
		return p.change(ctx, tx, one, `state = ?, reason = ?`, Interrupted, reason)
	case code == fault.ExitStale:
		return p.end(ctx, tx, one, Stale, reason)
	}
	return p.change(ctx, tx, one, `state = ?, reason = ?`, Waiting, fmt.Sprintf("run %d has sent nothing: %s", r.ID, reason))
}

func (p *Plans) end(ctx context.Context, tx *store.Tx, one *Plan, state State, reason string) error {
	return p.change(ctx, tx, one, `state = ?, reason = ?, ended_at = `+tx.DB.Now(), state, reason)
}

// again queues another run that continues a plan, when the process of the lost one no longer holds
// the lease of its changes.
func (p *Plans) again(ctx context.Context, tx *store.Tx, one *Plan, lost *history.Run, set *changes.Set) error {
	due, err := clock(ctx, tx)
	if err != nil {
		return err
	}
	if lost.Status == history.Lost && set != nil && set.Used.Add(changes.Lease).After(due) {
		due = set.Used.Add(changes.Lease)
	}
	run, err := p.enqueue(ctx, tx, one, due)
	if err != nil {
		return err
	}
	p.Log.Warn("a plan will be continued, because its service was stopped or lost", "plan", one.ID, "run", run)
	return p.change(ctx, tx, one, `run = ?, tries = tries + 1`, run)
}

// Size is how many bytes the content of all plans takes.
func (p *Plans) Size(ctx context.Context) (size int64, err error) {
	err = p.DB.QueryRowContext(ctx, `SELECT coalesce(sum(size), 0) FROM phscript_plan`).Scan(&size)
	return size, err
}

// Prune deletes plans that ended long ago, and the content of those that ended a month ago, or
// first if all take too much.
func (p *Plans) Prune(ctx context.Context) error {
	p.mu.Lock()
	days, keep := p.days, p.keep
	p.mu.Unlock()
	drop := func(where string, args ...any) error {
		var ids []int64
		err := store.Each(ctx, p.DB, func(row *sql.Rows) error {
			var id int64
			err := row.Scan(&id)
			ids = append(ids, id)
			return err
		}, `SELECT id FROM phscript_plan WHERE ended_at IS NOT NULL AND size > 0 AND `+where, args...)
		for _, id := range ids {
			err = errors.Join(err, p.DB.InTx(ctx, func(tx *store.Tx) error { return p.drop(ctx, tx, id) }))
		}
		return err
	}
	if err := drop(`ended_at < `+p.DB.Now()+` - ?`, keepContent.Microseconds()); err != nil {
		return err
	}
	if days > 0 {
		old := (time.Duration(days) * 24 * time.Hour).Microseconds()
		if err := drop(`ended_at < `+p.DB.Now()+` - ?`, old); err != nil {
			return err
		}
		if err := store.Exec(ctx, p.DB, `DELETE FROM phscript_plan WHERE ended_at < `+p.DB.Now()+` - ?`, old); err != nil {
			return err
		}
	}
	for keep > 0 {
		size, err := p.Size(ctx)
		if err != nil || size <= keep {
			return err
		}
		more, err := store.Exists(ctx, p.DB, `FROM phscript_plan WHERE ended_at IS NOT NULL AND size > 0`)
		if err != nil || !more {
			return err
		}
		if err := drop(`id = (SELECT id FROM phscript_plan WHERE ended_at IS NOT NULL AND size > 0 ORDER BY ended_at, id LIMIT 1)`); err != nil {
			return err
		}
	}
	return nil
}
