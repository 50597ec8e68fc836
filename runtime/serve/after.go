package serve

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/phscript/phscript/runtime/history"
	"github.com/phscript/phscript/runtime/schedule"
)

// Pauses before a further attempt: they double from the first to the longest.
const (
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// after does what follows the end of a run, in the transaction that ends it: it
// queues the next attempt, or says what has to be told to whom. A run that its
// own worker's end cut short is handed over, where it may be repeated at all.
func (s *Schedules) after(ctx context.Context, tx *sql.Tx, r *history.Run, d schedule.Definition, end history.End, handOver bool) (*Event, error) {
	again := end.Status == history.Failed || end.Status == history.TimedOut || end.Status == history.Lost || handOver && end.Status == history.Cancelled
	if again && r.Attempt <= d.Retries {
		pause := min(longestPause, firstPause<<min(r.Attempt-1, 10))
		if handOver {
			pause = 0
		}
		_, err := s.repeat(ctx, tx, r, history.ByRetry, pause)
		return nil, err
	}
	if r.Schedule == "" || r.Cause == history.ByEvent {
		return nil, nil
	}
	switch {
	case end.Status.Bad():
		return s.turn(ctx, tx, r, d, end, Failure)
	case end.Status == history.Succeeded:
		return s.turn(ctx, tx, r, d, end, Recovery)
	}
	return nil, nil
}

// turn notes that a schedule has begun to fail, or works again. It returns an
// event for the one run with which that changed.
func (s *Schedules) turn(ctx context.Context, tx *sql.Tx, r *history.Run, d schedule.Definition, end history.End, kind EventKind) (*Event, error) {
	failing := kind == Failure
	result, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET failing = ? WHERE name = ? AND failing = ?`), number(failing), r.Schedule, number(!failing))
	if err != nil {
		return nil, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return nil, err
	}
	return newEvent(kind, r, d, end), nil
}
