package plans

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Decision is who decides about a plan, and why.
type Decision struct {
	By  audit.Actor
	Why string
}

// DecidedError is returned if a plan no longer waits for a decision.
type DecidedError struct{ Plan *Plan }

func (e *DecidedError) Error() string {
	p := e.Plan
	text := fmt.Sprintf("plan %d ", p.ID)
	switch p.State {
	case Approved:
		return text + "was approved" + by(p) + ", and run " + fmt.Sprint(p.Run) + " applies it"
	case Applied:
		return text + "was applied by run " + fmt.Sprint(p.Run)
	case Refused:
		return text + "was refused" + by(p)
	case Expired:
		return text + "expired at " + p.Expires.Local().Format("2006-01-02 15:04")
	case Stale:
		return text + "is stale: " + p.Reason
	case Replaced:
		return text + "is out of date: " + p.Reason
	}
	return text + "is " + string(p.State)
}

// ErrorHint says what to do.
func (e *DecidedError) ErrorHint() string {
	switch e.Plan.State {
	case Expired, Stale, Refused, Replaced, Applied:
		if e.Plan.Schedule != "" {
			return "to make a new plan: phscript schedule run " + e.Plan.Schedule
		}
		return "make a new plan"
	}
	return ""
}

func by(p *Plan) string {
	if p.DecidedBy == "" {
		return ""
	}
	return " by " + p.DecidedBy
}

// lock returns a plan that nobody else decides about until the transaction ends. It fails with
// a DecidedError if somebody has.
func lock(ctx context.Context, tx *store.Tx, id int64, now time.Time) (*Plan, error) {
	p, err := one(ctx, tx, `id = ?`+tx.DB.Locking(), id)
	if err != nil {
		return nil, err
	}
	if p.State == Waiting && !now.Before(p.Expires) {
		p.State = Expired
	}
	if !p.State.Open() {
		return nil, &DecidedError{p}
	}
	return p, nil
}

func clock(ctx context.Context, tx *store.Tx) (time.Time, error) {
	var now int64
	err := tx.QueryRowContext(ctx, `SELECT `+tx.DB.Now()).Scan(&now)
	return time.UnixMicro(now), err
}

// Approve queues the run that applies a plan, and returns its number. It returns a
// *consent.Refused or an *Unconfirmed if something is not confirmed that must be.
func (p *Plans) Approve(ctx context.Context, id int64, g Given, d Decision) (run int64, err error) {
	seen, err := Get(ctx, p.DB, id)
	if err != nil {
		return 0, err
	}
	if !seen.State.Open() {
		return 0, &DecidedError{seen}
	}
	// Nobody waits for the store while a person thinks about a question.
	confirmed, err := seen.confirmed(ctx, &g)
	if err != nil {
		return 0, err
	}
	text, err := json.Marshal(confirmed)
	if err != nil {
		return 0, err
	}
	err = p.DB.InTx(ctx, func(tx *store.Tx) error {
		now, err := clock(ctx, tx)
		if err != nil {
			return err
		}
		one, err := lock(ctx, tx, id, now)
		if err != nil {
			return err
		}
		one.DecidedBy, one.DecidedWhy = audit.Clean(d.By.Name), audit.Clean(d.Why)
		if run, err = p.enqueue(ctx, tx, one, now); err != nil {
			return err
		}
		if err := p.change(ctx, tx, one, `state = ?, reason = '', decided_by = ?, decided_why = ?, decided_at = ?, consent = ?, run = ?, tries = 0`,
			Approved, one.DecidedBy, one.DecidedWhy, now.UnixMicro(), string(text), run); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: d.By, Action: "approve", Target: Target(id), Detail: detail(fmt.Sprintf("run %d", run), d.Why)})
	})
	return run, err
}

func detail(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// enqueue queues a run that applies a plan.
func (p *Plans) enqueue(ctx context.Context, tx *store.Tx, one *Plan, due time.Time) (int64, error) {
	d := one.definition
	d.Script, d.Plan, d.Retries, d.Approve, d.ApproveWithin = one.Script, one.ID, 0, false, ""
	d.Timeout = applyTime(d.Timeout, one.Needs.Seconds)
	if d.Profile == "" {
		d.Profile = one.Profile
	}
	r := &history.Run{Schedule: one.Schedule, Cause: history.ByPlan, Script: one.Script, Definition: d, Status: history.Queued, Due: due, AskedBy: one.DecidedBy, AskedWhy: one.DecidedWhy}
	_, err := history.New(p.DB).Add(ctx, tx, r)
	return r.ID, err
}

// applyTime is the time limit of a run that applies a plan: that of the schedule is for making
// plans, which takes fewer calls.
func applyTime(limit string, seconds int) string {
	least := time.Hour + 2*time.Duration(seconds)*time.Second
	set := time.Duration(0)
	if config.Set("", limit, &set, config.ParseTimeout) == nil && set > least {
		return limit
	}
	return least.String()
}

// Refuse ends a plan that waits. What an interrupted one has changed stays.
func (p *Plans) Refuse(ctx context.Context, id int64, d Decision) error {
	return p.DB.InTx(ctx, func(tx *store.Tx) error {
		now, err := clock(ctx, tx)
		if err != nil {
			return err
		}
		one, err := lock(ctx, tx, id, now)
		if err != nil {
			return err
		}
		reason := ""
		if one.State == Interrupted {
			reason = "it was applied in part before"
		}
		if err := p.change(ctx, tx, one, `state = ?, reason = ?, decided_by = ?, decided_why = ?, decided_at = ?, ended_at = `+tx.DB.Now(),
			Refused, reason, audit.Clean(d.By.Name), audit.Clean(d.Why), now.UnixMicro()); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: d.By, Action: "refuse", Target: Target(id), Detail: d.Why})
	})
}

// Flags are those of phscript apply that say what was confirmed for an approved plan.
func Flags(ctx context.Context, q store.Queryer, id int64) ([]string, error) {
	p, err := Get(ctx, q, id)
	if err != nil {
		return nil, err
	}
	if p.State != Approved {
		return nil, &DecidedError{p}
	}
	return p.consent.flags(), nil
}

// Delete deletes the content of a plan that nobody needs.
func (p *Plans) Delete(ctx context.Context, id int64, by audit.Actor) error {
	return p.DB.InTx(ctx, func(tx *store.Tx) error {
		one, err := one(ctx, tx, `id = ?`+tx.DB.Locking(), id)
		if err != nil {
			return err
		}
		if one.Ended.IsZero() {
			return &SubmitError{fmt.Sprintf("plan %d is %s, so its content is still needed", id, one.State), fmt.Sprintf("refuse it first: phscript plans refuse %d", id)}
		}
		if err := p.drop(ctx, tx, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: by, Action: "delete", Target: Target(id)})
	})
}

func (p *Plans) drop(ctx context.Context, tx *store.Tx, id int64) error {
	if err := store.Exec(ctx, tx, `DELETE FROM phscript_plan_part WHERE plan = ?`, id); err != nil {
		return err
	}
	return store.Exec(ctx, tx, `UPDATE phscript_plan SET size = 0, changed_at = `+tx.DB.Now()+` WHERE id = ?`, id)
}
