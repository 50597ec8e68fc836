package serve

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Sync makes the store contain exactly these schedules. If the timing of a schedule
// changed, its queued runs are cancelled and it is planned again. If other settings
// changed, its queued runs get them. A removed schedule keeps its history. Ticks
// until now are recorded under the old settings.
func (s *Schedules) Sync(ctx context.Context, definitions []schedule.Definition) error {
	return s.db.InTx(ctx, func(tx *store.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		wanted := map[string]schedule.Definition{}
		for _, d := range definitions {
			wanted[d.Name] = d
		}
		names, err := s.names(ctx, tx)
		if err != nil {
			return err
		}
		// Sorted, so that two processes lock rows in the same order.
		names = slices.AppendSeq(names, maps.Keys(wanted))
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if d, ok := wanted[name]; ok {
				err = s.put(ctx, tx, now, d)
			} else {
				err = s.remove(ctx, tx, now, name)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// timingOf is what a schedule's ticks depend on.
func timingOf(d schedule.Definition) string {
	if !d.Enabled {
		return "disabled"
	}
	return d.Timing.String() + " in " + d.Timing.Zone().String() + " jitter " + d.Jitter.String()
}

// signatureText is what the store has of the parameters of the script, "" if they are not
// known.
func signatureText(d schedule.Definition) (string, error) {
	if d.Signature == nil {
		return "", nil
	}
	text, err := json.Marshal(d.Signature)
	return string(text), err
}

func (s *Schedules) put(ctx context.Context, tx *store.Tx, now time.Time, d schedule.Definition) error {
	text, err := json.Marshal(d.Schedule)
	if err != nil {
		return err
	}
	written, timing := string(text), timingOf(d)
	signature, err := signatureText(d)
	if err != nil {
		return err
	}
	var old, oldDefinition string
	var removed bool
	err = tx.QueryRowContext(ctx, `SELECT timing, definition, removed FROM phscript_schedule WHERE name = ?`+s.db.Locking(), d.Name).
		Scan(&old, &oldDefinition, &removed)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if known && old == timing && !removed {
		err = store.Exec(ctx, tx, `UPDATE phscript_schedule SET definition = ?, source = ?, signature = ? WHERE name = ?`, written, d.Source, signature, d.Name)
		if err != nil || oldDefinition == written {
			return err
		}
		return s.history.Redefine(ctx, tx, d.Schedule)
	}
	var next *int64
	if d.Enabled {
		next = store.Number(d.Timing.Next(now))
	}
	if !known {
		return store.Exec(ctx, tx, `INSERT INTO phscript_schedule (name, definition, source, signature, timing, next_at, added_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`,
			d.Name, written, d.Source, signature, timing, next, now.UnixMicro())
	}
	if removed {
		// It does not continue the state of the removed schedule of its name.
		if err := store.Exec(ctx, tx, `UPDATE phscript_schedule SET paused = 0, paused_at = NULL, paused_by = '', paused_why = '', failing = 0, failing_at = NULL, added_at = ?, last_success_at = NULL, missed = 0, skipped = 0, idle = 0, told = '' WHERE name = ?`,
			now.UnixMicro(), d.Name); err != nil {
			return err
		}
	}
	if err := s.settleOld(ctx, tx, d.Name); err != nil {
		return err
	}
	if err := store.Exec(ctx, tx, `UPDATE phscript_schedule SET definition = ?, source = ?, signature = ?, timing = ?, next_at = ?, removed = 0 WHERE name = ?`,
		written, d.Source, signature, timing, next, d.Name); err != nil {
		return err
	}
	_, err = s.cancelQueued(ctx, tx, now, d.Name, "the schedule was changed")
	return err
}

func (s *Schedules) remove(ctx context.Context, tx *store.Tx, now time.Time, name string) error {
	if err := s.settleOld(ctx, tx, name); err != nil {
		return err
	}
	if err := store.Exec(ctx, tx, `UPDATE phscript_schedule SET removed = 1, next_at = NULL WHERE name = ?`, name); err != nil {
		return err
	}
	_, err := s.cancelQueued(ctx, tx, now, name, "the schedule was removed")
	return err
}

// settleOld records the ticks until now of a schedule that is about to change. A
// definition that cannot be used on this machine has none.
func (s *Schedules) settleOld(ctx context.Context, tx *store.Tx, name string) error {
	if _, err := s.lock(ctx, tx, name); err != nil {
		return err
	}
	e, err := s.one(ctx, tx, name)
	if errors.Is(err, ErrNoSchedule) || errors.As(err, new(*config.Error)) || err == nil && e.Next.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	return s.settle(ctx, tx, e)
}

func (s *Schedules) names(ctx context.Context, q store.Queryer) (list []string, err error) {
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		var name string
		err := row.Scan(&name)
		list = append(list, name)
		return err
	}, `SELECT name FROM phscript_schedule WHERE removed = 0`)
	return list, err
}
