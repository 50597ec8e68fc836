package changes

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

const selectSets = `SELECT id, run, kind, plan, undoes, script, tenants, began_at, used_at, ended_at, reason, size, forgotten, holder FROM phscript_change_set`

func scanSet(row interface{ Scan(into ...any) error }) (*Set, error) {
	s := &Set{}
	var tenants string
	var began, used, forgotten int64
	var ended *int64
	if err := row.Scan(&s.ID, &s.Run, &s.Kind, &s.Plan, &s.Undoes, &s.Script, &tenants, &began, &used, &ended, &s.Reason, &s.Size, &forgotten, &s.holder); err != nil {
		return nil, err
	}
	s.Began, s.Used, s.Ended, s.Forgotten = time.UnixMicro(began), time.UnixMicro(used), store.Time(ended), forgotten != 0
	return s, json.Unmarshal([]byte(tenants), &s.Tenants)
}

// Get returns a set, or nil if there is none with this id.
func Get(ctx context.Context, q store.Queryer, id int64) (*Set, error) {
	return one(ctx, q, `id = ?`, id)
}

// OfPlan returns the set of a plan, or nil if it was never applied.
func OfPlan(ctx context.Context, q store.Queryer, plan string) (*Set, error) {
	return one(ctx, q, `plan = ?`, plan)
}

// OfRun returns the set of a run in the history, or nil if it recorded no changes.
func OfRun(ctx context.Context, q store.Queryer, run int64) (*Set, error) {
	return one(ctx, q, `run = ? ORDER BY id DESC LIMIT 1`, run)
}

// UndoneBy returns the last set that undoes another one, nil for none.
func UndoneBy(ctx context.Context, q store.Queryer, id int64) (*Set, error) {
	return one(ctx, q, `undoes = ? ORDER BY id DESC LIMIT 1`, id)
}

// TakenBackBy returns the last set that has undone changes of another one, may have done so, or
// is being worked on; nil for none.
func TakenBackBy(ctx context.Context, q store.Queryer, id int64) (*Set, error) {
	return one(ctx, q, `undoes = ? AND (holder <> '' OR forgotten <> 0 OR EXISTS (SELECT 1 FROM phscript_change c
		WHERE c.change_set = phscript_change_set.id AND c.state IN (?, ?, ?))) ORDER BY id DESC LIMIT 1`, id, Done, Intended, Doubtful)
}

// Recreator returns the run of a set that undoes another one, was not undone itself, and
// may have made changes of an action. It is 0 for none.
func Recreator(ctx context.Context, q store.Queryer, id int64, action string) (run int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(max(s.run), 0) FROM phscript_change_set s
		WHERE s.undoes = ? AND NOT EXISTS (SELECT 1 FROM phscript_change_set u WHERE u.undoes = s.id)
		AND EXISTS (SELECT 1 FROM phscript_change c WHERE c.change_set = s.id AND c.action = ? AND c.state IN (?, ?, ?))`,
		id, action, Done, Intended, Doubtful).Scan(&run)
	return run, err
}

// Unfinished reports whether some of the work of a set was sent, or may have been, and more is to
// be done.
func Unfinished(ctx context.Context, q store.Queryer, s *Set) (bool, error) {
	if s == nil || !s.Ended.IsZero() || s.Forgotten {
		return false, nil
	}
	rows, err := Page(ctx, q, s.ID, 0, 1)
	return len(rows) > 0, err
}

// List returns sets before another one, the latest first. before is 0 for the latest of all.
func List(ctx context.Context, q store.Queryer, before int64, most int) (list []*Set, err error) {
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		s, err := scanSet(row)
		list = append(list, s)
		return err
	}, selectSets+` WHERE ? = 0 OR id < ? ORDER BY id DESC LIMIT ?`, before, before, most)
	return list, err
}

// Page returns changes of a set after another one, in their order. after is 0 for the first.
func Page(ctx context.Context, q store.Queryer, set, after int64, most int) (list []Change, err error) {
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		var c Change
		var before, then []byte
		var at int64
		if err := row.Scan(&c.Seq, &c.Step, &c.Row, &c.Client, &c.Model, &c.Operation, &c.Action, &c.Line, &c.ID, &c.Placeholder,
			&c.KeyName, &c.KeyValue, &c.Name, &before, &then, &c.State, &c.Message, &at); err != nil {
			return err
		}
		c.Before, c.After, c.At = before, then, time.UnixMicro(at)
		list = append(list, c)
		return nil
	}, `SELECT seq, step_no, row_no, client, model, operation, action, line, record, placeholder, key_name, key_value, name, before, after, state, message, at
		FROM phscript_change WHERE change_set = ? AND seq > ? ORDER BY seq LIMIT ?`, set, after, most)
	return list, err
}

// Counts counts the changes of a set by their state.
func Counts(ctx context.Context, q store.Queryer, set int64) (map[State]int, error) {
	out := map[State]int{}
	err := store.Each(ctx, q, func(row *sql.Rows) error {
		var s State
		var n int
		err := row.Scan(&s, &n)
		out[s] = n
		return err
	}, `SELECT state, count(*) FROM phscript_change WHERE change_set = ? GROUP BY state`, set)
	return out, err
}
