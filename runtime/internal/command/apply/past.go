package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/store"
)

// past refuses a plan that can't be applied again, and reports whether an earlier apply has begun
// with it, which can be continued.
func (a *applying) past(ctx context.Context, journal *changes.Journal) (begun bool, err error) {
	reason := ""
	err = journal.Read(ctx, func(ctx context.Context, db *store.DB) error {
		if err := changes.Prune(ctx, db, changes.MostKept); err != nil {
			return err
		}
		past, err := changes.OfPlan(ctx, db, a.header.ID)
		if err != nil || past == nil {
			return err
		}
		if reason, err = applied(ctx, db, past); err != nil {
			return err
		}
		rows, err := changes.Page(ctx, db, past.ID, 0, 1)
		begun = len(rows) > 0 || past.Forgotten
		return err
	})
	if err == nil && reason != "" {
		err = a.refuse([]string{reason}, a.again(a.header))
	}
	return begun, err
}

// meanwhile refuses what another process has begun after past, and before this one got the lease
// of the set.
func (a *applying) meanwhile(ctx context.Context, journal *changes.Journal, set *changes.Set) error {
	reason := ""
	var held *changes.HeldError
	err := journal.Read(ctx, func(ctx context.Context, db *store.DB) (err error) {
		if reason, err = applied(ctx, db, set); err != nil || set.Undoes == 0 {
			return err
		}
		target, err := changes.Get(ctx, db, set.Undoes)
		if err == nil && target != nil && a.env.Now().Sub(target.Used) < changes.Lease {
			held = target.Held(a.env.Now())
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case reason != "":
		return a.refuse([]string{reason}, a.again(a.header))
	case held != nil:
		return &usage.Failure{Message: fmt.Sprintf("run %d is still running: %s", held.Set.Run, held), Hint: "wait until it ends"}
	}
	return nil
}

// applied says that a plan can't be applied again, or returns "".
func applied(ctx context.Context, db *store.DB, s *changes.Set) (string, error) {
	switch {
	case !s.Ended.IsZero():
		return "this plan was applied at " + clock(s.Ended) + "; you can apply a plan only once", nil
	case s.Forgotten:
		return "this plan was applied in part at " + clock(s.Used) + ", and what was sent is no longer recorded", nil
	}
	// Its rows count as sent, although they were undone.
	by, err := changes.TakenBackBy(ctx, db, s.ID)
	if err != nil || by == nil {
		return "", err
	}
	return fmt.Sprintf("run %d of this plan was undone by run %d", s.Run, by.Run), nil
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
