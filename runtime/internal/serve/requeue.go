package serve

import (
	"context"
	"errors"
	"time"

	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// mostQueued is how many ticks of one schedule wait for its runs to end; further
// ones are left out.
const mostQueued = 100

// Runs that are due and still queued after a while are looked at, so many at a
// time: their worker may have been killed before it began them.
const (
	requeueAfter = 20 * time.Second
	mostRequeued = 200
)

// Requeue queues runs anew that no worker will take any more, and returns how
// many. A run that is queued twice is begun once. Ticks that find too many
// others waiting before them are left out.
func (s *Schedules) Requeue(ctx context.Context) (int, error) {
	if _, err := s.history.SkipCrowd(ctx, mostQueued); err != nil {
		return 0, err
	}
	waiting, err := s.history.Waiting(ctx, s.db, requeueAfter, mostRequeued)
	if err != nil {
		return 0, err
	}
	requeued := 0
	var failed error
	for _, r := range waiting {
		err := s.db.InTx(ctx, func(tx *store.Tx) error {
			now, err := s.now(ctx, tx)
			if err != nil {
				return err
			}
			if held, err := s.engine.Holds(ctx, tx, r.Job, now); err != nil || held {
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
			requeued++
			return s.history.SetJob(ctx, tx, r.ID, job)
		})
		failed = errors.Join(failed, err)
	}
	return requeued, failed
}
