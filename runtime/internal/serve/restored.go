package serve

import (
	"context"
	"errors"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Restored corrects what a restored store says about processes: no service uses it, and
// the runs that were in progress at the time of the backup have ended. Otherwise, services
// and schedules would wait for them. It returns how many runs there were.
func (s *Schedules) Restored(ctx context.Context) (lost int, err error) {
	if err := store.Exec(ctx, s.db, `UPDATE phscript_server SET workers = 0, problem = ''`); err != nil {
		return 0, err
	}
	running, err := s.history.List(ctx, history.Filter{Statuses: []history.Status{history.Running}})
	for _, r := range running {
		failed := s.db.InTx(ctx, func(tx *store.Tx) error { return s.endRestored(ctx, tx, r.ID) })
		if failed == nil {
			lost++
		}
		err = errors.Join(err, failed)
	}
	return lost, err
}

func (s *Schedules) endRestored(ctx context.Context, tx *store.Tx, id int64) error {
	r, err := s.history.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	d, err := schedule.Settings(r.Definition, "")
	if err != nil {
		return err
	}
	state, err := s.lock(ctx, tx, r.Schedule)
	if err != nil {
		return err
	}
	end := history.End{Status: history.Lost, Reason: "the store was restored from a backup made during this run, so it is not known how far the run got"}.Unfinished()
	if _, err := s.history.Finish(ctx, tx, r.ID, end, history.Running); err != nil {
		return err
	}
	return s.after(ctx, tx, r, d, end, state, false)
}
