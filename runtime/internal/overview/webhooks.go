package overview

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/store"
)

// mostLooked is how many of a webhook's oldest waiting events are looked at.
const mostLooked = 1000

// Trouble is a webhook whose events fail: some are parked, or are tried again.
type Trouble struct {
	Hook string
	// Parked counts the parked events, Again those that are tried again, of the oldest ones.
	Parked, Again int64
	// Reason is why one of them failed, parked ones first. Run is its last run, 0 for none, and
	// Received when it arrived.
	Reason   string
	Run      int64
	Received time.Time
}

func readHooks(ctx context.Context, q store.Source, s *Snapshot) (err error) {
	if s.Hooks, err = hooks.ReadTotals(ctx, q); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Hooks)) {
		trouble, err := readTrouble(ctx, q, s.Hooks[name])
		if err != nil {
			return err
		}
		if trouble.Parked+trouble.Again > 0 {
			s.Troubles = append(s.Troubles, trouble)
		}
	}
	s.Outgoing, s.GivenUp, err = hooks.CountMessages(ctx, q)
	return err
}

func readTrouble(ctx context.Context, q store.Source, t hooks.Totals) (Trouble, error) {
	trouble := Trouble{Hook: t.Hook, Parked: t.Parked}
	say := func(statement string, args ...any) error {
		var received *int64
		err := q.QueryRowContext(ctx, statement, args...).Scan(&trouble.Reason, &trouble.Run, &received)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		trouble.Received = store.Time(received)
		return err
	}
	if t.Waiting > 0 {
		first := fmt.Sprintf(`FROM (SELECT id, tries, reason, run, received_at FROM phscript_hook_event WHERE hook = ? AND state = 'waiting' ORDER BY id LIMIT %d) AS first WHERE tries > 0`, mostLooked)
		if err := q.QueryRowContext(ctx, `SELECT count(*) `+first, t.Hook).Scan(&trouble.Again); err != nil {
			return trouble, err
		}
		if trouble.Again > 0 && t.Parked == 0 {
			return trouble, say(`SELECT reason, run, received_at `+first+` ORDER BY id LIMIT 1`, t.Hook)
		}
	}
	if t.Parked > 0 {
		return trouble, say(`SELECT reason, run, received_at FROM phscript_hook_event WHERE hook = ? AND state = 'parked' ORDER BY id DESC LIMIT 1`, t.Hook)
	}
	return trouble, nil
}
