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
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Sync makes the store hold exactly these schedules. One whose time changed is
// planned anew, and what was queued of it is called off; where other settings
// changed, what is queued gets them. One that is gone keeps its history. Ticks
// until now are recorded as they were to be.
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
		// In order, so that two processes do not wait for each other's rows.
		names = append(names, slices.Collect(maps.Keys(wanted))...)
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

// timingOf reports whether a schedule has to be planned anew.
func timingOf(d schedule.Definition) string {
	if !d.Enabled {
		return "disabled"
	}
	return d.Timing.String() + " in " + d.Timing.Zone().String() + " jitter " + d.Jitter.String()
}

// put stores one definition.
func (s *Schedules) put(ctx context.Context, tx *store.Tx, now time.Time, d schedule.Definition) error {
	written, err := json.Marshal(d.Schedule)
	if err != nil {
		return err
	}
	timing := timingOf(d)
	var old, oldDefinition string
	var removed int64
	err = tx.QueryRowContext(ctx, s.db.Bind(`SELECT timing, definition, removed FROM phscript_schedule WHERE name = ?`+s.db.Locking()), d.Name).
		Scan(&old, &oldDefinition, &removed)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if known && old == timing && removed == 0 {
		_, err = tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET definition = ?, source = ? WHERE name = ?`), string(written), d.Source, d.Name)
		if err != nil || oldDefinition == string(written) {
			return err
		}
		return s.history.Redefine(ctx, tx, d.Schedule)
	}
	var next *int64
	if d.Enabled {
		next = nextOrNull(d.Timing.Next(now))
	}
	if !known {
		_, err = tx.ExecContext(ctx, s.db.Bind(`INSERT INTO phscript_schedule (name, definition, source, timing, next_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`),
			d.Name, string(written), d.Source, timing, next)
		return err
	}
	if removed != 0 {
		// It begins anew, whatever another one of its name had come to.
		if _, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET paused = 0, failing = 0 WHERE name = ?`), d.Name); err != nil {
			return err
		}
	}
	if err := s.settleOld(ctx, tx, d.Name); err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET definition = ?, source = ?, timing = ?, next_at = ?, removed = 0 WHERE name = ?`),
		string(written), d.Source, timing, next, d.Name); err != nil {
		return err
	}
	_, err = s.callOff(ctx, tx, now, d.Name, "the schedule was changed")
	return err
}

// remove takes a schedule out.
func (s *Schedules) remove(ctx context.Context, tx *store.Tx, now time.Time, name string) error {
	if err := s.settleOld(ctx, tx, name); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.db.Bind(`UPDATE phscript_schedule SET removed = 1, next_at = NULL WHERE name = ?`), name); err != nil {
		return err
	}
	_, err := s.callOff(ctx, tx, now, name, "the schedule was removed")
	return err
}

// settleOld records the ticks until now of a schedule that is about to change. A
// definition that makes no sense here has none.
func (s *Schedules) settleOld(ctx context.Context, tx *store.Tx, name string) error {
	if _, err := s.lock(ctx, tx, name); err != nil {
		return err
	}
	e, err := s.one(ctx, tx, name)
	var wrong *config.Error
	if errors.Is(err, ErrNoSchedule) || errors.As(err, &wrong) || err == nil && e.Next.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	return s.settle(ctx, tx, e)
}

// names lists the schedules that there are.
func (s *Schedules) names(ctx context.Context, q history.Queryer) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM phscript_schedule WHERE removed = 0 ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		list = append(list, name)
	}
	return list, rows.Err()
}
