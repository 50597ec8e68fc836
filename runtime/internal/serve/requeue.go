package serve

import (
	"context"
	"errors"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// mostQueued is how many runs of one schedule may wait. Further ticks are skipped.
const mostQueued = 100

const (
	// requeueAfter is how long a run may be due and still queued before Requeue
	// checks it: its worker may have been killed before the run began.
	requeueAfter = 20 * time.Second
	// mostRequeued is how many runs Requeue checks at a time.
	mostRequeued = 200
)

// Requeue queues runs again that no worker is going to start, and returns how many. A run that is queued twice starts once. It also skips ticks if too many
// runs of their schedule are waiting.
func (s *Schedules) Requeue(ctx context.Context) (requeued int, err error) {
	if err := s.skipCrowds(ctx); err != nil {
		return 0, err
	}
	waiting, err := s.history.Waiting(ctx, s.db, requeueAfter, mostRequeued)
	for _, r := range waiting {
		again := false
		failed := s.db.InTx(ctx, func(tx *store.Tx) error {
			now, err := s.now(ctx, tx)
			if err != nil {
				return err
			}
			held, err := s.engine.Holds(ctx, tx, r.Job, now)
			if again = err == nil && !held; !again {
				return err
			}
			d, err := schedule.Settings(r.Definition, "")
			if err != nil {
				return err
			}
			job, err := s.engine.Enqueue(ctx, tx, r.ID, d.Timeout)
			if err != nil {
				return err
			}
			return s.history.SetJob(ctx, tx, r.ID, job)
		})
		if failed != nil {
			err = errors.Join(err, failed)
		} else if again {
			requeued++
		}
	}
	return requeued, err
}

// skipCrowds skips ticks of schedules that have too many waiting runs.
func (s *Schedules) skipCrowds(ctx context.Context) error {
	names, err := s.history.Crowded(ctx, mostQueued)
	for _, name := range names {
		if err != nil {
			break
		}
		var left []*history.Run
		err = s.db.InTx(ctx, func(tx *store.Tx) (err error) {
			if _, err = s.lock(ctx, tx, name); err != nil {
				return err
			}
			if left, err = s.history.SkipCrowd(ctx, tx, name, mostQueued); err != nil {
				return err
			}
			return s.noteLeftOut(ctx, tx, left)
		})
		if err == nil {
			s.report(left...)
		}
	}
	return err
}
