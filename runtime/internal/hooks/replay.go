package hooks

import (
	"context"
	"errors"
	"strconv"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/store"
)

// OfRun returns the events of a run that it has not finished with, with their bodies, in
// order.
func (s *Events) OfRun(ctx context.Context, run int64) ([]*Event, error) {
	return s.withBodies(ctx, `run = ? AND state = 'running' ORDER BY id`, run)
}

// Done notes that a run has handled one of its events. It reports false if the event is not
// in the run. It deletes the body if the webhook keeps none.
func (s *Events) Done(ctx context.Context, id, run int64) (bool, error) {
	return store.Changed(ctx, s.db, setHandled(s.db, `CASE WHEN (SELECT h.keeps_bodies FROM phscript_hook h WHERE h.name = hook) = 0 THEN NULL ELSE body END`)+`id = ? AND run = ? AND state = 'running'`, id, run)
}

// ErrNoBody is the error for an event that cannot be handled again: its body was deleted.
var ErrNoBody = errors.New("its body was deleted")

// Replay makes events wait again as if they had just arrived, whatever has happened to them.
// by says who wants it. resume is what their runs do with rows that may be stored, as in the
// settings of a schedule. It returns how many there were: those that wait or are in a run are
// left out, and so are discarded ones unless the filter names them.
func (s *Events) Replay(ctx context.Context, f Filter, by audit.Actor, resume string) (n int64, err error) {
	condition, args := f.where(s.db)
	if f.IDs == nil && len(f.States) == 0 {
		condition += " AND state <> 'discarded'"
	}
	return s.replay(ctx, condition, args, by, resume, f.target())
}

// ReplayOne replays an event. It fails if the event is waiting or in a run, or has no body.
func (s *Events) ReplayOne(ctx context.Context, id int64, by audit.Actor, resume string) (e *Event, err error) {
	if e, err = s.Get(ctx, id); err != nil {
		return nil, err
	}
	if e.NoBody {
		return e, ErrNoBody
	}
	_, err = s.replay(ctx, "id = ?", []any{id}, by, resume, Filter{IDs: []int64{id}}.target())
	return e, err
}

// replayable is the condition for events that can be replayed.
const replayable = `state IN ('handled', 'parked', 'discarded') AND body IS NOT NULL AND `

func (s *Events) replay(ctx context.Context, condition string, args []any, by audit.Actor, resume, target string) (n int64, err error) {
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		// The run that has handled an event is not its last one any more.
		err := store.Exec(ctx, tx, `INSERT INTO phscript_hook_try (event, run, ended_at, reason) SELECT id, run, ended_at, '' FROM phscript_hook_event WHERE state = 'handled' AND run <> 0 AND `+replayable+condition, args...)
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE phscript_hook_event SET state = 'waiting', tries = 0, due_at = `+s.db.Now()+`, ended_at = NULL, replays = replays + 1, replayed_by = ?, resume = ?, discarded_by = '', discarded_why = ''
			WHERE `+replayable+condition, append([]any{audit.Clean(by.Name), resume}, args...)...)
		if err == nil {
			n, err = result.RowsAffected()
		}
		if err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: by, Action: "replay", Target: target, Detail: strconv.FormatInt(n, 10)})
	})
	return n, err
}
