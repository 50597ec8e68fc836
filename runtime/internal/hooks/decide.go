package hooks

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/store"
)

// ErrNoReason is the error for discarding events without saying why.
var ErrNoReason = errors.New("discarding events needs a reason")

// Count says how many parked events a filter selects, and the number of the last one: more
// may be parked while somebody decides.
func (s *Events) Count(ctx context.Context, f Filter) (n, last int64, err error) {
	from, err := s.reads()
	if err != nil {
		return 0, 0, err
	}
	condition, args := f.where(from)
	err = from.QueryRowContext(ctx, `SELECT count(*), coalesce(max(id), 0) FROM phscript_hook_event WHERE `+condition, args...).Scan(&n, &last)
	return n, last, err
}

// Discard notes that no script will handle the parked events that a filter selects. It returns
// how many there were: events in other states are left out. They stay as long as handled ones,
// and can be replayed meanwhile.
func (s *Events) Discard(ctx context.Context, f Filter, by audit.Actor, why string) (n int64, err error) {
	if why = audit.Clean(strings.TrimSpace(why)); why == "" {
		return 0, ErrNoReason
	}
	condition, args := f.where(s.db)
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE phscript_hook_event SET state = 'discarded', discarded_by = ?, discarded_why = ?, ended_at = `+s.db.Now()+` WHERE state = 'parked' AND `+condition,
			append([]any{audit.Clean(by.Name), why}, args...)...)
		if err == nil {
			n, err = result.RowsAffected()
		}
		if err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: by, Action: "discard", Target: f.target(), Detail: strconv.FormatInt(n, 10) + ": " + why})
	})
	return n, err
}

// target says for the audit what a filter selects.
func (f Filter) target() string {
	switch {
	case f.IDs != nil:
		var ids []string
		for _, id := range f.IDs {
			ids = append(ids, strconv.FormatInt(id, 10))
		}
		if len(ids) == 1 {
			return "event " + ids[0]
		}
		return "events " + strings.Join(ids, ", ")
	case f.Hook == "":
		return "events of all webhooks"
	}
	return "events of webhook " + f.Hook
}

// Try is a run that had an event and did not handle it, or had handled it before a replay.
type Try struct {
	Run    int64
	Ended  time.Time
	Reason string
}

// mostTries is how many tries are listed: somebody may have replayed an event many times.
const mostTries = 100

// Tries returns the tries of an event that have ended, the newest first. The last run of an
// event that was handled is not among them.
func (s *Events) Tries(ctx context.Context, event int64) (list []Try, err error) {
	from, err := s.reads()
	if err != nil {
		return nil, err
	}
	err = store.Each(ctx, from, func(row *sql.Rows) error {
		var t Try
		var ended int64
		err := row.Scan(&t.Run, &ended, &t.Reason)
		t.Ended = time.UnixMicro(ended)
		list = append(list, t)
		return err
	}, `SELECT run, ended_at, reason FROM phscript_hook_try WHERE event = ? ORDER BY id DESC LIMIT ?`, event, mostTries)
	return list, err
}

// tried notes that a run had an event and failed.
func tried(ctx context.Context, tx *store.Tx, event, run int64, reason string) error {
	return store.Exec(ctx, tx, `INSERT INTO phscript_hook_try (event, run, ended_at, reason) VALUES (?, ?, `+tx.DB.Now()+`, ?)`, event, run, reason)
}
