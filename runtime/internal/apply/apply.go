// Package apply carries out plans: it checks that they still fit, sends their rows and
// records each before and after. An interrupted apply continues without sending anything twice.
package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Options are what a plan is applied with.
type Options struct {
	Header *planfile.Header
	// Steps calls do with each step of the plan, in their order. A step is valid for the time of
	// the call.
	Steps func(do func(*plan.Step)) error
	// Accounts are the clients of the plan's tenants, by their numbers.
	Accounts map[int]*planhat.Client
	// Writer has the lease on the plan. Resumed says that it was applied in part before.
	Journal *changes.Journal
	Writer  *changes.Writer
	Resumed bool
	// SkipStale applies the rows that have not changed, instead of none.
	SkipStale bool
	// Doubt decides about rows that may have been sent: it returns Sent or Send. Confirm asks
	// before anything is sent. Both return an error to stop.
	Doubt   func(ctx context.Context, rows []string) (string, error)
	Confirm func(ctx context.Context, left map[string]consent.Rows) error
	// Begin is called once before the first row is sent.
	Begin func(ctx context.Context) error
	// Tell gets progress, at most once per request.
	Tell func(Progress)
	// Looking, if set, is called before each request that reads records to compare them.
	Looking func()
	Log     func(ctx context.Context, message string)
	Now     func() time.Time
}

// What was decided about rows that may have been sent.
const (
	Sent = "sent"
	Send = "send"
)

// fresh is how old a check may be when a request is sent.
const fresh = time.Minute

// Progress is how far an apply is.
type Progress struct {
	Rows, Total int
}

// StaleError says that Planhat has changed since the plan was made.
type StaleError struct{ Rows int }

func (e *StaleError) Error() string { return "the plan is stale" }

// StoppedError says why an apply stopped early.
type StoppedError struct {
	Why  string
	Hint string
	Err  error
}

func (e *StoppedError) Error() string { return e.Why }

// ErrorHint says what to do.
func (e *StoppedError) ErrorHint() string { return e.Hint }

func (e *StoppedError) Unwrap() error { return e.Err }

// applier applies one plan.
type applier struct {
	*Options
	ids    ids
	past   map[place]past
	result *Result
	// stale are the rows that are skipped because they have changed.
	stale map[place]bool
	// checked is when the check of the whole plan began. checker is the current one, nil until
	// a request is sent after the first check is too old.
	checked time.Time
	checker *checker
	pace    time.Duration
	// canaries are rows that are sent by themselves first, for each kind of request, to see what Planhat does
	// with custom properties that a row does not name.
	canaries map[kind]place
	// earlier are the rows that an earlier apply may have sent.
	earlier map[place]bool
	done    int
	total   int
}

// past is what the journal says about a row.
type past struct {
	seq   int64
	state changes.State
	// before has the values of a record of which it is not known whether it was changed.
	before jsontext.Value
}

// read returns what reads the records of an account.
func (o *Options) read(client int) planhat.Sender {
	return func(ctx context.Context, call planhat.Call) (planhat.Reply, error) {
		if o.Looking != nil {
			o.Looking()
		}
		return o.Accounts[client].Read(ctx, call)
	}
}

// open reports whether it is not decided yet what happens to a row.
func (a *applier) open(at place) bool {
	if a.stale[at] {
		return false
	}
	switch a.past[at].state {
	case changes.Done, changes.Rejected, changes.Skipped:
		return false
	}
	return true
}

// Apply applies a plan. The result says what was done, also with an error.
func Apply(ctx context.Context, o *Options) (*Result, error) {
	a := &applier{
		Options: o, ids: ids{mark: o.Header.Mark, of: map[string]string{}}, past: map[place]past{},
		result: newResult(), stale: map[place]bool{}, canaries: map[kind]place{}, earlier: map[place]bool{},
	}
	err := a.apply(ctx)
	return a.result, err
}

func (a *applier) apply(ctx context.Context) error {
	if err := a.recall(ctx); err != nil {
		return err
	}
	if err := a.checkAll(ctx); err != nil {
		return err
	}
	if len(a.stale) > 0 && !a.SkipStale {
		return &StaleError{len(a.stale)}
	}
	if a.total == 0 && len(a.stale) > 0 && !a.Resumed {
		return &StaleError{len(a.stale)}
	}
	if a.total > 0 {
		if err := a.Confirm(ctx, a.result.left); err != nil {
			return err
		}
		if err := a.Begin(ctx); err != nil {
			return err
		}
		a.result.Began = true
	}
	var failed error
	err := a.Steps(func(s *plan.Step) {
		one, err := newStep(s)
		if failed == nil {
			if failed = err; err == nil {
				failed = a.begin(ctx, one)
			}
		}
		if failed != nil && one != nil {
			a.notBegun(one)
		}
	})
	if err = errors.Join(failed, err); err != nil {
		return err
	}
	if a.result.undecided() {
		return nil
	}
	return a.Writer.End(context.WithoutCancel(ctx), "")
}

// recall reads what was done before.
func (a *applier) recall(ctx context.Context) error {
	if !a.Resumed {
		return nil
	}
	const most = 1000
	for after := int64(0); ; {
		var page []changes.Change
		err := a.Journal.Read(ctx, func(ctx context.Context, db *store.DB) (err error) {
			page, err = changes.Page(ctx, db, a.Writer.Set().ID, after, most)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			c := &page[i]
			was := past{seq: c.Seq, state: c.State}
			if c.State == changes.Intended || c.State == changes.Doubtful {
				was.before = slices.Clone(c.Before)
			}
			a.past[place{c.Step, c.Row}] = was
			if c.State == changes.Done && c.Placeholder != "" && c.ID != "" && c.Message != looseID {
				a.ids.of[c.Placeholder] = c.ID
			}
			if c.State == changes.Intended || c.State == changes.Doubtful {
				a.earlier[place{c.Step, c.Row}] = true
			}
			a.result.before(c)
		}
		after = page[len(page)-1].Seq
	}
}

// ahead is for how many rows records are looked up at once.
const ahead = 5_000

// checkAll checks the rows of the whole plan.
func (a *applier) checkAll(ctx context.Context) error {
	a.checked = a.Now()
	c := a.newChecker()
	var waiting []*step
	rows := 0
	var failed error
	flush := func() {
		if failed = c.ahead(ctx, waiting); failed != nil {
			return
		}
		for _, s := range waiting {
			if failed = a.checkStep(ctx, c, s); failed != nil {
				return
			}
		}
		waiting, rows = nil, 0
	}
	err := a.Steps(func(s *plan.Step) {
		if failed != nil {
			return
		}
		kept := *s
		one, err := newStep(&kept)
		if err != nil {
			failed = err
			return
		}
		waiting, rows = append(waiting, one), rows+len(s.Rows)
		if rows >= ahead {
			flush()
		}
	})
	if failed == nil && err == nil {
		flush()
	}
	a.pace = a.Now().Sub(a.checked)
	for model, left := range a.result.left {
		left.Known = a.Header.Known[model]
		a.result.left[model] = left
	}
	if failed != nil {
		return fmt.Errorf("the plan can't be checked: %w", failed)
	}
	return err
}

// checkStep checks one step before anything is sent.
func (a *applier) checkStep(ctx context.Context, c *checker, s *step) error {
	seen, err := c.step(ctx, s)
	if err != nil {
		return err
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		at := s.at(r)
		if !sends(r) || !a.open(at) {
			continue
		}
		v := seen[r.Row]
		if len(v.why) > 0 && a.past[at].state == "" {
			a.stale[at] = true
			a.result.stale(s, r, v.why)
			continue
		}
		if _, chosen := a.canaries[kindOf(s)]; v.others && !chosen && r.Action == plan.Update {
			a.canaries[kindOf(s)] = at
		}
		a.total++
		a.result.count(s, r)
	}
	return nil
}
