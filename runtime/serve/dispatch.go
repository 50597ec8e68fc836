package serve

import (
	"context"
	"database/sql"
	"errors"

	"github.com/phscript/phscript/runtime/history"
	"github.com/phscript/phscript/runtime/schedule"
)

// mostDispatched is how many runs are handed over at a time.
const mostDispatched = 100

// errTaken says that another process was first.
var errTaken = errors.New("another process was first")

// Dispatch hands the runs that have become due to the engine. Every process
// calls it all the time: the engine's own way of keeping jobs for later leans on
// one process that leads, and takes its time when that one is gone.
func (s *Schedules) Dispatch(ctx context.Context) error {
	due, err := s.history.Undispatched(ctx, mostDispatched)
	if err != nil {
		return err
	}
	var failed error
	for _, r := range due {
		err := s.db.InTx(ctx, func(tx *sql.Tx) error { return s.dispatch(ctx, tx, r) })
		if !errors.Is(err, errTaken) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

func (s *Schedules) dispatch(ctx context.Context, tx *sql.Tx, r *history.Run) error {
	d, err := schedule.Settings(r.Definition, "")
	if err != nil {
		_, err = s.history.Finish(ctx, tx, r.ID, history.End{Status: history.Failed, Error: err.Error()}, history.Queued)
		return err
	}
	if r.Waits {
		if err := s.lock(ctx, tx, r.Schedule); err != nil {
			return err
		}
		if taken, err := s.history.HandedOver(ctx, tx, r.Schedule); err != nil || taken {
			return err
		}
	}
	job, err := s.engine.Enqueue(ctx, tx, r.ID, d.Timeout)
	if err != nil {
		return err
	}
	first, err := s.history.FirstJob(ctx, tx, r.ID, job)
	if err == nil && !first {
		err = errTaken // and the job goes with the transaction
	}
	return err
}
